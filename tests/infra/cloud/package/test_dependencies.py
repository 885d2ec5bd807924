"""Check that the package contains exactly the pinned files, for Lambda's Python, and lists them."""

import json
import re
import zipfile
from pathlib import Path

import pytest

from infra.cloud.errors import CloudError
from infra.cloud.package.build import ROOT, Package, compile_all
from infra.cloud.package.dependencies import LOCK, SHIPPED, fetch, hashed, unpack
from infra.cloud.package.imports import check_imports
from infra.definition.lambdas.runtime import ARCHITECTURE, PYTHON

SMALL = "typing-inspection"
NEVER = "9.99"
"""A Python that no machine has."""


def block(name: str) -> str:
    """Return a package's part of the lock file."""
    found = re.search(rf"^{name}==.*(?:\n\s+.*)*", (ROOT / LOCK).read_text(), re.MULTILINE)
    assert found
    return found[0]


@pytest.mark.parametrize("line", ["nowhere==1.0", f"{SMALL}==0.0.1", SMALL, f"{SMALL}>=0.4"])
def test_what_has_no_hash_is_refused_with_the_way_out(line: str) -> None:
    with pytest.raises(CloudError, match="run `make lock`"):
        hashed(line, (ROOT / LOCK).read_text())


def test_a_file_that_is_not_the_pinned_one_is_refused(tmp_path: Path) -> None:
    pinned = block(SMALL)
    (tmp_path / SHIPPED).write_text(pinned.split()[0])
    (tmp_path / LOCK).write_text(re.sub(r"sha256:[0-9a-f]{64}", f"sha256:{64 * '0'}", pinned))
    with pytest.raises(CloudError, match="DO NOT MATCH THE HASHES"):
        fetch(tmp_path, tmp_path / "wheels", PYTHON, ARCHITECTURE)


def test_files_of_a_wheel_go_where_the_format_says(tmp_path: Path) -> None:
    wheel = tmp_path / "a-1-py3-none-any.whl"
    names = ["a/__init__.py", "a/py.typed", "a-1.data/purelib/b.py", "a-1.data/platlib/c.so", "a-1.data/scripts/run"]
    with zipfile.ZipFile(wheel, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    unpack([wheel], tmp_path / "to")
    found = {path.relative_to(tmp_path / "to").as_posix() for path in (tmp_path / "to").rglob("*") if path.is_file()}
    assert found == {"a/__init__.py", "b.py", "c.so"}


@pytest.mark.parametrize("name", ["../b.py", "a/../../b.py", "a-1.data/purelib/../../b.py", "a-1.data/platlib/{}/b.py"])
def test_a_wheel_writes_nothing_outside_of_the_package(tmp_path: Path, name: str) -> None:
    wheel = tmp_path / "a-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(name.format(tmp_path), "x")
    with pytest.raises(CloudError, match="has a file that leads out of the package"):
        unpack([wheel], tmp_path / "work" / "to")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [wheel]


def test_without_that_python_there_is_no_byte_code_and_one_line_about_it(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    (note,) = compile_all(tmp_path, NEVER)
    assert NEVER in note
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["a.py"]


def test_the_list_names_all_that_is_in_the_package(package: Package) -> None:
    listed = json.loads(package.archive.with_name("sbom.json").read_text())
    assert (listed["bomFormat"], listed["specVersion"]) == ("CycloneDX", "1.6")
    assert "timestamp" not in listed["metadata"]
    with zipfile.ZipFile(package.archive) as archive:
        tops = {name.partition("/")[0] for name in archive.namelist()}
    shipped = {top.removesuffix(".dist-info").rpartition("-")[::2] for top in tops if top.endswith(".dist-info")}
    told = {(part["name"].replace("-", "_").lower(), part["version"]) for part in listed["components"]}
    assert {name for name, _ in told} == {name.lower() for name, _ in shipped} | {"chalice"}
    assert {(name.lower(), version) for name, version in shipped} <= told
    for part in listed["components"]:
        assert part["purl"].startswith("pkg:pypi/")
        if part["name"] != "chalice":
            (digest,) = part["hashes"]
            assert digest["content"] in (ROOT / LOCK).read_text()
            assert part["licenses"]


def handler(folder: Path, text: str) -> str:
    """Put a module into the unpacked package; return its handler."""
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
