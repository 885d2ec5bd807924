"""Read a job's log lines from CloudWatch Logs, and make the link to their search. No other module uses its client."""

import json
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from chalicelib.adapters.constants import (
    ENOUGH_LOG_LINES,
    LATE_LOG_MS,
    LOG_EVENTS_AT_ONCE,
    LOG_SLACK_MS,
    MOST_LOG_REQUESTS,
)
from chalicelib.errors import FieldError, InvalidPosition
from chalicelib.job_types.jobtype import queue_of
from chalicelib.job_types.queue import name_in_aws
from chalicelib.jobs.constants import DAY
from chalicelib.jobs.history import JobView
from chalicelib.jobs.job import Job
from chalicelib.jobs.listing import iso
from chalicelib.settings import Settings
from chalicelib.telemetry.platform_lines import pattern_of, short_id, tells_of_an_end

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

CONSOLE = "console.aws.amazon.com"
CONSOLES = {"us-gov-": "console.amazonaws-us-gov.com", "cn-": "console.amazonaws.cn"}
"""Hosts of AWS's console in other partitions, by the first part of their regions' names."""
PLAIN = frozenset({"timestamp", "level", "message", "service", "gen", "attempt", "job_id", "invocation"})


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
    """Some log lines, and the next position (None: no more lines).

    The newest attempt is first; the lines of each attempt are in order.
    """

    lines: tuple[Line, ...]
    position: str | None


@dataclass(frozen=True, slots=True)
class Span:
    """A period in milliseconds since the epoch, both ends included; `end` None: until now.

    `run`: the attempt of that period as (gen, attempt). `request_id`: the invocation of the attempt. `run` and
    `request_id` are set only if they are known.
    """

    start: int
    end: int | None
    request_id: str | None = None
    run: tuple[int | None, int | None] = (None, None)


@dataclass
class JobLogs:
    """Read the workers' log groups; each name is `group_prefix` and the name of the type's queue."""

    client: "CloudWatchLogsClient"
    group_prefix: str
    region: str
    in_aws: bool = True

    def read(self, view: JobView, position: str | None = None, waited: Collection[str] = ()) -> Lines:
        """Return the lines that name the job, starting at a position: fewer than 200, with at most 5 requests.

        `waited` are the short ids of invocations that ended in a wait; such invocations are not attempts of the view.
        Raises InvalidPosition for a position that is too old.
        """
        before, _, token = (position or "").partition(":")
        found: list[Line] = []
        own = (*invocations(view), *waited)
        left = MOST_LOG_REQUESTS
        for span in spans(view):
            if before and span.start > int(before):
                continue
            going_on: str | None = token if before and span.start == int(before) else ""
            while going_on is not None:
                if not left or len(found) >= ENOUGH_LOG_LINES:
                    return _lines(found, f"{span.start}:{going_on}")
                left -= 1
                page = self._page(view.job, span, going_on)
                read = (parse(event, view.job.id, span, own) for event in page["events"])
                found += [line for line in read if line is not None]
                going_on = page.get("nextToken")
        return _lines(found, None)

    def insights_url(self, job: Job, now: float) -> str | None:
        """Return a link to CloudWatch Logs Insights, with the job's id and time filled in. `now` in epoch seconds.

        Return None on a laptop, because AWS's console has no logs of a laptop.
        """
        if not self.in_aws:
            return None
        query = f"fields @timestamp, level, message, attempt, @message\n| filter job_id = '{job.id}'\n| sort @timestamp"
        span = (_ms(job.created_at) - LOG_SLACK_MS, _last(job) or _ms(now + DAY))
        start, end = (_insights(iso(at / 1000)) for at in span)
        time = f"end~'{end}~start~'{start}~timeType~'ABSOLUTE~tz~'UTC"
        detail = f"~({time}~editorString~'{_insights(query)}~source~(~'{_insights(self.group(job))}))"
        home = f"https://{self.region}.{_console(self.region)}/cloudwatch/home?region={self.region}"
        return f"{home}#logsV2:logs-insights$3FqueryDetail$3D{detail}"

    def group(self, job: Job) -> str:
        """Return the log group of the job's worker."""
        return self.group_prefix + name_in_aws(queue_of(job.type))

    def _page(self, job: Job, span: Span, token: str) -> Any:
        more: dict[str, Any] = {} if span.end is None else {"endTime": span.end}
        if token:
            more["nextToken"] = token
        # search for both ids, because Lambda's own lines contain only that of the invocation
        wanted = f'?"{job.id}" {pattern_of(span.request_id)}' if span.request_id else f'"{job.id}"'
        try:
            return self.client.filter_log_events(
                logGroupName=self.group(job), filterPattern=wanted, startTime=span.start, limit=LOG_EVENTS_AT_ONCE,
                interleaved=True, **more,
            )  # fmt: skip
        except self.client.exceptions.ResourceNotFoundException:
            return {"events": []}
        except self.client.exceptions.InvalidParameterException:
            if not token:
                raise
            # Only the token comes from the caller, so it is the invalid one. CloudWatch deletes a token after a day.
            too_old = FieldError(("query", "cursor"), "is too old; start again without it")
            raise InvalidPosition("The cursor is not valid.", [too_old]) from None


