"""Keep one job for what several requests ask for: by values of the payload, or by a key while the job waits.

A key row names the id of a job before the job is stored. A request that finds no job with the named id stores its own
under it. So a process that ends or is slow in between leaves one job, and blocks no other request.
"""

from dataclasses import replace
from typing import Protocol

from chalicelib.errors import JobExists, JobNotFound, MoveRefused, NotStored
from chalicelib.jobs.job import RETRYABLE, Job, Status
from chalicelib.jobs.limits import KEEP_KEYS
from chalicelib.jobs.ports import JobStore
from chalicelib.jobs.single import Debounce, Holder, Unique, replace_waiting
from chalicelib.telemetry import events

TRIES = 8
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
    if job.idempotency_key is not None and (own := _find(keeping, job.id)) is not None and _by_same_key(own, job):
        return keeping.same(job, own), False
    key, until = unique.key(job.type, job.payload), (job.run_at or job.created_at) + unique.seconds
    for _ in range(TRIES):
        held = keeping.store.holder(key)
        found = None if held is None else _find(keeping, held.job)
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

    Raises IdempotencyMismatch, NotStored.
    """
    key, until = debounce.row(job.principal, job.type), job.run_at or job.created_at
    for _ in range(TRIES):
        held = keeping.store.holder(key)
        found = None if held is None else _find(keeping, held.job)
        if found is not None and found.status is Status.SCHEDULED and not found.claims:
            kept = _replace(keeping, found, job)
            if kept is not None and held is not None and held.until < until - KEEP_KEYS / 2:
                keeping.store.hold(key, held, Holder(found.id, until))  # or its row would expire before its job runs
        elif held is not None and found is None:
            kept = _store(keeping, replace(job, id=held.job))
        else:
            kept = _take(keeping, job, key, held, until)
        if kept is not None:
            return kept
    raise _changing()


def _take(keeping: Keeping, job: Job, key: str, held: Holder | None, until: float) -> tuple[Job, bool] | None:
    """Let the job hold the key, and store it; None when another request was faster."""
    if not keeping.store.hold(key, held, Holder(job.id, until)):
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
    if _by_same_key(found, job):
        return keeping.same(job, found), False
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
    """Return whether one idempotency key made both."""
    mine = (job.idempotency_key, job.principal, job.parent)
    return job.idempotency_key is not None and mine == (found.idempotency_key, found.principal, found.parent)


def _find(keeping: Keeping, job_id: str) -> Job | None:
    try:
        return keeping.store.get(job_id)
    except JobNotFound:
        return None


def _changing() -> NotStored:
    return NotStored("Too many requests about the same thing at once; send it again.")
