"""Check that a single type's library is only in its zip: a fourth type runs with one from its zip."""

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
from infra.cloud.package.own_libraries import LARGEST, check_size, hashed
from infra.definition.lambdas.runtime import PYTHON
from tests.infra.cloud.package.test_package import ENVIRONMENT
from tests.infra.cloud.support import of_type
from tests.infra.local.running import own_library

SHIPS = (ROOT / SHIPPED).read_text()


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with one more file in handlers/, and its requirements file."""
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


def modules(archive: Path, ending: str) -> set[str]:
    """Return the modules in a zip with sources (".py") or byte code (".pyc")."""
    with zipfile.ZipFile(archive) as opened:
        names = [name for name in opened.namelist() if name.endswith(ending)]
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
    assert modules(own, ".pyc") == (modules(own, ".py") if interpreter(PYTHON) else set())
    lines = package.sizes()
    assert [line.partition(":")[0] for line in lines] == ["deployment.zip", "plural-make.zip"]
    assert all(re.search(r": \d+\.\d MB, \d+\.\d MB unpacked$", line) for line in lines)
    assert '"inflection"' in package.template.with_name("sbom.json").read_text()
    functions = of_type(package.read_template(), "AWS::Serverless::Function").values()
    code = {function["Handler"]: function["CodeUri"] for function in functions}
    assert code.pop("handlers.plural_make.handler") == "./plural-make.zip"
    assert set(code.values()) == {"./deployment.zip"}


def test_what_everything_ships_is_not_shipped_twice(tmp_path: Path) -> None:
    path, digest = tmp_path / "a.requirements.txt", f"--hash=sha256:{64 * '0'}"
    path.write_text(f"pillow==12.2.0 \\\n    {digest}\nx==1 \\\n    {digest} \\\n    {digest}\n")
    assert hashed(path, SHIPS) == f"x==1 {digest} {digest}\n"


def test_more_than_lambda_takes_is_refused_with_the_way_out(tmp_path: Path) -> None:
    with (tmp_path / "model.bin").open("wb") as large:
        large.truncate(LARGEST + 1)
    with pytest.raises(CloudError, match=r"a\.zip has 262 MB unpacked.*ephemeral_storage=.*not-offered"):
        check_size("a.zip", tmp_path)
    with (tmp_path / "model.bin").open("wb") as large:
        large.truncate(LARGEST)
    assert check_size("a.zip", tmp_path) == LARGEST
