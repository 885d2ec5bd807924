"""A job's log lines, read back from CloudWatch Logs. The only logs client."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from chalicelib.errors import FieldError, InvalidPosition
from chalicelib.job import Job

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

MOST_REQUESTS = 5
"""FilterLogEvents may answer with empty pages; a request of ours asks at most this often."""
PAGE = 200
SLACK_MS = 60_000
PLAIN = frozenset({"timestamp", "level", "message", "service", "gen", "attempt", "job_id"})


@dataclass(frozen=True, slots=True)
class Line:
    """One log line; `at` in seconds since the epoch."""

    at: float
    level: str
    message: str
    gen: int | None
    attempt: int | None
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Lines:
    """Some lines, newest attempt first and in order within it, and the token of the next page."""

    lines: tuple[Line, ...]
    token: str | None


@dataclass
class JobLogs:
    """Reads the workers' log groups, which are named `group_prefix` + the type's queue name."""

    client: "CloudWatchLogsClient"
    group_prefix: str
    region: str

    def read(self, job: Job, token: str | None = None) -> Lines:
        """The lines that name the job, from its creation on; at most 200 and 5 requests a call.

        Raises InvalidPosition for a token that is too old.
        """
        found: list[Line] = []
        for _ in range(MOST_REQUESTS):
            page = self._page(job, token)
            found += [line for event in page["events"] if (line := parse(event, job.id)) is not None]
            token = page.get("nextToken")
            if token is None or found:
                break
        return Lines(tuple(sorted(found, key=_newest_attempt_first)), token)

    def insights_url(self, job: Job) -> str:
        """A link into CloudWatch Logs Insights with the job's id filled in."""
        query = f"fields @timestamp, level, message, attempt, @message\n| filter job_id = '{job.id}'\n| sort @timestamp"
        detail = f"~(editorString~'{_insights(query)}~source~(~'{_insights(self.group(job))}))"
        home = f"https://{self.region}.console.aws.amazon.com/cloudwatch/home?region={self.region}"
        return f"{home}#logsV2:logs-insights$3FqueryDetail$3D{detail}"

    def group(self, job: Job) -> str:
        """The log group of the job's worker."""
        return self.group_prefix + job.type.replace(".", "-")

    def _page(self, job: Job, token: str | None) -> Any:
        start = int(job.created_at * 1000) - SLACK_MS
        more: dict[str, Any] = {"nextToken": token} if token else {}
        try:
            return self.client.filter_log_events(
                logGroupName=self.group(job), filterPattern=f'"{job.id}"', startTime=start, limit=PAGE, **more
            )
        except self.client.exceptions.ResourceNotFoundException:
            return {"events": []}
        except self.client.exceptions.InvalidParameterException:
            if token is None:
                raise
            # All other parameters are ours; a token is forgotten after a day.
            too_old = FieldError(("query", "cursor"), "is too old; start again without it")
            raise InvalidPosition("The cursor cannot be used.", [too_old]) from None


def parse(event: Mapping[str, Any], job_id: str) -> Line | None:
    """A log event as a line; None when it is not one of the job's structured lines."""
    try:
        content = json.loads(event["message"])
    except ValueError:
        return None
    if not isinstance(content, dict) or content.get("job_id") != job_id or "_aws" in content:
        return None
    fields = {name: value for name, value in content.items() if name not in PLAIN}
    level, message = str(content.get("level", "INFO")), str(content.get("message", ""))
    return Line(event["timestamp"] / 1000, level, message, _number(content, "gen"), _number(content, "attempt"), fields)


def _number(content: Mapping[str, Any], name: str) -> int | None:
    """One of our keys; None when a job function has written something else under its name."""
    return content[name] if isinstance(content.get(name), int) else None


def _newest_attempt_first(line: Line) -> tuple[int, int, float]:
    return -(line.gen or 0), -(line.attempt or 0), line.at


def _insights(text: str) -> str:
    """The console's own escaping: percent-encoding with `*` for `%`."""
    return quote(text, safe="").replace("%", "*")
