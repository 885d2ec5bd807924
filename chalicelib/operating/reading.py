"""Read one job with its explanation: its attempts, and why it waits."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from chalicelib.counters.port import Counters
from chalicelib.errors import JobNotFound
from chalicelib.job_types import jobtype
from chalicelib.jobs.history import JobView
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.port import JobStore
from chalicelib.jobs.priority import PRIORITIES
from chalicelib.jobs.tenants import group_of
from chalicelib.jobs.transitions import waited_limit
from chalicelib.limits.changed import change_of
from chalicelib.limits.ids import declared_limit, read_id
from chalicelib.limits.places import Limit, LimitedJob, Waiter
from chalicelib.limits.port import LimitStore, PlaceStore
from chalicelib.limits.serial_rule import named, row_of
from chalicelib.operating.constants import MOST_BEFORE
from chalicelib.operating.lines import limited, runs
from chalicelib.operating.why_waiting import Place, QueueState, asks, why


@dataclass(frozen=True)
class JobReader:
    """Read jobs for people. `clock` gives seconds since the epoch."""

    store: JobStore
    counters: Counters
    clock: Callable[[], float]
    places: Callable[[], LimitStore] | None = None

    def explained(self, job_id: str) -> tuple[JobView, str | None]:
        """Return a job with its attempts, and why it waits (None if it does not). Raises JobNotFound.

        The counters are read only for a waiting job, so any other job takes one request less. A job of a type with
        `serial_by` takes two more requests, to find the running job of its key. A blocked job takes three, for
        its place in the line, and up to two more if its type has several limits.
        """
        view, now = self.store.view(job_id), self.clock()
        queue = self._queue(view.job, now) if asks(view.job) else QueueState()
        return view, why(view.job, queue, now, view.attempts[-1] if view.attempts else None)

    def _queue(self, job: Job, now: float) -> QueueState:
        queue = QueueState.of(job, self.counters.standing(), now, _rate(job.type))
        queue = replace(queue, line=self._place(job))
        if not jobtype.serial(job.type):
            return replace(queue, declared=job.type in jobtype.names())
        return replace(queue, serial=True, holder=self._holder(job, now))

    def _place(self, job: Job) -> Place | None:
        """Return where a blocked job stands in its line; None for other jobs, and for a limit of an undeclared type."""
        waited = waited_limit(job) if job.status is Status.BLOCKED else None
        limit = None if waited is None else declared_limit(waited)
        if limit is None or self.places is None:
            return None
        store = self.places()
        row, (name, value) = store.read(limit), read_id(limit.id)
        changed = None if row.n is None else change_of(limit, store.changes())
        if not limit.declared:
            return Place(len(row.held), 0, value, 0, declared=False)
        mine = limited(job, self.clock())
        kind = jobtype.registered.get(job.type)
        stands = _raised(store, limit, mine) if kind is not None and len(kind.limits) > 1 else mine.waiter
        before = store.before(limit, row.types | {job.type}, stands, MOST_BEFORE + 1)
        place = Place(
            len(row.held), limit.n, value, min(before, MOST_BEFORE), before > MOST_BEFORE,
            priority=PRIORITIES[mine.rank], waits_as=PRIORITIES[stands.rank],
        )  # fmt: skip
        if limit.rate is not None:
            pace = limit.now(row).pace or limit.rate
            place = replace(place, rate=pace.said, shared=name if limit.shared else None)
        if changed is not None and limit.rate is not None:
            place = replace(place, instead=limit.rate.n)
        if changed is not None:
            place = replace(
                place, of=changed.n, changed_at=changed.at, of_all=value is not None and changed.limit != limit.id
            )
        if not limit.shared or kind is None or limit.rate is not None:
            return place
        can = runs(kind, limit)
        by = job.type if len(can.types) == 1 else f"the queue {kind.queue_key}"
        return replace(place, shared=name, own=can.have(row), most=can.most, by=by)

    def _holder(self, job: Job, now: float) -> str | None:
        """Return the id of the other running job of the same key; None if there is none."""
        group = group_of(job.tags)
        lock = None if group is None else self.store.key_lock(row_of(job.type, group))
        if lock is None or lock.until <= now:
            return None
        job_id, token = named(lock)
        try:
            found = self.store.get_without_bodies(job_id)
        except JobNotFound:
            return None
        runs = found.status is Status.PROCESSING and found.token == token
        return job_id if runs and job_id != job.id else None


def _raised(store: PlaceStore, limit: Limit, job: LimitedJob) -> Waiter:
    """Return the first row of a job, which may have the rank of a job that waits for a place that it keeps."""
    own = job.waiter
    for rank in range(job.rank):
        just_before = replace(job.raised(rank), job=own.job[:-1])
        for row in store.first(limit, (own.type,), 1, just_before):
            if (row.job, row.rank, row.number) == (own.job, rank, own.number):
                return row
    return own


def _rate(job_type: str) -> str | None:
    pace = jobtype.pace(job_type)
    return None if pace is None else pace.said
