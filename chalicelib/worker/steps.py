"""Run the steps of a job function: a kept step is not run again, and a wait ends the invocation."""

import json
import math
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, NoReturn, TypeVar

from chalicelib.errors import (
    ConfigurationError,
    EventTimedOut,
    JobFlowError,
    PermanentError,
    StoreUnavailable,
    Suspended,
)
from chalicelib.jobs import step as kinds
from chalicelib.jobs.constants import LONGEST_RUN
from chalicelib.jobs.job import JSON, Job
from chalicelib.jobs.listing import iso
from chalicelib.jobs.port import JobStore
from chalicelib.jobs.step import NAMES, Step, is_name
from chalicelib.telemetry.platform_lines import short_id
from chalicelib.telemetry.redaction import json_without_secrets
from chalicelib.worker.constants import LEAST_FOR_A_STEP, LONGER_THAN_BEFORE, MOST_STEPS, USUAL_TIMEOUT
from chalicelib.worker.persist import Persistence
from chalicelib.worker.result import as_json

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Suspension:
    """What a function waits for, and until when at the latest (epoch seconds)."""

    waits: str
    until: float


@dataclass
class Steps:
    """The steps of one attempt. `clock` returns seconds since the epoch, `left` the seconds until the invocation ends.

    `check` raises LeaseLost if another worker has taken over. `serial`: jobs with the same key run one at a time, so
    the function cannot wait. Nothing is read before the function uses a step.
    """

    job: Job
    store: JobStore
    clock: Callable[[], float]
    left: Callable[[], float]
    check: Callable[[], None]
    serial: bool = False
    persistence: Persistence = field(default_factory=Persistence, repr=False)
    suspension: Suspension | None = None
    progressed: bool = False
    """Whether this attempt has kept anything."""
    running: str = ""
    """The full name of the step whose function runs now; empty outside of steps."""
    unavailable: StoreUnavailable | None = None
    """Set if a step could not be read or stored: what the function raises after that is not its own error."""
    _known: dict[str, Step] | None = field(default=None, repr=False)
    _used: set[str] = field(default_factory=set, repr=False)
    _unnamed: Counter[str] = field(default_factory=Counter, repr=False)
    _scopes: list[str] = field(default_factory=list, repr=False)
    _longest: float | None = field(default=None, repr=False)

    @property
    def kept(self) -> int:
        """Return the number of kept steps without events, as far as this attempt knows."""
        return self.job.kept if self._known is None else kinds.number_kept(self._known.values())

    def step(self, name: str, function: Callable[..., Any], *args: Any, within: float | None = None) -> JSON:
        """See JobContext."""
        key = self._key(kinds.STEP, name)
        if (kept := self._kept(key)) is not None:
            return kept.value
        self._make_room(within)
        began = self.clock()
        # return the value in its stored form, so that the first run and a later one continue with the same value
        value = json_without_secrets(json.loads(json.dumps(as_json(self._run(key, function, *args)))))
        took = self.clock() - began
        self._longest = max(self._longest or 0.0, took)
        return self._keep(Step(key, self._now(), value, took=round(took, 3))).value

    def sleep(self, seconds: float, name: str | None = None) -> None:
        """See JobContext."""
        key = self._key(kinds.SLEEP, name)
        kept = self._kept(key)
        if kept is None:
            kept = self._keep(Step(key, self._now(), until=self._until("seconds", seconds)))
        self._wait(kinds.TIME, kept.until or 0.0)

    def wait_for(self, name: str, timeout: float = USUAL_TIMEOUT) -> JSON:
        """See JobContext."""
        waiting, key = self._key(kinds.WAIT, name), self._key(kinds.EVENT, name)
        wait = self._kept(waiting)
        if wait is None:
            wait = self._keep(Step(waiting, self._now(), until=self._until("timeout", timeout)))
        end = wait.until or 0.0
        event = self._kept(key)
        if event is None:
            self._wait(key, end)
            # Store that the event did not come. If the event was stored first, its row stays, and is returned here.
            event = self._keep(Step(key, self._now(), until=end))
        if event.timed_out:
            raise EventTimedOut(event.name, iso(end))
        return event.value

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
        self._scopes.append(prefix)
        try:
            yield
        finally:
            self._scopes.pop()

    def _key(self, kind: str, name: str | None) -> str:
        """Return the key of a step with this name (None: it gets a number); raises for a name that is used twice."""
        if self.suspension is not None:
            raise Suspended
        if name is None:
            scope = ".".join(self._scopes)
            self._unnamed[kind + scope] += 1
            name = str(self._unnamed[kind + scope])
        full = ".".join((*self._scopes, name))
        if not is_name(full):
            raise ConfigurationError(f"{full[:120]!r} is no name of a step or an event; allowed: {NAMES}")
        key = kind + full
        if key in self._used:
            raise PermanentError(
                f"The name {full!r} is used twice in one run: give each step its own, such as ship-1 and ship-2, or "
                "use `with ctx.scope(...)`."
            )
        self._used.add(key)
        return key

    def _kept(self, key: str) -> Step | None:
        if self._known is None:
            self._known = self._read()
        step = self._known.get(key)
        if step is not None and step.reference is not None:
            step = self._known[key] = self._asked(lambda: self.store.kept_step(self.job, key)) or step
        return step

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
        known = self._known if self._known is not None else {}
        if len(known) >= MOST_STEPS:
            raise PermanentError(f"One run keeps {MOST_STEPS:,} steps at most: do more in each of them.")
        ours = self.job.request_id
        step = replace(step, invocation=None if ours is None else short_id(ours))
        kept = self._asked(lambda: self.store.keep_step(self.job, step))
        if kept != step and not kept.key.startswith(kinds.EVENT):
            self._asked(self.check)  # another worker has kept this step: it may have taken over
        known[step.key] = kept
        self.progressed = True
        return kept

    def _asked(self, once: Callable[[], T]) -> T:
        """Repeat a request to the store until the invocation's end is near, as settling does."""
        try:
            return self.persistence.write(self.job, once)
        except StoreUnavailable as error:
            self.unavailable = error
            raise
        except JobFlowError:
            raise
        except Exception as error:
            self.unavailable = StoreUnavailable(f"A step cannot be read or stored: {type(error).__name__}")
            raise self.unavailable from error

    def _run(self, key: str, function: Callable[..., Any], *args: Any) -> Any:
        outer, self.running = self.running, key.removeprefix(kinds.STEP)
        try:
            return function(*args)
        finally:
            self.running = outer

    def _make_room(self, within: float | None) -> None:
        """End the invocation if too little of it is left for a step; the first step of an invocation always runs."""
        usual = max(LEAST_FOR_A_STEP, LONGER_THAN_BEFORE * (self._longest or 0.0))
        needed = usual if within is None else within
        if self._longest is not None and not self.serial and self.left() < needed:
            self._suspend(kinds.TIME, self._now())

    def _wait(self, waits: str, until: float) -> None:
        """End the invocation, unless the time `until` has come."""
        if self.clock() < until:
            self._suspend(waits, until)

    def _suspend(self, waits: str, until: float) -> NoReturn:
        self.suspension = Suspension(waits, until)
        raise Suspended

    def _until(self, what: str, seconds: float) -> float:
        """Return the end of a wait (epoch seconds), counted from now."""
        if self.serial:
            raise ConfigurationError(
                f"{self.job.type} has serial_by=, so its jobs cannot sleep or wait for events: the next job of the key "
                "would run. Make another job with ctx.enqueue, and wait there."
            )
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= LONGEST_RUN:
            raise ConfigurationError(f"{what} must be 0 to {LONGEST_RUN:,.0f} (90 days), in seconds; it is {seconds!r}")
        until = self._now() + seconds
        own = (step.at for step in (self._known or {}).values() if not step.key.startswith(kinds.EVENT))
        first = min(own, default=self._now())
        if until > first + LONGEST_RUN:
            raise PermanentError(
                f"The wait would end at {iso(until)}: a run waits for 90 days at most after its first step, which was "
                f"kept at {iso(first)}."
            )
        return round(until, 3)

    def _now(self) -> float:
        return math.floor(self.clock() * 1000) / 1000
