"""Store deletions and erasures in memory; the contract tests of DynamoDB check these stores too."""

import bisect
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from chalicelib.adapters.memory.counters import MemoryCounters
from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.erasing.constants import JOBS
from chalicelib.erasing.leftover_rule import Expired
from chalicelib.erasing.port import Belongings, Deletion, ExpiredBatch, Found, While
from chalicelib.erasing.rule import Counts, Erasure, looks_like_copy, may_be_copy
from chalicelib.jobs.job import Job
from chalicelib.jobs.listing import born, matches
from chalicelib.jobs.port import Filter

DATA = ("STEP ", "PAST ")
"""Beginnings of the names of kept steps and earlier payloads."""


class MemoryErasures:
    """See ErasureRows; `counters` stores the marks."""

    def __init__(self, counters: MemoryCounters) -> None:
        self._counters = counters
        self._lock = threading.Lock()
        self._rows: dict[str, Erasure] = {}
        self._asked: dict[str, Deletion] = {}
        self._leased = float("-inf")
        self._erased: dict[str, Deletion] = {}

    def ask(self, deletion: Deletion) -> None:
        """See ErasureRows."""
        with self._lock:
            known = self._asked.get(deletion.job)
            if known is None or (known.created_at, known.gen) <= (deletion.created_at, deletion.gen):
                self._asked[deletion.job] = deletion
        self._counters.erasing.add(JOBS)

    def asked(self, limit: int, after: str | None = None) -> Sequence[Deletion]:
        """See ErasureRows."""
        found = sorted((one for one in self._asked.values() if one.job > (after or "")), key=lambda one: one.job)
        return found[:limit]

    def drop(self, deletion: Deletion) -> None:
        """See ErasureRows."""
        with self._lock:
            if self._asked.get(deletion.job) == deletion:
                del self._asked[deletion.job]

    def lease(self, now: float, until: float) -> bool:
        """See ErasureRows."""
        with self._lock:
            if self._leased >= now:
                return False
            self._leased = until
            return True

    def give_back(self) -> None:
        """See ErasureRows."""
        self._leased = float("-inf")

    def rest(self) -> None:
        """See ErasureRows."""
        self.give_back()
        if not self._asked:
            self._counters.erasing.discard(JOBS)

    def record(self, deletion: Deletion, at: float) -> None:
        """See ErasureRows."""
        self._erased[deletion.job] = replace(deletion, recorded_at=at)

    def erased(self) -> Sequence[Deletion]:
        """See ErasureRows."""
        return list(self._erased.values())

    def add(self, new: Erasure) -> None:
        """See ErasureRows."""
        self._rows[new.id] = new
        self._counters.erasing.add(new.id)

    def find(self, erasure_id: str) -> Erasure | None:
        """See ErasureRows."""
        return self._rows.get(erasure_id)

    def newest(self, most: int) -> Sequence[Erasure]:
        """See ErasureRows."""
        return [self._rows[one] for one in sorted(self._rows, reverse=True)[:most]]

    def claim(self, erasure_id: str, now: float, until: float) -> Erasure | None:
        """See ErasureRows."""
        with self._lock:
            found = self._rows.get(erasure_id)
            if found is None or not found.open or found.lease_until >= now:
                return None
            self._rows[erasure_id] = replace(found, lease_until=until, version=found.version + 1)
            return self._rows[erasure_id]

    def save(self, after: Erasure) -> Erasure | None:
        """See ErasureRows."""
        with self._lock:
            if self._rows[after.id].version != after.version - 1:
                return None
            self._rows[after.id] = after
            return after

    def close(self, erasure_id: str, now: float) -> None:  # noqa: ARG002 - nothing expires here
        """See ErasureRows."""
        self._counters.erasing.discard(erasure_id)


