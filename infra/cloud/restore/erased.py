"""Know which jobs of a restored table were erased since, so that a restore leaves them out."""

from functools import cache

from chalicelib.erasing.port import ErasureRows
from chalicelib.erasing.rule import covers, is_copy
from chalicelib.errors import UNREADABLE, JobNotFound
from chalicelib.jobs.job import Job
from chalicelib.jobs.port import JobStore

MOST = 100_000
"""More erasures, or deletions that are under way, than a stage has."""


class Erased:
    """Say of a job whether it was deleted, or belonged to a tenant that was erased after it was created.

    `source` is the restored table: it has the parents of deliveries, which are erased together with them.
    """

    def __init__(self, rows: ErasureRows, source: JobStore) -> None:
        self._deleted = {one.job: one.created_at for one in (*rows.erased(), *rows.asked(MOST))}
        self._erasures = [one for one in rows.newest(MOST) if not one.dry_run]
        self._found = cache(self._read)
        self._source = source

    def __call__(self, job: Job) -> bool:
        """Return whether the job must not be restored."""
        if self._itself(job):
            return True
        parent = None if job.parent is None or not self._anything else self._found(job.parent)
        return parent is not None and is_copy(parent, job) and self._itself(parent)

    @property
    def _anything(self) -> bool:
        return bool(self._deleted or self._erasures)

    def _itself(self, job: Job) -> bool:
        if self._deleted.get(job.id) == job.created_at:
            return True
        return any(covers(one, job) for one in self._erasures)

    def _read(self, job_id: str) -> Job | None:
        try:
            return self._source.get_without_bodies(job_id)
        except (JobNotFound, *UNREADABLE):
            return None
