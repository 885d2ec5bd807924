"""Test the client's wheel: its content, that its bytes do not change, and that it works without other packages."""

import json
import os
import subprocess
import sys
import zipfile
from email.parser import HeaderParser
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from jobflow import __version__
from scripts.wheels.build import NEEDS, build, build_platform
from tests.support import built_in


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("wheel"))


def test_the_same_sources_give_the_same_bytes(wheel: Path, tmp_path: Path) -> None:
    assert build(tmp_path).read_bytes() == wheel.read_bytes()


def test_it_holds_the_client_alone(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {name.partition("/")[0] for name in names} == {"jobflow", f"jobflow_aws-{__version__}.dist-info"}
    assert {"jobflow/py.typed", "jobflow/models.py", f"jobflow_aws-{__version__}.dist-info/licenses/LICENSE"} <= set(
        names
    )


def test_the_platforms_wheel_has_the_built_in_types_beside_its_tree(tmp_path: Path) -> None:
    with zipfile.ZipFile(build_platform(tmp_path)) as archive:
        names = [name.removeprefix("jobflow_platform/") for name in archive.namelist()]
    # including those that were added to this clone, once git tracks them
    types = {name for name in names if name.startswith("types/")}
    assert {f"types/{kind.module}.py" for kind in built_in()} <= types
    assert "types/__init__.py" not in types
    assert {"tree/app.py", "tree/infra/program.py", "tree/chalicelib/builtin/types/__init__.py"} <= set(names)
    assert [name for name in names if name.startswith("tree/handlers/")] == []


def test_it_names_what_it_needs_and_lists_what_that_brings(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        about = HeaderParser().parsestr(archive.read(f"jobflow_aws-{__version__}.dist-info/METADATA").decode())
        sbom = json.loads(archive.read(f"jobflow_aws-{__version__}.dist-info/sboms/wheel-sbom.json"))
    needs = [need for need in about.get_all("Requires-Dist") or [] if "extra" not in need]
    assert tuple(sorted(Requirement(need).name for need in needs)) == NEEDS
    listed = {part["name"] for part in sbom["components"]}
    assert {*NEEDS, "httpcore", "h11"} <= listed
    assert not listed & {"chalice", "boto3", "pynamodb"}


def test_it_works_in_an_environment_of_its_own(wheel: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "--quiet", "--python", sys.executable, own], check=True)
    subprocess.run([*uv, "pip", "install", "--quiet", "--python", own / "bin" / "python", wheel], check=True)

    def run(*command: str, **more: str) -> "subprocess.CompletedProcess[str]":
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **more}
        return subprocess.run(
            [own / "bin" / command[0], *command[1:]],
            cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip

    assert run("jobflow", "--version").stdout.strip() == __version__
    assert "dead-letters" in run("jobflow", "--help").stdout
    nothing = run("jobflow", "jobs", "list")
    assert (nothing.returncode, "jobflow login" in nothing.stderr) == (2, True)
    # No program listens on port 9.
    lost = run("jobflow", "jobs", "list", JOBFLOW_URL="http://127.0.0.1:9", JOBFLOW_TOKEN="jf_x")
    assert (lost.returncode, "No answer from the API" in lost.stderr) == (5, True)
    asked = "import jobflow, importlib.util as u; jobflow.JobFlow; print(u.find_spec('chalice'), u.find_spec('boto3'))"
    assert run("python", "-c", asked).stdout.strip() == "None None"
