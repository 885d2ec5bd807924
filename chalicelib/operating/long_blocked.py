"""Find limits for whose places jobs have waited for over an hour."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from chalicelib.counters.health import LongBlocked
from chalicelib.counters.port import Standing
from chalicelib.jobs.job import Status
from chalicelib.jobs.port import JobStore
from chalicelib.jobs.priority import LOW
from chalicelib.jobs.transitions import waited_limit
from chalicelib.limits.ids import declared_limit, name_and_value
from chalicelib.limits.places import Limit, Waiter
from chalicelib.limits.port import PlaceStore
from chalicelib.operating.constants import BLOCKED_LONG, BLOCKED_READ_AGAIN, FIRST_ROWS, MOST_LINES_READ


@dataclass
class LongBlockedJobs:
    """Look at the first jobs of the lines, and cache what was found for a minute."""

    store: JobStore
    places: Callable[[], PlaceStore]
    clock: Callable[[], float]
    _seen: Mapping[str, LongBlocked] = field(default_factory=dict, repr=False)
    _at: float = field(default=-BLOCKED_READ_AGAIN, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def look(self, standing: Standing) -> Mapping[str, LongBlocked]:
        """Return for each type the limit for which one of its first jobs waits longest.

        The first jobs are those of each priority. Reads nothing while no job is blocked. Of more than
        MOST_LINES_READ limits with jobs that wait, each minute looks at others. The name of a limit is without its
        value, which may be of a person.
        """
        if not any(n for (_, status), n in standing.totals.items() if status is Status.BLOCKED):
            return {}
        with self._lock:
            now = self.clock()
            if not 0 <= now - self._at < BLOCKED_READ_AGAIN:
                self._at = now  # before reading: not every request asks a store that fails
                self._seen = self._read(now)
            return self._seen

    def _read(self, now: float) -> Mapping[str, LongBlocked]:
        store, found = self.places(), dict[str, LongBlocked]()
        listed = [one.limit for one in store.listed()]
        first = int(now // BLOCKED_READ_AGAIN) * MOST_LINES_READ % max(1, len(listed))
        for name in [*listed[first:], *listed[:first]][:MOST_LINES_READ]:
            limit = declared_limit(name)
            if limit is None:
                continue
            row = store.read(limit)
            if limit.rate is not None and now - limit.now(row).next_slot(row) <= BLOCKED_LONG:
                continue  # its slots are used: a line of a slow rate is long without a fault
            line = [one for job_type in sorted(row.types) for one in first_rows(store, limit, job_type)]
            for job in self.store.get_many(list(dict.fromkeys(waiter.job for waiter in line))):
                blocked = job.status is Status.BLOCKED and waited_limit(job) == name
                known = found.get(job.type)
                if blocked and now - job.updated_at > BLOCKED_LONG and (known is None or job.updated_at < known.since):
                    found[job.type] = LongBlocked(name_and_value(name)[0], job.updated_at)
        return found


def first_rows(store: PlaceStore, limit: Limit, job_type: str) -> Sequence[Waiter]:
    """Return the first rows of each priority in the line of a type, in at most three requests.

    Jobs of high priority may pass those of the others for hours. Of a priority there may be more than one row, because
    the first one may be of a wait that has ended.
    """
    found, after = list[Waiter](), None
    while rows := store.first(limit, (job_type,), FIRST_ROWS, after):
        found += rows
        if rows[-1].rank == LOW:
            break
        after = rows[-1].last_of_rank
    return found
