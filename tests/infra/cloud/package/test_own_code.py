"""Test the packages beside handlers/: which of them ship, and the texts about the others."""

from pathlib import Path

import pytest

from infra.cloud.package import own_code
from infra.cloud.package.shipped import not_shipped, shipped_modules
from infra.local.options import ROOT


def write(root: Path, *names: str) -> Path:
    """Write empty files."""
    for name in ("handlers/__init__.py", *names):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def test_a_package_ships_and_neither_tests_nor_anything_else_does(tmp_path: Path) -> None:
    write(tmp_path, "acme/__init__.py", "tests/__init__.py", "docs/conf.py", "my-tools/__init__.py", "setup.py")
    assert own_code.packages(tmp_path) == ("acme",)
    assert own_code.packages(ROOT) == ()


@pytest.mark.parametrize(
    ("module", "words"),
    [
        ("docs.conf", "Create docs/__init__.py"),
        ("setup", "Move it to setup/__init__.py"),
        ("tests", "The folder tests/ does not ship"),
        ("acme.none", "No module named 'acme.none' in the package acme/"),
        ("none", "write the library that has none into handlers/<type>.requirements.txt"),
    ],
)
def test_what_does_not_ship_is_told_with_the_way(tmp_path: Path, module: str, words: str) -> None:
    write(tmp_path, "acme/__init__.py", "tests/__init__.py", "docs/conf.py", "setup.py")
    assert words in own_code.explained(module, None, tmp_path)


def test_a_package_that_would_hide_another_module_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "acme/__init__.py", "pydantic/__init__.py", "queue/__init__.py")
    assert own_code.clashes(tmp_path, shipped_modules(ROOT)) == [
        "The package pydantic/ would hide the module pydantic of a library that ships from every function. Rename it.",
        "The package queue/ would hide the module queue of Python from every function. Rename it.",
    ]


def test_a_repository_that_is_installed_may_import_its_own_package(tmp_path: Path) -> None:
    write(tmp_path, "pytest/__init__.py")  # stands for a distribution that contains the package
    (tmp_path / "requirements.txt").write_text("pydantic==2.0\n")
    refused = not_shipped(tmp_path).split()
    assert any(pair.startswith("moto=") for pair in refused)
    assert not any(pair.startswith("pytest=") for pair in refused)
