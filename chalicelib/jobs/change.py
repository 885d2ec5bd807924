"""Describe a change of a job as data: a conditional write that a store checks and applies. Pure."""

import base64
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from chalicelib.jobs.job import Job, Move


@dataclass(frozen=True, slots=True)
class Test:
    """One condition on one field.

    `op` is `=`, `<`, `below` (another field), `due` (absent or <=), `until` (absent or >=), or `unset` (absent or
    false).
    """

    __test__ = False

    field: str
    op: str
    value: Any = None

    def holds(self, job: Job) -> bool:
        """Return whether the job passes; the store's condition expression must give the same result."""
        return _OPERATORS[self.op](getattr(job, self.field), self.value, job)


_OPERATORS: Mapping[str, Callable[[Any, Any, Job], bool]] = {
    "=": lambda have, want, _: have == want,
    "<": lambda have, want, _: have is not None and have < want,
    "below": lambda have, other, job: have < getattr(job, other),
    "due": lambda have, now, _: have is None or have <= now,
    "until": lambda have, now, _: have is None or have >= now,
    "unset": lambda have, _, __: not have,
}


def new_writer() -> str:
    """Return a name for one write.

    If AWS refuses the write but the row contains this name, an earlier try succeeded and only its reply was lost.
    """
    return base64.urlsafe_b64encode(uuid.uuid4().bytes[:6]).decode()


@dataclass(frozen=True, slots=True)
class Clearing:
    """When to look whether something of a finished job is to be removed. Times in seconds since the epoch.

    First its data (payload, result, kept steps), if the type has a time for them, then, before the job expires, all
    that is beside its row. `created_at` says which job had this id, and `finished_at` which end is meant.
    """

    job: str
    type: str
    created_at: float
    finished_at: float
    due_at: float


@dataclass(frozen=True, slots=True)
class Change:
    """A conditional write on one job: allowed from `move.source` at generation `gen` while all `tests` pass.

    `values` are set (None removes), `increments` are added. `writer` is the name of this write. If the write is
    refused, and the job already contains `writer`, the first try succeeded and only its reply was lost.
    """

    move: Move
    gen: int
    tests: tuple[Test, ...]
    values: Mapping[str, Any]
    increments: Mapping[str, int] = field(default_factory=dict)
    writer: str = field(default_factory=new_writer)
    job_type: str = ""
    """The job's type, which is part of the names of its index partitions. Without a type, the job stays in its
    partition."""
    clearing: Clearing | None = None
    """Stored before the job ends, for a type that says how long something of its jobs is kept."""
    found: Job | None = None
    """The job before the change, if the change begins a new run: the store then signs the row again."""

    @property
    def first_due(self) -> float | None:
        """Return the new due time of the job (epoch seconds), if the change sets one; None if it does not."""
        if self.move.target is None:
            return None
        planned = (self.values.get(name) for name in ("parked_until", "run_at", "created_at"))
        return next((at for at in planned if at is not None), None)

    def allowed(self, job: Job) -> bool:
        """Return whether this change may be applied to the job in its present state."""
        return job.status in self.move.source and job.gen == self.gen and all(t.holds(job) for t in self.tests)

    def applied(self, job: Job) -> Job:
        """Return the job after the change."""
        added = {name: getattr(job, name) + n for name, n in self.increments.items()}
        return replace(job, **{**self.written(), **added})

    def written(self) -> dict[str, Any]:
        """Return every field that this change sets, including the status and the writer; None means removed."""
        status = {} if self.move.target is None else {"status": self.move.target}
        return {**status, **self.values, "writer": self.writer}


@dataclass(frozen=True, slots=True)
class Claimant:
    """Describe who claims a job: Lambda's request, if it was a cold start, and how often the message was received.

    `probe`: the message is in no queue, so it must not claim a job that has no other message.
    """

    request_id: str
    cold_start: bool = False
    receive_count: int = 1
    probe: bool = False
