"""Know which jobs of a restored table were erased since, so that a restore leaves them out."""

import threading
import time
from collections.abc import Callable
from functools import lru_cache

from chalicelib.erasing.port import ErasureRows
from chalicelib.erasing.rule import covers, looks_like_copy
from chalicelib.errors import UNREADABLE
from chalicelib.jobs.job import Job

MOST = 100_000
"""More erasures, or deletions that are under way, than a stage has."""
MOST_KEPT = 10_000
"""Parents that are kept in memory."""
FRESH = 30.0
"""Seconds after which it is read again what was erased. An erasure searches for a minute at least: it finds a job that
was restored before this."""


class Erased:
    """Say of a job whether it was deleted, or belonged to a tenant that was erased after it was created.

    `find` returns a job of the restored table, also one that nobody may see any more, or None: it has the parents of
    deliveries, which are erased together with them. The rows are read again while the restore runs: a job that is
    deleted meanwhile must not come back either.
    """

    def __init__(
        self, rows: ErasureRows, find: Callable[[str], Job | None], clock: Callable[[], float] = time.time
    ) -> None:
        self._rows, self._clock = rows, clock
        self._lock = threading.Lock()
        self._find = find
        self._found = lru_cache(MOST_KEPT)(self._read)
        self._refresh()

    def _refresh(self) -> None:
        self._deleted = {one.job: one.created_at for one in (*self._rows.erased(), *self._rows.asked(MOST))}
        self._erasures = [one for one in self._rows.newest(MOST) if not one.dry_run]
        self._read_at = self._clock()

    def __call__(self, job: Job) -> bool:
        """Return whether the job must not be restored: it is erased, or a copy of the end of an erased one."""
        with self._lock:
            if self._clock() - self._read_at > FRESH:
                self._refresh()
        return self._gone(job)

    def _gone(self, job: Job) -> bool:
        if self._itself(job):
            return True
        if job.parent is None or not self._anything or not looks_like_copy(job):
            return False
        parent = self._found(job.parent)
        return job.parent in self._deleted if parent is None else self._gone(parent)

    @property
    def _anything(self) -> bool:
        return bool(self._deleted or self._erasures)

    def _itself(self, job: Job) -> bool:
        if self._deleted.get(job.id) == job.created_at:
            return True
        return any(covers(one, job) for one in self._erasures)

    def _read(self, job_id: str) -> Job | None:
        try:
            return self._find(job_id)
        except UNREADABLE:
            return None
