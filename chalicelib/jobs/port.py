"""The store of jobs, the queues, the platform's log and further runs of the watchdog, as Protocols."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from chalicelib.jobs.change import Change
from chalicelib.jobs.history import Act, JobView
from chalicelib.jobs.job import JSON, Attempt, Job, Status


class Helpers(Protocol):
    """Starts further runs of the watchdog beside the present one."""

    def look_at(self, types: Sequence[str], ids: Sequence[str]) -> None:
        """Start a run that looks at these jobs, of these types, and at nothing else; return before it has begun."""


class WaitingKey(str):
    """The id of a key row whose job may still wait long after its time: it is kept longer than other rows of keys."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class KeyLock:
    """The job that holds a key, and until when (epoch seconds). It is named before it is stored."""

    job: str
    until: float


MOST_MESSAGES = 10
"""Messages that are sent in one request: the limit of SQS."""


@dataclass(frozen=True, slots=True)
class Message:
    """The message: which job and generation to look at, and nothing else. `cid` is the correlation id.

    `group` names those among whom the queue takes turns (`MessageGroupId`). It is no part of what a receiver is told.
    """

    id: str
    gen: int
    type: str
    cid: str = ""
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Depth:
    """A queue's approximate counts of messages, and its dead-letter queue's."""

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
    """Carries messages. `receipt` is a receipt handle; delays and timeouts are whole seconds."""

    def send(self, message: Message, delay: int = 0) -> None:
        """Put a message on its type's queue, visible after `delay` (0-900)."""

    def send_many(self, messages: Sequence[Message], delays: Mapping[str, int] | None = None) -> Sequence[Message]:
        """Send up to 10 messages of one type in one request; return those that did not get through.

        `delays` gives, by job id, the seconds (0-900) until a message is visible; without an entry it is at once.
        """

    def set_visibility(self, job_type: str, receipts: Sequence[str], seconds: int) -> None:
        """Make these received messages visible again in so many seconds from now; a lost receipt is no error."""

    def depth(self, job_type: str) -> Depth:
        """Return how many messages there are, approximately (SQS lags up to a minute)."""

    def peek_dead(self, job_type: str, most: int) -> Sequence[DeadMessage]:
        """Up to `most` (1-10) messages of the type's dead-letter queue, in one request; each hides for 120 s then."""

    def delete_dead(self, job_type: str, receipts: Sequence[str]) -> None:
        """Remove up to 10 peeked messages from the type's dead-letter queue; a lost receipt is no error."""


class PlatformLog(Protocol):
    """Knows what the platform wrote about the invocation that claimed a job."""

    def lines(self, job: Job) -> Sequence[tuple[float, str]]:
        """Return lines with the request id of the job's last claim: (seconds since the epoch, text), oldest first.

        One request of at most a second; raises what the client raises when it is not answered.
        """


SHARE_LOOKS = 4_000
"""The most jobs that `JobStore.sharing` looks at: 180 read units."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """A filter of a list of jobs. Times in seconds since the epoch; the `…_before` are exclusive.

    `error` is a part of an error's class and message, `fingerprint` the name of one kind of error, `schedule` the id of
    the schedule that made the job, `parent` that of the job that made it, `payload` a text that a value of the payload
    holds (chalicelib.jobs.texts.payload_search), `tenant` a tenant as it is kept (chalicelib.jobs.tenants).
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


@dataclass(frozen=True, slots=True)
class Page:
    """Some jobs, newest first, and from where to go on (None: that was all).

    A page may hold fewer jobs than asked for, even none, and still have a position: the work a page may cause is
    bounded, whatever the size of the table.
    """

    jobs: Sequence[Job]
    position: str | None
    looked: int = 0
    """Jobs that were read to fill the page; a search reads more than it finds."""


@dataclass(frozen=True, slots=True)
class Sharing:
    """The jobs at work of each tenant of a type, counted among `looked` of them; `whole`: among all of them."""

    tenants: Mapping[str, int]
    looked: int
    whole: bool


@dataclass(frozen=True, slots=True)
class Search:
    """The unfinished jobs of a type that the watchdog asks for: those first due from `since` on and before `before`.

    `planned` asks for scheduled and parked jobs, which lie in the order of their time; otherwise for the others. Times
    in seconds since the epoch.
    """

    job_type: str
    planned: bool = False
    since: float | None = None
    before: float | None = None


