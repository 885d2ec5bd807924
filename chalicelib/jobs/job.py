"""Define a job, its states, and the table of legal moves between them. Pure: no clock, no AWS."""

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from chalicelib.jobs.priority import Priority

JSON = Any
"""A value that `json.dumps` accepts: payloads and results, whose structure only the job type knows."""


class Status(StrEnum):
    """The states of a job; `docs/lifecycle.md` draws them."""

    QUEUED = "queued"
    SCHEDULED = "scheduled"
    PROCESSING = "processing"
    RETRYING = "retrying"
    SUSPENDED = "suspended"
    BLOCKED = "blocked"
    COMPLETED = "completed"
    FAILED = "failed"
    DEAD_LETTER = "dead_letter"
    CANCELLED = "cancelled"


WAITING = frozenset({Status.QUEUED, Status.SCHEDULED, Status.RETRYING, Status.SUSPENDED, Status.BLOCKED})
CLAIMABLE = WAITING - {Status.BLOCKED}
"""States in which a worker may claim a job that is due. A job that waits for a place is woken before."""
PLANNED = frozenset({Status.SCHEDULED, Status.RETRYING})
"""States in which a job waits for a time, so that an operator may run it at once."""
ACTIVE = WAITING | {Status.PROCESSING}
RETRYABLE = frozenset({Status.FAILED, Status.DEAD_LETTER, Status.CANCELLED})
DISCARDABLE = RETRYABLE - {Status.CANCELLED}
"""States of a job that an error ended, so that an operator may settle it without running it."""
TERMINAL = RETRYABLE | {Status.COMPLETED}
SETTLED = TERMINAL - {Status.DEAD_LETTER}
"""States of a finished job that needs no message in the dead-letter queue; a message that still arrives is
redundant."""
NEW = frozenset({Status.QUEUED, Status.SCHEDULED})
"""States of a job that no worker has claimed in the present run."""
CLAIMED = ACTIVE - NEW
BACKLOG = ACTIVE - {Status.SCHEDULED, Status.SUSPENDED}
"""States of a job that runs, or would run now if a worker and a place were free."""
ON_QUEUE = BACKLOG - {Status.BLOCKED}
"""States of a job whose message is in the queue or with a worker, or will be there soon."""
BROKEN = frozenset({Status.FAILED, Status.RETRYING, Status.DEAD_LETTER})
"""States of a job whose last attempt failed."""
COUNTED = {
    Status.COMPLETED: "completed", Status.FAILED: "failed", Status.RETRYING: "retried",
    Status.DEAD_LETTER: "dead_lettered", Status.CANCELLED: "cancelled",
}  # fmt: skip
"""By status, the name of the number in a time bucket that grows when a job enters that status."""


def in_order(statuses: Collection[Status]) -> tuple[Status, ...]:
    """Return these statuses in the order of their declaration."""
    return tuple(status for status in Status if status in statuses)


TAG_OF_SCHEDULE = "schedule:"
"""Prefix of the tag that names the schedule of a job."""
SKIPPED = "Skipped"
"""The error class of a firing that did not run because the job of an earlier firing was unfinished."""


EXPIRED = "Expired"
"""The error class of a job that was cancelled because it had not begun in time."""


@dataclass(frozen=True, slots=True)
class Move:
    """One row of the table: the source states, the target state, and who makes the move."""

    name: str
    source: frozenset[Status]
    target: Status | None
    actor: str


def _move(name: str, source: frozenset[Status] | Status, target: Status | None, actor: str) -> Move:
    return Move(name, frozenset({source}) if isinstance(source, Status) else source, target, actor)


