"""The use cases of producers: submit, get, list. Knows ports and job types, nothing of HTTP or AWS."""

import json
import math
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace

from chalicelib.errors import (
    FieldError,
    IdempotencyMismatch,
    InvalidPayload,
    InvalidPosition,
    InvalidRequest,
    JobExists,
    JobNotFound,
    JobTypeRetired,
    UnknownJobType,
)
from chalicelib.jobs.history import JobView
from chalicelib.jobs.job import JSON, NEW, Job, Status
from chalicelib.jobs.limits import LOOK_AHEAD, MAX_DELAY, SEND_GRACE
from chalicelib.jobs.listing import read_cursor, write_cursor
from chalicelib.jobs.ports.jobs import Filter, JobStore, Page
from chalicelib.jobs.ports.queue import JobQueue
from chalicelib.jobs.tenants import tagged
from chalicelib.jobs.types import jobtype, registry
from chalicelib.service.dispatch import Dispatcher, is_made, send_and_add
from chalicelib.service.single import debounced, only_one
from chalicelib.service.submission import Submission, Wanted, keyed_id
from chalicelib.telemetry import events

DEEPEST_OFFSET = 5000
TIME_TO_ACT = 10.0
"""Seconds after which a request about many jobs begins with no further one: a call to AWS that has begun may take 18
more (three tries of 5 s and the pauses between), and API Gateway waits for 29."""
STILL_SENDING = 5.0
"""Seconds in which an unsent job is taken to be on its way: a replay sends its message again only after them."""


