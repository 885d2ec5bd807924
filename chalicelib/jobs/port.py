"""Declare the store of jobs, the queues, the platform's log, further runs of the watchdog and messages to people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from chalicelib.jobs.change import Change, Clearing
from chalicelib.jobs.history import Act, JobView
from chalicelib.jobs.job import JSON, Attempt, Job, Status
from chalicelib.jobs.step import Step


class Helpers(Protocol):
    """Start more runs of the watchdog, parallel to the present run."""

    def look_at(self, types: Sequence[str], ids: Sequence[str]) -> None:
        """Start a run that handles only these jobs, of these types; return before it has begun."""


class Teller(Protocol):
    """Send a message to who is on call for the stage."""

    def tell(self, subject: str, text: str) -> None:
        """Send the message; raises the client's error."""


class WaitingKey(str):
    """The id of a key row whose job may wait long after its due time; the row is kept longer than other key rows."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class KeyLock:
    """The job that holds a key, and until when (epoch seconds). The row is written before the job."""

    job: str
    until: float


@dataclass(frozen=True, slots=True)
class Message:
    """A message: it only says which job and generation to check. `cid` is the correlation id.

    `group` is the `MessageGroupId`: SQS delivers the messages of different groups in turn. `trace` is the job's trace
    context, for tools that follow messages. `urgent`: it goes to the urgent queue of its type. Receivers use none of
    them.
    """

    id: str
    gen: int
    type: str
    cid: str = ""
    group: str | None = None
    trace: bytes | None = field(default=None, compare=False)
    urgent: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Depth:
    """A queue's approximate counts of messages, and those of its dead-letter queue."""

    visible: int = 0
    delayed: int = 0
    in_flight: int = 0
    dead: int = 0


@dataclass(frozen=True, slots=True)
class DeadMessage:
    """A message in a dead-letter queue: its receipt handle, and its content (None: the body is malformed)."""

    receipt: str
    message: Message | None


class JobQueue(Protocol):
    """Send and receive messages. `receipt` is a receipt handle; delays and timeouts are whole seconds.

    A queue is addressed by a job type, or by the name of a queue that several types share. The urgent queue of a type
    has its own key, and shares the dead-letter queue of the type.
    """

    def send(self, message: Message, delay: int = 0) -> None:
        """Put a message on its type's queue, or on its urgent queue, visible after `delay` seconds (0-900)."""

    def send_many(self, messages: Sequence[Message], delays: Mapping[str, int] | None = None) -> Sequence[Message]:
        """Send up to 10 messages of one queue in one request; return the messages that failed.

        `delays` contains, by job id, the seconds (0-900) until a message is visible; without an entry it is visible at
        once.
        """

    def set_visibility(self, key: str, receipts: Sequence[str], seconds: int) -> None:
        """Make these received messages of a queue visible again that many seconds from now; `key` is the queue's.

        A lost receipt is not an error.
        """

    def depth(self, job_type: str) -> Depth:
        """Return the approximate number of messages (SQS lags up to a minute), also of the type's urgent queue."""

    def peek_dead(self, job_type: str, most: int) -> Sequence[DeadMessage]:
        """Return up to `most` (1-10) messages of the type's dead-letter queue in one request; hide each for 120 s."""

    def delete_dead(self, job_type: str, receipts: Sequence[str]) -> None:
        """Remove up to 10 peeked messages from the type's dead-letter queue; a lost receipt is not an error."""