CLAIM = _move("claim", CLAIMABLE, Status.PROCESSING, "worker")
TAKE_OVER = _move("take_over", Status.PROCESSING, Status.PROCESSING, "worker")
COMPLETE = _move("complete", Status.PROCESSING, Status.COMPLETED, "worker")
POSTPONE = _move("postpone", Status.PROCESSING, Status.RETRYING, "worker")
FAIL = _move("fail", Status.PROCESSING, Status.FAILED, "worker")
STOP = _move("stop", Status.PROCESSING, Status.CANCELLED, "worker")
EXHAUST = _move("exhaust", Status.PROCESSING, Status.DEAD_LETTER, "worker")
DEFER = _move("defer", Status.PROCESSING, Status.RETRYING, "worker")
SUSPEND = _move("suspend", Status.PROCESSING, Status.SUSPENDED, "worker")
COMPENSATE = _move("compensate", WAITING, Status.QUEUED, "operator")
WAKE = _move("wake", Status.SUSPENDED, Status.QUEUED, "api, worker")
BLOCK = _move("block", Status.PROCESSING, Status.BLOCKED, "worker")
UNBLOCK = _move("unblock", Status.BLOCKED, Status.QUEUED, "worker, api, watchdog")
BLOCK_AGAIN = _move("block_again", Status.QUEUED, Status.BLOCKED, "worker, api, watchdog")
LINE_UP = _move("line_up", Status.BLOCKED, Status.BLOCKED, "watchdog")
GIVE_UP = _move("give_up", ACTIVE, Status.DEAD_LETTER, "watchdog")
EXPIRE = _move("expire", WAITING - {Status.SUSPENDED}, Status.CANCELLED, "worker, watchdog")
RETIRE = _move("retire", ACTIVE, Status.CANCELLED, "watchdog")
REQUEUE = _move("requeue", RETRYABLE, Status.QUEUED, "operator")
CANCEL = _move("cancel", WAITING, Status.CANCELLED, "operator")
WAIT_FOR_TURN = _move("wait_for_turn", CLAIMABLE, Status.SCHEDULED, "worker")
REPLACE = _move("replace", Status.SCHEDULED, Status.SCHEDULED, "api")
RUN_NOW = _move("run_now", PLANNED, Status.QUEUED, "operator")
DISCARD = _move("discard", DISCARDABLE, Status.CANCELLED, "operator")
MOVES: tuple[Move, ...] = (
    CLAIM, TAKE_OVER, COMPLETE, POSTPONE, DEFER, SUSPEND, WAKE, BLOCK, UNBLOCK, BLOCK_AGAIN, LINE_UP, FAIL, STOP,
    EXHAUST, GIVE_UP, EXPIRE, RETIRE, REQUEUE, CANCEL, COMPENSATE, WAIT_FOR_TURN, RUN_NOW, DISCARD, REPLACE,
)  # fmt: skip
"""Every legal change of state; any other change is a bug. `docs/lifecycle.md` is drawn from this table."""

