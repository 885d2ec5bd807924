"""Check that an import inside a function of a module that does not ship is refused before the job runs."""

import ast
from pathlib import Path

import pytest

from infra import checking
from infra.cloud.errors import CloudError
from infra.cloud.package import inner_imports
from infra.cloud.package.imports import check_inner_imports
from infra.cloud.package.inner_imports import imported, refused_here
from infra.local.options import ROOT

INSIDE = "def work():\n    {}\n\n\nhandler = work\n"


def repository(folder: Path, **files: str) -> Path:
    (folder / "handlers").mkdir()
    (folder / "requirements.txt").write_text("pydantic==2.0\n")
    for name, text in files.items():
        (folder / "handlers" / f"{name}.py").write_text(text)
    return folder


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("def f():\n    import httpx.auth", ["httpx"]),
        ("class A:\n    async def f(self):\n        if self:\n            from yaml import load", ["yaml"]),
        ("import a.b as c, d", ["a", "d"]),
        ("from . import near\nfrom .near import x", []),
        ("if TYPE_CHECKING:\n    import httpx\nelse:\n    import other", ["other"]),
        ("import typing\nif typing.TYPE_CHECKING:\n    import httpx", ["typing"]),
        ("try:\n    import ujson\nexcept ImportError:\n    import slow", ["slow"]),
        ("try:\n    import ujson\nexcept (KeyError, ModuleNotFoundError):\n    pass", []),
        ("try:\n    import ujson\nexcept KeyError:\n    pass", ["ujson"]),
        ("try:\n    import ujson\nfinally:\n    pass", ["ujson"]),
        ("with suppress(ImportError):\n    import ujson", []),
        ("with suppress(KeyError):\n    import ujson", ["ujson"]),
        ("match 1:\n    case 1:\n        import deep", ["deep"]),
    ],
)
def test_imports_that_are_to_succeed_are_found_anywhere(text: str, names: list[str]) -> None:
    assert [name for _, name in imported(ast.parse(text))] == names


def test_what_is_installed_here_and_does_not_ship_is_refused_with_its_line_and_place(tmp_path: Path) -> None:
    root = repository(tmp_path, late=INSIDE.format("import httpx"), fine=INSIDE.format("import json, pydantic, boto3"))
    [told] = refused_here(root)
    assert "No module named 'httpx' in what ships" in told
    assert "httpx==" in told
    assert told.endswith("handlers/late.py:2: import httpx")


def test_what_nobody_has_is_refused_too(tmp_path: Path) -> None:
    [told] = refused_here(repository(tmp_path, late=INSIDE.format("import no_such_library")))
    assert "'no_such_library'" in told


def test_a_type_may_import_its_own_libraries_and_no_other_type_may(tmp_path: Path) -> None:
    root = repository(tmp_path, late=INSIDE.format("import httpx"), other=INSIDE.format("import httpx"))
    (root / "handlers" / "late.requirements.txt").write_text("httpx==0.28.1 --hash=sha256:0\n")
    (root / "handlers" / "shared.py").write_text("def work():\n    import httpx\n")
    [told] = refused_here(root)
    assert "handlers/other.py" in told


def test_the_projects_own_handlers_pass() -> None:
    assert refused_here(ROOT) == []


def test_the_package_refuses_them_in_the_same_words(tmp_path: Path) -> None:
    root = repository(tmp_path, late=INSIDE.format("import httpx"), fine=INSIDE.format("import six, yaml"))
    (root / "handlers" / "late.requirements.txt").write_text("")
    files, own = tmp_path / "files", tmp_path / "own"
    (files / "yaml").mkdir(parents=True)
    (own / "httpx").mkdir(parents=True)
    check_inner_imports(root, files, {"late": own})
    with pytest.raises(CloudError) as refused:
        check_inner_imports(root, files, {})
    assert "No module named 'httpx' in what ships. For one job type" in str(refused.value)
    assert "handlers/late.py:2" in str(refused.value)


def test_the_program_that_test_and_check_begin_with_refuses_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert checking.main() == 0
    # without this, `chalicelib` would be a module that does not ship
    monkeypatch.setattr(inner_imports, "OURS", frozenset())
    assert checking.main() == 1
    assert "The folder chalicelib/ does not ship" in capsys.readouterr().err


def test_of_the_packages_beside_handlers_what_job_types_reach_is_read_and_nothing_else(tmp_path: Path) -> None:
    root = repository(
        tmp_path, a="def work():\n    from acme import near\n\n\nhandler = work\n", b="import acme.far.end\n"
    )
    for name, text in {
        "__init__": "", "near": "from . import deep\n", "deep": "def work():\n    import httpx\n",
        "far/__init__": "from ..top import x\n", "far/end": "", "top": "x = 1\nimport moto\n",
        "shell": "import typer\n",
    }.items():  # fmt: skip
        path = root / "acme" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert [told.rpartition("\n")[2].strip() for told in refused_here(root)] == [
        "acme/deep.py:2: import httpx", "acme/top.py:2: import moto",
    ]  # fmt: skip
    (root / "handlers" / "b.requirements.txt").write_text("httpx==1\nmoto==1\n")
    assert refused_here(root) == []
