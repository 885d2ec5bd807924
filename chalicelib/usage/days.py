"""Sum what jobs have cost by type, tenant or day, from the days that the counters keep."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Self

from chalicelib.counters.keys import DAY_STEP
from chalicelib.counters.port import Counters
from chalicelib.job_types.jobtype import JobType
from chalicelib.jobs.constants import DAY
from chalicelib.usage.constants import COUNTED_ROWS, LONGEST_DAYS, MOST_TENANT_ROWS
from chalicelib.usage.rule import Cost, Shape, Used, cost

By = Literal["type", "tenant", "day"]
TENANT_ROWS = 1
"""Rows that a batch of the stream changes for a tenant, in addition to those of its type."""


@dataclass(frozen=True, slots=True)
class Span:
    """Whole days in UTC: the start of the first and of the last one, in epoch seconds."""

    first: float
    last: float

    @classmethod
    def of(cls, start: float | None, end: float | None, now: float) -> Self:
        """Return the days that the time from `start` up to `end` touches; without `start`, 30 days up to `end`.

        `end` is after `earliest`.
        """
        last = start_of_day(min(now, now if end is None else end - 0.001))
        first = last - 29 * DAY if start is None else min(start_of_day(start), last)
        return cls(max(first, cls.earliest(now)), last)

    @staticmethod
    def earliest(now: float) -> float:
        """Return the start of the first day that an answer can contain."""
        return start_of_day(now) - (LONGEST_DAYS - 1) * DAY


@dataclass(frozen=True, slots=True)
class Row:
    """What the jobs of a type, a tenant or a day have used and cost; None: of all of them, or of none."""

    used: Used
    cost: Cost
    type: str | None = None
    tenant: str | None = None
    day: float | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """Rows, the dearest first (days: oldest first), and their sum.

    `truncated`: the days of some tenants were not read; their jobs are in the row of their type without a tenant.
    """

    rows: Sequence[Row]
    total: Row
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class UsageReader:
    """Read what jobs have cost. `clock` gives seconds since the epoch."""

    counters: Counters
    clock: Callable[[], float]

    def read(self, kinds: Iterable[JobType[Any, Any]], span: Span, by: By) -> Usage:
        """Return the costs of these types in these days. One query for each type; by tenant, two."""
        kinds = list(kinds)
        days = [row for kind in kinds for row in self._days(kind, span)]
        total = _sum(days)
        if by == "day":
            # a day without jobs has a row, too, so that a chart needs no other days
            every = [span.first + n * DAY for n in range(int((span.last - span.first) // DAY) + 1)]
            return Usage([_sum([one for one in days if one.day == day], day=day) for day in every], total)
        rows = [_sum([one for one in days if one.type == kind.name], type=kind.name) for kind in kinds]
        truncated = False
        if by == "tenant":
            split = [self._tenants(kind, row, span) for kind, row in zip(kinds, rows, strict=True)]
            rows = [row for found, _ in split for row in found]
            truncated = any(cut for _, cut in split)
        return Usage(sorted(filter(_some, rows), key=_dearest_first), _whole(total, rows), truncated)

    def today(self, kind: JobType[Any, Any], now: float) -> Row:
        """Return what a type's jobs have cost since the midnight (UTC) before `now`."""
        return _sum(self._days(kind, Span(start_of_day(now), start_of_day(now))), type=kind.name)

    def _days(self, kind: JobType[Any, Any], span: Span) -> list[Row]:
        shape = Shape.of(kind)
        found = self.counters.buckets(kind.name, DAY_STEP, span.first, span.last)
        used = [(day, Used.of(numbers)) for day, numbers in found]
        return [Row(one, cost(shape, one), kind.name, day=day) for day, one in used]

    def _tenants(self, kind: JobType[Any, Any], row: Row, span: Span) -> tuple[list[Row], bool]:
        """Return a row for each tenant, and one for the rest of the type; and whether tenants are missing."""
        if kind.keyed_by is None:
            return [row], False
        found = self.counters.tenant_days(kind.name, span.first, span.last, MOST_TENANT_ROWS)
        shape, by_name = Shape.of(kind), dict[str, list[Used]]()
        for one in found:
            by_name.setdefault(one.tenant, []).append(Used.of(one.numbers))
        used = {name: Used.total(days) for name, days in by_name.items()}
        rows = [Row(one, cost(shape, one, TENANT_ROWS), kind.name, name) for name, one in used.items()]
        # the batches of the stream are those of the type, whatever tenants its jobs have
        rest = row.used.without(replace(Used.total(used.values()), writes=0))
        whole = [*rows, Row(rest, cost(shape, rest, COUNTED_ROWS), kind.name)]
        return whole, len(found) >= MOST_TENANT_ROWS


def _sum(rows: Sequence[Row], *, type: str | None = None, day: float | None = None) -> Row:
    used, spent = Used.total(one.used for one in rows), Cost.total(one.cost for one in rows)
    return Row(used, spent, type, day=day)


def _whole(total: Row, rows: Sequence[Row]) -> Row:
    """Return the sum of the rows: by tenant, counting the tenants costs something, too."""
    return Row(total.used, Cost.total(one.cost for one in rows))


def _some(row: Row) -> bool:
    return row.used != Used()


def _dearest_first(row: Row) -> tuple[int, str, str]:
    return -row.cost.whole, row.type or "", row.tenant or ""


def start_of_day(at: float) -> float:
    """Return when the day in UTC of a time begins, both in epoch seconds."""
    return at - at % DAY