@dataclass
class JobService:
    """Jobs, for those who make and read them. `clock` gives seconds since the epoch."""

    store: JobStore
    queue: JobQueue
    cursor_secret: str = "development"  # noqa: S105
    clock: Callable[[], float] = time.time

    def submit(self, asked: Submission) -> tuple[Job, bool]:
        """Send a job's message and store it; return it, and False when the same key and body came before.

        Durable before it returns; if the message does not get out, the watchdog sends it within two minutes.
        Raises UnknownJobType, InvalidPayload, InvalidRequest, IdempotencyMismatch.
        """
        wanted = self.wanted(asked)
        if wanted.plain and not is_made(self, wanted):
            return send_and_add(self, wanted.job)
        job, new = self.store_wanted(wanted)
        return (self.send(job) if new or self.stranded(job) else job), new

    def keep(self, asked: Submission) -> tuple[Job, bool]:
        """Store the job and send nothing. Raises what `submit` raises.

        True says that it needs a message: it is new, or a debounced one that was replaced (`gen` is then above 1).
        """
        return self.store_wanted(self.wanted(asked))

    def wanted(self, asked: Submission) -> Wanted:
        """Return the job that is asked for, not stored yet. Raises what `submit` raises, but IdempotencyMismatch."""
        try:
            job = self._new_job(asked)
        except (InvalidPayload, UnknownJobType, JobTypeRetired) as refusal:
            return Wanted(self._replay(asked, refusal), stored=True)
        unique = jobtype.get(job.type).unique if asked.fires_at is None else None
        if asked.debounce is not None and unique is not None:
            where = [FieldError(("debounce",), f"does not go with {job.type}, whose jobs are unique")]
            raise InvalidRequest("One of the two decides.", where)
        return Wanted(job, unique, asked.debounce)

    def store_wanted(self, wanted: Wanted) -> tuple[Job, bool]:
        """Store the job that is asked for, or find the one that stands for it; the second half of `keep`."""
        if wanted.stored:
            return wanted.job, False
        if wanted.debounce is not None:
            return debounced(self, wanted.job, wanted.debounce)
        return self.add(wanted.job) if wanted.unique is None else only_one(self, wanted.job, wanted.unique)

    def add(self, job: Job) -> tuple[Job, bool]:
        """Store a new job; return it, and False with the one that its key has made before."""
        try:
            self.store.add(job)
        except JobExists as conflict:
            return self.same(job, conflict.existing), False
        events.created(job)
        return job, True

    def same(self, job: Job, existing: Job) -> Job:
        """Return what a key has made before; raises IdempotencyMismatch for another body, but of a job's own jobs."""
        if job.parent is None:
            _check_same(job, existing)
        events.replayed(existing, differs=existing.body_hash != job.body_hash)
        return existing

    def _replay(self, asked: Submission, refusal: InvalidRequest) -> Job:
        """Return the job that the same key and body made before a deploy refused them; raises `refusal` otherwise."""
        if asked.idempotency_key is None:
            raise refusal
        try:
            existing = self.store.get(asked.new_id())
        except JobNotFound:
            raise refusal from None
        if existing.body_hash != asked.body_hash():
            raise refusal
        events.replayed(existing)
        return existing

    def stranded(self, job: Job) -> bool:
        """Return whether a stored job should have been sent by now, and was not."""
        return job.status in NEW and not job.sent and self.now() - job.updated_at >= STILL_SENDING

    def get(self, job_id: str) -> JobView:
        """A job and its attempts; raises JobNotFound."""
        return self.store.view(job_id)

    def by_key(self, principal: str, key: str) -> Job | None:
        """Return the job that a principal made with an Idempotency-Key, by one read; None without one."""
        try:
            return self.store.get(keyed_id(principal, key))
        except JobNotFound:
            return None

    def page(self, which: Filter, limit: int, cursor: str | None = None, offset: int = 0) -> Page:
        """Some jobs, newest first; `position` is the next cursor. Raises InvalidPosition for a cursor or offset."""
        if offset + limit > DEEPEST_OFFSET:
            deepest = f"offset + limit must be at most {DEEPEST_OFFSET}; use the next_cursor of a page instead"
            raise InvalidPosition("That is too deep for an offset.", [FieldError(("query", "offset"), deepest)])
        position = read_cursor(cursor, which, self.cursor_secret) if cursor else None
        page = self.store.page(which, limit, position, 0 if cursor else offset)
        following = page.position and write_cursor(page.position, which, self.cursor_secret)
        return replace(page, position=following)

    @property
    def dispatcher(self) -> Dispatcher:
        """Return what sends this service's messages."""
        return Dispatcher(self.store, self.queue, self.clock)

    def now(self) -> float:
        """Return seconds since the epoch, to the millisecond."""
        return self.dispatcher.now()

    def delay_of(self, job: Job) -> int:
        """Whole seconds until the job may run; what its queue cannot delay is left to the watchdog."""
        return max(0, math.ceil((job.run_at or 0) - self.now()))

    def send(self, job: Job) -> Job:
        """Send the message of a stored job, or leave it to the watchdog when that fails or is too early."""
        delay = self.delay_of(job)
        if delay > registry.longest_delay(job.type):
            return job
        try:
            self.dispatcher.send(job, delay)
        except Exception as error:
            events.dispatch_deferred(job, error)
            return job
        return replace(job, sent=True)

    def _new_job(self, asked: Submission) -> Job:
        kind = jobtype.get(asked.type)
        if kind.retired:
            raise JobTypeRetired(kind.name)
        payload = kind.canonical(asked.payload)
        now = self.now()
        delay = asked.debounce.seconds if asked.debounce else asked.delay_seconds
        run_at = now + delay if delay else asked.run_at
        if run_at is not None and run_at - now > MAX_DELAY:
            raise InvalidRequest("That is too far ahead.", [FieldError(("run_at",), "must be at most a year ahead")])
        later = run_at is not None and run_at > now
        # Shortly before its time even when it is sent at once: had that failed, nothing else would be early enough.
        due_at = max(now + SEND_GRACE, (run_at or now) - LOOK_AHEAD)
        if later and registry.longest_delay(kind.name) == 0:
            due_at = run_at or now  # nothing is sent before
        return Job(
            id=asked.new_id(),
            type=kind.name,
            status=Status.SCHEDULED if later else Status.QUEUED,
            created_at=now,
            updated_at=now,
            **stored_payload(payload),
            body_hash=asked.body_hash(),
            max_attempts=asked.max_attempts or kind.max_attempts,
            run_at=run_at if later else None,
            next_attempt_at=run_at if later else None,
            give_up_at=kind.give_up_at(max(now, run_at or now)),
            due_at=due_at,
            tags=tagged(asked.tags, kind.keyed_by, payload),
            correlation_id=asked.correlation_id,
            idempotency_key=asked.idempotency_key,
            principal=asked.principal,
            fires_at=asked.fires_at,
            after=asked.after,
            parent=asked.lineage.parent if asked.lineage else None,
            root=asked.lineage.root if asked.lineage else None,
            writer=uuid.uuid4().hex[:12],
        )


def stored_payload(payload: JSON) -> dict[str, JSON]:
    """Return the fields of a job that its payload fills."""
    return {"payload": payload, "payload_bytes": len(json.dumps(payload, separators=(",", ":")))}


def _check_same(job: Job, existing: Job) -> None:
    if existing.body_hash != job.body_hash:
        where = [FieldError(("header", "Idempotency-Key"), "was used before with another body; use a new key")]
        raise IdempotencyMismatch("This Idempotency-Key belongs to another request.", where)
