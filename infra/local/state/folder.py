"""Make the folder of a run's state. A project's own folder, `.jobflow`, is a link to a folder outside of the project.

`chalice local` restarts, and refuses connections meanwhile, whenever a file in the project changes; it does not follow
links.
"""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

OF_A_PROJECT = ".jobflow"


def make(folder: Path, environment: Mapping[str, str] = os.environ) -> None:
    """Make the folder if it does not exist. Raises OSError if it cannot be made."""
    if folder.is_dir():
        return
    if folder.name == OF_A_PROJECT and _linked(folder, _outside(folder, environment)):
        return
    folder.mkdir(parents=True, exist_ok=True)


def _outside(folder: Path, environment: Mapping[str, str]) -> Path:
    """Return the folder for this checkout's state, in the user's folder for state (XDG Base Directory)."""
    home = environment.get("XDG_STATE_HOME") or Path(environment.get("HOME", "~")).expanduser() / ".local" / "state"
    project = folder.absolute().parent
    return Path(home) / "jobflow" / f"{project.name}-{hashlib.sha256(bytes(project)).hexdigest()[:12]}"


def _linked(folder: Path, target: Path) -> bool:
    """Return True if the folder is a link to the target, which is made; False without a writable home folder."""
    try:
        target.mkdir(parents=True, exist_ok=True)
        if not folder.is_symlink():
            folder.symlink_to(target, target_is_directory=True)
    except OSError:
        return folder.is_dir()  # another process was faster, or it is not possible
    return folder.is_dir()
