"""Describe the `ctx` object of a job function. Pure: the worker implements it."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self, overload
from uuid import UUID

from chalicelib.job_types.retry import Backoff, Delays
from chalicelib.jobs.job import Job
from chalicelib.jobs.port import JobStore
from chalicelib.jobs.priority import PriorityName

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger


class NamedType(Protocol):
    """A job type, as `@job` returns it; this module cannot import it, because it refers to `JobContext`."""

    @property
    def name(self) -> str:
        """Return its name."""


class Batch(Protocol):
    """A batch that a job function makes: `with ctx.batch(…) as batch:`. It is closed at the end of the block."""

    @property
    def id(self) -> str:
        """Return the batch's id."""

    def __enter__(self) -> Self:
        """Create the batch, or find the one of an earlier attempt."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the batch with the number of its members, unless an error was raised."""

    def add(self, type: str | NamedType, payload: Any, *, key: str | None = None, **asked: Any) -> str:
        """Add a job of a type in `enqueues=`; return its id. `key` names it within the batch.

        Without a key, two equal jobs are one member. The other arguments are those of `enqueue`, except `debounce`.
        Raises BatchConflict if an earlier attempt has closed the batch without this member.
        """

    def add_many(
        self, type: str | NamedType, payloads: Iterable[Any], *, keys: Iterable[str] | None = None, **asked: Any
    ) -> list[str]:
        """Add a job for each payload, many at a time; return their ids, in the same order. See `enqueue_many`."""


class AsyncBatch(Protocol):
    """A batch that an `async def` job function makes: `async with ctx.batch(…) as batch:`."""

    @property
    def id(self) -> str:
        """Return the batch's id."""

    async def __aenter__(self) -> Self:
        """Create the batch, or find the one of an earlier attempt."""

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the batch with the number of its members, unless an error was raised."""

    async def add(self, type: str | NamedType, payload: Any, *, key: str | None = None, **asked: Any) -> str:
        """Add a job of a type in `enqueues=`; return its id. See Batch."""

    async def add_many(
        self, type: str | NamedType, payloads: Iterable[Any], *, keys: Iterable[str] | None = None, **asked: Any
    ) -> list[str]:
        """Add a job for each payload, many at a time; return their ids, in the same order."""


class AttemptContext(Protocol):
    """Offer what plain and `async def` job functions call in the same way: ids, time left, secrets and a logger."""

    @property
    def job(self) -> Job:
        """Return the job, as it was at the start of the attempt."""

    @property
    def store(self) -> JobStore:
        """Return the store of all jobs, to read them."""

    @property
    def clock(self) -> Callable[[], float]:
        """Return the clock: seconds since the epoch."""

    @property
    def job_id(self) -> str:
        """Return the job's id."""

    @property
    def attempt(self) -> int:
        """Return the number of this attempt; the first is 1."""

    @property
    def idempotency_key(self) -> str:
        """Return the key to pass to external services: the same in all attempts of a run, new after a manual retry."""

    @property
    def logger(self) -> "Logger":
        """Return a logger whose lines contain the job's keys."""

    @property
    def version(self) -> str:
        """Return the version of this run, which `Changes(version=…)` declared at the run's first attempt."""

    def secret(self, name: str) -> str:
        """Return a secret that the type declares in `AwsAccess(secrets=…)`, at most five minutes old.

        In logs, results, errors and stack traces, the secret's name replaces its value. Raises ConfigurationError for a
        name that is not declared, and SecretUnavailable if the secret cannot be read; the attempt is then not charged.
        """

    def scope(self, prefix: str) -> AbstractContextManager[None]:
        """Put a prefix before the names of steps and events within a `with` block."""

    def remaining_seconds(self) -> float:
        """Return the seconds until this attempt is killed."""


