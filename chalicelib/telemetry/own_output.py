"""Hold the standard output that only our logger and our metrics write to, whatever job code does with `sys.stdout`."""

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO


class OwnOutput(io.TextIOBase):
    """Writes to what was kept, or to the standard output as it is now."""

    _kept: TextIO | None = None

    def writable(self) -> bool:
        """See TextIOBase."""
        return True

    def write(self, text: str) -> int:
        """See TextIOBase."""
        return (self._kept or sys.stdout).write(text)

    def flush(self) -> None:
        """See TextIOBase."""
        (self._kept or sys.stdout).flush()

    def keep(self, output: TextIO) -> None:
        """Write to this output for good."""
        self._kept = output

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Inside, write to what is the standard output now."""
        before = self._kept
        self._kept = before or sys.stdout
        try:
            yield
        finally:
            self._kept = before


own_output = OwnOutput()
