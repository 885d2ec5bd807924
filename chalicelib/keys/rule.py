"""Decide which requests mean one job: by values of the payload for a time, or by a key while the job waits. Pure."""

import json
import uuid
from dataclasses import dataclass
from enum import Enum, auto

from chalicelib.job_types.unique import Unique
from chalicelib.jobs import job as j
from chalicelib.jobs import trace
from chalicelib.jobs.change import Change, Test
from chalicelib.jobs.job import JSON, Job
from chalicelib.jobs.port import WaitingKey

NAMESPACE = uuid.UUID("2b1f6d0e-7a43-5c0d-8a55-4d1d9f0c6e21")
"""Namespace of the ids of key rows, and of the new ids of jobs whose own id another request has used."""


@dataclass(frozen=True, slots=True)
class Debounce:
    """Let a job wait until `seconds` after the last request with this key, and run with the data of that request."""

    key: str
    seconds: int

    def row(self, principal: str, job_type: str) -> WaitingKey:
        """Return the id of the key row."""
        return WaitingKey(_id("debounce", principal, job_type, self.key))


class Outcome(Enum):
    """The result of a request for a job."""

    CREATED = auto()
    """The request made a new job."""
    REPLACED = auto()
    """The request replaced the data of a debounced job that still waits, in the job's next generation."""
    REPEATED = auto()
    """The request is a repetition: it gets the job that the first request got."""
    EXISTING = auto()
    """The request got the job of another request, because jobs of this type are unique."""

    @property
    def written(self) -> bool:
        """Return whether the request wrote the job, which then needs a message."""
        return self in (Outcome.CREATED, Outcome.REPLACED)


@dataclass(frozen=True, slots=True)
class Submitted:
    """The job that answers a request, and the result of the request."""

    job: Job
    outcome: Outcome


def answer_row(job_id: str) -> WaitingKey:
    """Return the id of the row that names the answer to a key, if the answer is not the key's own job `job_id`."""
    return WaitingKey(_id("answer", job_id))


def next_id(job_id: str) -> str:
    """Return the id to try next when another request has used this one; the same input gives the same id."""
    return _id("next", job_id)


def unique_row(unique: Unique, job_type: str, payload: JSON) -> str:
    """Return the id of the key row for a stored payload of a unique type."""
    return _id("unique", job_type, json.dumps(unique.values(payload), sort_keys=True, separators=(",", ":")))


def answers(found: Job, until: float, now: float) -> bool:
    """Return whether this job answers another request of a unique type, whose window ends at `until`.

    A job that failed, was dead-lettered or was cancelled does not answer: the request creates a new job.
    """
    return until > now and found.status not in j.RETRYABLE


def waits_unbegun(found: Job) -> bool:
    """Return whether a later request may replace the data of this debounced job: it waits, and no attempt has begun.

    A restore counts claims anew, and a job that asked for another try gets its attempt back; `started_at` stays.
    """
    return found.status is j.Status.SCHEDULED and not found.claims and found.started_at is None


def replace_waiting(found: Job, wanted: Job) -> Change:
    """Replace the payload, tags and time of a waiting job by those of a later request.

    The generation grows, so that the earlier message is stale and runs nothing. The change is refused for a job that
    was claimed, because the job has begun. The change is also refused for a job that was claimed and then scheduled
    again for its turn. (A job that has begun and was restored since: see `waits_unbegun`.)
    """
    values = {
        # a new line: an event that was posted for the earlier payload does not count for this one
        "gen": found.gen + 1, "line": found.line + 1, "kept": 0,
        "turn_at": None, "parked_until": None, "sent": False, "resends": 0,
        "payload": wanted.payload, "payload_bytes": wanted.payload_bytes, "body_hash": wanted.body_hash,
        "max_attempts": wanted.max_attempts,
        "run_at": wanted.run_at, "next_attempt_at": wanted.next_attempt_at, "give_up_at": wanted.give_up_at,
        "start_by": wanted.start_by, "on_end": wanted.on_end, "notify": wanted.notify,
        "due_at": wanted.due_at, "tags": wanted.tags, "correlation_id": wanted.correlation_id,
        "idempotency_key": wanted.idempotency_key, "updated_at": wanted.updated_at, "stalled_since": None,
        **({} if wanted.priority == found.priority else {"priority": wanted.priority}),
        **({} if (context := _trace(found, wanted)) == found.trace else {"trace": context}),
    }  # fmt: skip
    return Change(j.REPLACE, found.gen, (Test("claims", "=", 0),), values, job_type=found.type, found=found)


def _trace(found: Job, wanted: Job) -> bytes | None:
    """Return the trace of a replaced job. One that begins a trace has the id of the job that is stored."""
    begins = wanted.trace is not None and wanted.trace == trace.begun(wanted.id)
    return trace.begun(found.id) if begins else wanted.trace


def _id(*parts: str) -> str:
    return str(uuid.uuid5(NAMESPACE, "|".join(parts)))
