"""Decide which job a request with a used key gets, or that its payload is refused, and store one job for all requests.

A key row contains the id of a job before the job is stored. A request that finds no job with that id stores its own job
under this id. A process that ends or is slow between the two writes therefore causes no second job, and blocks no other
request. A job stores only the Idempotency-Key of its last request. If the key of an earlier request belongs to a job
with another id, a separate row stores the id of that job.
"""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from chalicelib.errors import FieldError, IdempotencyMismatch, IdNotFree, JobExists, JobNotFound, MoveRefused, NotStored
from chalicelib.job_types.unique import Unique
from chalicelib.jobs.constants import TIME_TO_ACT
from chalicelib.jobs.job import Job
from chalicelib.jobs.port import JobStore, KeyLock
from chalicelib.jobs.retention import KEEP_DEAD, KEEP_KEYS
from chalicelib.keys.constants import FEWEST_KEY_TRIES, FIRST_KEY_PAUSE, LONGEST_KEY_PAUSE, MOST_KEY_TRIES
from chalicelib.keys.rule import (
    Debounce,
    Outcome,
    Submitted,
    answer_row,
    answers,
    next_id,
    replace_waiting,
    unique_row,
    waits_unbegun,
)
from chalicelib.telemetry import events


@dataclass(frozen=True)
class KeyedJobs:
    """Store jobs, one for each key. `now` returns seconds since the epoch; `sleep` waits."""

    store: JobStore
    now: Callable[[], float]
    sleep: Callable[[float], None] = time.sleep

    def find(self, job_id: str) -> Job | None:
        """Return the job with this id; None if there is none."""
        try:
            return self.store.get(job_id)
        except JobNotFound:
            return None

    def answered(self, job_id: str) -> Job | None:
        """Return the job that a key has made or replaced: the job with the key's id, or a job with another id.

        The first case takes one read, and the second case takes three.
        """
        if (own := self.find(job_id)) is not None:
            return own
        answer = self.store.key_lock(answer_row(job_id))
        return None if answer is None else self.find(answer.job)

    def add(self, job: Job, *, listed: bool = False) -> Submitted:
        """Store a job, unless its idempotency key has already made one. Raises IdempotencyMismatch.

        `listed`: the list of the parent's children contains the job already.
        """
        existing = self._add(job, listed=listed)
        return Submitted(job, Outcome.CREATED) if existing is None else self.repeated(job, existing)

    def only_one(self, job: Job, unique: Unique) -> Submitted:
        """Store a job, unless there is already a job with the same values.

        A failed, dead-lettered or cancelled job does not count. Raises IdempotencyMismatch, NotStored.
        """
        asked, key = job, unique_row(unique, job.type, job.payload)
        until = (job.run_at or job.created_at) + unique.seconds
        for _ in self._tries():
            job, own = self._of_its_key(asked)
            answer = None
            if own is None and asked.idempotency_key is not None:
                answer = self.store.key_lock(answer_row(asked.id))
                own = None if answer is None else self._by_key(answer.job, asked)
            if own is not None:
                return self.repeated(job, own)
            held = self.store.key_lock(key)
            found = None if held is None else self.find(held.job)
            if found is not None and _by_same_key(found, job):
                return self.repeated(job, found)
            if held is not None and found is not None and answers(found, held.until, self.now()):
                events.moved(found, "existing")
                return Submitted(found, Outcome.EXISTING)
            if held is not None and found is None and held.until > self.now():
                try:
                    kept = self._store_as(held, replace(job, id=held.job), key, until, (asked, answer))
                except IdNotFree:
                    kept = self._take_from_deleted(job, key, held, until)
            else:
                kept = self._take(job, key, held, until)
            if kept is not None:
                return kept
        raise _changing()

    def debounced(self, job: Job, debounce: Debounce) -> Submitted:
        """Store a waiting job, or replace the job that still waits under the same key.

        A repeated request gets the job that it made or replaced, in any state. Raises IdempotencyMismatch, NotStored.
        """
        key, until = debounce.row(job.principal, job.type), job.run_at or job.created_at
        for _ in self._tries():
            held = self.store.key_lock(key)
            found = None if held is None else self.find(held.job)
            if (before := self._asked_before(job, found)) is not None:
                if before is found:
                    # The request that replaced the job may have ended before it stored which job answers its key.
                    self._remember(job, found, until)
                return self._again(job, before)
            if found is not None and waits_unbegun(found) and self.store.signed(found):
                kept = self._replace(found, job)
                if kept is not None and held is not None and held.until < until - KEEP_KEYS / 2:
                    # extend the key's row: otherwise it would expire before the job runs
                    self.store.acquire(key, held, KeyLock(found.id, until))
            elif held is not None and found is None and held.until > self.now() - KEEP_KEYS:
                try:
                    kept = self._store(replace(job, id=held.job))
                except IdNotFree:
                    kept = self._take_from_deleted(job, key, held, until)
            else:  # the key is free, or its job has expired: do not use the expired job's id again
                kept = self._take(job, key, held, until)
            if kept is not None:
                self._remember(job, kept.job, until)
                return kept
        raise _changing()

    def _tries(self) -> Iterator[None]:
        """Yield once for each try until the time is over; pause before each try except the first."""
        ends = self.now() + TIME_TO_ACT
        for tried in range(MOST_KEY_TRIES):
            yield
            if tried + 1 >= FEWEST_KEY_TRIES and self.now() >= ends:
                return
            self.sleep(random.uniform(0, min(LONGEST_KEY_PAUSE, FIRST_KEY_PAUSE * 2.0**tried)))

    def _of_its_key(self, job: Job) -> tuple[Job, Job | None]:
        """Return the wanted job with the first free id of its key, and the job that the key has already made, if any.

        An earlier try may have reserved an id and died, and another request may have used that id since.
        """
        own = None if job.idempotency_key is None else self.find(job.id)
        while own is not None and own.type == job.type and not _by_same_key(own, job):
            job = replace(job, id=next_id(job.id))
            own = self.find(job.id)
        return job, own

    def _asked_before(self, job: Job, found: Job | None) -> Job | None:
        """Return the job that this request's key has made, found or replaced; None without such a job."""
        if job.idempotency_key is None:
            return None
        if found is not None and (found.id == job.id or _by_same_key(found, job)):
            return found
        if (own := self.find(job.id)) is not None:
            return own
        answer = self.store.key_lock(answer_row(job.id))
        return None if answer is None else self.find(answer.job)

    def _by_key(self, job_id: str, job: Job) -> Job | None:
        """Return the job with this id if the request's own key has made it."""
        found = self.find(job_id)
        return found if found is not None and _by_same_key(found, job) else None

    def _again(self, job: Job, before: Job) -> Submitted:
        """Answer a repeated request; raises IdempotencyMismatch if its body is known to differ."""
        if _by_same_key(before, job) or before.type != job.type:
            return self.repeated(job, before)
        events.replayed(before)  # the job now has the body of the request that replaced it
        return Submitted(before, Outcome.REPEATED)

    def repeated(self, job: Job, existing: Job) -> Submitted:
        """Answer a repeated request with the job of its key.

        Raises IdempotencyMismatch for another body, except for a job's child jobs.
        """
        differs = existing.body_hash != job.body_hash
        if differs and job.parent is None:
            where = [FieldError(("header", "Idempotency-Key"), "was used before with another body; use a new key")]
            raise IdempotencyMismatch("This Idempotency-Key belongs to another request.", where)
        events.replayed(existing, differs=differs)
        return Submitted(existing, Outcome.REPEATED)

    def _remember(self, job: Job, kept: Job, until: float) -> None:
        """Store that the job `kept` answers the key of `job`, if their ids differ.

        A separate row is needed, because the next request overwrites the key on the job.
        """
        if job.idempotency_key is not None and kept.id != job.id:
            self.store.acquire(answer_row(job.id), None, KeyLock(kept.id, until + KEEP_DEAD))

    def _take(self, job: Job, key: str, held: KeyLock | None, until: float) -> Submitted | None:
        """Write the job's id to the key's row, and store the job; None if another request was faster."""
        if not self.store.acquire(key, held, KeyLock(job.id, until)):
            return None
        return self._store(job)

    def _take_from_deleted(self, job: Job, key: str, held: KeyLock, until: float) -> Submitted | None:
        """Take the key of a job that is being deleted, and store a job with an id of its own.

        Raises IdNotFree if the request's own Idempotency-Key has made the deleted job.
        """
        if held.job == job.id:
            raise IdNotFree(job.id)
        # the key is taken over: so the removal of the deleted job leaves it, and answers of it name the new job
        return self._take(job, key, held, until)

    def _store_as(
        self, held: KeyLock, job: Job, key: str, until: float, asked: tuple[Job, KeyLock | None]
    ) -> Submitted | None:
        """Store a job under the id that an interrupted request has reserved; None: try again.

        The key is held at least until `until`. `asked` is the job under its own id, and the row of its Idempotency-Key.
        This row is written before the job: otherwise the key would make another job as soon as this job no longer
        counts.
        """
        if until > held.until and not self.store.acquire(key, held, KeyLock(held.job, until)):
            return None
        own, answer = asked
        if own.idempotency_key is not None and own.id != job.id:
            named = KeyLock(job.id, until + KEEP_DEAD)
            if not self.store.acquire(answer_row(own.id), answer, named):
                return None
        return self._store(job)

    def _store(self, job: Job) -> Submitted | None:
        """Store a job under the id of its key row; None if another request has used that id."""
        existing = self._add(job)
        if existing is None:
            return Submitted(job, Outcome.CREATED)
        return self.repeated(job, existing) if _by_same_key(existing, job) else None

    def _add(self, job: Job, *, listed: bool = False) -> Job | None:
        """Store a job; return the job that already has its id, else None."""
        try:
            (self.store.add_listed if listed else self.store.add)(job)
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
    """Return whether the idempotency key of `job` made the found job, or was the last one to replace its data."""
    if job.parent is not None and found.id != job.id:
        return False  # only the id shows which run of the parent made a job: a debounced request keeps `parent`
    mine = (job.idempotency_key, job.principal, job.parent)
    return job.idempotency_key is not None and mine == (found.idempotency_key, found.principal, found.parent)


def _changing() -> NotStored:
    return NotStored("Too many requests about the same thing at once; send it again.")
