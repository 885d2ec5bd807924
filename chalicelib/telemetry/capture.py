"""Write the output and the logging of a job function as lines with the job's keys.

Every text that the platform did not write itself goes through the logger, which writes it as a JSON string. A line
break in such a text can therefore not begin a line that looks like one of another job, or like metrics.
"""

import logging
import os
import selectors
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout, suppress
from contextvars import Context, ContextVar

from chalicelib.telemetry.constants import BYTES_AT_ONCE, LONGEST_LINE
from chalicelib.telemetry.logger import held, is_one_of_several, logger
from chalicelib.telemetry.own_output import Captured, own_output
from chalicelib.telemetry.redaction import clean

RUNTIME = "awslambdaric"
"""The module of Lambda's own handler, which would write each record a second time, without keys."""
QUIET = ("boto3", "botocore", "urllib3", "s3transfer")
"""Libraries whose records below WARNING only describe the library itself."""
OUT, ERR = 1, 2
SOURCES: Mapping[int, tuple[int, str]] = {OUT: (logging.INFO, "print"), ERR: (logging.WARNING, "stderr")}
"""Level and `logger` of the lines of standard output and standard error, by their file descriptors."""
SET_PIPE_SIZE, PIPE_SIZE = 1031, 1_048_576
"""F_SETPIPE_SZ of Linux, and the largest pipe in bytes. A library that writes while it holds Python's lock must not
wait for space in the pipe."""
_lock = threading.Lock()
_pump: "_Pump | None" = None
_inside = 0
"""Number of threads that are within `captured`."""
_capturing = ExitStack()
_own: ContextVar[dict[int, str] | None] = ContextVar("own", default=None)
"""The unfinished lines of this thread's job, by descriptor; None: all threads write the lines of one job."""
_lines: list["_Lines"] = []
"""The standard output and error within `captured`."""


@contextmanager
def captured() -> Iterator[None]:
    """Capture `print`, `sys.stderr` and the root logger while a job runs, including the output of other threads.

    If `capture_descriptors` was called, all output to the descriptors within the block is logged before the block ends.
    With several threads, the capture ends when the last of them leaves its block. Within `one_of_several`, each thread
    has its own unfinished line. The output to the descriptors may then be of any of the jobs, so it has no job's keys.
    """
    global _inside  # noqa: PLW0603 - a process has one standard output
    with _lock:
        _inside += 1
        if _inside == 1:
            _capturing.enter_context(_capture())
    own = {OUT: "", ERR: ""} if is_one_of_several() else None
    token = _own.set(own)
    try:
        yield
    finally:
        if own is None:
            _finish()
        else:
            for descriptor, rest in own.items():
                _tell(descriptor, rest)
        _own.reset(token)
        with _lock:  # two threads that leave at once must not both take the other one for the last
            _inside -= 1
            try:
                if own is not None:
                    Context().run(_finish, last=_inside == 0)
            finally:
                if _inside == 0:
                    _capturing.close()


def _finish(*, last: bool = True) -> None:
    """Write what has arrived. If no other job runs (`last`), also write the parts that have no line end yet."""
    for lines in _lines if last else ():
        lines.finish()
    if _pump is not None:
        (_pump.drain if last else _pump.read)()


@contextmanager
def _capture() -> Iterator[None]:
    root, level = logging.getLogger(), logging.getLogger().level
    before = list(root.handlers)
    root.handlers = [kept for kept in before if not type(kept).__module__.startswith(RUNTIME)] + [_Forward()]
    root.setLevel(logger().log_level)
    out, err = _lines[:] = [_Lines(OUT), _Lines(ERR)]
    try:
        with own_output.kept(), redirect_stdout(out), redirect_stderr(err):
            yield
    finally:
        root.handlers = before
        root.setLevel(level)


def capture_descriptors() -> None:
    """From now on, convert each line that this process or its children write to descriptor 1 or 2 to a log line.

    Call this function in the process of a worker in Lambda. Repeated calls do nothing.
    """
    global _pump  # noqa: PLW0603 - a process has one standard output
    with _lock:
        if _pump is None:
            sys.stdout.flush()
            sys.stderr.flush()
            kept = os.fdopen(os.dup(OUT), "w", buffering=1, encoding="utf-8", errors="backslashreplace", newline="")
            own_output.keep(kept)
            _pump = _Pump()
            sys.stdout, sys.stderr = _Lines(OUT), _Lines(ERR)


class _Lines(Captured):
    """A standard output or error that writes each complete line as a log line."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._rest = ""

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def write(self, text: str) -> int:
        own = _own.get()
        if own is None:
            *whole, self._rest = (self._rest + text).split("\n")
        else:
            *whole, own[self._descriptor] = (own[self._descriptor] + text).split("\n")
        for line in whole:
            _tell(self._descriptor, line)
        return len(text)

    def finish(self) -> None:
        """Write the rest, which has no line end."""
        rest, self._rest = self._rest, ""
        _tell(self._descriptor, rest)


class _Pump:
    """Read both descriptors in a thread, and at the end of each job."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rest: dict[int, bytes] = {}
        self._source: dict[int, int] = {}
        self._selector = selectors.DefaultSelector()
        for descriptor in SOURCES:
            self._take(descriptor)
        threading.Thread(target=self._run, name="output", daemon=True).start()

    def drain(self) -> None:
        """Write everything that has arrived; a part without a line end is also a line."""
        self.read()
        with self._lock:
            for end, rest in self._rest.items():
                self._rest[end] = b""
                _tell(self._source[end], rest.decode(errors="replace"))

    def _take(self, descriptor: int) -> None:
        read, write = os.pipe()
        os.set_blocking(read, False)
        with suppress(ImportError, OSError):  # a smaller pipe works too
            from fcntl import fcntl

            fcntl(write, SET_PIPE_SIZE, PIPE_SIZE)
        os.dup2(write, descriptor)
        os.close(write)
        self._source[read], self._rest[read] = descriptor, b""
        self._selector.register(read, selectors.EVENT_READ)

    def _run(self) -> None:
        while True:
            self._selector.select()
            # If a line cannot be written, this thread must continue: without this thread, nothing would empty the pipe.
            with suppress(Exception):
                self.read()

    def read(self) -> None:
        """Write each complete line that has arrived."""
        for end in self._source:
            with self._lock, suppress(BlockingIOError):
                while chunk := os.read(end, BYTES_AT_ONCE):
                    *whole, rest = (self._rest[end] + chunk).split(b"\n")
                    # Only the first 8,000 characters of a line are written. This cut is after 1 MB, far behind the
                    # 8,000 characters, so it never leaves a part of a secret in the log.
                    self._rest[end] = rest[:PIPE_SIZE]
                    for line in whole:
                        _tell(self._source[end], line.decode(errors="replace"))


def _tell(descriptor: int, line: str) -> None:
    if line.strip() and not held(lambda: _tell(descriptor, line)):
        level, name = SOURCES[descriptor]
        _own_logger().log(level, clean(line)[:LONGEST_LINE], extra={"logger": name})


def _own_logger() -> logging.Logger:
    return logging.getLogger(logger().service)


class _Forward(logging.Handler):
    """Write records of other loggers through the platform's logger."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith(logger().service):
            return None
        if record.levelno < logging.WARNING and record.name.split(".")[0] in QUIET:
            return None
        if held(lambda: self.emit(record)):
            return None
        try:
            text = record.getMessage()
        except Exception:
            return self.handleError(record)
        _own_logger().log(
            record.levelno,
            clean(text)[:LONGEST_LINE],
            exc_info=record.exc_info,
            extra={"logger": record.name},
        )
        return None
