"""Keep one job for what several requests ask for: by values of the payload, or by a key while the job waits.

A key row names the id of a job before the job is stored. A request that finds no job with the named id stores its own
under it. So a process that ends or is slow in between leaves one job, and blocks no other request. An Idempotency-Key
whose job has another id is remembered in a row of its own: the job's key is that of the last request.
"""

from dataclasses import replace
from typing import Protocol

from chalicelib.errors import JobExists, JobNotFound, MoveRefused, NotStored
from chalicelib.jobs.job import RETRYABLE, Job, Status
from chalicelib.jobs.limits import KEEP_DEAD, KEEP_KEYS
from chalicelib.jobs.ports.jobs import JobStore
from chalicelib.jobs.single import Debounce, KeyLock, Unique, answer_row, next_id, replace_waiting
from chalicelib.telemetry import events

KEY_TRIES = 8
"""Most reads of a key that other requests change at the same time."""


class Keeping(Protocol):
    """Stores jobs, as the service of producers does. `now` is in seconds since the epoch."""

    @property
    def store(self) -> JobStore:
        """Return the store."""

    def now(self) -> float:
        """Return seconds since the epoch."""

    def add(self, job: Job) -> tuple[Job, bool]:
        """Store a job; return it, and False with the one that its key has made."""

    def same(self, job: Job, existing: Job) -> Job:
        """Return what its key has made; raises IdempotencyMismatch."""


def only_one(keeping: Keeping, job: Job, unique: Unique) -> tuple[Job, bool]:
    """Store a job, unless there is one with the same values: return that one, and False.

    A failed, dead-lettered or cancelled job does not count. Raises IdempotencyMismatch, NotStored.
    """
    key, until = unique.key(job.type, job.payload), (job.run_at or job.created_at) + unique.seconds
    for _ in range(KEY_TRIES):
        job, own = _of_its_key(keeping, job)
        if own is not None:
            return keeping.same(job, own), False
        held = keeping.store.key_lock(key)
        found = None if held is None else _find(keeping, held.job)
        if found is not None and _by_same_key(found, job):
            return keeping.same(job, found), False
        if held is not None and found is not None and held.until > keeping.now() and found.status not in RETRYABLE:
            return _existing(found)
        if held is not None and found is None and held.until > keeping.now():
            kept = _store(keeping, replace(job, id=held.job))
        else:
            kept = _take(keeping, job, key, held, until)
        if kept is not None:
            return kept
    raise _changing()


def debounced(keeping: Keeping, job: Job, debounce: Debounce) -> tuple[Job, bool]:
    """Store a job that waits, or replace the one that still waits under the same key: return that one, and True.

    A request that is repeated is answered with the job that it made or replaced, whatever became of it, and False.
    Raises IdempotencyMismatch, NotStored.
    """
    key, until = debounce.row(job.principal, job.type), job.run_at or job.created_at
    for _ in range(KEY_TRIES):
        held = keeping.store.key_lock(key)
        found = None if held is None else _find(keeping, held.job)
        if (before := _asked_before(keeping, job, found)) is not None:
            if before is found:
                _remember(keeping, job, found, until)  # whoever replaced it may have died before it did
            return _again(keeping, job, before), False
        if found is not None and found.status is Status.SCHEDULED and not found.claims:
            kept = _replace(keeping, found, job)
            if kept is not None and held is not None and held.until < until - KEEP_KEYS / 2:
                keeping.store.acquire(
                    key, held, KeyLock(found.id, until)
                )  # or its row would expire before its job runs
        elif held is not None and found is None and held.until > keeping.now() - KEEP_KEYS:
            kept = _store(keeping, replace(job, id=held.job))
        else:  # the key is free, or its job is past and has expired: its id is not used again
            kept = _take(keeping, job, key, held, until)
        if kept is not None:
            _remember(keeping, job, kept[0], until)
            return kept
    raise _changing()


def _of_its_key(keeping: Keeping, job: Job) -> tuple[Job, Job | None]:
    """Return the job under the first id of its key that no other request has used, and what the key made under it.

    An earlier try may have named the job and died: another request has stored its own under that name.
    """
    own = None if job.idempotency_key is None else _find(keeping, job.id)
    while own is not None and own.type == job.type and not _by_same_key(own, job):
        job = replace(job, id=next_id(job.id))
        own = _find(keeping, job.id)
    return job, own


def _asked_before(keeping: Keeping, job: Job, found: Job | None) -> Job | None:
    """Return the job that this request's key has made, named or replaced; None without a key, and the first time."""
    if job.idempotency_key is None:
        return None
    if found is not None and (found.id == job.id or _by_same_key(found, job)):
        return found
    if (own := _find(keeping, job.id)) is not None:
        return own
    answer = keeping.store.key_lock(answer_row(job.id))
    return None if answer is None else _find(keeping, answer.job)


def _again(keeping: Keeping, job: Job, before: Job) -> Job:
    """Return what a repeated request is answered with; raises IdempotencyMismatch when its body is known to differ."""
    if _by_same_key(before, job) or before.type != job.type:
        return keeping.same(job, before)
    events.replayed(before)  # the body that it has is that of the request which replaced it
    return before


def _remember(keeping: Keeping, job: Job, kept: Job, until: float) -> None:
    """Let a key find its job again when that has another id: the next request takes its place on job and row."""
    if job.idempotency_key is not None and kept.id != job.id:
        keeping.store.acquire(answer_row(job.id), None, KeyLock(kept.id, until + KEEP_DEAD))


def _take(keeping: Keeping, job: Job, key: str, held: KeyLock | None, until: float) -> tuple[Job, bool] | None:
    """Let the job hold the key, and store it; None when another request was faster."""
    if not keeping.store.acquire(key, held, KeyLock(job.id, until)):
        return None
    return _store(keeping, job)


def _store(keeping: Keeping, job: Job) -> tuple[Job, bool] | None:
    """Store a job under the id that the key names; None when another request has stored it there."""
    try:
        keeping.store.add(job)
    except JobExists as conflict:
        if _by_same_key(conflict.existing, job):
            return keeping.same(job, conflict.existing), False
        return None
    events.created(job)
    return job, True


def _replace(keeping: Keeping, found: Job, job: Job) -> tuple[Job, bool] | None:
    try:
        after = keeping.store.apply(found.id, replace_waiting(found, job))
    except MoveRefused:
        return None  # a worker has claimed it, or another request has replaced it
    events.moved(after, "replace")
    return after, True


def _existing(found: Job) -> tuple[Job, bool]:
    events.moved(found, "existing")
    return found, False


def _by_same_key(found: Job, job: Job) -> bool:
    """Return whether one idempotency key made both, or had the last say over the one that was found."""
    if job.parent is not None and found.id != job.id:
        return False  # the id alone tells the run of the parent, and a parent does not change with the last say
    mine = (job.idempotency_key, job.principal, job.parent)
    return job.idempotency_key is not None and mine == (found.idempotency_key, found.principal, found.parent)


def _find(keeping: Keeping, job_id: str) -> Job | None:
    try:
        return keeping.store.get(job_id)
    except JobNotFound:
        return None


def _changing() -> NotStored:
    return NotStored("Too many requests about the same thing at once; send it again.")
