"""A handler that needs what is not in the package is told before anything is deployed, with the line to add."""

from pathlib import Path

import pytest

from infra.cloud.errors import CloudError
from infra.cloud.package.imports import check_imports


def handler(folder: Path, text: str) -> str:
    """Put a module into the unpacked package; returns its handler."""
    (folder / "late.py").write_text(f"{text}\nhandler = print\n")
    return "late.handler"


def test_a_library_of_this_machine_alone_is_named_with_what_to_do(tmp_path: Path) -> None:
    name = handler(tmp_path, "import httpx")
    with pytest.raises(
        CloudError, match=r"late\.handler .* No module named 'httpx' in what ships\. .* httpx into handlers/"
    ):
        check_imports(tmp_path, [name], tmp_path / "runtime")


def test_what_the_runtime_brings_need_not_be_packaged(tmp_path: Path) -> None:
    check_imports(tmp_path, [handler(tmp_path, "import urllib3")], tmp_path / "runtime")


@pytest.mark.parametrize(("text", "told"), [("raise SystemExit(3)", "SystemExit: 3"), ("1 / 0", "ZeroDivisionError")])
def test_any_other_error_of_a_module_is_told_as_it_is(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(CloudError, match=told):
        check_imports(tmp_path, [handler(tmp_path, text)], tmp_path / "runtime")
