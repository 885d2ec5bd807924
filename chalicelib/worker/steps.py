"""Run the steps of a job function: a kept step is not run again, and a wait ends the invocation."""

import base64
import hashlib
import json
import math
import uuid
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from inspect import iscoroutine
from typing import Any, NamedTuple, NoReturn, Protocol, TypeVar, cast

from pydantic import BaseModel

from chalicelib.errors import (
    CallFailed,
    ConfigurationError,
    EventTimedOut,
    JobCancelled,
    JobFlowError,
    JobNotFound,
    LeaseLost,
    PayloadUnreadable,
    PermanentError,
    ResultRemoved,
    Retry,
    RowNotSigned,
    StepChanged,
    StepFailed,
    StoreUnavailable,
    Suspended,
    VersionRemoved,
    number_of,
)
from chalicelib.job_types.changes import Changes
from chalicelib.job_types.constants import MAX_ATTEMPTS_CAP
from chalicelib.job_types.lineage import Lineage
from chalicelib.job_types.retry import (
    DECIDED,
    EVERY,
    STANDARD,
    Backoff,
    ByClass,
    Chance,
    Curve,
    Delays,
    asked,
    no_jitter,
)
from chalicelib.jobs import step as kinds
from chalicelib.jobs.constants import LONGEST_RUN, MOST_READ
from chalicelib.jobs.job import JSON, Job, Status
from chalicelib.jobs.listing import iso
from chalicelib.jobs.port import JobStore
from chalicelib.jobs.run_identity import run_name
from chalicelib.jobs.step import NAMES, Step, is_name
from chalicelib.jobs.texts.errors import cut, message_of
from chalicelib.side_by_side import side_by_side
from chalicelib.telemetry.platform_lines import short_id
from chalicelib.telemetry.redaction import clean, json_without_secrets, without_secrets
from chalicelib.worker.constants import (
    FIRST_LOOK,
    INPUT_BYTES,
    LARGEST_BODY,
    LEAST_FOR_A_STEP,
    LONGER_THAN_BEFORE,
    LONGEST_LOOK,
    LONGEST_PAUSE,
    LONGEST_TRY_ERROR,
    LONGEST_TYPES,
    MOST_STEPS,
    TURNS_OF_A_STEP,
    USUAL_TIMEOUT,
)
from chalicelib.worker.persist import Persistence
from chalicelib.worker.result import as_json, length

T = TypeVar("T")
PLACES = (kinds.STEP, kinds.SLEEP, kinds.WAIT, kinds.CALL)
STAND_ALONE = (PermanentError, Retry)
"""Errors whose class decides what follows, and which still count as a failed try of a step."""


@dataclass(frozen=True, slots=True)
class Suspension:
    """Describe what a function waits for, and until when at the latest (epoch seconds)."""

    waits: str
    until: float


class Tries(NamedTuple):
    """Define how often a step is tried in a run, and the waits between its tries."""

    most: int
    curve: Curve


class Calling(Protocol):
    """Define how a step calls its function and waits between two tries: directly, or on the attempt's event loop."""

    async def call(self, function: Callable[..., Any], args: Sequence[Any]) -> Any:
        """Return the value of the function."""

    async def pause(self, seconds: float) -> None:
        """Wait within the invocation."""

    async def let_others_go_on(self) -> bool:
        """Let the other tasks of the function continue; return whether there can be any."""


@dataclass(frozen=True)
class AtOnce:
    """Call the functions of steps in a plain job function."""

    sleep: Callable[[float], None]

    async def call(self, function: Callable[..., Any], args: Sequence[Any]) -> Any:
        """See Calling; raises ConfigurationError for an `async def` function."""
        value = function(*args)
        if iscoroutine(value):
            value.close()
            raise ConfigurationError(
                f"{_name_of(function) or 'The function of a step'} is an `async def` function: a plain job function "
                "cannot await it. Make the job function `async def`, too."
            )
        return value

    async def pause(self, seconds: float) -> None:
        """See Calling."""
        self.sleep(seconds)

    async def let_others_go_on(self) -> bool:
        """See Calling."""
        return False


class _Used(NamedTuple):
    """A key that this attempt has used: the steps around it, and the group that numbers a key without a name."""

    within: tuple[str, ...]
    group: str | None


_within: ContextVar[tuple[str, ...]] = ContextVar("steps", default=())
"""The full names of the steps whose functions run now, the outermost first."""
_scopes: ContextVar[tuple[str, ...]] = ContextVar("scopes", default=())