class MemoryExpiredJobs:
    """See ExpiredJobs."""

    def __init__(self) -> None:
        self._batches: dict[str, ExpiredBatch] = {}

    def keep(self, batch: ExpiredBatch, now: float) -> None:  # noqa: ARG002 - nothing expires here
        """See ExpiredJobs."""
        self._batches[batch.name] = batch

    def each(self, unreadable: Callable[[str, Exception], None]) -> Iterator[ExpiredBatch]:  # noqa: ARG002
        """See ExpiredJobs. Every batch can be read."""
        return iter([self._batches[name] for name in sorted(self._batches)])

    def leave(self, batch: ExpiredBatch, left: Sequence[Expired]) -> None:
        """See ExpiredJobs."""
        if self._batches.get(batch.name) != batch:
            return
        if left:
            self._batches[batch.name] = replace(batch, jobs=left)
        else:
            del self._batches[batch.name]

    def put_off(self, batch: ExpiredBatch, left: Sequence[Expired]) -> None:
        """See ExpiredJobs."""
        self._batches[batch.later] = ExpiredBatch(batch.later, left)
        self.leave(batch, [])


class MemoryRemoval:
    """See Removal: what belongs to jobs is in their store."""

    def __init__(self, store: MemoryJobStore) -> None:
        self._store = store
        self._order: list[tuple[str, str]] = []
        """The jobs as they were at the beginning of the last search, oldest first: positions and ids."""

    def find(self, job_id: str) -> Job | None:
        """See Removal."""
        return self._store.stored_job(job_id)

    def whole(self, job_id: str) -> Job | None:
        """See Removal."""
        return self.find(job_id)

    def page(self, which: Filter, limit: int, position: str | None) -> Found:
        """See Removal."""
        if position is None or not self._order:
            self._order = sorted((born(job), job.id) for job in self._store.stored().values())
        place = len(self._order) if position is None else bisect.bisect_left(self._order, (position, ""))
        found: list[Job] = []
        while place and len(found) <= limit:
            place -= 1
            job = self._store.stored_job(self._order[place][1])
            if job is not None and matches(job, which):
                found.append(job)
        return Found(found[:limit], born(found[limit - 1]) if len(found) > limit else None)

    def copies(self, job_id: str) -> Iterator[Job]:
        """See Removal."""
        made = self._store.made_by(job_id)
        return (job for job in made if may_be_copy(job.idempotency_key or "") and looks_like_copy(job))

    def belongings(self, job: Job, keys: Sequence[str]) -> Belongings:
        """See Removal."""
        locks = [(key, self._store.key_lock(key)) for key in keys]
        held = [(key, lock.job) for key, lock in locks if lock is not None and lock.job.partition(":")[0] == job.id]
        return Belongings(job.id, job.created_at, self._parts(job.id), held)

    def data(self, job: Job) -> Belongings:
        """See Removal."""
        rows = [row for row in self._parts(job.id) if row[1].startswith(DATA)]
        return Belongings(job.id, job.created_at, rows, state=While.CLEARED)

    def rest(self, job: Job, *, listed: bool) -> Belongings:  # noqa: ARG002 - this store has no objects
        """See Removal."""
        return Belongings(job.id, job.created_at, self._parts(job.id), state=While.CLEARED)

    def _parts(self, job_id: str) -> list[tuple[str, str, int | None]]:
        return [(job_id, name, None) for name in self._store.parts_of(job_id)]

    def remove(self, belongings: Belongings) -> None:
        """See Removal."""
        if not self._still(belongings):
            return
        data = belongings.state is While.CLEARED and all(name.startswith(DATA) for _, name, _ in belongings.rows)
        self._store.remove_parts(belongings.job, data_only=data)
        for key, held in belongings.keys:
            self._store.release(key, held)

    def _still(self, what: Belongings) -> bool:
        found = self.find(what.job)
        if found is None:
            return False
        marks = {While.ERASED: found.erased_at, While.CLEARED: found.cleared_at}
        return found.created_at == what.created_at and marks[what.state] is not None

    def remove_left(self, expired: Expired, more: Callable[[], bool]) -> Counts | None:
        """See Removal. Nothing here has an expiry, so what a later job has written before its own row goes, too."""
        parts = self._store.parts_of(expired.job)
        if not more():
            return None
        if self.find(expired.job) is not None or not parts:
            return Counts(0, 0)
        self._store.remove_parts(expired.job)
        return Counts(len(parts), 0)

    def remove_job(self, job: Job) -> None:
        """See Removal."""
        self._store.remove(job)
