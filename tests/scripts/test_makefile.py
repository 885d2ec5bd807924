"""Test recipes of the Makefile that users run on their first day, run by make itself in a separate folder."""

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from tests.infra.local.running import ROOT

PYTHON = """#!/bin/sh
echo "$@" >> "{log}"
case "$*" in
  "-m venv .venv") mkdir -p .venv/bin && cp "{whole}" .venv/bin/python ;;
  "-m pip --version") exit {pip} ;;
esac
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with a Makefile and the lists of packages."""
    for name in ("Makefile", "requirements-dev.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def make(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run make in the folder, as from a new shell."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(
        ["make", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def python(file: Path, log: Path, *, whole: Path, pip: bool) -> Path:
    """Write a Python that records its arguments, with or without pip."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(PYTHON.format(log=log, whole=whole, pip=0 if pip else 1))
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return file


@pytest.mark.parametrize("pip", [False, True])
def test_an_environment_whose_making_was_interrupted_is_made_anew(folder: Path, pip: bool) -> None:
    log = folder / "asked"
    whole = python(folder / "whole", log, whole=folder / "whole", pip=True)
    python(folder / ".venv" / "bin" / "python", log, whole=whole, pip=pip)
    done = make(folder, "setup", f"PYTHON={whole}")
    assert done.returncode == 0, done.stderr
    assert ("-m venv .venv" in log.read_text().splitlines()) == (not pip)
    assert (folder / ".venv" / ".ready").exists()
