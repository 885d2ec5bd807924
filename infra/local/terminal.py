"""Print the lines of functions for a terminal, or as JSON lines for other readers of standard output."""

import json
import queue
import sys
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TextIO

from rich.console import Console
from rich.text import Text

from infra.local.lambdas.logs import LogLine

CAPACITY = 20_000
COLOURS = ("green", "magenta", "blue", "cyan", "yellow", "bright_green", "bright_magenta", "bright_blue")
# Fields that the line shows in another place, or that are the same on every line.
BORING = frozenset(
    {
        "level", "message", "timestamp", "service", "job_id", "attempt", "location", "xray_trace_id", "exception",
        "exception_name", "stack_trace", "correlation_id", "job_type", "sampling_rate", "logger", "requestId",
        "function_arn", "function_name", "function_memory_size", "function_request_id", "stackTrace", "errorMessage",
        "errorType", "gen", "trace_id", "span_id",
    }
)  # fmt: skip
MISHAPS = ("Task timed out", "Runtime exited", "Init timed out")


class Terminal:
    """A sink that never blocks, because a separate thread writes. `say` prints the runner's own sentences."""

    def __init__(self, stack: str, out: TextIO | None = None) -> None:
        out = out or sys.stdout
        self._stack = stack
        self._console = Console(file=out, highlight=False, soft_wrap=True)
        self._render = self._pretty if out.isatty() else self._raw
        self._queue: queue.Queue[Callable[[], None] | None] = queue.Queue(CAPACITY)
        self._thread = threading.Thread(target=self._run, name="terminal", daemon=True)
        self._thread.start()

    def __call__(self, line: LogLine) -> None:
        """Accept a line of a function; above the capacity it is dropped."""
        if not line.platform or any(mishap in line.message for mishap in MISHAPS):
            self._put(lambda: self._render(line))

    def say(self, sentence: str, style: str = "") -> None:
        """Print a sentence of the runner itself; on standard error if standard output is for programs."""
        self._put(lambda: self._say(sentence, style))

    def close(self) -> None:
        """Write what is queued and stop."""
        self._queue.put(None)
        self._thread.join(2)

    def _put(self, work: Callable[[], None]) -> None:
        try:
            self._queue.put_nowait(work)
        except queue.Full:
            return

    def _run(self) -> None:
        while (work := self._queue.get()) is not None:
            try:
                work()
            except (OSError, ValueError):
                return  # the terminal is closed, but the functions still run

    def _say(self, sentence: str, style: str) -> None:
        if self._console.is_terminal:
            self._console.print(Text(sentence, style=style))
        else:
            print(sentence, file=sys.stderr, flush=True)

    def _pretty(self, line: LogLine) -> None:
        text = pretty(line, self._stack)
        if text is not None:
            self._console.print(text)

    def _raw(self, line: LogLine) -> None:
        print(raw(line), file=self._console.file, flush=True)


def raw(line: LogLine) -> str:
    """Return a line as JSON: unchanged if it is JSON, else wrapped."""
    if parse(line.message) is not None:
        return line.message
    at = datetime.fromtimestamp(line.timestamp_ms / 1000, UTC).isoformat(timespec="milliseconds")
    wrapped = {"level": "ERROR" if line.platform else "INFO", "message": line.message, "timestamp": at}
    return json.dumps({**wrapped, "function_name": line.function})


def parse(message: str) -> dict[str, Any] | None:
    """Return a structured line's fields; None for anything else."""
    if not message.startswith("{"):
        return None
    try:
        fields = json.loads(message)
    except ValueError:
        return None
    return fields if isinstance(fields, dict) else None


def pretty(line: LogLine, stack: str) -> Text | None:
    """Return a line for a person: time, function, level, message, the job's keys, then its other fields.

    None for a metric: the line before it already shows the event that the metric counts.
    """
    fields = parse(line.message)
    if fields is not None and "_aws" in fields:
        return None
    text = Text()
    clock = datetime.fromtimestamp(line.timestamp_ms / 1000).astimezone()
    name = line.function.removeprefix(f"{stack}-")
    text.append(f"{clock:%H:%M:%S}.{line.timestamp_ms % 1000:03} ", "dim")
    text.append(f"{name:<16} ", COLOURS[sum(name.encode()) % len(COLOURS)])
    if fields is None:
        text.append(line.message, "bold red" if line.platform else "")
        return text
    _append_fields(text, fields)
    return text


def _append_fields(text: Text, fields: Mapping[str, Any]) -> None:
    level = str(fields.get("level", "INFO"))
    text.append(f"{level:<8}", f"logging.level.{level.lower()}")
    text.append(str(fields.get("message") or fields.get("errorType") or ""), "bold")
    if fields.get("job_id"):
        text.append(f"  job {str(fields['job_id'])[:8]}", "blue")
    if fields.get("attempt"):
        text.append(f" attempt {fields['attempt']}", "blue")
    for name, value in fields.items():
        if name not in BORING and value not in (None, ""):
            text.append(f"  {name}=", "dim")
            text.append(value if isinstance(value, str) else json.dumps(value))
    for trouble in (fields.get("errorMessage"), *_lines(fields.get("stackTrace")), *_lines(fields.get("exception"))):
        if trouble:
            text.append(f"\n    {trouble}", "red")


def _lines(stack: Any) -> list[str]:
    joined = "".join(map(str, stack)) if isinstance(stack, list) else str(stack or "")
    return joined.rstrip().splitlines()
