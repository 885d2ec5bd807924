"""Find suspended jobs whose wait is over and that nobody has woken."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from chalicelib.counters.constants import MOST_OVERSLEPT, MOST_WAITERS_READ, OVERSLEPT_READ_AGAIN
from chalicelib.counters.health import Overslept
from chalicelib.counters.port import Standing
from chalicelib.errors import PayloadUnreadable, RowNotSigned
from chalicelib.jobs.constants import OVERSLEPT
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.port import Filter, JobStore, Search
from chalicelib.jobs.step import waited_event

ANY_TIME = 1e12
"""After every `due_at`: a job that the watchdog is about to send again is found as well."""


@dataclass
class Sleepers:
    """Look for the jobs of all types, and cache what was found for a minute."""

    store: JobStore
    clock: Callable[[], float]
    _seen: Mapping[str, Overslept] = field(default_factory=dict, repr=False)
    _at: float = field(default=-OVERSLEPT_READ_AGAIN, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def look(self, standing: Standing) -> Mapping[str, Overslept]:
        """Return the overdue jobs by type; reads nothing while no job is suspended.

        Only some suspended jobs of a type are checked for events that have come, because each takes a read.
        """
        types = sorted(name for (name, status), n in standing.totals.items() if status is Status.SUSPENDED and n)
        if not types:
            return {}
        with self._lock:
            now = self.clock()
            if not 0 <= now - self._at < OVERSLEPT_READ_AGAIN:
                found = {name: self._of(name, now) for name in types}
                self._seen, self._at = {name: one for name, one in found.items() if one is not None}, now
            return self._seen

    def _of(self, name: str, now: float) -> Overslept | None:
        before = now - OVERSLEPT
        search = Search(name, planned=True, parked=True, before=before)
        late = [entry.id for entry in self.store.overdue(search, ANY_TIME, MOST_OVERSLEPT)]
        asleep = [job for job in self.store.get_many(late) if job.status is Status.SUSPENDED and not job.sent]
        due = {job.id: job.next_attempt_at or job.updated_at for job in asleep}
        for job in self.store.page(Filter(type=name, status=Status.SUSPENDED), MOST_WAITERS_READ).jobs:
            came = self._event_of(job)
            if came is not None and came < before:
                due.setdefault(job.id, came)
        return Overslept(len(due), min(due.values())) if due else None

    def _event_of(self, job: Job) -> float | None:
        """Return since when the event for which the job waits is there; None if it is not, or cannot be read."""
        if waited_event(job) is None or job.waits is None:
            return None
        try:
            event = self.store.kept_step(job, job.waits)
        except (PayloadUnreadable, RowNotSigned):
            return None
        return None if event is None else max(event.at, job.updated_at)
