"""What other programs may read about a run: one file, there while the platform is up."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.local.errors import CannotRun


class StateFile:
    """`dev.json`: there while the platform is up, and only then. Raises CannotRun for a folder that cannot be one."""

    def __init__(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CannotRun(
                f"The state folder {folder} cannot be made: {error.strerror} (JOBFLOW_STATE_DIR)."
            ) from error
        self.path = folder / "dev.json"
        self._written: Mapping[str, Any] | None = None

    def write(self, state: Mapping[str, Any]) -> None:
        """Write it whole, readable by this user only: it holds the token. Does nothing when nothing has changed."""
        if state == self._written:
            return
        draft = self.path.with_suffix(f".{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(state, indent=2) + "\n")
        draft.replace(self.path)
        self._written = dict(state)

    def remove(self) -> None:
        """Remove it, if it is this run's: one that found its port in use leaves the file of the one that has it."""
        if self._written is not None:
            self.path.unlink(missing_ok=True)
