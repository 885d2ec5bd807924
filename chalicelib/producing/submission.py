"""Hold a producer's request for a job, as plain data. Pure."""

import hashlib
import json
import uuid
from dataclasses import dataclass

from chalicelib.job_types.lineage import Lineage
from chalicelib.job_types.unique import Unique
from chalicelib.jobs.job import JSON, Job
from chalicelib.jobs.priority import Priority
from chalicelib.keys.rule import Debounce

NAMESPACE = uuid.UUID("6f1f3a52-54c5-5d0e-9a0b-8f0a4f2b7c11")
"""Namespace of the ids that are made from an Idempotency-Key: the same principal and key give the same id."""


def keyed_id(principal: str, key: str) -> str:
    """Return the id of the job that a principal creates with this idempotency key."""
    return str(uuid.uuid5(NAMESPACE, f"{principal}|{key}"))


def key_of_place(shared: str, place: int) -> str:
    """Return the key of a job in a batch that has one key for the whole request.

    The key contains a space. A producer's key must not contain a space, so the two keys are never equal.
    """
    return f"{shared} {place}"


@dataclass(frozen=True, slots=True)
class Submission:
    """A producer's request for a job; `run_at` in seconds since the epoch.

    A schedule's firing has `fires_at`, its time, and `after`, the job that must have finished before it runs. A child
    job has `lineage`; its idempotency key comes from its parent. With `debounce`, a delay or a time is not possible.
    `expires_seconds` counts from the job's time; without it, the type's `expires` applies. Without `on_end`, the type's
    applies; a job that reports an end (`of_end`) has none. `notify` are names of webhooks. `priority` orders the lines
    of limits. A member of a batch has `batch`, the batch's id: its own id comes from the batch and its key, and a
    member without a key gets the hash of the request as its key. `trace` is the trace context that the job gets (see
    `jobs/trace`).
    """

    type: str
    payload: JSON
    max_attempts: int | None = None
    delay_seconds: int | None = None
    run_at: float | None = None
    tags: tuple[str, ...] = ()
    idempotency_key: str | None = None
    correlation_id: str = ""
    principal: str = ""
    fires_at: float | None = None
    after: str | None = None
    lineage: Lineage | None = None
    debounce: Debounce | None = None
    expires_seconds: float | None = None
    on_end: str | None = None
    notify: tuple[str, ...] = ()
    of_end: bool = False
    batch: str | None = None
    trace: bytes | None = None
    priority: str = Priority.NORMAL

    def new_id(self) -> str:
        """Return the id of the job.

        The same key of the same principal gives the same id, as does the same key of the same run of a parent job, and
        the same key in the same batch.
        """
        if self.batch is not None:
            return str(uuid.uuid5(NAMESPACE, f"{self.batch} {self.key}"))
        if self.idempotency_key is None:
            return str(uuid.uuid4())
        if self.lineage is not None:
            return self.lineage.child_id(self.type, self.idempotency_key)
        return keyed_id(self.principal, self.idempotency_key)

    @property
    def key(self) -> str | None:
        """Return the key of the job; a member of a batch without one has its request's hash."""
        return self.body_hash() if self.idempotency_key is None and self.batch is not None else self.idempotency_key

    def body_hash(self) -> str:
        """Return the hash of the request as canonical JSON, to compare requests with one key.

        `expires_seconds` does not count: a producer that knows the end of a job computes them anew each time. `trace`
        does not count either: a repeated request may belong to another trace.
        """
        body: list[JSON] = [self.type, self.payload, self.max_attempts, self.delay_seconds, self.run_at, self.tags]
        body += [] if self.debounce is None else [self.debounce.key, self.debounce.seconds]
        body += [] if self.on_end is None else [{"on_end": self.on_end}]
        body += [{"notify": self.notify}] if self.notify else []
        body += [] if self.priority == Priority.NORMAL else [{"priority": self.priority}]
        return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A requested job. `stored`: an earlier request with its key has already made it.

    `unique`, `debounce`: keys with which an existing job may be found instead.
    """

    job: Job
    unique: Unique | None = None
    debounce: Debounce | None = None
    stored: bool = False

    @property
    def plain(self) -> bool:
        """Return True if only the job's id decides whether the job is new."""
        return not self.stored and self.unique is None and self.debounce is None
