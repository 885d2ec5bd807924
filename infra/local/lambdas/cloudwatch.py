"""Send log lines to CloudWatch Logs of the emulator, in the background and in batches."""

import contextlib
import logging
import threading
from collections import defaultdict, deque
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from infra.local.lambdas.logs import LogLine

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_logs.type_defs import InputLogEventTypeDef

LOG = logging.getLogger(__name__)
Stream = tuple[str, str]


class CloudWatchSink:
    """A sink that never blocks. If it has more than `capacity` lines, it drops the oldest ones and logs how many.

    `interval` is the longest time that a line waits before it is sent, in seconds.
    """

    def __init__(self, logs: "CloudWatchLogsClient", *, interval: float = 0.5, capacity: int = 20_000) -> None:
        self._logs = logs
        self._interval = interval
        self._queue: deque[LogLine] = deque(maxlen=capacity)
        self._dropped = 0
        self._known: set[Stream] = set()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="cloudwatch-logs", daemon=True)
        self._thread.start()

    def __call__(self, line: LogLine) -> None:
        """Accept a line; may be called from any thread."""
        if len(self._queue) == self._queue.maxlen:
            self._dropped += 1
        self._queue.append(line)

    def close(self) -> None:
        """Send the remaining lines once, and stop."""
        self._stopping.set()
        self._thread.join()
        self._logs.close()

    def _run(self) -> None:
        while not self._stopping.wait(self._interval):
            self.flush()
        self.flush()

    def flush(self) -> None:
        """Send all queued lines now. Lines that the emulator refuses are lost."""
        if self._dropped:
            LOG.warning("%d log lines were dropped on their way to CloudWatch Logs.", self._dropped)
            self._dropped = 0
        by_stream: dict[Stream, list[LogLine]] = defaultdict(list)
        for _ in range(len(self._queue)):
            line = self._queue.popleft()
            by_stream[line.log_group, line.log_stream].append(line)
        for stream, lines in by_stream.items():
            try:
                self._send(stream, lines)
            except (BotoCoreError, ClientError) as error:
                LOG.warning("%d log lines of %s were not stored: %s", len(lines), stream[0], error)
                self._known.discard(stream)

    def _send(self, stream: Stream, lines: list[LogLine]) -> None:
        group, name = stream
        if stream not in self._known:
            exists = self._logs.exceptions.ResourceAlreadyExistsException
            with contextlib.suppress(exists):
                self._logs.create_log_group(logGroupName=group)
            with contextlib.suppress(exists):
                self._logs.create_log_stream(logGroupName=group, logStreamName=name)
            self._known.add(stream)
        # The emulator does not have the limits of PutLogEvents.
        lines.sort(key=lambda line: line.timestamp_ms)
        events: list[InputLogEventTypeDef] = [
            {"timestamp": line.timestamp_ms, "message": line.message} for line in lines if line.message
        ]
        if events:
            self._logs.put_log_events(logGroupName=group, logStreamName=name, logEvents=events)
