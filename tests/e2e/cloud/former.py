"""Package a former version of this repository, from the commit that git keeps of it."""

import io
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from infra.cloud.package.build import ROOT, Package

PACKAGING = """
import sys
from pathlib import Path
from tests.e2e.cloud import ministack
ministack.package(sys.argv[1], Path(sys.argv[2]))
"""
"""What every version's own end-to-end tests do: `make package` for this machine and for what the emulator has."""


def package(commit: str, stage: str, folder: Path) -> Package:
    """Return the package of a commit, made by that version's own code. Skips where git has no such commit."""
    found = subprocess.run(
        ["git", "-C", str(ROOT), "archive", "--format=tar", commit], capture_output=True, check=False
    )
    if found.returncode:
        pytest.skip(f"git has no commit {commit[:9]}: a shallow clone needs `git fetch --unshallow` for this test")
    tree, made = folder / "tree", folder / "package"
    made.mkdir()
    with tarfile.open(fileobj=io.BytesIO(found.stdout)) as archive:
        archive.extractall(tree, filter="data")
    command = [sys.executable, "-c", PACKAGING, stage, str(made)]
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return Package(made / "deployment.zip", made / "sam.json", f"jobflow-{stage}")
