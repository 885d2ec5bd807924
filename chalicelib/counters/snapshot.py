"""Read the numbers of the whole platform at one moment, from the counters and the queues."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from chalicelib.counters import wait_times
from chalicelib.counters.constants import MOST_QUEUES_ASKED, SNAPSHOT_CACHED
from chalicelib.counters.port import Counters, Deploy, Pause, Standing
from chalicelib.job_types import jobtype
from chalicelib.job_types.queues import TypeQueue, queues_of
from chalicelib.jobs.job import ON_QUEUE, Status
from chalicelib.jobs.port import Depth, JobQueue


@dataclass(frozen=True, slots=True)
class Numbers:
    """Jobs by status and messages by queue: of one job type, or of all.

    `oldest` is the time (epoch seconds) since which the oldest queued job waits; None if no job is queued.
    """

    by_status: Mapping[Status, int]
    depth: Depth = field(default_factory=Depth)
    oldest: float | None = None
    paused: bool = False
    pause: Pause | None = None
    paced_for: float | None = None
    """Seconds in which the waiting jobs can start at the type's rate; None without a rate."""

    @property
    def total_jobs(self) -> int:
        """Return the number of all stored jobs."""
        return sum(self.by_status.values())

    @property
    def active_jobs(self) -> int:
        """Return the number of jobs that wait for a worker or have one: not scheduled, suspended or blocked jobs."""
        return sum(self.by_status[status] for status in ON_QUEUE)

    @property
    def queue_length(self) -> int:
        """Return the messages that wait in the queue, including delayed ones."""
        return self.depth.visible + self.depth.delayed

    @property
    def retry_queue_length(self) -> int:
        """Return the jobs that wait for another attempt.

        SQS counts their messages as in flight, like those of running jobs.
        """
        return self.by_status[Status.RETRYING]


@dataclass(frozen=True, slots=True)
class Metrics:
    """All numbers, and the time of reading (seconds since the epoch); the last deployments, oldest first.

    `by_queue`: the messages of queues that several types share. The messages of their types are not known, so their
    numbers follow from the jobs.
    """

    whole: Numbers
    by_type: Mapping[str, Numbers]
    as_of: float
    deploys: Sequence[Deploy] = ()
    by_queue: Mapping[str, Depth] = field(default_factory=dict)


