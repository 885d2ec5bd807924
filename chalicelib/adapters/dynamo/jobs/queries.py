"""Convert a filter to one query per partition: index, range, and the server's filter. Pure."""

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path

from chalicelib.adapters.dynamo.jobs.rows import JobRow
from chalicelib.adapters.dynamo.tables.schema import ACTIVE, ALL, FAILURES
from chalicelib.jobs.job import TAG_OF_SCHEDULE
from chalicelib.jobs.listing import ACTIVE as AT_WORK
from chalicelib.jobs.listing import BY_TYPE, GROUPS, MIXED, PARKED, SCHED, iso
from chalicelib.jobs.port import Filter, Search
from chalicelib.jobs.tenants import tag_of


@dataclass(frozen=True, slots=True)
class Plan:
    """The query for every shard of each group. `low` and `high` bound the sort key.

    `high` is exclusive, except together with `low`.
    """

    index: str
    groups: Sequence[str]
    sort: str
    low: str | None
    high: str | None
    server: Condition | None
    exact: bool
    """True if the index alone decides which jobs match; otherwise the main items must be read."""

    @property
    def empty(self) -> bool:
        """Return True if no key can be between the bounds."""
        return self.low is not None and self.high is not None and self.low > self.high

    @property
    def range(self) -> Condition | None:
        """Return the condition on the sort key."""
        path = Path(self.sort)
        if self.low is not None and self.high is not None:
            return path.between(self.low, self.high)
        if self.low is not None:
            return path >= self.low
        return None if self.high is None else path < self.high


Types = Callable[[], Collection[str]]
"""Return the job types that may have unfinished jobs."""


def plan(which: Filter, position: str | None, types: Types) -> Plan:
    """Return how to list the jobs of a filter from a position; `types` is called for unfinished jobs of any type."""
    # No job is due before its creation, so entries below the lower bound can be skipped.
    low = None if which.created_after is None else iso(_whole_millisecond(which.created_after))
    if which.fingerprint is not None:
        exact = which.status is None and not _by_content(which)
        return Plan(FAILURES, (which.fingerprint,), "order", low, position, _server(which, created=True), exact)
    kept = () if which.status is None else GROUPS.get(which.status, ())
    exact = not _by_content(which) and not MIXED & set(kept) and which.status in (None, *GROUPS)
    if kept:
        groups = _partitioned(kept, which, types)
        return Plan(ACTIVE, groups, "order", low, position, _server(which, created=True), exact)
    before = None if which.created_before is None else iso(_whole_millisecond(which.created_before))
    high = min((bound for bound in (position, before) if bound is not None), default=None)
    return Plan(ALL, ("ALL",), "born", low, high, _server(which, created=False), exact)


def _by_content(which: Filter) -> bool:
    """Return True for a filter that needs the main items."""
    parts = (which.error, which.payload, which.finished_after, which.finished_before)
    return any(part is not None for part in parts)


def due(search: Search, now: float) -> Plan:
    """Return how to find the jobs of a type that the watchdog may check."""
    planned = (PARKED,) if search.parked else (SCHED, PARKED)
    names = planned if search.planned else (AT_WORK,)
    groups = [f"{name}#{search.job_type}" for name in names]
    low = None if search.since is None else iso(search.since)
    high = None if search.before is None else iso(search.before)
    return Plan(ACTIVE, groups, "order", low, high, JobRow.due_at < now, exact=True)


def at_work(job_type: str) -> Plan:
    """Return how to find the jobs of a type that are queued, running, or between attempts and not parked."""
    return Plan(ACTIVE, (f"{AT_WORK}#{job_type}",), "order", None, None, None, exact=True)


def _partitioned(kept: Sequence[str], which: Filter, types: Types) -> Sequence[str]:
    """Return the index groups to query; for unfinished jobs, one group per type."""
    if not BY_TYPE & set(kept):
        return kept
    names = [which.type] if which.type is not None else sorted(types())
    return [f"{group}#{name}" for group in kept for name in names]


def _whole_millisecond(at: float) -> float:
    """Return the first whole millisecond at or after the time: jobs are created at whole milliseconds."""
    # Round to a tenth of a millisecond first: the error of a float of this size is much smaller.
    return math.ceil(round(at * 1000, 1)) / 1000


def _server(which: Filter, *, created: bool) -> Condition | None:
    conditions: list[Condition] = []
    if which.type is not None:
        conditions.append(JobRow.type == which.type)
    if which.tag is not None:
        conditions.append(JobRow.tags.contains(which.tag))
    if which.schedule is not None:
        conditions.append(JobRow.tags.contains(f"{TAG_OF_SCHEDULE}{which.schedule}"))
    if which.tenant is not None:
        conditions.append(JobRow.tags.contains(tag_of(which.tenant)))
    if created and which.created_after is not None:
        conditions.append(JobRow.created_at >= which.created_after)
    if created and which.created_before is not None:
        conditions.append(JobRow.created_at < which.created_before)
    whole = None
    for condition in conditions:
        whole = condition if whole is None else whole & condition
    return whole
