"""Read Lambda's own log lines about one invocation, from the function's log group."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from chalicelib.adapters import aws
from chalicelib.jobs.job import Job
from chalicelib.settings import Settings
from chalicelib.telemetry.platform_lines import pattern_of

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

CONNECT_TIMEOUT, READ_TIMEOUT = 0.4, 0.6
"""Timeouts in seconds, one second in total. The next attempt may lose this time, because it reads how the last attempt
ended."""
MOST_LINES = 100
SLACK_MS = 60_000
"""Milliseconds by which the clocks of Lambda and the worker may differ, and by which a line may be late."""


class CloudWatchPlatformLog:
    """See PlatformLog. Make the client at the first use, because hardly any process needs it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def lines(self, job: Job) -> Sequence[tuple[float, str]]:
        """See PlatformLog."""
        client: CloudWatchLogsClient = aws.client(
            "logs", self._settings.region, connect_timeout=CONNECT_TIMEOUT, read_timeout=READ_TIMEOUT, tries=1
        )
        page = client.filter_log_events(
            logGroupName=self._settings.log_group_prefix + job.type.replace(".", "-"),
            filterPattern=pattern_of(job.request_id or ""),
            startTime=round((job.started_at or job.created_at) * 1000) - SLACK_MS,
            endTime=round((job.lease_until or job.updated_at) * 1000) + SLACK_MS,
            limit=MOST_LINES,
            interleaved=True,
        )
        return [(event["timestamp"] / 1000, event["message"]) for event in page["events"]]