@dataclass(frozen=True, slots=True)
class Overdue:
    """A job the watchdog may look at: what its index entry tells."""

    id: str
    due_at: float


class JobStore(Protocol):
    """Keeps jobs. A state changes through `apply` only: one conditional write a change."""

    def add(self, job: Job) -> None:
        """Keep a new job, durably; raises JobExists with the one that has its id.

        The list of what its parent made has it from then on, for as long as both are kept.

        The same job twice (its `writer` tells) is no error: the reply to the first time was lost.
        """

    def get(self, job_id: str) -> Job:
        """Return the job with its payload and result, strongly consistent; raises JobNotFound."""

    def get_without_bodies(self, job_id: str) -> Job:
        """Return the job by one small, strongly consistent read; a payload or result kept apart is None.

        Raises JobNotFound.
        """

    def view(self, job_id: str) -> JobView:
        """Return the job, and its attempts that did not complete and the acts that were kept, oldest first.

        Nothing of a job that had its id before and has expired; what that made, and its payloads, are not its own
        either. Raises JobNotFound.
        """

    def apply(self, job_id: str, change: Change) -> Job:
        """Make the change if it is allowed and return the job after it; raises MoveRefused.

        The same change twice is no error while nobody else has written: the reply to the first time was lost. The job
        has its payload after a move that hands it out to be run or shown (claim, take over, requeue, cancel), unless
        that cannot be read; after the others, and in MoveRefused, a payload or result that is kept apart is None.
        """

    def signed(self, job: Job) -> bool:
        """Return whether the row of a job that was read here is signed by this platform: only then may it run.

        True as well where nothing is signed, and of rows from before. A worker knows the types that it has keys of.
        """

    def key_lock(self, key: str) -> KeyLock | None:
        """Return the lock of a key, strongly consistent; None when no job ever had one."""

    def acquire(self, key: str, seen: KeyLock | None, new: KeyLock) -> bool:
        """Lock a key for a job in place of the lock that was seen (None: none); False when another has it by now.

        The same job twice is no error: the reply to the first time was lost.
        """

    def record(self, job_id: str, attempt: Attempt) -> None:
        """Keep what is known of an attempt; the same attempt again overwrites it.

        Except for `lost`, which only says that nothing is known: what the attempt itself had put on record stays. What
        an attempt of an expired job with the same id has left there does not.
        """

    def keep_act(self, job_id: str, act: Act) -> None:
        """Keep what an operator did, before another act takes its place on the job; the same act again is no error."""

    def keep_payload(self, job_id: str, gen: int, payload: JSON) -> None:
        """Keep the payload of a run, before the next one gets another; as long as a new job's."""

    def payload_of(self, job_id: str, gen: int) -> JSON:
        """Return the payload of a run after which it was changed; None when none is kept (any more), or no job is."""

    def page(self, which: Filter, limit: int, position: str | None = None, offset: int = 0) -> Page:
        """Return some jobs that match, newest first, in a number of requests that does not grow with that of jobs.

        Those of one parent come in the order of their keys, strongly consistent, and take no offset.

        At most 8; for unfinished jobs at most 11 if the type is given (15 for retrying ones), else 4 more a type.
        `limit` is 1 to 100. They begin at the position, or behind the first `offset` jobs; where the index does not
        tell who matches, an offset takes a request more for each hundred jobs it passes. Payloads and results that are
        kept apart are None: `get` has them. Raises InvalidPosition when finding the offset would mean to read a large
        part of the table.
        """

    def sharing(self, job_type: str) -> Sharing:
        """Return whose jobs of a type are at work: queued, running, or between attempts and not parked. May be stale.

        It looks at up to SHARE_LOOKS of them, those due first and last: at most two requests a partition.
        """

    def overdue(self, search: Search, now: float, limit: int) -> Sequence[Overdue]:
        """Return unfinished jobs whose `due_at` is before `now`, those first due first, up to `limit`. May be stale."""

    def get_many(self, ids: Sequence[str]) -> Sequence[Job]:
        """Return up to 100 jobs as they stand, strongly consistent, in one request as a rule.

        A payload or result that is kept apart is None. Jobs that are gone, or that the store left unread, are missing.
        """
