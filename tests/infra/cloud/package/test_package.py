"""Test the package for Lambda: complete, always the same, within the limits of Lambda and CloudFormation."""

import filecmp
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from chalice.cli.factory import CLIFactory
from chalice.deploy.validate import validate_configuration

from chalicelib.job_types import jobtype
from infra.cloud.account import Account
from infra.cloud.errors import CloudError
from infra.cloud.package.build import ROOT, Package, build, interpreter
from infra.cloud.package.clean import NATIVE_PACKAGES, import_handler, runtime_path
from infra.cloud.package.size import check_size, compact
from infra.cloud.preflight.room import Needs
from infra.cloud.stack import artifacts
from infra.definition import local_environment
from infra.definition.lambdas.runtime import ARCHITECTURE, PYTHON, RUNTIME
from tests.infra.cloud.large import packaged
from tests.infra.cloud.support import STAGE, of_type

MAGIC = (3571).to_bytes(2, "little") + b"\r\n"
"""The first bytes of Python 3.13's byte code."""
ENVIRONMENT = local_environment("http://127.0.0.1:1", "123456789012", "us-east-1") | {"AWS_REGION": "us-east-1"}
WORKERS = [f"handlers.{kind.module}.handler" for kind in jobtype.load()]
PLATFORM = ["chalicelib.entry.watchdog.handler", "chalicelib.entry.stream.handler", "chalicelib.entry.recount.handler"]
API = ["app.handler"]