def _console(region: str) -> str:
    return next((address for start, address in CONSOLES.items() if region.startswith(start)), CONSOLE)


def spans(view: JobView) -> Sequence[Span]:
    """Return the period of each attempt, newest first: from its start to the start of the next attempt.

    FilterLogEvents returns the oldest lines first. To get the newest attempt first, each attempt is queried separately.
    Separate queries also avoid a search of all lines since the start of an old job.
    """
    job = view.job
    runs: dict[float, tuple[str | None, tuple[int | None, int | None]]] = {
        a.started_at: (a.request_id, (a.gen, a.attempt)) for a in view.attempts
    }
    if job.started_at:
        runs.setdefault(job.started_at, (job.request_id, (job.gen, job.attempts)))
    begun = sorted(runs)
    starts = [_ms(job.created_at) - LOG_SLACK_MS, *map(_ms, begun[1:])]
    ends = [*(start - 1 for start in starts[1:]), _last(job)]
    of = [runs[at] for at in begun] or [(None, (None, None))]
    return [Span(start, end, *run) for start, end, run in zip(starts, ends, of, strict=True)][::-1]


def _last(job: Job) -> int | None:
    """Return until when lines about the job may appear, in milliseconds; None if that is unknown."""
    return _ms(job.finished_at) + LATE_LOG_MS if job.terminal and job.finished_at else None


def invocations(view: JobView) -> Sequence[str]:
    """Return the invocations that ran the job's attempts, as log lines name them."""
    ids = (*(attempt.request_id for attempt in view.attempts), view.job.request_id)
    return [short_id(request_id) for request_id in ids if request_id]


def parse(event: Mapping[str, Any], job_id: str, span: Span, own: Collection[str]) -> Line | None:
    """Return a log event as a line; None if it is neither about the job nor Lambda's report about the invocation's end.

    A line that names an invocation belongs to the job only if the invocation is one of `own`: lines of other
    invocations may copy a payload's text. Lines of older versions name no invocation.
    """
    try:
        content = json.loads(event["message"])
    except ValueError:
        return _platform_line(event, span)
    if not isinstance(content, dict) or content.get("job_id") != job_id or "_aws" in content:
        return None
    if "invocation" in content and content["invocation"] not in own:
        return None
    fields = {name: value for name, value in content.items() if name not in PLAIN}
    level, message = str(content.get("level", "INFO")), str(content.get("message", ""))
    return Line(event["timestamp"] / 1000, level, message, _number(content, "gen"), _number(content, "attempt"), fields)


def _platform_line(event: Mapping[str, Any], span: Span) -> Line | None:
    if span.request_id is None or not tells_of_an_end(event["message"], span.request_id):
        return None
    gen, attempt = span.run
    return Line(event["timestamp"] / 1000, "ERROR", event["message"].strip(), gen, attempt, {})


def _number(content: Mapping[str, Any], name: str) -> int | None:
    """Return the number under a key of the platform; None if a job function has stored something else under it."""
    return content[name] if isinstance(content.get(name), int) else None


def _lines(found: list[Line], position: str | None) -> Lines:
    return Lines(tuple(sorted(found, key=_newest_attempt_first)), position)


def _ms(at: float) -> int:
    return round(at * 1000)


def _newest_attempt_first(line: Line) -> tuple[int, int, float]:
    return -(line.gen or 0), -(line.attempt or 0), line.at


def _insights(text: str) -> str:
    """Escape a text as AWS's console does: percent-encoding with `*` instead of `%`."""
    return quote(text, safe="").replace("%", "*")


def job_logs(settings: Settings) -> JobLogs:
    """Return the reader of the workers' log groups, with this process's client."""
    from chalicelib.adapters import aws

    # the variable is set on a laptop with an emulator; in an AWS account boto3 itself finds the services
    in_aws = not os.environ.get("AWS_ENDPOINT_URL")
    return JobLogs(aws.client("logs", settings.region), settings.log_group_prefix, settings.region, in_aws)