class JobContext(AttemptContext, Protocol):
    """One attempt: ids, time left, progress, cancellation, secrets, a logger, and making other jobs."""

    def enqueue(
        self,
        type: str | NamedType,
        payload: Any,
        *,
        key: str,
        delay: float | timedelta | None = None,
        run_at: datetime | None = None,
        tags: Iterable[str] = (),
        debounce: tuple[str, float | timedelta] | None = None,
        expires: float | timedelta | None = None,
        on_end: str | NamedType | None = None,
        notify: Iterable[str] = (),
        priority: PriorityName = "normal",
    ) -> str:
        """Make a job of a type in `enqueues=` (its name, or the imported type), and return its id.

        The new job is due in `delay` seconds, or at `run_at`, or given by `debounce` (a key and seconds): a job that
        still waits under that key is replaced, and runs that many seconds after the last call with the key. `expires`:
        a job that has not begun this many seconds after its time is cancelled. `on_end`: a type in `enqueues=`; a job
        of it is made when the new job has ended. `key` names the job's purpose: within one run of this job, the same
        type and key never make a second job, and the first job stays unchanged. `notify`: names of webhooks that get
        the end of the new job. `priority` orders the jobs that wait for a limit, and `high` passes the backlog of a
        type with `urgent=True`; it has no effect for other types. Raises ConfigurationError, InvalidPayload,
        InvalidRequest.
        """

    def enqueue_many(
        self,
        type: str | NamedType,
        payloads: Iterable[Any],
        *,
        keys: Iterable[str] | None = None,
        delay: float | timedelta | None = None,
        run_at: datetime | None = None,
        tags: Iterable[str] = (),
        expires: float | timedelta | None = None,
        on_end: str | NamedType | None = None,
        notify: Iterable[str] = (),
        priority: PriorityName = "normal",
    ) -> list[str]:
        """Make a job of a type in `enqueues=` for each payload, many at a time; return their ids, in the same order.

        `keys` are as `key` of `enqueue`, one for each payload (up to 10,000). Without them, each key is made from the
        payload, and equal payloads are numbered: then the payloads must be the same in each attempt. The other
        arguments apply to each job. All jobs are checked before the first is made: ConfigurationError, InvalidPayload
        and InvalidRequest mean that none was made. If a part of them could not be stored, StoreUnavailable is raised,
        the attempt is not charged, and the next attempt makes the others.
        """

    def batch(
        self,
        *,
        then: str | NamedType | None = None,
        on_failure: str | NamedType | None = None,
        key: str | None = None,
        tags: Iterable[str] = (),
        notify: Iterable[str] = (),
    ) -> Batch:
        """Return a batch for `with`: when all of its members have ended, a job of the type `then` is made.

        `on_failure` is the type of the job that is made when the first member has failed. Both take a BatchEnd, and
        are in `enqueues=`. `notify`: names of webhooks that get the end of each round. Each attempt of a run gets the
        same batch; a function that makes several gives each a `key`.
        """

    def step(
        self,
        name: str,
        function: Callable[..., Any],
        *args: Any,
        within: float | None = None,
        tries: int | None = None,
        retry: Backoff | Delays | None = None,
    ) -> Any:
        """Run `function(*args)` once in a run, and return its value as JSON; a later attempt gets the kept value.

        If the function raises, no value is kept. Use each name only once in a run. If less than `within` seconds of the
        invocation are left (default: 10, or 1.5 times the longest step so far), the job continues in the next
        invocation. With `tries` or `retry`, a failed step is tried again without using up an attempt of the job: at
        most `tries` tries (default: 3, or the number of waits in `Delays` plus one), with the waits of `retry` between
        them. Raises StepFailed after the last try.
        """

    def sleep(self, seconds: float, name: str | None = None) -> None:
        """Wait for up to 90 days without a worker. The function is then called again, and `sleep` returns at once."""

    def wait_for(self, name: str, timeout: float = 604_800) -> Any:
        """Wait without a worker for an event that is posted to this job, and return its data.

        Raises EventTimedOut if the event does not come within `timeout` seconds (default: 7 days, at most 90).
        """

    def call(
        self,
        type: str | NamedType,
        payload: Any,
        *,
        name: str | None = None,
        tags: Iterable[str] = (),
        expires: float | timedelta | None = None,
        priority: PriorityName = "normal",
    ) -> Any:
        """Make a job of a type in `calls=`, wait without a worker until it has ended, and return its result as JSON.

        Raises CallFailed if it did not complete: with its id, its status and its error. `name` is the name of the call,
        by default the name of the type: use each name only once in a run. A later attempt gets the kept result.
        `priority`: see `enqueue`.
        """

    @overload
    def gather(
        self,
        type: str | NamedType,
        payloads: Iterable[Any],
        *,
        name: str | None = None,
        tags: Iterable[str] = (),
        expires: float | timedelta | None = None,
        priority: PriorityName = "normal",
    ) -> list[Any]: ...

    @overload
    def gather(
        self,
        type: Iterable[tuple[str | NamedType, Any]],
        *,
        name: str,
        tags: Iterable[str] = (),
        expires: float | timedelta | None = None,
        priority: PriorityName = "normal",
    ) -> list[Any]: ...

    def gather(
        self,
        type: str | NamedType | Iterable[tuple[str | NamedType, Any]],
        payloads: Iterable[Any] | None = None,
        *,
        name: str | None = None,
        tags: Iterable[str] = (),
        expires: float | timedelta | None = None,
        priority: PriorityName = "normal",
    ) -> list[Any]:
        """Make a job for each payload, wait until all have ended, and return their results in the same order.

        Instead of a type and payloads, pairs of a type and a payload can be given: then the call needs a `name`. Raises
        CallFailed for the first one that did not complete, when all have ended. See `call`.
        """

    def now(self) -> datetime:
        """Return the time of this call; in later attempts of the run, return the same time again."""

    def uuid(self) -> UUID:
        """Return a random UUID, the same in later attempts of a run."""

    def progress(self, percent: float, note: str | None = None) -> None:
        """Report the progress (0-100).

        A report is written at most every 5 seconds; the last one is written when the attempt ends.

        Raises LeaseLost if another worker took over, JobCancelled if the job was asked to stop.
        """

    def check_cancelled(self) -> None:
        """Raise JobCancelled if the job was asked to stop, and LeaseLost if another worker has taken over."""