@pytest.fixture(scope="session")
def paths(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    return runtime_path(tmp_path_factory.mktemp("runtime"))


def names(package: Package) -> list[str]:
    with zipfile.ZipFile(package.archive) as archive:
        return archive.namelist()


def test_a_type_without_a_function_is_refused_before_anything_is_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("handlers.email_send.handler")
    with pytest.raises(CloudError, match=r"handlers/email_send\.py .*`handler = consume\(email_send\)`"):
        build(STAGE, jobtype.load(), target=tmp_path)


@pytest.mark.parametrize("handler", [*WORKERS, *PLATFORM, *API])
def test_handler_comes_from_the_zip_alone_and_leaves_heavy_libraries_to_the_job(
    handler: str, unpacked: Path, paths: list[str]
) -> None:
    imported = import_handler(handler, unpacked, paths, ENVIRONMENT)
    assert imported.callable
    allowed = (str(unpacked), *paths)
    assert [name for name in imported.files if "site-packages" in name and not name.startswith(allowed)] == []
    heavy = {"PIL", "boto3", "s3transfer", "jinja2", *([] if handler in API else ["chalice"])}
    assert not {name.partition(".")[0] for name in imported.modules} & heavy


def test_two_builds_are_the_same_bytes(package: Package, tmp_path: Path) -> None:
    # another process, another order of sets, another time zone, another file mode
    script = (
        "import os, sys; os.umask(0o077); from pathlib import Path; from chalicelib.job_types import jobtype;"
        "from infra.cloud.package.build import build; build(sys.argv[1], jobtype.load(), *map(Path, sys.argv[2:]))"
    )
    arguments = [STAGE, str(package.archive.with_name("copy")), str(tmp_path)]
    environment = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Kolkata"}
    subprocess.run([sys.executable, "-c", script, *arguments], check=True, cwd=ROOT, env=environment)
    # compare the values without an assertion on them, because pytest would print megabytes
    assert filecmp.cmp(tmp_path / "deployment.zip", package.archive, shallow=False)
    for name in ("sam.json", "sbom.json"):
        assert filecmp.cmp(tmp_path / name, package.template.with_name(name), shallow=False)


def test_routes_are_what_api_gateway_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    # when it loads the app, Chalice writes the function's name there
    monkeypatch.setenv("AWS_EXECUTION_ENV", "AWS_Lambda")
    # `chalice package` does not check routes: a slash at the end would be noticed only in a deployment
    validate_configuration(CLIFactory(str(ROOT), environ=os.environ).create_config_obj(STAGE))


def test_what_the_runtime_brings_or_what_never_runs_is_not_shipped(package: Package) -> None:
    tops = {name.partition("/")[0] for name in names(package)}
    assert not tops & {"boto3", "botocore", "s3transfer", "urllib3", "pip", "setuptools", "moto", "infra", "tests"}
    assert {"app.py", "chalicelib", "handlers", "chalice"} <= tops
    assert [name for name in names(package) if "/tests/" in name or name.endswith((".pyi", "py.typed"))] == []


def test_everything_is_for_one_python_and_one_processor(template: dict[str, Any], unpacked: Path) -> None:
    for function in of_type(template, "AWS::Lambda::Function").values():
        assert (function["Runtime"], function["Architectures"]) == (RUNTIME, [ARCHITECTURE])
    libraries = sorted(unpacked.rglob("*.so"))
    # a library that is a single file has more than its package in its name
    assert {path.relative_to(unpacked).parts[0].partition(".")[0] for path in libraries} >= set(NATIVE_PACKAGES)
    aarch64 = 183
    assert {int.from_bytes(path.read_bytes()[18:20], "little") for path in libraries} == {aarch64}
    tags = {found[1] for path in libraries if (found := re.search(r"cpython-(\d+)", path.name))}
    assert tags == {PYTHON.replace(".", "")}


def test_byte_code_is_believed_without_a_look_at_the_source(package: Package) -> None:
    with zipfile.ZipFile(package.archive) as archive:
        sources = {name for name in archive.namelist() if name.endswith(".py")}
        compiled = {name: archive.read(name)[:8] for name in archive.namelist() if name.endswith(".pyc")}
    if interpreter(PYTHON) is None:
        assert compiled == {}
        return
    unchecked_hash = MAGIC + (1).to_bytes(4, "little")
    assert set(compiled.values()) == {unchecked_hash}
    tag = f"cpython-{PYTHON.replace('.', '')}"
    expected = {f"{path.parent.as_posix()}/__pycache__/{path.stem}.{tag}.pyc" for path in map(PurePosixPath, sources)}
    assert {name.removeprefix("./") for name in expected} == set(compiled)


def test_preflight_leaves_room_for_the_zip_that_there_is(package: Package) -> None:
    assert 0.8 * Needs(1).zip_bytes < package.archive.stat().st_size <= Needs(1).zip_bytes


def grown(template: dict[str, Any], to: int) -> dict[str, Any]:
    """Return the template with a worker whose environment adds this many bytes."""
    copy: dict[str, Any] = json.loads(compact(template))
    name = next(name for name, one in copy["Resources"].items() if name.endswith("XFunction") or "xFunction" in name)
    variables = copy["Resources"][name]["Properties"]["Environment"]["Variables"]
    variables["LARGE"] = ""
    variables["LARGE"] = "v" * (to - len(compact(copy)))
    return copy


@pytest.fixture(scope="module")
def sixty(sam: dict[str, Any]) -> dict[str, Any]:
    return packaged(sam, 60, reach=True)


def test_the_largest_stack_that_is_promised_is_taken_and_left_as_it_is(sixty: dict[str, Any]) -> None:
    text = compact(sixty)
    check_size(sixty)
    assert compact(sixty) == text


@pytest.mark.parametrize(
    ("size", "told"), [(1_000_100, " bytes, and"), (980_000, " bytes after the SAM transform, and")]
)
def test_one_that_is_too_large_names_the_parts_to_make_smaller(sixty: dict[str, Any], size: int, told: str) -> None:
    large = grown(sixty, size)
    parts = r"What takes them: [\d,]+ AWS::\S+, .* The largest parts: \w*Function .* environment=, grants="
    with pytest.raises(CloudError, match=rf"takes 1,000,000\. {parts}") as error:
        check_size(large)
    assert told in str(error.value)


def test_one_with_too_many_resources_after_the_transform_names_their_kinds(sam: dict[str, Any]) -> None:
    many = packaged(sam, 60)
    topics = {f"Topic{number}": {"Type": "AWS::SNS::Topic"} for number in range(100)}
    many["Resources"] |= topics
    with pytest.raises(
        CloudError, match=r"5\d\d resources after the SAM transform .*, and CloudFormation takes 500\. Remove"
    ):
        check_size(many)


def test_nothing_is_uploaded_of_it(account: Account, tmp_path: Path) -> None:
    resources = {f"Topic{number}": {"Type": "AWS::SNS::Topic"} for number in range(501)}
    (tmp_path / "sam.json").write_text(json.dumps({"Parameters": {}, "Resources": resources}))
    (tmp_path / "deployment.zip").write_bytes(b"code")
    with pytest.raises(CloudError, match="501 resources"):
        artifacts.upload(account, Package(tmp_path / "deployment.zip", tmp_path / "sam.json", "jobflow-big"), {}, {})
    assert account.client("s3").list_buckets()["Buckets"] == []


def test_a_python_that_a_version_manager_names_and_does_not_run_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shim = tmp_path / "python3.99"
    shim.write_text("#!/bin/sh\nexit 127\n")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert interpreter("3.99") is None
    shim.write_text("#!/bin/sh\nexit 0\n")
    assert interpreter("3.99") == str(shim)
