"""Find suspended jobs whose wait is over and that nobody has woken."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from chalicelib.counters.constants import MOST_OVERSLEPT, MOST_WAITERS_READ, OVERSLEPT_READ_AGAIN
from chalicelib.counters.health import Overslept
from chalicelib.counters.port import Standing
from chalicelib.errors import UNREADABLE
from chalicelib.jobs.constants import ANY_TIME, OVERSLEPT
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.port import Filter, JobStore, Search
from chalicelib.jobs.step import waited_event


@dataclass
class OverdueSuspended:
    """Look for the jobs of all types, and cache what was found for a minute."""

    store: JobStore
    clock: Callable[[], float]
    _seen: Mapping[str, Overslept] = field(default_factory=dict, repr=False)
    _at: float = field(default=-OVERSLEPT_READ_AGAIN, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def look(self, standing: Standing) -> Mapping[str, Overslept]:
        """Return the overdue jobs by type; reads nothing while no job is suspended.

        Only some suspended jobs are checked for events that have come, because each takes a read. The types share the
        reads; of more types than reads, each minute begins with another.
        """
        types = sorted(name for (name, status), n in standing.totals.items() if status is Status.SUSPENDED and n)
        if not types:
            return {}
        with self._lock:
            now = self.clock()
            if not 0 <= now - self._at < OVERSLEPT_READ_AGAIN:
                self._at = now  # before reading: not every request asks a store that fails
                first = int(now // OVERSLEPT_READ_AGAIN) % len(types)
                share = max(1, MOST_WAITERS_READ // len(types))
                found = {
                    name: self._of(name, now, share if place < MOST_WAITERS_READ else 0)
                    for place, name in enumerate([*types[first:], *types[:first]])
                }
                self._seen = {name: one for name, one in found.items() if one is not None}
            return self._seen

    def _of(self, name: str, now: float, waiters: int) -> Overslept | None:
        before = now - OVERSLEPT
        search = Search(name, planned=True, parked=True, before=before)
        late = [entry.id for entry in self.store.overdue(search, ANY_TIME, MOST_OVERSLEPT)]
        asleep = [job for job in self.store.get_many(late) if job.status is Status.SUSPENDED and not job.sent]
        due = {job.id: job.next_attempt_at or job.updated_at for job in asleep}
        some = self.store.page(Filter(type=name, status=Status.SUSPENDED), waiters).jobs if waiters else []
        for job in some:
            came = event_since(self.store, job)
            if came is not None and came < before:
                due.setdefault(job.id, came)
        return Overslept(len(due), min(due.values())) if due else None


def event_since(store: JobStore, job: Job) -> float | None:
    """Return since when the event for which the job waits is there; None if it is not, or cannot be read."""
    if waited_event(job) is None or job.waits is None:
        return None
    try:
        event = store.kept_step(job, job.waits)
    except UNREADABLE:
        return None
    return None if event is None else max(event.at, job.updated_at)
