"""Keep a standard output for only our logger and metrics, whatever job code does with `sys.stdout`."""

import io
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO, cast


class Captured(io.TextIOBase):
    """A standard output or error whose lines become log lines; the platform's own output does not use it."""


class OwnOutput(io.TextIOBase):
    """Write to the output that was kept; without one, to the present standard output."""

    def __init__(self) -> None:
        self._kept: TextIO | None = None
        self._inside = 0
        self._lock = threading.Lock()

    def writable(self) -> bool:
        """See TextIOBase."""
        return True

    def write(self, text: str) -> int:
        """See TextIOBase."""
        return self._now().write(text)

    def flush(self) -> None:
        """See TextIOBase."""
        self._now().flush()

    def keep(self, output: TextIO) -> None:
        """Write to this output permanently."""
        with self._lock:
            self._kept, self._inside = output, self._inside + 1

    @contextmanager
    def kept(self) -> Iterator[None]:
        """In the block, keep writing to the present standard output, even if `sys.stdout` changes.

        With several threads, the output is kept until the last thread leaves its block.
        """
        with self._lock:
            self._inside += 1
            self._kept = self._kept or self._now()
        try:
            yield
        finally:
            with self._lock:
                self._inside -= 1
                self._kept = self._kept if self._inside else None

    def _now(self) -> TextIO:
        if self._kept is not None:
            return self._kept
        here: object = sys.stdout
        return cast("TextIO", sys.__stdout__ if isinstance(here, Captured) else here)


own_output = OwnOutput()
