"""Read a process's output as lines from its pipe, without blocking and without losing the last output."""

import asyncio
import os
from collections.abc import Callable

# Maximum bytes of an event of CloudWatch Logs. Longer lines are cut, as in CloudWatch Logs.
MAX_LINE_BYTES = 256 * 1024


class LinePump:
    """Pass each line from the read end of a pipe to `on_line`. Closes the descriptor in the end."""

    def __init__(self, descriptor: int, on_line: Callable[[str], None]) -> None:
        self._descriptor = descriptor
        self._on_line = on_line
        self._pending = bytearray()
        self._open = True
        os.set_blocking(descriptor, False)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(descriptor, self.drain)

    def drain(self) -> None:
        """Read all that has been written so far."""
        while self._open:
            try:
                chunk = os.read(self._descriptor, 64 * 1024)
            except BlockingIOError:
                return
            if not chunk:
                self.close()
                return
            self._pending += chunk
            self._split()

    def close(self) -> None:
        """Pass an unfinished line on, then close the pipe."""
        if not self._open:
            return
        self._open = False
        self._loop.remove_reader(self._descriptor)
        os.close(self._descriptor)
        if self._pending:
            self._emit(bytes(self._pending))
            self._pending.clear()

    def _split(self) -> None:
        *lines, rest = self._pending.split(b"\n")
        for line in lines:
            self._emit(bytes(line))
        self._pending = bytearray(rest)
        if len(rest) > MAX_LINE_BYTES:
            self._emit(bytes(rest))
            self._pending.clear()

    def _emit(self, line: bytes) -> None:
        text = line[:MAX_LINE_BYTES].decode(errors="replace")
        # The runtime client joins the lines of a stack trace with \r and no-break spaces, so that it is one log event.
        self._on_line(text.replace("\r", "\n").replace("\u00a0", " ").rstrip("\n"))
