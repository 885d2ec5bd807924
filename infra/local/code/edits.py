"""Report edits of the code, one event for each burst of changes."""

import threading
from collections.abc import Callable
from pathlib import Path

from watchfiles import Change, DefaultFilter, watch

from infra.cloud.package import own_code

Filter = Callable[[Change, str], bool]
FOLDERS = ("chalicelib", "handlers", "infra/definition")
FILES = ("app.py", ".env")
DEBOUNCE_MS = 300
POLL_MS = 200


class SourceFilter(DefaultFilter):
    """Accepts files that a person edits: no caches, no temporary files, and in the top folder only `FILES`."""

    def __init__(self, root: Path) -> None:
        super().__init__()
        self._root = root

    def __call__(self, change: Change, path: str) -> bool:
        """Return True if the changed file belongs to the code."""
        where = Path(path)
        of_the_top = where.parent == self._root
        if (of_the_top and where.name not in FILES) or not (of_the_top or where.suffix):
            return False
        return super().__call__(change, path)


class Watcher:
    """Call `changed` with the paths of each burst of edits, on a separate thread, until closed.

    `settings` is one more file to follow, in any folder.
    """

    def __init__(self, root: Path, changed: Callable[[set[Path]], None], settings: Path | None = None) -> None:
        root = root.resolve()
        self._changed = changed
        self._stop = threading.Event()
        self._followers: list[tuple[threading.Thread, threading.Event]] = []
        watched = (*FOLDERS, *own_code.packages(root))
        code = SourceFilter(root)
        self._follow([root / folder for folder in watched if (root / folder).is_dir()], code, recursive=True)
        # watch the folder of app.py, not the file: a watch on the file ends when an editor replaces the file
        self._follow([root], code)
        secrets = (root / ".env").resolve()
        # For a user's repository, .env is a link into that repository: edits are in the folder of the link's target.
        if secrets.parent != root:
            self._follow([secrets.parent], lambda _, path: Path(path) == secrets)
        if settings is not None:
            self._follow([settings.parent], lambda _, path: Path(path) == settings)

    def wait_until_watching(self) -> None:
        """Return once an edit would be noticed."""
        for _, watching in self._followers:
            watching.wait()

    def close(self) -> None:
        """Stop following."""
        self._stop.set()
        for thread, _ in self._followers:
            thread.join(2)

    def _follow(self, paths: list[Path], which: Filter, *, recursive: bool = False) -> None:
        watching = threading.Event()

        def run() -> None:
            bursts = watch(
                *paths,
                watch_filter=which,
                debounce=DEBOUNCE_MS,
                stop_event=self._stop,
                recursive=recursive,
                raise_interrupt=False,
                rust_timeout=POLL_MS,
                yield_on_timeout=True,
            )
            for burst in bursts:
                watching.set()
                if burst:
                    self._changed({Path(path) for _, path in burst})

        thread = threading.Thread(target=run, name="watch", daemon=True)
        thread.start()
        self._followers.append((thread, watching))
