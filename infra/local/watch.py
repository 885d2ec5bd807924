"""Edits of the code, as one event a burst."""

import threading
from collections.abc import Callable
from pathlib import Path

from watchfiles import Change, DefaultFilter, watch

FOLDERS = ("chalicelib", "handlers", "infra/definition")
FILES = ("app.py",)
DEBOUNCE_MS = 300


class SourceFilter(DefaultFilter):
    """Files that a person edits: no caches, no editor's droppings, and of the top folder only `app.py`."""

    def __init__(self, root: Path) -> None:
        super().__init__()
        self._root = root

    def __call__(self, change: Change, path: str) -> bool:
        """Whether a change counts."""
        where = Path(path)
        if where.parent == self._root and where.name not in FILES:
            return False
        return super().__call__(change, path)


class Watcher:
    """Calls `changed` with the paths of each burst of edits, from a thread of its own, until closed."""

    def __init__(self, root: Path, changed: Callable[[set[Path]], None]) -> None:
        self._root = root.resolve()
        self._changed = changed
        self._stop = threading.Event()
        folders = [self._root / folder for folder in FOLDERS if (self._root / folder).is_dir()]
        self._threads = [
            threading.Thread(target=self._follow, args=(folders, True), name="watch-folders", daemon=True),
            # by its folder: an editor that replaces a file would take a watch on the file along
            threading.Thread(target=self._follow, args=([self._root], False), name="watch-files", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Stop watching."""
        self._stop.set()
        for thread in self._threads:
            thread.join(2)

    def _follow(self, paths: list[Path], recursive: bool) -> None:
        bursts = watch(
            *paths,
            watch_filter=SourceFilter(self._root),
            debounce=DEBOUNCE_MS,
            stop_event=self._stop,
            recursive=recursive,
            raise_interrupt=False,
            rust_timeout=200,
        )
        for burst in bursts:
            self._changed({Path(path) for _, path in burst})