@dataclass
class Steps:
    """The steps of one attempt. `clock` returns seconds since the epoch, `left` the seconds until the invocation ends.

    `check` raises LeaseLost if another worker has taken over. `serial`: jobs with the same key run one at a time, so
    the function cannot wait. `by_class` and `changes` are settings of the type: which errors are retried, and the
    versions of its code. Unless `read` or `begin` must, nothing is read before the function uses a step.
    """

    job: Job
    store: JobStore
    clock: Callable[[], float]
    left: Callable[[], float]
    check: Callable[[], object]
    serial: bool = False
    persistence: Persistence = field(default_factory=Persistence, repr=False)
    by_class: ByClass = EVERY
    changes: Changes = field(default_factory=Changes)
    chance: Chance = no_jitter
    suspension: Suspension | None = None
    progressed: bool = False
    """True if this attempt has kept anything."""
    worked: bool = False
    """True if the function of a step has returned in this attempt."""
    failing: dict[str, StepFailed] = field(default_factory=dict, repr=False)
    """The steps whose last try has failed in this attempt, and which are to be tried again, by key."""
    unavailable: StoreUnavailable | PayloadUnreadable | RowNotSigned | None = None
    """Set if a step could not be read or stored: what the function returns or raises after that is not its own."""
    lost: LeaseLost | None = None
    """Set if another worker has taken over: the function must not continue."""
    refused: StepChanged | VersionRemoved | None = None
    """Set if the code does not fit the kept steps: the function must not continue."""
    closing: bool = False
    """True if the function has ended: a step that still runs must not suspend a job that does not wait."""
    _known: dict[str, Step] | None = field(default=None, repr=False)
    _used: dict[str, _Used] = field(default_factory=dict, repr=False)
    _at: str = field(default="", repr=False)
    """The key of the last step or wait that the function has come to in this attempt; empty before the first."""
    on_stop: Callable[[], object] = field(default=lambda: None, repr=False)
    """Called when JobCancelled is raised at the place of the stop."""
    _unnamed: Counter[str] = field(default_factory=Counter, repr=False)
    _longest: float | None = field(default=None, repr=False)
    _last: str | None = field(default=None, repr=False)
    _live: bool = field(default=False, repr=False)
    _failed: dict[str, None] = field(default_factory=dict, repr=False)
    """The keys of the steps whose error the function got in this attempt, in their order."""
    _stop: Step | None = field(default=None, repr=False)
    _before: str | None = field(default=None, repr=False)
    """The last step or wait of the function itself that was kept before the stop."""
    _asked_to_stop: bool = field(default=False, repr=False)
    """True if the job was asked to stop during this attempt, before the function had reached the kept steps."""
    _stopped: bool = field(default=False, repr=False)
    _begun_before: frozenset[str] = field(default=frozenset(), repr=False)
    """The keys that were used before the stop, and are not kept: their steps must not run after the stop."""

    @property
    def kept(self) -> int:
        """Return the number of kept steps without events, as far as this attempt knows."""
        return self.job.kept if self._known is None else kinds.number_kept(self._known.values())

    @property
    def has_kept(self) -> bool:
        """Return whether the function has kept anything, as far as this attempt knows."""
        return self.job.kept > 0 if self._known is None else any(map(kinds.is_counted, self._known.values()))

    @property
    def running(self) -> str:
        """Return the full name of the step whose function runs now; empty outside of steps."""
        within = _within.get()
        return within[-1] if within else ""

    @property
    def replaying(self) -> bool:
        """Return whether what the function logs now was logged before; in doubt, it is logged again."""
        return not self._live and self.repeats

    @property
    def repeats(self) -> bool:
        """Return whether the function has not yet reached the last of the steps that were kept before."""
        if self._known is None:
            return self.job.kept > 0
        return self._last is not None and self._last not in self._used

    @property
    def followed_at(self) -> float | None:
        """Return when the kept step was kept that follows this place of the function (epoch seconds); None: none does.

        What the function does here without a step, it has done before that time.
        """
        if not self.repeats:
            return None
        known = self._load()
        reached = max((known[key].number or 0 for key in self._used if key in known), default=0)
        return min((step.at for step in self._own() if (step.number or 0) > reached), default=None)

    @property
    def version(self) -> str:
        """See JobContext."""
        return str(self._begun().value) if self.changes.versioned else self.changes.version

    def read(self) -> None:
        """Read the kept steps if `begin` needs them: this takes longer than a start at a rate may be late."""
        if self.changes.versioned or self.job.kept:
            self._load()

    def begin(self) -> None:
        """Keep the version of a run before its first step; raises VersionRemoved for a version that is not declared."""
        if self.changes.versioned:
            self._begun()
        elif self.job.kept:  # after a rollback to code that declares no version, a run may have a version
            self._load()

    def step(
        self, name: str, function: Callable[..., Any], *args: Any, within: float | None = None,
        tries: int | None = None, retry: Curve | None = None,
    ) -> JSON:  # fmt: skip
        """See JobContext."""
        doing = self.doing(name, function, args, AtOnce(self.persistence.sleep), within, tries, retry)
        return _finished(doing)

    def doing(
        self, name: str, function: Callable[..., Any], args: Sequence[Any], calling: Calling,
        within: float | None = None, tries: int | None = None, retry: Curve | None = None,
    ) -> Coroutine[Any, Any, JSON]:  # fmt: skip
        """Use the name of a step now, and return a coroutine that runs the step."""
        if not callable(function):
            raise ConfigurationError(
                f"A step takes a function, not {type(function).__name__}: write ctx.step({name!r}, function, argument)."
            )
        needed = number_of(within)
        if within is not None and needed is None:
            raise ConfigurationError(f"within of a step is a number of seconds, not {within!r}.")
        rule = self._tries(tries, retry)
        key = self._key(kinds.STEP, name)
        return self._step(key, function, args, calling, needed, rule)

    async def _step(
        self, key: str, function: Callable[..., Any], args: Sequence[Any], calling: Calling, within: float | None,
        rule: Tries | None,
    ) -> JSON:  # fmt: skip
        self._cancelled_at(key)
        name, given = _name_of(function), _digest(args, run_name(self.job))
        if (kept := self._kept(key)) is not None:
            self._same(kept, name, given)
            return kept.value
        await self._caught_up(calling)
        failures = [] if rule is None else self._failures(key)
        while True:
            if not failures or failures[-1].until is not None:  # else the failure is kept, as a value would be
                self._cancelled_at(key, asked=True)
            await self._after(key, failures, calling, within)
            self._make_room(within)
            if key in self._begun_before:
                raise self._cancelled()
            try:
                value, took = await self._run(key, function, args, calling)
            except Exception as error:
                if rule is None or (isinstance(error, DECIDED) and not isinstance(error, STAND_ALONE)):
                    self._failed[key] = None
                    raise
                failures.append(self._keep_failure(key, len(failures) + 1, error, rule))
                self.failing[key] = _failed(key, failures)
                if failures[-1].until is None:
                    raise self.failing.pop(key) from error
            else:
                self.worked = True
                self.failing.pop(key, None)
                return self._keep(Step(key, self._now(), value, took=took, function=name, input=given)).value

    def sleep(self, seconds: float, name: str | None = None) -> None:
        """See JobContext."""
        key = self._key(kinds.SLEEP, name)
        self._cancelled_at(key)
        kept = self._kept(key)
        if kept is None:
            kept = self._keep(Step(key, self._now(), until=self._until("seconds", seconds)))
        self._wait(key, kinds.TIME, kept.until or 0.0)

    def wait_for(self, name: str, timeout: float = USUAL_TIMEOUT) -> JSON:
        """See JobContext."""
        waiting, key = self._key(kinds.WAIT, name), self._key(kinds.EVENT, name)
        self._cancelled_at(waiting)
        wait = self._kept(waiting)
        if wait is None:
            wait = self._keep(Step(waiting, self._now(), until=self._until("timeout", timeout)))
        end = wait.until or 0.0
        event = self._kept(key)
        if event is None:
            self._wait(waiting, key, end)
            # Store that the event did not come. If the event was stored first, its row stays, and is returned here.
            event = self._keep(Step(key, self._now(), until=end))
        if event.timed_out:
            raise EventTimedOut(event.name, iso(end))
        return event.value

    def called(
        self, name: str, types: Sequence[str], wanted: Sequence[tuple[str, Any]],
        make: Callable[[Sequence[str]], Sequence[str]], threads: int = 1,
    ) -> list[JSON]:  # fmt: skip
        """Return the results of the jobs that `make` makes with these keys, when all of them have ended.

        `wanted` are the type and the payload of each job, and `types` are all types.

        The jobs are made only once in a run, before the first wait. A later invocation finds them by the row that says
        that they were made. Raises CallFailed for the first job that did not complete, and StepChanged if the type or
        the payloads have changed since the jobs were made.
        """
        if self.serial:
            raise ConfigurationError(
                f"{self.job.type} has serial_by=, so its jobs cannot wait for jobs that they call: the next job of the "
                "key would run. Make another job with ctx.enqueue, and call from there."
            )
        key = self._key(kinds.CALL, name)
        self._cancelled_at(key)
        run = run_name(self.job)
        payloads, job_type = [payload for _, payload in wanted], cut(", ".join(types), LONGEST_TYPES)
        given = _digest(payloads if len(types) == 1 else [*(one for one, _ in wanted), *payloads], run)
        if (kept := self._kept(key)) is not None:
            self._same(kept, job_type, given)
            return list(kept.value) if isinstance(kept.value, list) else []
        if failures := self._failures(key):
            raise _call_failed(failures[-1])
        self._cancelled_at(key, asked=True)
        full = key.removeprefix(kinds.CALL)
        # with the payload in its key, another payload never gets the result of an earlier one
        keys = [f"{kinds.CALL}{full}.{n}.{_digest([one], run)}" for n, one in enumerate(payloads, 1)]
        begun = self._begun_call(key)
        while True:
            if begun is None:
                self._make_call(make, keys)
                row = Step(kinds.begun_key(self.job.gen, key), self._now(), {"gen": self.job.gen})
                begun = self._keep(replace(row, function=job_type, input=given))
            self._same(begun, job_type, given)
            by = Lineage.of(replace(self.job, gen=_gen_of(begun, self.job.gen)))
            ids = [by.child_id(called, one) for (called, _), one in zip(wanted, keys, strict=True)]
            found = self._ended(key, ids, begun.at)
            failed = next((one for one in ids if not _has_result(found.get(one))), None)
            if failed is not None and _was_removed(found.get(failed)):
                break  # it has completed: this run must be told before a later run makes the call again
            if failed is None or _gen_of(begun, self.job.gen) == self.job.gen:
                break
            # The function of the earlier run was not told this failure: it was cancelled while it waited, perhaps with
            # the called jobs. As after a failure that it was told, this run makes the call again.
            begun = None
        if failed is not None:
            failure = Step(kinds.try_key(self.job.gen, 1, key), self._now(), _told(failed, found.get(failed)))
            raise _call_failed(self._keep(failure))
        results = self._results(ids, threads)
        self.worked = True
        took = round(max(0.0, self._now() - begun.at), 3)
        kept = self._keep(Step(key, self._now(), results, took=took, function=job_type, input=given))
        return list(cast("list[JSON]", kept.value))

    def _begun_call(self, key: str) -> Step | None:
        """Return the row that says that the jobs of a call were made: by this run, or by an earlier run that waited.

        A call that has failed in an earlier run is made again.
        """
        known = self._load()
        for gen in range(self.job.gen, 0, -1):
            if kinds.try_key(gen, 1, key) in known:
                return None
            if (begun := kinds.begun_key(gen, key)) in known:
                return self._whole(known, begun)
        return None

    def _make_call(self, make: Callable[[Sequence[str]], Sequence[str]], keys: Sequence[str]) -> None:
        try:
            make(keys)
        except StoreUnavailable as error:
            self.unavailable = error  # what the function does after that is not its own
            raise

    def _ended(self, key: str, ids: Sequence[str], begun: float) -> dict[str, Job]:
        """Return the called jobs, which have all ended; else suspend. A job that was deleted is left out."""
        found: dict[str, Job] = {}
        for start in range(0, len(ids), MOST_READ):
            some = ids[start : start + MOST_READ]
            found |= {job.id: job for job in self._asked(lambda some=some: self.store.get_many(some))}  # type: ignore[misc]
        for job in found.values():
            # the signature covers the payload, which is gone from a cleared row; its result is never used
            if job.parent != self.job.id or (job.cleared_at is None and not self.store.signed(job)):
                self.unavailable = RowNotSigned()
                raise self.unavailable
        left = [one for one in ids if (not found[one].terminal if one in found else self._exists(one))]
        if left:
            now = self._now()
            until = now + min(LONGEST_LOOK, max(FIRST_LOOK, now - begun))
            if until > self._first() + LONGEST_RUN:
                raise PermanentError(
                    f"Job {left[0]}, which was called, has not ended within 90 days after the first step of this run."
                )
            # A job can wait for one job at a time. If the jobs end in the order of the list, or in reverse order, a
            # wait for the one in the middle halves the number of those that are left.
            self._wait(key, f"{kinds.CHILD}{left[len(left) // 2]}", until)
        return found

    def _results(self, ids: Sequence[str], threads: int) -> list[JSON]:
        """Return the results, and stop reading if they are too large; raises PermanentError."""
        results: list[JSON] = []
        size = 0
        for start in range(0, len(ids), threads):
            some = ids[start : start + threads]
            read = self._asked(lambda some=some: side_by_side(self.store.result_of, some, threads))  # type: ignore[misc]
            results += read
            size += sum(length(json.dumps(one)) for one in read)
            if size > LARGEST_BODY:
                raise PermanentError(
                    f"The results of the called jobs have more than {LARGEST_BODY:,} characters together. Store them "
                    "in S3, and return their keys."
                )
        return cast("list[JSON]", as_json(results))

    def _exists(self, job_id: str) -> bool:
        """Return whether a job that was not read exists."""
        try:
            self._asked(lambda: self.store.get_without_bodies(job_id))
        except JobNotFound:
            return False
        return True

    def now(self) -> datetime:
        """See JobContext."""
        key = self._key(kinds.NOW, None)
        at = self._kept(key) or self._keep(Step(key, self._now()))
        return datetime.fromtimestamp(at.at, UTC)

    def uuid(self) -> uuid.UUID:
        """See JobContext."""
        key = self._key(kinds.UUID, None)
        kept = self._kept(key) or self._keep(Step(key, self._now(), str(uuid.uuid4())))
        return uuid.UUID(str(kept.value))

    @contextmanager
    def scope(self, prefix: str) -> Iterator[None]:
        """See JobContext."""
        token = _scopes.set((*_scopes.get(), prefix))
        try:
            yield
        finally:
            _scopes.reset(token)

    # ---- names

    def _key(self, kind: str, name: str | None) -> str:
        """Return the key of a step with this name (None: a number); raises for a name that is used twice."""
        if self.suspension is not None or self.closing:
            raise Suspended
        # raised again at each step, because the function may have caught it
        for ended in (self.lost, self.unavailable, self.refused):
            if ended is not None:
                raise ended
        scopes, within, group = _scopes.get(), _within.get(), None
        if name is None:
            # within a step, numbers begin at 1: its function does not run again, and must not shift later numbers
            group = kind + ".".join(within[-1:] or scopes)
            self._unnamed[group] += 1
            full = ".".join((*(within[-1:] or scopes), str(self._unnamed[group])))
        else:
            full = ".".join((*scopes, name))
        if not is_name(full) and not (name is None and within):  # the name of a step may be as long as a name can be
            raise ConfigurationError(f"{full[:120]!r} is no name of a step or an event; allowed: {NAMES}")
        key = kind + full
        if key in self._used:
            raise PermanentError(
                f"The name {full!r} is used twice in one run: give each step its own, such as ship-1 and ship-2, or "
                "use `with ctx.scope(...)`."
            )
        if self._stopped and self._stop is None:  # it was stopped before its first step, and now keeps one
            self._keep_stop({"after": ""})
        self._used[key] = _Used(within, group)
        if not within:  # a kept step does not run, and uses no keys
            self._at = key
        return key

    def _give_back(self, within: tuple[str, ...]) -> None:
        """Release the names that the function of a step has used, so that the next try of the step can use them."""
        for key, used in list(self._used.items()):
            if used.within[: len(within)] == within:
                del self._used[key]
                if used.group is not None:
                    self._unnamed[used.group] -= 1

    # ---- what is kept

    def _kept(self, key: str) -> Step | None:
        known = self._load()
        step = known.get(key)
        if step is None:
            self._live = True
            return None
        return self._whole(known, key)

    def _whole(self, known: dict[str, Step], key: str) -> Step:
        """Return a kept step with its value, which may be stored elsewhere."""
        step = known[key]
        if step.reference is not None:
            step = known[key] = self._asked(lambda: self.store.kept_step(self.job, key)) or step
        return step

    def _load(self) -> dict[str, Step]:
        if self._known is None:
            self._known = self._read()
            began = self._known.get(kinds.VERSION)
            if began is not None and not self.changes.runs(str(began.value)):
                self.refused = VersionRemoved(self.job.type, str(began.value), self.changes.version)
            self._stop = self._find_stop(self._known)
            own = self._own()
            self._last = _last(own)
            # The handler does not need times and UUIDs, and cannot know the steps within a step that did not end.
            known = [step for step in own if step.key.startswith(PLACES) and step.part != kinds.INNER]
            end = math.inf if self._stop is None else self._stop.number or 0
            self._before = _last(step for step in known if (step.number or 0) < end)
        if self.refused is not None:
            raise self.refused
        return self._known

    def _own(self) -> list[Step]:
        """Return what the function has kept, without failed tries: such a try is not the end of its step."""
        own = [step for step in (self._known or {}).values() if kinds.is_counted(step) and step.number is not None]
        return [step for step in own if not step.key.startswith(kinds.TRY)]

    def _read(self) -> dict[str, Step]:
        found = self._asked(lambda: self.store.kept_steps(self.job))
        if kinds.number_kept(found) < self.job.kept:
            raise PermanentError(
                f"Kept steps are missing: {kinds.number_kept(found):,} of {self.job.kept:,} were found, because steps "
                "are deleted after 180 days. The others would run again, so the run ends here. To run all steps, "
                "create a new job."
            )
        return {step.key: step for step in found}

    def _keep(self, step: Step) -> Step:
        known = self._load()
        if len(known) >= MOST_STEPS and not step.key.startswith(kinds.STOP):
            raise PermanentError(f"One run keeps {MOST_STEPS:,} steps at most: do more in each of them.")
        ours = self.job.request_id
        later = self._stopped and step.key not in self._begun_before
        part = kinds.UNDO if later else kinds.INNER if _within.get() else None
        step = replace(step, invocation=None if ours is None else short_id(ours), number=len(known) + 1, part=part)
        kept = self._asked(lambda: self.store.keep_step(self.job, step))
        if kept != step and not kept.key.startswith(kinds.EVENT):
            self._asked(self.check)  # another worker has kept this step, and may have taken over
        known[step.key] = kept
        self.progressed = self.progressed or kinds.is_counted(step)
        return kept

    def _asked(self, once: Callable[[], T]) -> T:
        """Repeat a request to the store until the invocation's end is near, as settling does."""
        try:
            return self.persistence.write(self.job, once)
        except (StoreUnavailable, PayloadUnreadable, RowNotSigned) as error:
            self.unavailable = error
            raise
        except JobFlowError:
            raise
        except Exception as error:
            self.unavailable = StoreUnavailable(f"A step cannot be read or stored: {type(error).__name__}")
            raise self.unavailable from error

    # ---- changed code

    def _begun(self) -> Step:
        known = self._load()
        if kinds.VERSION not in known:
            # A run that kept steps before its type declared a version has the version of a type that declares none.
            version = self.changes.version if kinds.number_kept(known.values()) == 0 else Changes().version
            began = self._keep(Step(kinds.VERSION, self._now(), version))
            if not self.changes.runs(str(began.value)):
                self.refused = VersionRemoved(self.job.type, str(began.value), self.changes.version)
                raise self.refused
        return known[kinds.VERSION]

    def _same(self, kept: Step, function: str | None, given: str | None) -> None:
        """Raise StepChanged if a kept step was run with another function or with other arguments."""
        if None not in (kept.function, function) and kept.function != function:
            self.refused = StepChanged(kept.name, f"it was kept from {kept.function}, and is now {function}")
        elif None not in (kept.input, given) and kept.input != given:
            self.refused = StepChanged(kept.name, "its function was called with other arguments")
        if self.refused is not None:
            raise self.refused

    # ---- a request to stop

    # JobCancelled is raised once in an attempt, and nothing new begins after it but what its handler does. Therefore it
    # is not raised before the function has reached all steps that were kept before the stop. The same place is found in
    # each later attempt; if the place has disappeared, the next step or wait that is not kept takes its place.

    def must_stop(self, asked: Callable[[], bool]) -> bool:
        """Return whether `ctx.check_cancelled()` raises JobCancelled; `asked` says whether the job was asked to stop.

        In a run with kept steps, JobCancelled is raised at one place: steps after this place can undo the others.
        """
        if self.suspension is not None or self.closing:
            return False
        if not self.has_kept:
            if not asked():
                return False
            self._asked_to_stop = True
            self._load()  # a worker that died may have kept steps
            if not self.has_kept:
                self._cancelled()
                return True
        self._load()
        if self._stopped or not self._passed:
            return False
        if self._stop is None:
            if not asked():
                return False
            self._keep_stop({"after": self._at})
        elif _within.get() or _place(self._stop).get("after") not in (*self._used, ""):
            return False
        self._cancelled()
        return True

    @property
    def stopping(self) -> bool:
        """Return whether the run has a stop: the function has learned in an attempt that its job must stop.

        It does not matter whether the function got JobCancelled in this attempt: a deploy may have removed the place.
        """
        if self._known is None and self.job.kept > 0 and self.job.cancel_requested:
            self._load()
        return self._stop is not None

    def end_stop(self) -> None:
        """Keep that the function has ended because it had to stop, and whether it has undone something."""
        stop = self._stop
        if stop is not None:
            undone = kinds.has_undone(self._load().values())
            self._keep(Step(f"{kinds.ENDED}{self.job.gen}", self._now(), undone))

    def _find_stop(self, known: dict[str, Step]) -> Step | None:
        """Return where the run learned that it must stop; an earlier run counts if it did not finish."""
        for gen in range(self.job.gen, 0, -1):
            if f"{kinds.ENDED}{gen}" in known and gen < self.job.gen:
                return None
            if (key := f"{kinds.STOP}{gen}") in known:
                return self._whole(known, key)
        return None

    def _keep_stop(self, place: dict[str, JSON]) -> None:
        """Keep the place of the stop, and which steps had failed before it: these run again, and are not this place."""
        known = self._load()
        failed: list[JSON] = [key for key in self._failed if key not in known]
        self._stop = self._keep(Step(f"{kinds.STOP}{self.job.gen}", self._now(), {**place, "failed": failed}))

    def _cancelled(self) -> JobCancelled:
        """Record that the function now gets the request to stop, and return the error to raise."""
        if not self._stopped:
            self._stopped = True
            self._begun_before = frozenset(self._used.keys() - self._load().keys())
            self.on_stop()
        return JobCancelled(f"Job {self.job.id} was asked to stop.")

    @property
    def _passed(self) -> bool:
        """Return whether the function has reached all that was kept before the stop."""
        return self._before is None or self._before in self._used

    async def _caught_up(self, calling: Calling) -> None:
        """If the job must stop, let the other tasks first reach the steps that they have kept."""
        stops = self._stop is not None or self.job.cancel_requested or self._asked_to_stop
        if stops and not self._stopped:
            for _ in range(TURNS_OF_A_STEP * len(self._load())):
                if self._passed or not await calling.let_others_go_on():
                    return

    def _cancelled_at(self, key: str, *, asked: bool = False) -> None:
        """Raise JobCancelled if the run was stopped at this step; with `asked`, also if it must stop now.

        `asked` is for a step or wait that has not ended.
        """
        self._load()
        if self._stopped or not self._passed:
            return
        if self._stop is None and asked and (self.job.cancel_requested or self._asked_to_stop):
            self._keep_stop({"at": key})
        if self._stop is None:
            return
        place = _place(self._stop)
        if place.get("at") == key or (asked and key not in place.get("failed", ())):
            raise self._cancelled()

    # ---- running and trying again

    async def _run(
        self, key: str, function: Callable[..., Any], args: Sequence[Any], calling: Calling
    ) -> tuple[JSON, float]:
        """Return the function's value in its stored form, and how many seconds it ran."""
        began, inside = self.clock(), (*_within.get(), key.removeprefix(kinds.STEP))
        token = _within.set(inside)
        try:
            value = as_json(await calling.call(function, args), f"The value of the step {inside[-1]}")
        except BaseException:
            self._give_back(inside)
            raise
        finally:
            _within.reset(token)
            took = self.clock() - began
            self._longest = max(self._longest or 0.0, took)
        # The first call of the function and later calls continue with the same value.
        return json_without_secrets(json.loads(json.dumps(value))), round(took, 3)

    def _failures(self, key: str) -> list[Step]:
        """Return the failed tries of a step, of this run or of an earlier run that continued after the last one."""
        known = self._load()
        for gen in range(self.job.gen, 0, -1):
            failures: list[Step] = []
            while (row := known.get(kinds.try_key(gen, len(failures) + 1, key))) is not None:
                failures.append(row)
            if failures:
                decided = gen == self.job.gen or (failures[-1].until is None and self._went_on(failures[-1]))
                return failures if decided else []
        return []

    def _went_on(self, failure: Step) -> bool:
        """Return whether the function caught this failure and later kept a step, which may depend on the failure."""
        later = (
            step
            for step in self._load().values()
            if kinds.is_counted(step)
            and not step.key.startswith(kinds.TRY)
            and (step.number or 0) > (failure.number or 0)
        )
        return any(step.at - (step.took or 0.0) >= failure.at for step in later)

    def _keep_failure(self, key: str, number: int, error: Exception, rule: Tries) -> Step:
        again = isinstance(error, Retry) or (not isinstance(error, PermanentError) and self.by_class.retried(error))
        told = cut(f"{type(error).__name__}: {clean(message_of(error))}", LONGEST_TRY_ERROR)
        until = None
        if again and number < rule.most:
            delay = asked(error.after) if isinstance(error, Retry) else rule.curve.delay(number, self.chance)
            until = round(self._now() + delay, 3)
            until = None if until > self._first() + LONGEST_RUN else until
        return self._keep(Step(kinds.try_key(self.job.gen, number, key), self._now(), told, until=until))

    async def _after(self, key: str, failures: Sequence[Step], calling: Calling, within: float | None) -> None:
        """Wait for the next try: in the invocation if the wait is short. Raises StepFailed if no try follows."""
        if not failures:
            return
        until = failures[-1].until
        if until is None:
            raise _failed(key, failures)
        wait = until - self.clock()
        if 0 < wait <= LONGEST_PAUSE and self.left() - wait >= self._needed(within):
            await calling.pause(wait)
        elif wait > 0:
            self._suspend(kinds.TIME, until)

    def _tries(self, tries: int | None, retry: Curve | None) -> Tries | None:
        if tries is None and retry is None:
            return None
        if retry is not None and not isinstance(retry, Backoff | Delays):
            raise ConfigurationError(f"retry of a step is Backoff(…) or Delays(…), not {retry!r}")
        most = len(retry.waits) + 1 if tries is None and isinstance(retry, Delays) else tries
        most = 3 if most is None else most
        if isinstance(most, bool) or not isinstance(most, int) or not 1 <= most <= MAX_ATTEMPTS_CAP:
            raise ConfigurationError(
                f"tries of a step must be a whole number from 1 to {MAX_ATTEMPTS_CAP}, not {most!r}"
            )
        if self.serial:
            raise ConfigurationError(
                f"{self.job.type} has serial_by=, so its jobs cannot wait between the tries of a step: leave out "
                "tries= and retry=, and the attempts of the job repeat the step."
            )
        return Tries(most, retry or STANDARD)

    # ---- ending the invocation

    def _needed(self, within: float | None) -> float:
        return max(LEAST_FOR_A_STEP, LONGER_THAN_BEFORE * (self._longest or 0.0)) if within is None else within

    def _make_room(self, within: float | None) -> None:
        """End the invocation if it has too little time left for a step; the first step of an invocation always runs."""
        if self._longest is not None and not self.serial and self.left() < self._needed(within):
            self._suspend(kinds.TIME, self._now())

    def _wait(self, place: str, waits: str, until: float) -> None:
        """End the invocation, unless the time `until` has come; raises JobCancelled if the job has to stop."""
        if self.clock() < until:
            self._cancelled_at(place, asked=True)
            self._suspend(waits, until)

    def _suspend(self, waits: str, until: float) -> NoReturn:
        now = self.suspension
        # Several steps may wait for their next try: the earliest of these times ends the wait. It may come from a step
        # that still runs while the attempt ends, because another one waits already.
        earlier = now is not None and now.waits == waits == kinds.TIME and until < now.until
        if earlier or (now is None and not self.closing):
            self.suspension = Suspension(waits, until)
        raise Suspended

    def _until(self, what: str, seconds: float) -> float:
        """Return the end of a wait (epoch seconds), counted from now."""
        if self.serial:
            raise ConfigurationError(
                f"{self.job.type} has serial_by=, so its jobs cannot sleep or wait for events: the next job of the key "
                "would run. Make another job with ctx.enqueue, and wait there."
            )
        lasts = number_of(seconds)
        if lasts is None or not 0 <= lasts <= LONGEST_RUN:
            raise ConfigurationError(f"{what} must be 0 to {LONGEST_RUN:,.0f} (90 days), in seconds; it is {seconds!r}")
        until = self._now() + lasts
        first = self._first()
        if until > first + LONGEST_RUN:
            raise PermanentError(
                f"The wait would end at {iso(until)}: a run waits for 90 days at most after its first step, which was "
                f"kept at {iso(first)}."
            )
        return round(until, 3)

    def _first(self) -> float:
        """Return when the function has kept something for the first time (epoch seconds)."""
        rows = (self._known or {}).values()
        own = (step.at for step in rows if kinds.is_counted(step) or step.key.startswith(kinds.BEGUN))
        return min(own, default=self._now())

    def _now(self) -> float:
        return math.floor(self.clock() * 1000) / 1000


