"""Provide the code of two versions, each in a separate folder: the one on disk, and an older one from git."""

import os
import shutil
import subprocess
import tarfile
from pathlib import Path

from infra.local.options import ROOT

VARIABLE = "JOBFLOW_OLD_VERSION"
"""The variable that names the older version: a commit, a tag or a branch."""
BACK = 100
"""Number of commits between the older version and the present one, unless the variable names another."""
FIRST = "Let workers keep which steps were undone: their role names the attribute"
"""The subject of the first commit that can be the older version. Before it, an unreleased version signed the rows of
kept steps in another way, so the present version refuses them."""
SHIPPED = ("chalicelib", "infra", "app.py", ".chalice", "requirements.txt")
KINDS = ("plain", "keyed", "unique", "planned", "lasting")
SOURCES = {"lasting": "lasting_note.py"}
"""The files of job types that are not defined by note.py."""


def older() -> tuple[str, str]:
    """Return the commit of the older version, or "" and the reason why there is none."""
    wanted = os.environ.get(VARIABLE) or _back()
    found = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{wanted}^{{commit}}")
    if found.returncode == 0:
        return found.stdout.decode().strip(), ""
    known = _git("rev-list", "--count", "HEAD").stdout.decode().strip() or "no"
    return "", f"this checkout has no {wanted} (it knows {known} commits); {VARIABLE} may name another version"


def _back() -> str:
    """Return the commit BACK commits ago, or FIRST if that is newer."""
    wanted = f"HEAD~{BACK}"
    log = [line.partition(" ") for line in _git("log", "--format=%H %s").stdout.decode().splitlines()]
    first = next((commit for commit, _, subject in log if subject == FIRST), "")
    older = first and _git("merge-base", "--is-ancestor", wanted, first).returncode == 0
    return first if older else wanted


def lay(folder: Path, commit: str = "") -> Path:
    """Put the code of a commit, or the code on disk, into a new folder, with the job types of this test."""
    folder.mkdir(parents=True)
    if commit:
        _unpack(commit, folder)
    for name in () if commit else SHIPPED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder / name)
    (folder / "handlers").mkdir()
    (folder / "handlers" / "__init__.py").touch()
    for kind in KINDS:
        shutil.copy(Path(__file__).with_name(SOURCES.get(kind, "note.py")), folder / "handlers" / f"two_{kind}.py")
    return folder


def _unpack(commit: str, folder: Path) -> None:
    packed = folder.with_suffix(".tar")
    done = _git("archive", "--format=tar", f"--output={packed}", commit, "--", *SHIPPED)
    if done.returncode:
        raise RuntimeError(done.stderr.decode())
    with tarfile.open(packed) as opened:
        opened.extractall(folder, filter="data")


def _git(*arguments: str) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=False, timeout=60)
