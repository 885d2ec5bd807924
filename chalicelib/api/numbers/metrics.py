"""Serve the current numbers, as JSON and for Prometheus, and the findings."""

from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import Field

from chalicelib.api.http.endpoint import Call, Endpoints, Text
from chalicelib.api.models.metric_responses import MetricsAnswer
from chalicelib.api.models.responses import Answer, Time
from chalicelib.api.models.views import metrics_answer
from chalicelib.api.numbers.prometheus import CONTENT_TYPE, exposition, preferred
from chalicelib.assembly import parts
from chalicelib.counters.flow import Flow, Times
from chalicelib.counters.health import Finding, Kind, ranked
from chalicelib.counters.snapshot import of_types
from chalicelib.job_types import jobtype
from chalicelib.job_types.jobtype import JobType
from chalicelib.jobs.job import Status
from chalicelib.jobs.listing import iso
from chalicelib.jobs.port import Filter
from chalicelib.telemetry import events
from chalicelib.usage.budget import percent, share

endpoints = Endpoints()


class FindingFilter(Answer):
    """A filter for GET /jobs and POST /bulk that selects exactly the jobs that the finding counts."""

    status: Status
    type: str
    finished_after: Time | None
    finished_before: Time | None


class FindingRow(Answer):
    """One finding about one job type that needs attention."""

    kind: Kind = Field(
        description="not_starting (no worker starts its jobs, or a worker died), in_flight (too many jobs back off), "
        "new_dead_letters (those of the last hour that still exist), overdue (suspended jobs whose time or "
        "event came over 2 minutes ago, and that nobody has woken; at most 100), blocked (the first job in the line of "
        "a limit has waited for over an hour), budget (spent as far as its type warns), paused, oldest_job (a job has "
        "waited for too long), growing, failure_ratio (too many jobs fail), errors (groups of the last day that no "
        "operator has acknowledged, or that came again, without those of RetryLater), dead_letters (older ones), "
        "draining"
    )
    type: str
    number: int = Field(
        description="Number of jobs (for a queue: of waiting jobs; for `failure_ratio` and `in_flight`: of failed and "
        "retrying jobs); for `errors` the number of error groups, for `budget` the spent percent"
    )
    growth_per_minute: float | None = Field(description="Growth in unfinished jobs a minute, over 5 minutes")
    drain_eta_s: float | None
    since: Time | None = Field(
        description="Since when the oldest job waits, is overdue or blocked, or the type is paused"
    )
    acknowledged: int | None = Field(
        None,
        description="For `dead_letters`: how many of them became dead letters before an operator acknowledged or "
        "resolved their error. null where that is not known, because there are more than 1,000 dead letters",
    )
    fingerprint: str | None = Field(None, description="The error of the acknowledged ones, if they all have the same")
    limit: str | None = Field(None, description="For `blocked`: the name of the limit, as in GET /limits")
    filter: FindingFilter | None = Field(
        None,
        description="The jobs that it counts; null for `overdue`, and for `errors`: "
        "GET /errors?type=…&unacknowledged=true",
    )


class Findings(Answer):
    """The findings that need attention, most urgent first."""

    findings: list[FindingRow]
    as_of: Time


@endpoints.get("/metrics", MetricsAnswer, types=("text/plain",), moving=("as_of",))
def read_metrics(call: Call) -> MetricsAnswer | Text:
    """Return jobs by status and queue lengths, in total and by type; as Prometheus text if `Accept` prefers it."""
    metrics = parts.metrics.read()
    if call.scope.types:
        metrics = of_types(metrics, call.scope.has_type)
    if preferred(call.headers.get("accept", "")):
        return Text(exposition(metrics), CONTENT_TYPE)
    return metrics_answer(metrics)