MARK_SENT = _move("mark_sent", ACTIVE, None, "api, watchdog")
CHECK = _move("check", ACTIVE, None, "watchdog")
REDELIVER = _move("redeliver", ACTIVE, None, "watchdog, worker")
TAKE_TURN = _move("take_turn", CLAIMABLE, None, "worker")
REPORT = _move("report", Status.PROCESSING, None, "worker")
ASK_TO_STOP = _move("ask_to_stop", Status.PROCESSING, None, "operator")
ERASE = _move("erase", TERMINAL, None, "operator")
"""The last change of a finished job: from then on, no reader finds it, and the platform removes its rows."""
CLEAR = _move("clear", TERMINAL, None, "platform")
"""Removes payload, result and kept steps of a finished job, whose type keeps them for a shorter time than the job."""
NOTES: tuple[Move, ...] = (MARK_SENT, CHECK, REDELIVER, TAKE_TURN, REPORT, ASK_TO_STOP)
"""Changes that record a fact about a job and leave its state unchanged."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it is stored in the table. Times are seconds since the epoch (UTC), with milliseconds.

    - `gen` counts the runs: 1 at creation, +1 at each manual retry, and when a debounced job is replaced.
    - `claims` counts the claims of a run, and only grows. `attempts` counts the claims that are charged to
      `max_attempts`.
    - `parked_until` is the end of the last wait during which the job had no message.
    - `deferred` says of a retrying job that its function, or a limit of its type, asked for a later run: no attempt
      failed. False: its last try could not run it, for a reason outside of its function; `stalled_since` is of such a
      try.
    - `stalled_since` is when the platform first kept the job from running; it is removed when an attempt has run and is
      settled.
    - `resent_at` is when the last repeated message was sent.
    - `fires_at` is the time of the firing, for a job of a schedule.
    - `after` is the job that must have finished before this job runs.
    - `restored_at` is when a restore wrote the job again. Runs that began after the restored moment are not known any
      more.
    - `parent` is the job whose function made this job, and `root` is the first job of that chain.
    - `give_up_at` is the time after which no attempt follows a failed attempt.
    - `start_by` is the time by which the job must have begun, or else it expires; `start_by` is removed when the job's
      function has run.
    - `on_end` is the type of the job that is made when this job has ended.
    - `notify` are the names of the webhooks that get the end of this job.
    - `priority` orders the lines of limits (see `priority`).
    - `ended_as` is the status that a discarded job with `on_end` or `notify` had before.
    - `turn_at` is the job's turn, for a type with a rate.
    - `waits` is what a suspended job waits for: `time`, or `event:` and the event's name. The wait has the number (gen,
      claims), and began at `updated_at`.
      A blocked job waits for `limit:` and the limit's id. It keeps this after it was woken, until its next claim.
    - `position` orders a blocked job among those of other tenants, in the line of the limit that it waits for. It is
      meaningless after its next claim.
    - `passed` is the number of the claim with which a job began to take its places, if it has waited for a place since.
    - `line` is the number of the job's line of kept steps. A retry continues this line. A retry with another
      payload or from the start begins a new line, and a retry from a step copies the rows before it to a new line.
    - `kept` is the number of kept steps when an attempt was last settled; events are not counted.
    - `batch` is the id of the batch that the job is a member of, and `round` is the batch's round: 1, and a higher one
      after a retry.
    - `acted` is the last act of an operator on the job (see `acts`), and `bulk` is the bulk action that did the act, if
      one did.
    - `trace` is the job's trace context (see `trace`); None: it belongs to no trace.
    - `erased_at` is when it was decided that the job is removed. A reader never gets such a job.
    - `cleared_at` is when its payload, result and kept steps were removed, because its type keeps them for a shorter
      time than the job.
    - `fingerprint` names the last error until the job completes or is run again, also during another attempt.
    - `payload_ref`, `result_ref` and `signature` are used only in the row: where a separate payload and a separate
      result are stored, and the row's signature. `end_mark` is the signature of `on_end`.
    """

    id: str
    type: str
    status: Status
    created_at: float
    updated_at: float
    payload: JSON = None
    payload_bytes: int = 0
    body_hash: str = ""
    gen: int = 1
    attempts: int = 0
    claims: int = 0
    max_attempts: int = 3
    run_at: float | None = None
    next_attempt_at: float | None = None
    started_at: float | None = None
    finished_at: float | None = None
    lease_until: float | None = None
    due_at: float = 0.0
    sent: bool = False
    resends: int = 0
    parked_until: float | None = None
    deferred: bool | None = None
    stalled_since: float | None = None
    resent_at: float | None = None
    give_up_at: float | None = None
    start_by: float | None = None
    on_end: str | None = None
    notify: tuple[str, ...] = ()
    priority: str = Priority.NORMAL
    turn_at: float | None = None
    waits: str | None = None
    passed: int | None = None
    position: int | None = None
    line: int = 1
    kept: int = 0
    result: JSON = None
    error_class: str | None = None
    error_message: str | None = None
    fingerprint: str | None = None
    progress: float | None = None
    progress_note: str | None = None
    cancel_requested: bool = False
    tags: tuple[str, ...] = ()
    correlation_id: str = ""
    idempotency_key: str | None = None
    principal: str = ""
    discarded_at: float | None = None
    discarded_by: str | None = None
    discard_reason: str | None = None
    ended_as: str | None = None
    batch: str | None = None
    round: int = 1
    acted: str | None = None
    bulk: str | None = None
    erased_at: float | None = None
    cleared_at: float | None = None
    fires_at: float | None = None
    after: str | None = None
    restored_at: float | None = None
    parent: str | None = None
    root: str | None = None
    request_id: str | None = None
    cold_start: bool | None = None
    receive_count: int | None = None
    trace: bytes | None = None
    writer: str = ""
    expires_at: float | None = None
    payload_ref: str | None = field(default=None, compare=False, repr=False)
    result_ref: str | None = field(default=None, compare=False, repr=False)
    signature: bytes | None = field(default=None, compare=False, repr=False)
    end_mark: str | None = field(default=None, compare=False, repr=False)

    @property
    def token(self) -> tuple[int, int]:
        """Return the fencing token: each claim gets a higher token, which each write of the worker must name."""
        return self.gen, self.claims

    @property
    def terminal(self) -> bool:
        """Return True if nothing more happens to this job without an operator."""
        return self.status in TERMINAL

    def expired(self, now: float) -> bool:
        """Return whether the job waits and has not begun in time, so that it must not run at `now` (epoch seconds)."""
        return self.status in EXPIRE.source and self.start_by is not None and self.start_by < now

    @property
    def schedule(self) -> str | None:
        """Return the id of the schedule that made the job; None for other jobs."""
        found = (tag.removeprefix(TAG_OF_SCHEDULE) for tag in self.tags if tag.startswith(TAG_OF_SCHEDULE))
        return next(found, None)


def to_text(value: JSON) -> str:
    """Return compact JSON that is valid Unicode, whatever strings the value contains."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":"))
    return text


def stored_payload(payload: JSON) -> dict[str, JSON]:
    """Return the fields of a job that its payload sets."""
    return {"payload": payload, "payload_bytes": len(json.dumps(payload, separators=(",", ":")))}


LOST = "lost"
"""The outcome of an attempt that ended without being settled."""
SUSPENDED = "suspended"
"""The outcome of an attempt whose function waits for a time or an event. The attempt is given back, and not
recorded."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt of a job, stored if it did not complete. Times in seconds since the epoch, duration in ms.

    `attempt` is the number of this attempt among the charged attempts; an attempt that was given back has the same
    number as the next attempt.
    """

    gen: int
    attempt: int
    outcome: str
    started_at: float
    finished_at: float | None = None
    error_class: str | None = None
    error_message: str | None = None
    stack: str | None = None
    request_id: str | None = None
    cold_start: bool | None = None
    receive_count: int | None = None
    retry_delay_s: float | None = None
    claim: int = 0
    progress: float | None = None
    progress_note: str | None = None

    @property
    def token(self) -> tuple[int, int]:
        """Return the fencing token of the attempt's holder."""
        return self.gen, self.claim

    @property
    def duration_ms(self) -> int | None:
        """Return the attempt's duration, in milliseconds; None while the attempt runs."""
        return None if self.finished_at is None else round((self.finished_at - self.started_at) * 1000)
