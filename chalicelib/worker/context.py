"""Give a job function its ids, its time, progress, cancellation and a logger, in addition to its payload."""

import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, cast
from uuid import UUID

from aws_lambda_powertools import Logger

from chalicelib.errors import (
    ConfigurationError,
    FieldError,
    InvalidRequest,
    JobCancelled,
    JobNotFound,
    LeaseLost,
    MoveRefused,
    StoreUnavailable,
)
from chalicelib.job_types import jobtype
from chalicelib.job_types.changes import Changes
from chalicelib.job_types.context import NamedType
from chalicelib.job_types.moved import refuse_job_type
from chalicelib.job_types.retry import EVERY, ByClass, Chance, Curve, no_jitter
from chalicelib.jobs import transitions
from chalicelib.jobs.constants import LONGEST_NOTE
from chalicelib.jobs.job import Job
from chalicelib.jobs.port import JobStore
from chalicelib.jobs.priority import PriorityName
from chalicelib.jobs.run_identity import run_name
from chalicelib.jobs.texts.errors import cut
from chalicelib.limits.places import Limit
from chalicelib.telemetry import events
from chalicelib.telemetry.logger import function_logger
from chalicelib.telemetry.redaction import clean
from chalicelib.worker.constants import PROGRESS_EVERY, USUAL_TIMEOUT
from chalicelib.worker.declared_secrets import DeclaredSecrets
from chalicelib.worker.enqueue import Enqueuing
from chalicelib.worker.persist import Persistence
from chalicelib.worker.steps import Steps

if TYPE_CHECKING:
    from chalicelib.worker.members import MembersOfJob

PAIR = 2


