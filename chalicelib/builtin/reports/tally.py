"""Count jobs, one at a time, into a report. Pure: the same jobs give the same report."""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from chalicelib.builtin.constants import MESSAGE_PREFIX, TOP_ERRORS
from chalicelib.jobs.job import ACTIVE, Job, Status

HOUR = 3600


@dataclass(frozen=True, slots=True)
class Period:
    """A period from `start` to `end` (exclusive), in seconds since the epoch."""

    start: float
    end: float

    def hours(self) -> range:
        """Return the full UTC hours of the period, by their first second."""
        first = math.floor(self.start / HOUR) * HOUR
        return range(first, math.ceil(self.end), HOUR)


@dataclass(frozen=True, slots=True)
class Spread:
    """The distribution of a duration, in seconds; each percentile (nearest-rank) is one of the measured values."""

    count: int
    p50: float
    p95: float
    max: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread | None":
        """Return the spread of some durations; None if there are none."""
        if not values:
            return None
        ranked = sorted(values)
        return cls(len(ranked), percentile(ranked, 0.5), percentile(ranked, 0.95), ranked[-1])


def percentile(ranked: Sequence[float], share: float) -> float:
    """Return the nearest-rank percentile: the smallest value that `share` (0-1] of all values do not exceed."""
    return ranked[math.ceil(share * len(ranked)) - 1]


@dataclass(frozen=True, slots=True)
class ErrorGroup:
    """Errors of one job type and class that begin with the same text; `last_seen` in seconds since the epoch."""

    type: str
    error_class: str
    message: str
    count: int
    last_seen: float
    sample_id: str


@dataclass(frozen=True, slots=True)
class TypeLine:
    """The jobs of one type."""

    counts: Mapping[Status, int]
    wait: Spread | None
    run: Spread | None


@dataclass(frozen=True, slots=True)
class Report:
    """The outcomes of the jobs that were created in a period. `incomplete` gives the reason if some are missing."""

    period: Period
    type: str | None
    made_at: float
    jobs: int
    counts: Mapping[Status, int]
    types: Mapping[str, TypeLine]
    wait: Spread | None
    run: Spread | None
    errors: Sequence[ErrorGroup]
    hours: Mapping[int, Mapping[Status, int]]
    incomplete: str | None = None

    @property
    def success_rate(self) -> float | None:
        """See the function of that name."""
        return success_rate(self.counts)

    @property
    def active(self) -> int:
        """Return the number of jobs that have not finished."""
        return sum(self.counts[status] for status in ACTIVE)


def success_rate(counts: Mapping[Status, int]) -> float | None:
    """Return the completed share of the completed, failed and dead-lettered jobs (0-1); None if there are none."""
    completed = counts[Status.COMPLETED]
    finished = completed + counts[Status.FAILED] + counts[Status.DEAD_LETTER]
    return completed / finished if finished else None


def wait_of(job: Job) -> float | None:
    """Return the seconds from a job's due time to its start, if it ran once: a retry overwrites the start."""
    if job.started_at is None or job.token != (1, 1):
        return None
    return max(0.0, job.started_at - max(job.created_at, job.run_at or 0))


def run_of(job: Job) -> float | None:
    """Return the seconds of a job's last attempt, if the attempt, and not a person, ended the job."""
    if job.status not in (Status.COMPLETED, Status.FAILED) or job.started_at is None or job.finished_at is None:
        return None
    return max(0.0, job.finished_at - job.started_at)


@dataclass
class Tally:
    """Jobs counted so far."""

    period: Period
    jobs: int = 0
    _counts: dict[str, Counter[Status]] = field(default_factory=lambda: defaultdict(Counter))
    _waits: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    _runs: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    _hours: dict[int, Counter[Status]] = field(default_factory=dict)
    _errors: dict[tuple[str, str, str], ErrorGroup] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._hours = {hour: Counter() for hour in self.period.hours()}

    def add(self, job: Job) -> None:
        """Count one job that was created in the period."""
        self.jobs += 1
        self._counts[job.type][job.status] += 1
        self._hours[math.floor(job.created_at / HOUR) * HOUR][job.status] += 1
        for durations, seconds in ((self._waits, wait_of(job)), (self._runs, run_of(job))):
            if seconds is not None:
                durations[job.type].append(seconds)
        if job.error_class:
            self._add_error(job, job.error_class)

    def report(self, job_type: str | None, made_at: float, incomplete: str | None = None) -> Report:
        """Return the sums of the jobs counted so far."""
        return Report(
            period=self.period,
            type=job_type,
            made_at=made_at,
            jobs=self.jobs,
            counts=sum(self._counts.values(), Counter()),
            types={name: self._line(name) for name in sorted(self._counts)},
            wait=Spread.of([seconds for some in self._waits.values() for seconds in some]),
            run=Spread.of([seconds for some in self._runs.values() for seconds in some]),
            errors=sorted(self._errors.values(), key=lambda group: (-group.count, -group.last_seen))[:TOP_ERRORS],
            hours=self._hours,
            incomplete=incomplete,
        )

    def _line(self, name: str) -> TypeLine:
        return TypeLine(self._counts[name], Spread.of(self._waits[name]), Spread.of(self._runs[name]))

    def _add_error(self, job: Job, error_class: str) -> None:
        message = (job.error_message or "")[:MESSAGE_PREFIX]
        key = job.type, error_class, message
        known = self._errors.get(key)
        newest = known if known and known.last_seen >= job.updated_at else None
        self._errors[key] = ErrorGroup(
            *key,
            count=known.count + 1 if known else 1,
            last_seen=newest.last_seen if newest else job.updated_at,
            sample_id=newest.sample_id if newest else job.id,
        )