def _finished(doing: Coroutine[Any, Any, T]) -> T:
    """Return the value of a coroutine that awaits nothing."""
    try:
        doing.send(None)
    except StopIteration as done:
        value: T = done.value
        return value
    doing.close()
    raise RuntimeError("A step of a plain job function has waited for an event loop.")


def _last(steps: Iterable[Step]) -> str | None:
    """Return the key of the step that was kept last."""
    return max(((step.number or 0, step.key) for step in steps), default=(0, None))[1]


def _place(stop: Step) -> Mapping[str, Any]:
    """Return the place of a stop: `at` a step or wait, or `after` one, and the steps that had `failed` before."""
    return stop.value if isinstance(stop.value, dict) else {}


def _failed(key: str, failures: Sequence[Step]) -> StepFailed:
    return StepFailed(key.removeprefix(kinds.STEP), len(failures), str(failures[-1].value))


def _gen_of(begun: Step, gen: int) -> int:
    """Return the number of the run that has made the jobs of a call."""
    return int(begun.value["gen"]) if isinstance(begun.value, dict) else gen


def _has_result(called: Job | None) -> bool:
    return called is not None and called.status is Status.COMPLETED and called.cleared_at is None


def _was_removed(called: Job | None) -> bool:
    """Return whether a called job has completed, and its result is not kept any more."""
    return called is not None and called.status is Status.COMPLETED and called.cleared_at is not None


