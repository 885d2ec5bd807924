"""Describe a round of a batch as plain data. Pure."""

from dataclasses import dataclass, field
from typing import Literal

from chalicelib.jobs.job import Status


@dataclass(frozen=True, slots=True)
class Counts:
    """Members of a round that have ended: all of them, those that failed or were cancelled, and ids of failed ones."""

    done: int = 0
    failed: int = 0
    cancelled: int = 0
    failed_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ended:
    """A member that has ended: the position of its end in the stream, its id, and its state."""

    sequence: str
    job: str
    status: Status


@dataclass(frozen=True, slots=True)
class Round:
    """One round of a batch, with the fields of the batch that it needs. Times in seconds since the epoch.

    - `created_at` is when the batch was created, `opened_at` when this round was.
    - `then` and `on_failure` are the types of the jobs that the round makes; `then_mark` and `failure_mark` are their
      signatures.
    - `notify` are the names of the webhooks that get the end of each round.
    - `parent`, `root` and `run` are those of the job whose function has made the batch; `created_by` is the label of
      the token that has created any other batch.
    - `trace` is the trace context (a header `traceparent`) of the request or the attempt that created the batch.
    - From `closing_at` on, no members can be added. From `closed_at` on, `total` is known.
    - `done`, `failed`, `cancelled` and `failed_ids` are counted from the stream, and only grow.
    - `told_at` is when the job of `on_failure` was made, `ended_at` when that of `then` was, or when none was needed.
      `refused` names those of the two that could not be made within three days.
    - `bulk` is the bulk action that moves members into this round.
    - `ended_to`, of the first round: all rounds up to this one have ended.
    - `retried_by`, of the first round, is the bulk action that retries the failed members of the batch, from
      `retried_at` until its round is closed.
    - `cancelled_by` is who has cancelled the batch, until the watchdog has cancelled the members that were just added.
    - `due_at` is when the watchdog checks the round; `repair` is how far it has read the members.
    """

    batch: str
    number: int
    created_at: float
    opened_at: float
    updated_at: float
    then: str | None = None
    on_failure: str | None = None
    key: str | None = None
    tags: tuple[str, ...] = ()
    notify: tuple[str, ...] = ()
    principal: str = ""
    created_by: str = ""
    correlation_id: str = ""
    trace: str | None = None
    body_hash: str = ""
    parent: str | None = None
    root: str | None = None
    run: str | None = None
    total: int | None = None
    closing_at: float | None = None
    closed_at: float | None = None
    done: int = 0
    failed: int = 0
    cancelled: int = 0
    failed_ids: tuple[str, ...] = ()
    told_at: float | None = None
    ended_at: float | None = None
    refused: tuple[str, ...] = ()
    bulk: str | None = None
    ended_to: int | None = None
    retried_by: str | None = None
    retried_at: float | None = None
    cancelled_by: str | None = None
    due_at: float | None = None
    repair: str | None = None
    expires_at: float | None = None
    then_mark: str | None = field(default=None, compare=False, repr=False)
    failure_mark: str | None = field(default=None, compare=False, repr=False)

    @property
    def open(self) -> bool:
        """Return whether members can be added."""
        return self.closing_at is None and self.closed_at is None

    @property
    def state(self) -> Literal["open", "closing", "running", "ended"]:
        """Return the state of the round."""
        if self.ended_at is not None:
            return "ended"
        if self.closed_at is not None:
            return "running"
        return "open" if self.open else "closing"

    @property
    def counts(self) -> Counts:
        """Return what was counted."""
        return Counts(self.done, self.failed, self.cancelled, self.failed_ids)
