"""Keep one job for what several requests ask for: by values of the payload, or by a key while the job waits.

A key row names the id of a job before the job is stored. A request that finds no job with the named id stores its own
under it. So a process that ends or is slow in between leaves one job, and blocks no other request. An Idempotency-Key
whose job has another id is remembered in a row of its own: the job's key is that of the last request.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from chalicelib.errors import FieldError, IdempotencyMismatch, JobExists, JobNotFound, MoveRefused, NotStored
from chalicelib.job_types.unique import Unique
from chalicelib.jobs.job import RETRYABLE, Job, Status
from chalicelib.jobs.limits import KEEP_DEAD, KEEP_KEYS
from chalicelib.jobs.port import JobStore, KeyLock
from chalicelib.keys.rule import Debounce, Outcome, Submitted, answer_row, next_id, replace_waiting, unique_row
from chalicelib.telemetry import events

KEY_TRIES = 8
"""Most reads of a key that other requests change at the same time."""


@dataclass(frozen=True)
class KeyedJobs:
    """Stores jobs, one for each key. `now` gives seconds since the epoch."""

    store: JobStore
    now: Callable[[], float]

    def find(self, job_id: str) -> Job | None:
        """Return the job with this id, None without one."""
        try:
            return self.store.get(job_id)
        except JobNotFound:
            return None

    def add(self, job: Job) -> Submitted:
        """Store a job, unless its idempotency key has made one before. Raises IdempotencyMismatch."""
        existing = self._add(job)
        return Submitted(job, Outcome.CREATED) if existing is None else self._repeated(job, existing)

    def only_one(self, job: Job, unique: Unique) -> Submitted:
        """Store a job, unless there is one with the same values.

        A failed, dead-lettered or cancelled job does not count. Raises IdempotencyMismatch, NotStored.
        """
        key, until = unique_row(unique, job.type, job.payload), (job.run_at or job.created_at) + unique.seconds
        for _ in range(KEY_TRIES):
            job, own = self._of_its_key(job)
            if own is not None:
                return self._repeated(job, own)
            held = self.store.key_lock(key)
            found = None if held is None else self.find(held.job)
            if found is not None and _by_same_key(found, job):
                return self._repeated(job, found)
            if held is not None and found is not None and held.until > self.now() and found.status not in RETRYABLE:
                events.moved(found, "existing")
                return Submitted(found, Outcome.EXISTING)
            if held is not None and found is None and held.until > self.now():
                kept = self._store(replace(job, id=held.job))
            else:
                kept = self._take(job, key, held, until)
            if kept is not None:
                return kept
        raise _changing()

    def debounced(self, job: Job, debounce: Debounce) -> Submitted:
        """Store a job that waits, or replace the one that still waits under the same key.

        A request that is repeated is answered with the job that it made or replaced, whatever became of it.
        Raises IdempotencyMismatch, NotStored.
        """
        key, until = debounce.row(job.principal, job.type), job.run_at or job.created_at
        for _ in range(KEY_TRIES):
            held = self.store.key_lock(key)
            found = None if held is None else self.find(held.job)
            if (before := self._asked_before(job, found)) is not None:
                if before is found:
                    self._remember(job, found, until)  # whoever replaced it may have died before it did
                return self._again(job, before)
            if found is not None and found.status is Status.SCHEDULED and not found.claims:
                kept = self._replace(found, job)
                if kept is not None and held is not None and held.until < until - KEEP_KEYS / 2:
                    # without this its row would expire before its job runs
                    self.store.acquire(key, held, KeyLock(found.id, until))
            elif held is not None and found is None and held.until > self.now() - KEEP_KEYS:
                kept = self._store(replace(job, id=held.job))
            else:  # the key is free, or its job is past and has expired: its id is not used again
                kept = self._take(job, key, held, until)
            if kept is not None:
                self._remember(job, kept.job, until)
                return kept
        raise _changing()

    def _of_its_key(self, job: Job) -> tuple[Job, Job | None]:
        """Return the job under the first id of its key that no other request has used, and what the key made under it.

        An earlier try may have named the job and died: another request has stored its own under that name.
        """
        own = None if job.idempotency_key is None else self.find(job.id)
        while own is not None and own.type == job.type and not _by_same_key(own, job):
            job = replace(job, id=next_id(job.id))
            own = self.find(job.id)
        return job, own

    def _asked_before(self, job: Job, found: Job | None) -> Job | None:
        """Return the job that this request's key has made, named or replaced; None without a key, or the first time."""
        if job.idempotency_key is None:
            return None
        if found is not None and (found.id == job.id or _by_same_key(found, job)):
            return found
        if (own := self.find(job.id)) is not None:
            return own
        answer = self.store.key_lock(answer_row(job.id))
        return None if answer is None else self.find(answer.job)

    def _again(self, job: Job, before: Job) -> Submitted:
        """Answer a repeated request; raises IdempotencyMismatch when its body is known to differ."""
        if _by_same_key(before, job) or before.type != job.type:
            return self._repeated(job, before)
        events.replayed(before)  # the body that it has is that of the request which replaced it
        return Submitted(before, Outcome.REPEATED)

    def _repeated(self, job: Job, existing: Job) -> Submitted:
        """Answer with what a key has made; raises IdempotencyMismatch for another body, but of a job's own jobs."""
        differs = existing.body_hash != job.body_hash
        if differs and job.parent is None:
            where = [FieldError(("header", "Idempotency-Key"), "was used before with another body; use a new key")]
            raise IdempotencyMismatch("This Idempotency-Key belongs to another request.", where)
        events.replayed(existing, differs=differs)
        return Submitted(existing, Outcome.REPEATED)

    def _remember(self, job: Job, kept: Job, until: float) -> None:
        """Let a key find its job again when that has another id: the next request takes its place on job and row."""
        if job.idempotency_key is not None and kept.id != job.id:
            self.store.acquire(answer_row(job.id), None, KeyLock(kept.id, until + KEEP_DEAD))

    def _take(self, job: Job, key: str, held: KeyLock | None, until: float) -> Submitted | None:
        """Let the job hold the key, and store it; None when another request was faster."""
        if not self.store.acquire(key, held, KeyLock(job.id, until)):
            return None
        return self._store(job)

    def _store(self, job: Job) -> Submitted | None:
        """Store a job under the id that the key names; None when another request has stored its own there."""
        existing = self._add(job)
        if existing is None:
            return Submitted(job, Outcome.CREATED)
        return self._repeated(job, existing) if _by_same_key(existing, job) else None

    def _add(self, job: Job) -> Job | None:
        """Store a job; return the one that has its id already, None when that is not so."""
        try:
            self.store.add(job)
        except JobExists as conflict:
            found: Job = conflict.existing
            return found
        events.created(job)
        return None

    def _replace(self, found: Job, job: Job) -> Submitted | None:
        try:
            after = self.store.apply(found.id, replace_waiting(found, job))
        except MoveRefused:
            return None  # a worker has claimed it, or another request has replaced it
        events.moved(after, "replace")
        return Submitted(after, Outcome.REPLACED)


def _by_same_key(found: Job, job: Job) -> bool:
    """Return whether one idempotency key made both, or had the last say over the one that was found."""
    if job.parent is not None and found.id != job.id:
        return False  # the id alone tells the run of the parent, and a parent does not change with the last say
    mine = (job.idempotency_key, job.principal, job.parent)
    return job.idempotency_key is not None and mine == (found.idempotency_key, found.principal, found.parent)


def _changing() -> NotStored:
    return NotStored("Too many requests about the same thing at once; send it again.")