class PlatformLog(Protocol):
    """Read the platform's own log lines about the invocation that claimed a job."""

    def lines(self, job: Job) -> Sequence[tuple[float, str]]:
        """Return lines with the request id of the job's last claim: (seconds since the epoch, text), oldest first.

        One request of at most a second; raises the client's error if there is no answer.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """A filter of a list of jobs. Times in seconds since the epoch; the `…_before` are exclusive.

    `error` is a text to find in an error's class or message; `fingerprint` is the name of an error group; `schedule` is
    the id of the job's schedule; `parent` is the id of its parent job. `payload` is a text to find in a value of the
    payload (chalicelib.jobs.texts.payload_search). `tenant` is a tenant in its stored form (chalicelib.jobs.tenants).
    `batch` is the id of a batch, and `round` selects the members that are in this round now.
    """

    status: Status | None = None
    type: str | None = None
    tag: str | None = None
    id_prefix: str | None = None
    error: str | None = None
    fingerprint: str | None = None
    schedule: str | None = None
    created_after: float | None = None
    created_before: float | None = None
    finished_after: float | None = None
    finished_before: float | None = None
    payload: str | None = None
    parent: str | None = None
    tenant: str | None = None
    batch: str | None = None
    round: int | None = None

    def payload_of(self, job: Job) -> JSON:
        """Return the payload in which the text is to be found."""
        return job.payload


@dataclass(frozen=True, slots=True)
class Page:
    """Some jobs, newest first, and the next position (None: no more).

    A page may contain fewer jobs than requested, even none, and still have a next position, because the work of one
    page is limited, whatever the size of the table.
    """

    jobs: Sequence[Job]
    position: str | None
    looked: int = 0
    """Jobs that were read for the page; a search reads more than it finds."""


@dataclass(frozen=True, slots=True)
class Sharing:
    """The number of unfinished jobs of each tenant of a type, among `looked` jobs.

    `whole`: `looked` jobs were all unfinished jobs of the type.
    """

    tenants: Mapping[str, int]
    looked: int
    whole: bool


@dataclass(frozen=True, slots=True)
class Search:
    """The unfinished jobs of a type for the watchdog: those first due from `since` and before `before`.

    `planned` selects scheduled and parked jobs, in the order of their time; with `parked`, only the parked ones, which
    have no message. Without `planned`, the other unfinished jobs are selected. Times in seconds since the epoch.
    """

    job_type: str
    planned: bool = False
    since: float | None = None
    before: float | None = None
    parked: bool = False


@dataclass(frozen=True, slots=True)
class Overdue:
    """A job that the watchdog may check, with the facts of its index entry."""

    id: str
    due_at: float


class Clearings(Protocol):
    """Store when to look at finished jobs, for types that say how long they keep them.

    `JobStore.apply` stores a clearing before the end of its job. So none is missing, and one may be of an end that was
    refused. Any worker may write one: it decides nothing.
    """

    def plan(self, one: Clearing) -> None:
        """Store a clearing; a repetition is no error."""

    def due(self, now: float, limit: int) -> Sequence[Clearing]:
        """Return some clearings whose time has come. May be stale."""

    def move(self, one: Clearing, due_at: float) -> None:
        """Give a clearing another time; a repetition is no error. If it ends in between, both times are stored."""

    def drop(self, one: Clearing) -> None:
        """Remove a clearing; a repetition is no error."""

    def lease(self, now: float, until: float) -> bool:
        """Let the caller alone process the clearings until `until` or `rest`; return whether it may."""

    def rest(self, until: float) -> None:
        """End the lease, if it is still the one until this time."""


class JobStore(Protocol):
    """Store jobs. A state changes only through `apply`: one conditional write per change."""

    def add(self, job: Job) -> None:
        """Store a new job durably; raises JobExists with the job that has its id.

        From then on, the list of the parent's children contains the job, as long as both are kept. Storing the same job
        twice (with the same `writer`) is not an error, because the reply to the first write may have been lost.
        """

    def list_children(self, jobs: Sequence[Job]) -> None:
        """Add up to 25 jobs that are not stored yet to the lists of their parents, usually in one request.

        Readers of a list skip a job that is not stored. A repeated call does no harm.
        """

    def add_listed(self, job: Job) -> None:
        """Store a new job, as `add` does, after `list_children` was called for it."""

    def get(self, job_id: str) -> Job:
        """Return the job with its payload and result, strongly consistent; raises JobNotFound."""

    def get_without_bodies(self, job_id: str) -> Job:
        """Return the job with one small, strongly consistent read; a separate payload or result is None.

        Raises JobNotFound.
        """

    def result_of(self, job_id: str) -> JSON:
        """Return the result of the job, strongly consistent; None without one. Raises JobNotFound.

        The payload is not read: the caller's role may forbid it.
        """

    def view(self, job_id: str) -> JobView:
        """Return the job with its unsuccessful attempts and its stored acts, oldest first.

        The view contains nothing of an expired job that had the same id, not even children or payloads of that job.
        Raises JobNotFound.
        """

    def apply(self, job_id: str, change: Change) -> Job:
        """Make the change if it is allowed, and return the changed job; raises MoveRefused.

        Repeating a change is not an error if no other process has written since, because the first reply may have been
        lost. After a move that an operator makes, or that gives the job to a worker, the job has its payload, unless
        the payload cannot be read. After other moves, and in MoveRefused, a separate payload or result is None.
        """

    def signed(self, job: Job) -> bool:
        """Return whether a job that was read here may run: only if this platform has signed the job's row.

        Also return True if this stage does not sign rows, and for a row that was created before the stage signed rows.
        A worker accepts only rows of types that it has keys for.
        """

    def end_signed(self, job: Job) -> bool:
        """Return whether the end of a job that was read may be told: only if this platform has signed its `on_end`.

        Also return True if this stage does not sign rows, and for a row that was created before the stage signed rows.
        """

    def key_lock(self, key: str) -> KeyLock | None:
        """Return the lock of a key, strongly consistent; None if no job ever had one."""

    def acquire(self, key: str, seen: KeyLock | None, new: KeyLock) -> bool:
        """Lock a key for a job, in place of the lock `seen` (None: none); False if another job has the key now.

        Locking a key twice for the same job is not an error, because the first reply may have been lost.
        """

    def record(self, job_id: str, attempt: Attempt) -> None:
        """Store the facts of an attempt; storing the same attempt again overwrites its record.

        There is one exception. The outcome `lost` means that nothing is known about the attempt, so it does not replace
        the record that the attempt stored itself. But `lost` replaces a record of an expired job with the same id.
        """

    def keep_act(self, job_id: str, act: Act) -> None:
        """Store an operator's act before another act replaces it on the job; repeating the call is not an error."""

    def kept_steps(self, job: Job) -> Sequence[Step]:
        """Return the kept steps of the job's line, strongly consistent, in the order in which they were kept.

        A large value is None; `kept_step` returns it. Raises RowNotSigned for a row that this platform did not write.
        """

    def kept_step(self, job: Job, key: str) -> Step | None:
        """Return one kept step with its value, strongly consistent; raises RowNotSigned, PayloadUnreadable."""

    def keep_step(self, job: Job, step: Step) -> Step:
        """Keep a step, unless the line already has a step with its key; return the kept step, which never changes.

        Steps of an expired job that had the same id do not count. Raises RowNotSigned, PayloadUnreadable.
        """

    def keep_payload(self, job_id: str, gen: int, payload: JSON) -> None:
        """Store the payload of a run before the next run gets another payload.

        The stored payload is kept as long as the payload of a new job.
        """

    def payload_of(self, job_id: str, gen: int) -> JSON:
        """Return the payload of a run, if a later run got another; None if none is stored or the job does not exist."""

    def page(self, which: Filter, limit: int, position: str | None = None, offset: int = 0) -> Page:
        """Return some matching jobs, newest first; the number of requests does not depend on the number of jobs.

        Jobs of one parent come in the order of their keys, strongly consistent, without an offset. Members of a batch
        come in the order of their ids, also without an offset; a new member is listed after a moment. A call makes at
        most 8 requests. For unfinished jobs it makes at most 11 requests if the type is given (15 for retrying jobs),
        else 4 more for each job type. `limit` is 1 to 100. The list begins at the position, or after the first `offset`
        jobs. If the index alone does not decide which jobs match, an offset takes one more request for each hundred
        skipped jobs. Separate payloads and results are None: use `get`. Raises InvalidPosition if the offset would
        require reading a large part of the table.
        """

    def count_failures(self, fingerprint: str, most: int) -> tuple[Mapping[Status, int], bool]:
        """Return how many jobs have this last error, by status, and whether these are all. May be stale.

        The newest `most` jobs are counted, without those that the store did not read.
        """

    def members(self, batch: str, limit: int, position: str | None = None) -> tuple[Sequence[str], str | None]:
        """Return the ids of some members of a batch, in order, and the next position (None: no more). May be stale."""

    def sharing(self, job_type: str) -> Sharing:
        """Return the tenants of a type's unfinished jobs: queued, running, or between attempts and not parked.

        May be stale.

        The store reads up to SHARE_LOOKS jobs, beginning with those due first and those due last, in at most two
        requests per partition.
        """

    def overdue(self, search: Search, now: float, limit: int) -> Sequence[Overdue]:
        """Return unfinished jobs whose `due_at` is before `now`, the earliest first, up to `limit`. May be stale."""

    def get_many(self, ids: Sequence[str]) -> Sequence[Job]:
        """Return up to 100 jobs in their present state, strongly consistent, usually in one request.

        A separate payload or result is None. The result lacks deleted jobs, and jobs that the store did not read.
        """

    def read_all(self, ids: Sequence[str], *, strict: bool = False) -> Sequence[Job]:
        """Return up to MOST_READ jobs as `get_many` does, without deleted ones; raise JobFlowError if one is not read.

        A row that is not a valid job is left out; with `strict`, RowsUnreadable is raised: a job that another version
        has written, and that this version cannot read, must not count as deleted.
        """