@endpoints.get("/metrics/health", Findings, moving=("as_of",))
def read_health(call: Call) -> Findings:
    """Return what needs attention: new dead letters, overdue and blocked jobs, pauses, growing backlogs, errors.

    The findings are ranked: the most urgent is first.
    """
    kinds = jobtype.all_types()
    found = ranked([*parts.history.health([kind.name for kind in kinds]), *_budgets(kinds)])
    rows = [
        FindingRow(
            kind=one.kind,
            type=one.type,
            number=one.number,
            growth_per_minute=one.growth,
            drain_eta_s=one.drain_eta,
            since=None if one.since is None else iso(one.since),
            acknowledged=one.acknowledged,
            fingerprint=one.fingerprint,
            limit=one.limit,
            filter=None if one.which is None else _filter(one.type, one.which),
        )
        for one in found
        if call.scope.has_type(one.type)
    ]
    return Findings(findings=rows, as_of=iso(parts.clock()))


def _budgets(kinds: Iterable[JobType[Any, Any]]) -> Iterator[Finding]:
    """Yield a finding for each type that has spent enough of its budget of the day: one query for each budget."""
    for kind in kinds:
        if kind.budgeted:
            try:
                nano = parts.usage.today(kind, parts.clock()).cost.whole
            except Exception as error:  # the other findings are more useful than none
                events.counters_unread(error)
                continue
            if share(kind.spending, nano) >= kind.spending.warn:
                yield Finding(Kind.BUDGET, kind.name, percent(kind.spending, nano))


class Durations(Answer):
    """Durations in milliseconds; null where nothing was measured."""

    count: int
    mean_ms: float | None
    p50_ms: float | None
    p95_ms: float | None


class HourOfType(Answer):
    """Count what happened in the last hour."""

    created: int
    completed: int
    failed: int
    retried: int
    dead_lettered: int
    deferred: int = Field(description="Attempts that asked for a later run; none of them failed")


class FlowRow(Answer):
    """Measure how fast the jobs of one type come, start and end: jobs a minute, over the last 5 whole minutes."""

    type: str
    arrivals_per_minute: float = Field(description="Created jobs, and jobs that an operator retried")
    starts_per_minute: float = Field(description="Attempts that started, so a job that is retried counts again")
    ends_per_minute: float = Field(description="Jobs that completed, failed, became dead letters or were cancelled")
    growth_per_minute: float = Field(description="Growth in unfinished jobs; below 0 they become fewer")
    drain_eta_s: float | None = Field(
        description="Seconds until the backlog is empty, as in GET /metrics/series; null without a backlog, or while "
        "it grows"
    )
    run: Durations = Field(description="Of attempts of the last 5 minutes, else of the last hour")
    wait: Durations = Field(description="From the time a job was due until it started")
    last_hour: HourOfType
    completed_by_minute: list[int] = Field(description="Jobs completed in each minute of the last hour, oldest first")


class Flows(Answer):
    """Measure how fast the jobs of each type come, start and end."""

    types: list[FlowRow]
    as_of: Time


@endpoints.get("/metrics/flow", Flows, moving=("as_of",))
def read_flow(call: Call) -> Flows:
    """Return how fast the jobs of each type come, start and end, and what happened to them in the last hour."""
    found = parts.history.flows([kind.name for kind in jobtype.all_types() if call.scope.has_type(kind.name)])
    return Flows(types=[_flow(name, one) for name, one in found.items()], as_of=iso(parts.clock()))


def _flow(name: str, one: Flow) -> FlowRow:
    return FlowRow(
        type=name,
        arrivals_per_minute=one.came,
        starts_per_minute=one.started,
        ends_per_minute=one.left,
        growth_per_minute=one.growth,
        drain_eta_s=one.drain_eta,
        run=_durations(one.run),
        wait=_durations(one.wait),
        last_hour=HourOfType(**one.hour),
        completed_by_minute=list(one.completed),
    )


def _durations(times: Times) -> Durations:
    return Durations(count=times.count, mean_ms=times.mean, p50_ms=times.p50, p95_ms=times.p95)


def _filter(name: str, which: Filter) -> FindingFilter:
    after, before = which.finished_after, which.finished_before
    return FindingFilter(
        status=which.status or Status.QUEUED,
        type=name,
        finished_after=None if after is None else iso(after),
        finished_before=None if before is None else iso(before),
    )
