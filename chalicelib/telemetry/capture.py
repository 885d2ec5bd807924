"""Write what a job function prints or logs by Python's own `logging` as lines with the job's keys."""

import io
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import TextIO

from chalicelib.telemetry.logger import logger
from chalicelib.telemetry.redaction import without_secrets

RUNTIME = "awslambdaric"
"""Lambda's own handler writes the same record a second time, without keys."""
QUIET = ("boto3", "botocore", "urllib3", "s3transfer")
"""Libraries whose records below WARNING are about themselves."""
METRICS = '{"_aws"'
"""First characters of a line of metrics, which is written unchanged: otherwise CloudWatch cannot read it."""
LONGEST_LINE = 8_000


@contextmanager
def captured() -> Iterator[None]:
    """Capture standard output and the root logger while a job function runs; other threads' output is captured too."""
    root, handler, level = logging.getLogger(), _Forward(), logging.getLogger().level
    before = list(root.handlers)
    root.handlers = [kept for kept in before if not type(kept).__module__.startswith(RUNTIME)] + [handler]
    root.setLevel(logger().log_level)
    lines = _Lines(sys.stdout)
    try:
        with redirect_stdout(lines), redirect_stderr(_Clean(sys.stderr)):
            yield
    finally:
        lines.finish()
        root.handlers = before
        root.setLevel(level)


class _Lines(io.TextIOBase):
    """A standard output that writes each whole line as a log line."""

    def __init__(self, behind: TextIO) -> None:
        self._behind = behind
        self._rest = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        *whole, self._rest = (self._rest + text).split("\n")
        for line in whole:
            self._tell(line)
        return len(text)

    def finish(self) -> None:
        """Write the rest, which has no line end."""
        rest, self._rest = self._rest, ""
        self._tell(rest)

    def _tell(self, line: str) -> None:
        if line.startswith(METRICS):
            self._behind.write(without_secrets(line) + "\n")
        elif line.strip():
            logger().info(without_secrets(line)[:LONGEST_LINE], extra={"logger": "print"})


class _Clean(io.TextIOBase):
    """A standard error that writes as it comes, without secrets."""

    def __init__(self, behind: TextIO) -> None:
        self._behind = behind

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self._behind.write(without_secrets(text))
        return len(text)

    def flush(self) -> None:
        self._behind.flush()


class _Forward(logging.Handler):
    """A handler that writes records of other loggers through ours."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith(logger().service):
            return None
        if record.levelno < logging.WARNING and record.name.split(".")[0] in QUIET:
            return None
        try:
            text = record.getMessage()
        except Exception:
            return self.handleError(record)
        ours = logging.getLogger(logger().service)
        ours.log(
            record.levelno,
            without_secrets(text)[:LONGEST_LINE],
            exc_info=record.exc_info,
            extra={"logger": record.name},
        )
        return None
