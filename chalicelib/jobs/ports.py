"""The ports: stores, queues and counters as Protocols. Every adapter passes one contract suite."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from chalicelib.jobs.job import Attempt, Job, JobView, Status
from chalicelib.jobs.transitions import Change


@dataclass(frozen=True, slots=True)
class Nudge:
    """The message: which job and generation to look at, and nothing else. `cid` is the correlation id."""

    id: str
    gen: int
    type: str
    cid: str = ""


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter of a list of jobs. Times in seconds since the epoch; `created_before` is exclusive.

    `error` is a part of an error's class and message, `fingerprint` the name of one kind of error.
    """

    status: Status | None = None
    type: str | None = None
    tag: str | None = None
    id_prefix: str | None = None
    error: str | None = None
    fingerprint: str | None = None
    created_after: float | None = None
    created_before: float | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some jobs, newest first, and from where to go on (None: that was all).

    A page may hold fewer jobs than asked for, even none, and still have a position: the work a page may cause is
    bounded, whatever the size of the table.
    """

    jobs: Sequence[Job]
    position: str | None


@dataclass(frozen=True, slots=True)
class Overdue:
    """A job the watchdog may look at: what its index entry tells."""

    id: str
    due_at: float


@dataclass(frozen=True, slots=True)
class Seen:
    """The fields of a job that a recount reads; times in seconds since the epoch."""

    type: str
    status: Status
    updated_at: float


@dataclass(frozen=True, slots=True)
class Depth:
    """A queue's approximate counts of messages, and its dead-letter queue's."""

    visible: int = 0
    delayed: int = 0
    in_flight: int = 0
    dead: int = 0


@dataclass(frozen=True, slots=True)
class DeadMessage:
    """A message in a dead-letter queue: its receipt handle, and its nudge (None: the body is no nudge)."""

    receipt: str
    nudge: Nudge | None


class JobStore(Protocol):
    """Keeps jobs. A state changes through `apply` only: one conditional write a change."""

    def add(self, job: Job) -> None:
        """Keep a new job, durably; raises JobExists with the one that has its id.

        The same job twice (its `writer` tells) is no error: the reply to the first time was lost.
        """

    def get(self, job_id: str) -> Job:
        """The job with its payload and result, strongly consistent; raises JobNotFound."""

    def view(self, job_id: str) -> JobView:
        """The job and the attempts that did not complete, oldest first; raises JobNotFound."""

    def apply(self, job_id: str, change: Change) -> Job:
        """Make the change if it is allowed and return the job after it; raises MoveRefused.

        The same change twice is no error while nobody else has written: the reply to the first time was lost. The job
        has its payload after a move that hands it out to be run or shown (claim, take over, requeue, cancel); after
        the others, and in MoveRefused, a payload or result that is kept apart is None.
        """

    def record(self, job_id: str, attempt: Attempt) -> None:
        """Keep what is known of an attempt; the same attempt again overwrites it.

        Except for `lost`, which only says that nothing is known: what the attempt itself had put on record stays.
        """

    def page(self, which: Filter, limit: int, position: str | None = None, offset: int = 0) -> Page:
        """Some jobs that match, newest first, in at most 8 requests whatever the table's size.

        `limit` is 1 to 100. They begin at the position, or behind the first `offset` jobs; where the index does not
        tell who matches, an offset takes a request more for each hundred jobs it passes. Payloads and results that are
        kept apart are None: `get` has them. Raises InvalidPosition when finding the offset would mean to read a large
        part of the table.
        """

    def overdue(self, now: float, limit: int) -> Sequence[Overdue]:
        """Unfinished jobs whose `due_at` has passed, and scheduled ones due within two minutes. May be stale."""


class JobQueue(Protocol):
    """Carries messages. `receipt` is a receipt handle; delays and timeouts are whole seconds."""

    def send(self, nudge: Nudge, delay: int = 0) -> None:
        """Put a nudge on its type's queue, visible after `delay` (0-900)."""

    def send_many(self, nudges: Sequence[Nudge]) -> Sequence[Nudge]:
        """Send up to 10 nudges of one type in one request; returns those that did not get through."""

    def set_visibility(self, job_type: str, receipts: Sequence[str], seconds: int) -> None:
        """Make these received messages visible again in so many seconds from now; a lost receipt is no error."""

    def depth(self, job_type: str) -> Depth:
        """Return how many messages there are, approximately (SQS lags up to a minute)."""

    def peek_dead(self, job_type: str, most: int) -> Sequence[DeadMessage]:
        """Up to `most` (1-10) messages of the type's dead-letter queue, in one request; each hides for 120 s then."""

    def delete_dead(self, job_type: str, receipts: Sequence[str]) -> None:
        """Remove up to 10 peeked messages from the type's dead-letter queue; a lost receipt is no error."""


@dataclass(frozen=True, slots=True)
class Window:
    """One address's requests: in the window that began at `start` (epoch seconds), and in the one before."""

    start: int
    count: int
    previous: int


class RateWindows(Protocol):
    """Counts requests per address, atomically."""

    def hit(self, address: str, start: int, length: int) -> Window:
        """Count one request in the window that starts at `start`, and return the counts with it."""

    def forgive(self, address: str, start: int) -> None:
        """Take one request that was refused out of the count again."""


class Counters(Protocol):
    """Reads what the stream's function has counted, seconds late. Times in seconds since the epoch."""

    def standing(self) -> "Standing":
        """Return how many jobs there are, which wait and which types are paused, in one strongly consistent request."""

    def buckets(self, job_type: str, step: int, start: float, end: float) -> Sequence[tuple[float, Mapping[str, int]]]:
        """Return the moves of a type's jobs in stored buckets of `step` seconds (60, 3600, 86400), oldest first."""

    def errors(self, start: float, end: float, most: int) -> "Sequence[ErrorHour]":
        """The kinds of errors of the hours between, as counted hour by hour: the newest `most`, newest hour first."""


class Census(Protocol):
    """Every job there is, also one that has expired and is still there."""

    def parts(self) -> Sequence[Iterable[Sequence[Seen]]]:
        """The jobs in parts that may be read side by side, each page by page; a job in motion is seen once or never."""


class Pauses(Protocol):
    """Keeps which job types are paused, as `Standing` tells it."""

    def pause(self, job_type: str, at: float) -> bool:
        """Write down that the type is paused since `at` (seconds since the epoch); False, and the first time stays,
        when it was already."""

    def resume(self, job_type: str) -> None:
        """Write down that it is not; a type that was not paused is no error."""


class Consumers(Protocol):
    """Receives from the queues and invokes the workers."""

    def switch(self, job_type: str, *, on: bool) -> None:
        """Let the type's messages be received, or not any more; deliveries under way go on."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The counters at one moment.

    `totals` are jobs by (type, status), `waiting` is for `backlog`, `paused` tells since when (epoch seconds) by type.
    """

    totals: Mapping[tuple[str, Status], int]
    waiting: Mapping[str, int] = field(default_factory=dict)
    paused: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ErrorHour:
    """One kind of error in one hour: `numbers` has count, first_seen, last_seen, type, error_class, message, job0…."""

    hour: float
    fingerprint: str
    numbers: Mapping[str, Any]
