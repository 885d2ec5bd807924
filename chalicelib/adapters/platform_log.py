"""Read Lambda's own log lines about one invocation, from the function's log group."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from chalicelib.adapters import aws
from chalicelib.adapters.constants import (
    MOST_PLATFORM_LINES,
    PLATFORM_LOG_CONNECT_TIMEOUT,
    PLATFORM_LOG_READ_TIMEOUT,
    PLATFORM_LOG_SLACK_MS,
)
from chalicelib.job_types.jobtype import queue_of
from chalicelib.job_types.queue import name_in_aws
from chalicelib.jobs.job import Job
from chalicelib.settings import Settings
from chalicelib.telemetry.platform_lines import pattern_of

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient


class CloudWatchPlatformLog:
    """See PlatformLog. Make the client at the first use, because hardly any process needs it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def lines(self, job: Job) -> Sequence[tuple[float, str]]:
        """See PlatformLog."""
        client: CloudWatchLogsClient = aws.client(
            "logs",
            self._settings.region,
            connect_timeout=PLATFORM_LOG_CONNECT_TIMEOUT,
            read_timeout=PLATFORM_LOG_READ_TIMEOUT,
            tries=1,
        )
        page = client.filter_log_events(
            logGroupName=self._settings.log_group_prefix + name_in_aws(queue_of(job.type)),
            filterPattern=pattern_of(job.request_id or ""),
            startTime=round((job.started_at or job.created_at) * 1000) - PLATFORM_LOG_SLACK_MS,
            endTime=round((job.lease_until or job.updated_at) * 1000) + PLATFORM_LOG_SLACK_MS,
            limit=MOST_PLATFORM_LINES,
            interleaved=True,
        )
        return [(event["timestamp"] / 1000, event["message"]) for event in page["events"]]
