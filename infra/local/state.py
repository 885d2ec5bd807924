"""What other programs may read about a run: one file, there while the platform is up."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class StateFile:
    """`dev.json`: there while the platform is up, and only then."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
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
        """Remove it."""
        self.path.unlink(missing_ok=True)