def _told(job_id: str, failed: Job | None) -> JSON:
    """Return how a called job has ended, as it is kept; None: it was deleted."""
    if failed is None:
        return {"job": job_id, "status": "deleted", "error_class": None, "error_message": None}
    if _was_removed(failed):
        error = ResultRemoved(job_id)
        told = cut(str(error), LONGEST_TRY_ERROR)
        return {"job": job_id, "status": "completed", "error_class": type(error).__name__, "error_message": told}
    message = failed.error_message and cut(failed.error_message, LONGEST_TRY_ERROR)
    return {"job": job_id, "status": str(failed.status), "error_class": failed.error_class, "error_message": message}


def _call_failed(failure: Step) -> CallFailed:
    told: Mapping[str, Any] = failure.value if isinstance(failure.value, dict) else {}
    return CallFailed(str(told.get("job")), str(told.get("status")), told.get("error_class"), told.get("error_message"))


def _name_of(function: Callable[..., Any]) -> str | None:
    """Return the name of a step's function; None if it has no name that would show a change."""
    name = getattr(function, "__name__", None)
    return name if isinstance(name, str) and name.isidentifier() else None


def _digest(args: Sequence[Any], run: str) -> str | None:
    """Return a digest of a step's arguments; None for arguments that are not JSON.

    Fields of models that have their default value are left out, so that a new field with a default changes nothing. So
    are the values of secrets, which may be replaced, and the name of the run (`ctx.idempotency_key`), which is another
    one after a manual retry.
    """
    plain = [one.model_dump(mode="json", exclude_defaults=True) if isinstance(one, BaseModel) else one for one in args]
    try:
        text = json.dumps(plain, sort_keys=True)
    except (TypeError, ValueError, RecursionError):
        return None
    same = without_secrets(text).replace(run, "")
    return base64.urlsafe_b64encode(hashlib.sha256(same.encode()).digest()[:INPUT_BYTES]).decode()