class AsyncJobContext(AttemptContext, Protocol):
    """One attempt, for an `async def` job function: what makes a request is awaited. See JobContext for each method."""

    async def enqueue(
        self,
        type: str | NamedType,
        payload: Any,
        *,
        key: str,
        delay: float | timedelta | None = None,
        run_at: datetime | None = None,
        tags: Iterable[str] = (),
        debounce: tuple[str, float | timedelta] | None = None,
        expires: float | timedelta | None = None,
        on_end: str | NamedType | None = None,
        notify: Iterable[str] = (),
        priority: PriorityName = "normal",
    ) -> str:
        """Make a job of a type in `enqueues=`, and return its id."""

    async def enqueue_many(
        self,
        type: str | NamedType,
        payloads: Iterable[Any],
        *,
        keys: Iterable[str] | None = None,
        delay: float | timedelta | None = None,
        run_at: datetime | None = None,
        tags: Iterable[str] = (),
        expires: float | timedelta | None = None,
        on_end: str | NamedType | None = None,
        notify: Iterable[str] = (),
        priority: PriorityName = "normal",
    ) -> list[str]:
        """Make a job of a type in `enqueues=` for each payload, many at a time; return their ids, in the same order."""

    def batch(
        self,
        *,
        then: str | NamedType | None = None,
        on_failure: str | NamedType | None = None,
        key: str | None = None,
        tags: Iterable[str] = (),
        notify: Iterable[str] = (),
    ) -> AsyncBatch:
        """Return a batch for `async with`: when all of its members have ended, a job of the type `then` is made.

        `on_failure` is the type of the job that is made when the first member has failed. Both take a BatchEnd, and
        are in `enqueues=`. `notify`: names of webhooks that get the end of each round. Each attempt of a run gets the
        same batch; a function that makes several gives each a `key`.
        """

    async def step(
        self,
        name: str,
        function: Callable[..., Any],
        *args: Any,
        within: float | None = None,
        tries: int | None = None,
        retry: Backoff | Delays | None = None,
    ) -> Any:
        """Run `function(*args)` once in a run, and return its value as JSON. An `async def` function is awaited.

        Steps in `asyncio.gather` run at the same time. A step that has begun is finished and kept, even if another step
        fails.
        """

    async def sleep(self, seconds: float, name: str | None = None) -> None:
        """Wait for up to 90 days without a worker. Raises ConfigurationError in a task, such as of `asyncio.gather`."""

    async def wait_for(self, name: str, timeout: float = 604_800) -> Any:
        """Wait without a worker for an event posted to this job, and return its data. Not allowed in a task."""

    async def call(
        self,
        type: str | NamedType,
        payload: Any,
        *,
        name: str | None = None,
        tags: Iterable[str] = (),
        expires: float | timedelta | None = None,
        priority: PriorityName = "normal",
    ) -> Any:
        """Make a job of a type in `calls=`, wait until it has ended, and return its result. Not allowed in a task."""

    @overload
    async def gather(
        self,
        type: str | NamedType,
        payloads: Iterable[Any],
        *,
        name: str | None = None,
        tags: Iterable[str] = (),
        expires: float | timedelta | None = None,
        priority: PriorityName = "normal",
    ) -> list[Any]: ...

    @overload
    async def gather(
        self,
        type: Iterable[tuple[str | NamedType, Any]],
        *,
        name: str,
        tags: Iterable[str] = (),
        expires: float | timedelta | None = None,
        priority: PriorityName = "normal",
    ) -> list[Any]: ...

    async def gather(
        self,
        type: str | NamedType | Iterable[tuple[str | NamedType, Any]],
        payloads: Iterable[Any] | None = None,
        *,
        name: str | None = None,
        tags: Iterable[str] = (),
        expires: float | timedelta | None = None,
        priority: PriorityName = "normal",
    ) -> list[Any]:
        """Make a job for each payload, and return their results when all have ended. Not allowed in a task.

        See JobContext.
        """

    async def now(self) -> datetime:
        """Return the time of this call; in later attempts of the run, return the same time again."""

    async def uuid(self) -> UUID:
        """Return a random UUID, the same in later attempts of a run."""

    async def progress(self, percent: float, note: str | None = None) -> None:
        """Report the progress (0-100); raises JobCancelled if the job was asked to stop."""

    async def check_cancelled(self) -> None:
        """Raise JobCancelled if the job was asked to stop, and LeaseLost if another worker has taken over."""
