"""Provide the package of this checkout, and an empty account.

The package is built once per test run, however many processes pytest uses.
"""

import fcntl
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from chalicelib.job_types import jobtype
from infra.cloud.account import Account
from infra.cloud.package.build import ROOT, Package, build, copy_sources
from infra.cloud.package.translate import translate
from infra.cloud.terminal import Terminal
from tests.emulated import emulated
from tests.infra.cloud.support import STAGE, terminal_of


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    """Run `make package`, into a folder of the test run."""
    # with xdist every worker has its own folder below the folder of the run
    run = tmp_path_factory.getbasetemp()
    folder = (run if not run.name.startswith("popen-") else run.parent) / "package"
    folder.mkdir(exist_ok=True)
    made = Package(folder / "deployment.zip", folder / "sam.json", f"jobflow-{STAGE}")
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # copy the sources, so that edits meanwhile cannot change them between two builds
        return (
            made
            if made.template.exists()
            else build(STAGE, jobtype.load(), copy_sources(ROOT, folder / "copy"), folder)
        )


@pytest.fixture(scope="session")
def sam(package: Package) -> dict[str, Any]:
    """The packaged template."""
    return package.read_template()


@pytest.fixture(scope="session")
def template(sam: dict[str, Any]) -> dict[str, Any]:
    """Return the packaged template after the SAM transform: what CloudFormation would create."""
    return translate(sam)


@pytest.fixture(scope="session")
def unpacked(package: Package, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked package, as in /var/task."""
    folder = tmp_path_factory.mktemp("task")
    with zipfile.ZipFile(package.archive) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture
def account() -> Iterator[Account]:
    """An account without resources."""
    with emulated():
        session, root = boto3.Session(region_name="us-east-1"), "arn:aws:iam::123456789012:root"
        yield Account(session, "123456789012", "us-east-1", root)


@pytest.fixture
def said() -> io.StringIO:
    """Return the output of a command at the `terminal`."""
    return io.StringIO()


@pytest.fixture
def terminal(said: io.StringIO) -> Terminal:
    return terminal_of(said)
