"""Describe the `ctx` object of a job function. Pure: the worker implements it."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from chalicelib.job_types.retry import Backoff, Delays
from chalicelib.jobs.job import Job
from chalicelib.jobs.port import JobStore

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger


class NamedType(Protocol):
    """A job type, as `@job` returns it; this module cannot import it, because it refers to `JobContext`."""

    @property
    def name(self) -> str:
        """Return its name."""


class JobContext(Protocol):
    """One attempt: ids, time left, progress, cancellation, secrets, a logger, and making other jobs."""

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

    def secret(self, name: str) -> str:
        """Return a secret that the type declares in `AwsAccess(secrets=…)`, at most five minutes old.

        In logs, results, errors and stack traces, the secret's name replaces its value. Raises ConfigurationError for a
        name that is not declared, and SecretUnavailable if the secret cannot be read; the attempt is then not charged.
        """

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
    ) -> str:
        """Make a job of a type in `enqueues=` (its name, or the imported type), and return its id.

        The new job is due in `delay` seconds, or at `run_at`, or given by `debounce` (a key and seconds): a job that
        still waits under that key is replaced, and runs that many seconds after the last call with the key. `expires`:
        a job that has not begun this many seconds after its time is cancelled. `on_end`: a type in `enqueues=`; a job
        of it is made when the new job has ended. `key` names the job's purpose: within one run of this job, the same
        type and key never make a second job, and the first job stays unchanged. Raises ConfigurationError,
        InvalidPayload, InvalidRequest.
        """

    @property
    def version(self) -> str:
        """Return the version of this run, which `Changes(version=…)` declared at the run's first attempt."""

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

    def now(self) -> datetime:
        """Return the time of this call; in later attempts of the run, return the same time again."""

    def uuid(self) -> UUID:
        """Return a random UUID, the same in later attempts of a run."""

    def scope(self, prefix: str) -> AbstractContextManager[None]:
        """Put a prefix before the names of steps and events within a `with` block."""

    def remaining_seconds(self) -> float:
        """Return the seconds until this attempt is killed."""

    def progress(self, percent: float, note: str | None = None) -> None:
        """Report the progress (0-100).

        A report is written at most every 5 seconds; the last one is written when the attempt ends.

        Raises LeaseLost if another worker took over, JobCancelled if the job was asked to stop.
        """

    def check_cancelled(self) -> None:
        """Raise JobCancelled if the job was asked to stop, and LeaseLost if another worker has taken over."""


class AsyncJobContext(Protocol):
    """One attempt, for an `async def` job function: what makes a request is awaited. See JobContext for each method."""

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
        """Return a secret that the type declares in `AwsAccess(secrets=…)`, at most five minutes old."""

    def remaining_seconds(self) -> float:
        """Return the seconds until this attempt is killed."""

    def scope(self, prefix: str) -> AbstractContextManager[None]:
        """Put a prefix before the names of steps and events within a `with` block."""

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
    ) -> str:
        """Make a job of a type in `enqueues=`, and return its id."""

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

    async def now(self) -> datetime:
        """Return the time of this call; in later attempts of the run, return the same time again."""

    async def uuid(self) -> UUID:
        """Return a random UUID, the same in later attempts of a run."""

    async def progress(self, percent: float, note: str | None = None) -> None:
        """Report the progress (0-100); raises JobCancelled if the job was asked to stop."""

    async def check_cancelled(self) -> None:
        """Raise JobCancelled if the job was asked to stop, and LeaseLost if another worker has taken over."""
