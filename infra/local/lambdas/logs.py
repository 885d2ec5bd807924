"""Pass the log lines of functions to any number of sinks. No sink may delay a function."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from infra.local.lambdas.invocation import Invocation
from infra.local.lambdas.specs import FunctionSpec


@dataclass(frozen=True, slots=True)
class LogLine:
    """One log event of one execution environment. `timestamp_ms` is Unix time in milliseconds, UTC."""

    function: str
    log_group: str
    log_stream: str
    timestamp_ms: int
    message: str
    platform: bool = False


Sink = Callable[[LogLine], None]


def discard(line: LogLine) -> None:
    """Drop a line: a sink for callers that need no log."""


def tee(*sinks: Sink) -> Sink:
    """Return one sink that passes lines to several."""

    def feed(line: LogLine) -> None:
        for sink in sinks:
            sink(line)

    return feed


class FunctionLog:
    """The log stream of one execution environment, with Lambda's own lines."""

    def __init__(self, spec: FunctionSpec, sink: Sink) -> None:
        self.spec = spec
        self.stream = f"{datetime.now(UTC):%Y/%m/%d}/[$LATEST]{uuid.uuid4().hex}"
        self._sink = sink

    def line(self, message: str, *, platform: bool = False) -> None:
        """Write one log event with the present time."""
        now = int(time.time() * 1000)
        self._sink(LogLine(self.spec.name, self.spec.log_group, self.stream, now, message, platform))

    def start(self, invocation: Invocation) -> None:
        """Write the START line of an invocation."""
        self.line(f"START RequestId: {invocation.request_id} Version: $LATEST", platform=True)

    def end(self, invocation: Invocation, *, init_ms: float | None, memory: int | None, status: str | None) -> None:
        """Write the END and REPORT lines.

        `init_ms` is None for a warm start. `memory` is the most that was used, in MB; None if the system does not
        report it. `status` is None after success, else "timeout" or the type of the error.
        """
        request_id, duration = invocation.request_id, invocation.duration_ms
        self.line(f"END RequestId: {request_id}", platform=True)
        billed = int(duration + (init_ms or 0)) + 1
        fields = [
            f"REPORT RequestId: {request_id}",
            f"Duration: {duration:.2f} ms",
            f"Billed Duration: {billed} ms",
            f"Memory Size: {self.spec.memory} MB",
        ]
        if memory is not None:
            fields.append(f"Max Memory Used: {min(memory, self.spec.memory)} MB")
        if init_ms is not None:
            fields.append(f"Init Duration: {init_ms:.2f} ms")
        if status is not None:
            fields += [f"Status: {status}"] if status == "timeout" else ["Status: error", f"Error Type: {status}"]
        self.line("\t".join(fields), platform=True)


def peak_memory_mb(pid: int) -> int | None:
    """Return the maximum memory of a live process, in MB; None if the system does not report it."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    peak = [row.split()[1] for row in status.splitlines() if row.startswith("VmHWM")]
    return int(peak[0]) // 1024 if peak else None
