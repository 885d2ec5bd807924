"""Make the folder of a run's state. `.jobflow` in a project is a link to a folder outside of the project.

The reason is `chalice local`: it restarts, and refuses connections meanwhile, when a file in the project changes, but
it does not follow links.
"""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import IO

OF_A_PROJECT = ".jobflow"
SET_ASIDE = "set-aside-"
"""The beginning of the names of folders with snapshots that could not be used, or not completely."""
LOCK = "lock"


def make(folder: Path, environment: Mapping[str, str] = os.environ) -> None:
    """Make the folder if it does not exist. Raises OSError if it cannot be made."""
    if folder.is_dir():
        return
    if folder.name == OF_A_PROJECT and _linked(folder, _outside(folder, environment)):
        return
    folder.mkdir(parents=True, exist_ok=True)


def hold(folder: Path, *, wait: bool = True) -> IO[str]:
    """Hold the folder until the returned file is closed or this process ends.

    Waits while another process holds it; without `wait`, raises BlockingIOError. Raises OSError on a file system
    without locks.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = (folder / LOCK).open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise
    return file


def replace(path: Path, content: bytes) -> None:
    """Write a file in one step, readable only by this user."""
    draft = path.with_suffix(".draft")
    draft.touch(mode=0o600)
    draft.write_bytes(content)
    draft.replace(path)


def forget(folder: Path) -> None:
    """Delete what a run keeps in a folder, except the copies that were set aside for the user.

    The emulator of a runner that was killed may still write its last snapshot; this waits for its end.
    """
    with hold(folder):
        for path in folder.glob("*"):
            if path.name.startswith(SET_ASIDE) or path.name == LOCK:
                continue
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def _outside(folder: Path, environment: Mapping[str, str]) -> Path:
    """Return the folder for this checkout's state, in the user's folder for state (XDG Base Directory)."""
    home = environment.get("XDG_STATE_HOME") or Path(environment.get("HOME", "~")).expanduser() / ".local" / "state"
    project = folder.absolute().parent
    return Path(home) / "jobflow" / f"{project.name}-{hashlib.sha256(bytes(project)).hexdigest()[:12]}"


def _linked(folder: Path, target: Path) -> bool:
    """Make the target, and return True if the folder is a link to it; False if the home folder is not writable."""
    try:
        target.mkdir(parents=True, exist_ok=True)
        if not folder.is_symlink():
            folder.symlink_to(target, target_is_directory=True)
    except OSError:
        return folder.is_dir()  # another process was faster, or the file system allows no links
    return folder.is_dir()
