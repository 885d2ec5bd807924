"""Write the facts of a run for other programs: one file, which exists while the platform is up."""

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from infra.local.errors import CannotRun
from infra.local.state.folder import hold, make, replace


class StateFile:
    """The file `dev.json`, which exists only while the platform is up. Raises CannotRun for an unusable folder."""

    def __init__(self, folder: Path) -> None:
        try:
            make(folder)
        except OSError as error:
            raise CannotRun(
                f"The state folder {folder} cannot be made: {error.strerror} (JOBFLOW_STATE_DIR)."
            ) from error
        self.path = folder / "dev.json"
        self._lock: IO[str] | None = None
        self._written: Mapping[str, Any] | None = None
        self._begun: Mapping[str, Any] | None = None

    def claim(self) -> None:
        """Keep the folder for this run, until `remove` or its end. Raises CannotRun if it cannot."""
        folder = self.path.parent
        try:
            self._lock = hold(folder, wait=False)
        except OSError as error:
            held = f"JobFlow already runs with the state folder {folder}: end that run, or choose"
            why = f"The state folder {folder} cannot be locked ({error.strerror}): choose"
            said = held if isinstance(error, BlockingIOError) else why
            raise CannotRun(f"{said} another folder with JOBFLOW_STATE_DIR=...") from error

    def write(self, state: Mapping[str, Any]) -> None:
        """Write the file in one step, readable only by this user because it contains the token.

        Do nothing without changes.
        """
        if state == self._written and self.path.exists():
            return
        make(self.path.parent)  # the file may have been removed meanwhile
        # An interrupt may come after the file was replaced and before this method returns.
        self._begun = dict(state)
        replace(self.path, f"{json.dumps(state, indent=2)}\n".encode())
        self._written = self._begun

    def remove(self) -> None:
        """Remove the file if it belongs to this run, and release the folder."""
        with contextlib.suppress(OSError, ValueError):
            if json.loads(self.path.read_text()) in (self._written, self._begun):
                self.path.unlink()
        if self._lock is not None:
            self._lock.close()