@dataclass
class MetricsReader:
    """Read the numbers, at most once a second per process."""

    counters: Counters
    queue: JobQueue
    clock: Callable[[], float] = time.time
    planned_to: Callable[[str], float] | None = None
    """Returns the time up to which the starts of a type with a rate are planned (epoch seconds)."""
    _last: Metrics | None = field(default=None, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def read(self) -> Metrics:
        """Return the current numbers, which may be up to a second old."""
        with self._lock:
            if self._last is None or not 0 <= self.clock() - self._last.as_of < SNAPSHOT_CACHED:
                kinds = jobtype.all_types()
                standing, queues = self.counters.standing(), queues_of(kinds)
                found = {queue.key: self._depth(queue, standing, len(queues)) for queue in queues}
                depths = {kind.name: found.get(kind.name) or expected(standing, kind.name) for kind in kinds}
                shared = {queue.key: found[queue.key] for queue in queues if queue.shared}
                whole = summarise(standing, depths, self.clock(), shared)
                self._last = replace(whole, by_type={name: self._paced(name, whole) for name in whole.by_type})
            return self._last

    def _paced(self, name: str, whole: Metrics) -> Numbers:
        """Return the numbers of a type. For a type with a rate, one more read adds `paced_for`."""
        numbers, pace = whole.by_type[name], jobtype.pace(name)
        if pace is None or self.planned_to is None:
            return numbers
        planned = max(0.0, self.planned_to(name) - whole.as_of)
        return replace(numbers, paced_for=round(planned + numbers.depth.visible * pace.apart, 1))

    def _depth(self, queue: TypeQueue, standing: Standing, queues: int) -> Depth:
        if queues <= MOST_QUEUES_ASKED:
            return self.queue.depth(queue.key)
        return _sum(expected(standing, kind.name) for kind in queue.types)

    def count(self, status: Status | None, job_type: str | None) -> int:
        """Return the number of jobs with this status and type, as last counted."""
        return count(self.counters.standing().totals, status, job_type)


def of_types(metrics: Metrics, wanted: Callable[[str], bool]) -> Metrics:
    """Return the numbers of these types only. A queue that another type shares is left out: its messages are of both.

    The messages of such a type then follow from its jobs.
    """
    by_type = {name: numbers for name, numbers in metrics.by_type.items() if wanted(name)}
    by_queue = {key: depth for key, depth in metrics.by_queue.items() if all(map(wanted, jobtype.sharing(key)))}
    own = [numbers.depth for name, numbers in by_type.items() if jobtype.queue_of(name) not in by_queue]
    whole = Numbers(
        {status: sum(numbers.by_status[status] for numbers in by_type.values()) for status in Status},
        _sum([*own, *by_queue.values()]),
        min((numbers.oldest for numbers in by_type.values() if numbers.oldest is not None), default=None),
        bool(by_type) and all(numbers.paused for numbers in by_type.values()),
    )
    return replace(metrics, whole=whole, by_type=by_type, by_queue=by_queue)


def count(totals: Mapping[tuple[str, Status], int], status: Status | None, job_type: str | None) -> int:
    """Return the sum of the counters that match."""
    return sum(
        number
        for (counted_type, counted_status), number in totals.items()
        if job_type in (None, counted_type) and status in (None, counted_status)
    )


def expected(standing: Standing, job_type: str) -> Depth:
    """Return the expected messages of a type's jobs: the message of a job that runs or is in backoff is in flight."""
    jobs = _by_status(standing.totals, job_type)
    in_flight = jobs[Status.PROCESSING] + jobs[Status.RETRYING]
    return Depth(visible=jobs[Status.QUEUED], in_flight=in_flight, dead=jobs[Status.DEAD_LETTER])


def summarise(
    standing: Standing, depths: Mapping[str, Depth], now: float, shared: Mapping[str, Depth] | None = None
) -> Metrics:
    """Combine the counters and depths of every declared type, and of removed types that still have jobs.

    `shared`: the depths of queues that several types share.
    """
    by_queue = shared or {}
    names = sorted({*depths, *(name for name, _ in standing.totals)})
    by_type = {name: _of_type(standing, name, depths.get(name, Depth()), now) for name in names}
    waiting = [numbers.oldest for numbers in by_type.values() if numbers.oldest is not None]
    paused = bool(by_type) and all(numbers.paused for numbers in by_type.values())
    counted = [depth for name, depth in depths.items() if jobtype.queue_of(name) == name]
    depth = _sum([*counted, *by_queue.values()])
    whole = Numbers(_by_status(standing.totals, None), depth, min(waiting, default=None), paused)
    return Metrics(whole, by_type, now, standing.deploys, by_queue)


def queued_since(standing: Standing, names: Iterable[str], now: float) -> float | None:
    """Return since when the oldest queued job of these types has waited (epoch seconds); None if none is queued."""
    found = (
        wait_times.oldest(standing.waiting.get(name, {}), now)
        for name in names
        if count(standing.totals, Status.QUEUED, name)
    )
    return min((since for since in found if since is not None), default=None)


def _of_type(standing: Standing, name: str, depth: Depth, now: float) -> Numbers:
    by_status = _by_status(standing.totals, name)
    return Numbers(
        by_status, depth, queued_since(standing, [name], now), name in standing.paused, standing.paused.get(name)
    )


def _by_status(totals: Mapping[tuple[str, Status], int], job_type: str | None) -> dict[Status, int]:
    return {status: count(totals, status, job_type) for status in Status}


def _sum(depths: Iterable[Depth]) -> Depth:
    found = list(depths)
    return Depth(
        sum(d.visible for d in found),
        sum(d.delayed for d in found),
        sum(d.in_flight for d in found),
        sum(d.dead for d in found),
    )