class LambdaContext(Protocol):
    """The part of Lambda's context object that workers use."""

    @property
    def aws_request_id(self) -> str:
        """Return the invocation's id."""

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until the invocation is killed."""


@dataclass
class WorkerContext:
    """The JobContext of an attempt, which reads and writes the job in its store.

    `pause` waits on the event loop of an `async def` function; None means `asyncio.sleep`, because importing asyncio is
    slow.
    """

    job: Job
    store: JobStore
    remaining: Callable[[], float]
    clock: Callable[[], float] = time.time
    secrets: DeclaredSecrets = field(default_factory=DeclaredSecrets, repr=False)
    enqueuing: Enqueuing = field(default_factory=Enqueuing, repr=False)
    serial: bool = False
    persistence: Persistence = field(default_factory=Persistence, repr=False)
    by_class: ByClass = EVERY
    changes: Changes = field(default_factory=Changes, repr=False)
    chance: Chance = field(default=no_jitter, repr=False)
    pause: Callable[[float], Awaitable[None]] | None = field(default=None, repr=False)
    limits: tuple[Limit, ...] | None = field(default=None, repr=False)
    """The limits of the job, as soon as its payload is read."""
    _batches: Counter[str] = field(default_factory=Counter, repr=False)
    """Number of batches made without a key: outside of steps, and in each step."""
    _reported_at: float = field(default=float("-inf"), repr=False)
    _unsent: tuple[float, str | None] | None = field(default=None, repr=False)
    _last: tuple[float, str | None] | None = field(default=None, repr=False)

    @property
    def job_id(self) -> str:
        """See JobContext."""
        return self.job.id

    @property
    def attempt(self) -> int:
        """See JobContext."""
        return self.job.attempts

    @property
    def idempotency_key(self) -> str:
        """See JobContext."""
        return run_name(self.job)

    @property
    def logger(self) -> Logger:
        """See JobContext."""
        return function_logger()

    def secret(self, name: str) -> str:
        """See JobContext."""
        return self.secrets.read(name)

    @refuse_job_type
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
        """See JobContext."""
        return self.make(
            type, payload, key=key, delay=delay, run_at=run_at, tags=tags, debounce=debounce, expires=expires,
            on_end=on_end, notify=notify, priority=priority,
        ).id  # fmt: skip

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
        """See JobContext."""
        made = self.enqueuing.make_many(
            self.job, type, payloads, keys=keys, delay=delay, run_at=run_at, tags=tags, expires=expires, on_end=on_end,
            notify=notify, priority=priority, kept_at=self.steps.followed_at,
        )  # fmt: skip
        return list(made)

    def batch(
        self,
        *,
        then: str | NamedType | None = None,
        on_failure: str | NamedType | None = None,
        key: str | None = None,
        tags: Iterable[str] = (),
        notify: Iterable[str] = (),
    ) -> "MembersOfJob":
        """See JobContext."""
        from chalicelib.worker.members import MembersOfJob

        for given, values in (("tags", tags), ("notify", notify)):
            if isinstance(values, str):
                where = [FieldError((given,), f"is a list: [{values!r}]")]
                raise InvalidRequest("The batch cannot be created.", where)
        step = self.steps.running
        self._batches[step] += key is None
        name = key or f"{self._batches[step]} {step}"  # with a space, so it is never equal to a key
        return MembersOfJob(
            self.enqueuing, self.job, name, _named(then), _named(on_failure), key, tuple(dict.fromkeys(tags)),
            tuple(dict.fromkeys(notify)), self.steps.followed_at,
        )  # fmt: skip

    def make(self, type: str | NamedType, payload: Any, **asked: Any) -> Job:
        """Make a job of this attempt, and return it; see Enqueuing."""
        return self.enqueuing.make(
            self.job, type, payload, step=self.steps.running, kept_at=self.steps.followed_at, **asked
        )

    @cached_property
    def steps(self) -> Steps:
        """Return the object that runs the steps; it reads nothing before the first step."""
        return Steps(
            self.job, self.store, self.clock, self.remaining, self._current, self.serial,
            self.persistence, self.by_class, self.changes, self.chance,
        )  # fmt: skip

    @property
    def version(self) -> str:
        """See JobContext."""
        return self.steps.version

    def step(
        self,
        name: str,
        function: Callable[..., Any],
        *args: Any,
        within: float | None = None,
        tries: int | None = None,
        retry: Curve | None = None,
    ) -> Any:
        """See JobContext."""
        return self.steps.step(name, function, *args, within=within, tries=tries, retry=retry)

    def sleep(self, seconds: float, name: str | None = None) -> None:
        """See JobContext."""
        self.steps.sleep(seconds, name)

    def wait_for(self, name: str, timeout: float = USUAL_TIMEOUT) -> Any:
        """See JobContext."""
        return self.steps.wait_for(name, timeout)

    def now(self) -> datetime:
        """See JobContext."""
        return self.steps.now()

    def uuid(self) -> UUID:
        """See JobContext."""
        return self.steps.uuid()

    def scope(self, prefix: str) -> AbstractContextManager[None]:
        """See JobContext."""
        return self.steps.scope(prefix)

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
        """See JobContext."""
        return self.gather(type, [payload], name=name, tags=tags, expires=expires, priority=priority)[0]

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
        """See JobContext."""
        called, wanted = calls_of(type, payloads, name)
        for one in called:
            self._check_called(one)

        def make(keys: Sequence[str]) -> Sequence[str]:
            if not wanted:
                return []
            return self.enqueuing.make_many(
                self.job, called[0], [body for _, body in wanted], keys=keys, tags=tags, expires=expires,
                priority=priority, types=[one for one, _ in wanted],
            )  # fmt: skip

        return self.steps.called(name or called[0], called, wanted, make, self.enqueuing.threads)

    def _check_called(self, called: str) -> None:
        if called not in self.enqueuing.calls:
            known = ", ".join(self.enqueuing.calls) or "none"
            raise ConfigurationError(f"{called} is not in calls= of {self.job.type}; declared: {known}")
        if jobtype.declared(called).unique is not None:
            raise ConfigurationError(f"{called} cannot be called: its jobs are unique, so an earlier job may answer.")

    def remaining_seconds(self) -> float:
        """See JobContext."""
        return self.remaining()

    def progress(self, percent: float, note: str | None = None) -> None:
        """See JobContext."""
        if note is not None and not isinstance(note, str):
            raise TypeError(f"note is a text, not {note!r}.")
        try:
            share = min(100.0, max(0.0, float(percent)))
        except (TypeError, ValueError):
            raise TypeError(f"percent is a number from 0 to 100, not {percent!r}.") from None
        if self.steps.replaying:  # the function reported this before
            self._obey(lambda: False)
            return
        now = self.clock()
        self._unsent = self._last = (share, note and clean(note))
        if now - self._reported_at < PROGRESS_EVERY:
            self._obey(lambda: False)
            return
        self._reported_at = now
        try:
            current = self._report()
        except MoveRefused as refused:
            raise self._lost() from refused
        except Exception as error:
            raise StoreUnavailable(f"The progress cannot be written: {type(error).__name__}") from error
        self._obey(lambda: current.cancel_requested)

    def with_progress(self) -> Job:
        """Return the job with its last reported progress, for the record of this attempt."""
        if self._last is None:
            return self.job
        percent, note = self._last
        return replace(self.job, progress=round(percent, 1), progress_note=note and cut(note, LONGEST_NOTE))

    def flush_progress(self) -> None:
        """Write the last progress if it is not written yet; an error must not fail the attempt."""
        if self._unsent is None:
            return
        try:
            self._report()
        except MoveRefused:
            return  # another worker took over: settling reports that
        except Exception as error:
            events.store_failed(self.job, error)

    def _report(self) -> Job:
        percent, note = self._unsent or (0.0, None)
        current = self.store.apply(
            self.job.id, transitions.report(self.job, now=self.clock(), percent=percent, note=note)
        )
        self._unsent = None
        return current

    def check_cancelled(self) -> None:
        """Raise JobCancelled if the job was asked to stop, and LeaseLost if another worker has taken over."""
        self._obey(lambda: self._current().cancel_requested)

    def _current(self) -> Job:
        try:
            current = self.store.get_without_bodies(self.job.id)
        except JobNotFound:
            raise
        except Exception as error:
            raise StoreUnavailable(f"The job cannot be read: {type(error).__name__}") from error
        if current.token != self.job.token or current.terminal:
            raise self._lost()
        return current

    def _lost(self) -> LeaseLost:
        self.steps.lost = LeaseLost(f"Attempt {self.attempt} of {self.job_id} lost its lease.")
        return self.steps.lost

    def _obey(self, asked: Callable[[], bool]) -> None:
        if self.steps.must_stop(asked):
            raise JobCancelled(f"Job {self.job_id} was asked to stop.")


def _named(kind: str | NamedType | None) -> str | None:
    return kind if kind is None or isinstance(kind, str) else kind.name


def calls_of(
    type: str | NamedType | Iterable[tuple[str | NamedType, Any]], payloads: Iterable[Any] | None, name: str | None
) -> tuple[list[str], list[tuple[str, Any]]]:
    """Return the called types, and the type and the payload of each called job. Raises ConfigurationError."""
    if payloads is not None:
        one = _named(type if isinstance(type, str) else cast("NamedType", type)) or ""
        return [one], [(one, payload) for payload in payloads]
    if isinstance(type, str) or not isinstance(type, Iterable):
        raise ConfigurationError(
            'ctx.gather takes a type and payloads, or pairs: ctx.gather([("a.b", {…})], name="c").'
        )
    if name is None:
        raise ConfigurationError('Give a call of several types a name: ctx.gather([…], name="parts").')
    wanted = list[tuple[str, Any]]()
    for number, pair in enumerate(type, 1):
        if not isinstance(pair, tuple) or len(pair) != PAIR:
            raise ConfigurationError(f"Number {number} of the calls is not a pair of a type and a payload.")
        wanted.append((_named(pair[0]) or "", pair[1]))
    return sorted({one for one, _ in wanted}), wanted
