"""A library that one job type needs is in that type's zip and in no other: a fourth type runs with one from its zip."""

import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from chalicelib.job_types import jobtype
from chalicelib.job_types.jobtype import JobType
from infra.cloud.errors import CloudError
from infra.cloud.package.build import ROOT, Package, build, copy_sources, interpreter
from infra.cloud.package.clean import import_handler, runtime_path
from infra.cloud.package.dependencies import SHIPPED
from infra.cloud.package.own_libraries import LARGEST, check_size, files_of, hashed, lock
from infra.definition.lambdas.runtime import PYTHON
from tests.infra.cloud.package.test_package import ENVIRONMENT
from tests.infra.local.running import own_library

SHIPS = (ROOT / SHIPPED).read_text()
HASH = f"--hash=sha256:{64 * '0'}"


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with one more file in handlers/, and its requirements file beside it, as a person writes it."""
    root = copy_sources(ROOT, tmp_path_factory.mktemp("sources"))
    (root / "requirements-dev.txt").write_text((ROOT / "requirements-dev.txt").read_text())
    own_library(root)
    return root


class Word(BaseModel):
    """The payload."""


def types() -> list[JobType[Any, Any]]:
    """Return the declared types and the fourth."""
    return [*jobtype.load(), JobType("plural.make", lambda _payload, _ctx: None, Word)]


@pytest.fixture(scope="module")
def package(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Package:
    return build("prod", types(), sources, tmp_path_factory.mktemp("build"))


def content(archive: Path) -> set[str]:
    with zipfile.ZipFile(archive) as opened:
        return {name.partition("/")[0] for name in opened.namelist()}


def modules(archive: Path) -> set[str]:
    """Return the modules in a zip."""
    with zipfile.ZipFile(archive) as opened:
        return {name for name in opened.namelist() if name.endswith(".py")}


def compiled(archive: Path) -> set[str]:
    """Return the modules whose byte code is in a zip."""
    with zipfile.ZipFile(archive) as opened:
        names = [name for name in opened.namelist() if name.endswith(".pyc")]
    return {re.sub(r"__pycache__/([^/]+)\.cpython-\d+\.pyc$", r"\1.py", name) for name in names}


def test_the_type_runs_from_its_unpacked_zip(package: Package, tmp_path: Path) -> None:
    (own,) = package.own
    with zipfile.ZipFile(own) as archive:
        archive.extractall(tmp_path / "task")
    run = (
        "m = importlib.import_module('handlers.plural_make');"
        "made = m.plural_make(m.PluralMake(word='octopus'), None);"
        "assert made == 'octopi', made"
    )
    found = import_handler(
        "handlers.plural_make.handler", tmp_path / "task", runtime_path(tmp_path / "r"), ENVIRONMENT, run
    )
    assert [name for name in found.files if "inflection" in name] == [str(tmp_path / "task/inflection/__init__.py")]


def test_it_is_in_that_zip_alone_and_each_size_is_told(package: Package) -> None:
    (own,) = package.own
    assert "inflection" in content(own)
    assert "inflection" not in content(package.archive)
    assert content(package.archive) <= content(own)
    assert compiled(own) == (modules(own) if interpreter(PYTHON) else set())
    lines = package.sizes()
    assert [line.partition(":")[0] for line in lines] == ["deployment.zip", "plural-make.zip"]
    assert all(re.search(r": \d+\.\d MB, \d+\.\d MB unpacked$", line) for line in lines)
    assert '"inflection"' in package.template.with_name("sbom.json").read_text()


def test_only_its_function_has_its_code(package: Package) -> None:
    functions = [
        resource["Properties"]
        for resource in package.read_template()["Resources"].values()
        if resource["Type"] == "AWS::Serverless::Function"
    ]
    code = {function["Handler"]: function["CodeUri"] for function in functions}
    assert code.pop("handlers.plural_make.handler") == "./plural-make.zip"
    assert set(code.values()) == {"./deployment.zip"}


def test_pinning_again_changes_nothing(sources: Path) -> None:
    (path,) = (sources / "handlers").glob("*.requirements.txt")
    before = path.read_text()
    assert "inflection==0.5.1" in before
    assert "--hash=sha256:" in before
    lock(path, sources / SHIPPED)
    assert path.read_text() == before


def test_what_everything_ships_is_not_shipped_twice(tmp_path: Path) -> None:
    path = tmp_path / "a.requirements.txt"
    path.write_text(f"pillow==12.2.0 \\\n    {HASH}\nx==1 \\\n    {HASH} \\\n    {HASH}\n")
    assert hashed(path, SHIPS) == f"x==1 {HASH} {HASH}\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("inflection", r"does not pin 'inflection' with hashes\. `make lock`"),
        ("inflection==0.5.1", "does not pin 'inflection==0.5.1' with hashes"),
        (f"pillow==1.0 {HASH}", r"pins pillow==1\.0, and every function ships 12\.2\.0"),
    ],
)
def test_a_line_without_hashes_or_of_another_version_says_what_to_do(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "a.requirements.txt"
    path.write_text(text + "\n")
    with pytest.raises(CloudError, match=told):
        hashed(path, SHIPS)


def test_a_file_of_no_type_is_refused(tmp_path: Path) -> None:
    (tmp_path / "handlers").mkdir()
    (tmp_path / "handlers" / "emial_send.requirements.txt").write_text("")
    with pytest.raises(CloudError, match=r"no handlers/emial_send\.py"):
        files_of(tmp_path, jobtype.load())


def test_more_than_lambda_takes_is_refused_with_the_way_out(tmp_path: Path) -> None:
    with (tmp_path / "model.bin").open("wb") as large:
        large.truncate(LARGEST + 1)
    with pytest.raises(CloudError, match=r"a\.zip has 262 MB unpacked.*ephemeral_storage=.*not-offered"):
        check_size("a.zip", tmp_path)
    with (tmp_path / "model.bin").open("wb") as large:
        large.truncate(LARGEST)
    assert check_size("a.zip", tmp_path) == LARGEST
