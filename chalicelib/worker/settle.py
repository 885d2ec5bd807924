"""Record how an attempt ended. Outcomes are values; only this module converts an outcome to a state of the job."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from chalicelib.errors import LimitBusy, MoveRefused, Retry, StartUnavailable
from chalicelib.job_types.retry import EVERY, STANDARD, ByClass, Chance, Curve, Fail, GiveUp, Later, TryAgain, decide
from chalicelib.jobs import attempt as attempts
from chalicelib.jobs import transitions
from chalicelib.jobs.change import Change
from chalicelib.jobs.constants import GIVE_UP_STALLED, SQS_LONGEST_DELAY
from chalicelib.jobs.job import JSON, SUSPENDED, Attempt, Job, Status
from chalicelib.jobs.listing import iso
from chalicelib.jobs.message_fate import TO_DEAD_LETTERS, Drop, Hold
from chalicelib.jobs.port import JobStore
from chalicelib.jobs.step import CHILD, TIME
from chalicelib.jobs.texts.errors import message_of
from chalicelib.jobs.texts.fingerprints import fingerprint
from chalicelib.limits import turns
from chalicelib.limits.ids import logged_id
from chalicelib.limits.places import Full, Limit
from chalicelib.limits.serial_rule import KeyHeld
from chalicelib.telemetry import events
from chalicelib.telemetry.redaction import clean, json_without_secrets
from chalicelib.worker.constants import UNTRIED_AFTER, WOKEN_IN
from chalicelib.worker.persist import Persistence
from chalicelib.worker.result import InjectedFault
from chalicelib.worker.waking import look


@dataclass(frozen=True, slots=True)
class Done:
    """The function returned; `result` is its value as JSON."""

    result: JSON


@dataclass(frozen=True, slots=True)
class Raised:
    """The function raised."""

    error: BaseException


@dataclass(frozen=True, slots=True)
class Unrun:
    """The function could not be called, for a reason outside of the function; the next try is in `wait` seconds.

    `lasts`: the job is given up if the reason has lasted for a day. Without `lasts`, the job waits until a person fixes
    the reason. `begun`: the function has been called, so the job can no longer expire.
    """

    error: Exception
    wait: int
    lasts: bool = True
    begun: bool = False


@dataclass(frozen=True, slots=True)
class Stopped:
    """The function stopped on request, or was not called because the job `unfinished` has not finished."""

    unfinished: str | None = None


@dataclass(frozen=True, slots=True)
class Lost:
    """The function noticed that another worker holds the job now."""


@dataclass(frozen=True, slots=True)
class NotStarted:
    """The function was not called: the rate of the type lets the job start at `at` (epoch seconds)."""

    at: float


@dataclass(frozen=True, slots=True)
class Waits:
    """The function waits for a time or an event, until `until` (epoch seconds) at the latest.

    `worked`: the function of a step has returned in this attempt. `failed`: a step has failed in this attempt, and is
    to be tried again.
    """

    what: str
    until: float
    worked: bool = False
    failed: Exception | None = None


@dataclass(frozen=True, slots=True)
class Blocks:
    """The function was not called, because the job must wait for a place."""

    full: Full


Outcome = Done | Raised | Unrun | Stopped | Lost | NotStarted | Waits | Blocks
CANCELLED = Drop("cancelled")
LEASE_LOST = Hold(None, "lease lost")
"""The fate of the message of an attempt that another worker, or the watchdog, has ended."""
attempt_of = partial(attempts.attempt_of, clean=clean)


@dataclass(frozen=True)
class Settlement:
    """Settle attempts for a worker. `clock` returns seconds since the epoch.

    `started_at` is when the run began, if that was later than the claim. `max_receives` is how often SQS delivers one
    message before SQS moves it to the dead-letter queue. `send_anew` sends a fresh message of the job, which is visible
    after a number of seconds, and returns whether it was sent.
    """

    store: JobStore
    clock: Callable[[], float]
    chance: Chance
    backoff: Curve = STANDARD
    by_class: ByClass = EVERY
    max_receives: int = 5
    send_anew: Callable[[Job, int], bool] = lambda _job, _delay: False
    persistence: Persistence = field(default_factory=Persistence)
    started_at: float | None = None
    on_attempt_recorded: Callable[[Job, Attempt], None] | None = None
    """Called when an attempt has ended or is suspended, after this is stored."""

    on_ended: Callable[[Job], None] = lambda _: None
    """Called with a job that has ended, after this is stored."""

    line: Callable[[Job, Limit, Sequence[Limit]], bool] | None = None
    """Puts a blocked job into the line of a limit, and returns whether its message can run it now; see Blocks."""

    kept: int = 0
    """The number of the job's kept steps."""
    progressed: bool = False
    """True if this attempt kept a step. An attempt that kept a step counts as the first attempt."""

    def settle(self, job: Job, outcome: Outcome) -> Drop | Hold:
        """Record the outcome of the attempt that holds `job`, and return what to do with its message."""
        now = round(self.clock(), 3)
        job = replace(job, attempts=1) if self.progressed else job
        job = job if self.started_at is None else replace(job, started_at=self.started_at)
        try:
            match outcome:
                case Done(result):
                    return self._completed(job, result, now)
                case Raised(error):
                    return self._failed(job, error, now)
                case Unrun() | NotStarted():
                    return self._unrun(job, outcome, now)
                case Waits():
                    return self._suspended(job, outcome, now)
                case Blocks(full):
                    return self._blocked(job, full, now)
                case Stopped(unfinished):
                    return self._stopped(job, unfinished, now)
                case Lost():
                    return _late(job, None)
        except MoveRefused as refused:
            return _late(job, refused.current)

    def _completed(self, job: Job, result: JSON, now: float) -> Drop:
        done = self._apply(job, transitions.complete(job, now=now, result=json_without_secrets(result)))
        self._finished(done, attempt_of(job, "completed", now))
        return Drop("completed")

    def _failed(self, job: Job, error: BaseException, now: float) -> Drop | Hold:
        named = _named(error)
        decision = decide(
            attempts=job.attempts, max_attempts=job.max_attempts, error=error, backoff=self.backoff,
            chance=self.chance, left=_give_up_at(job, error) - now,
            by_class=EVERY if isinstance(error, InjectedFault) else self.by_class,
        )  # fmt: skip
        if isinstance(error, Retry) and error.__cause__ is not None:
            error = error.__cause__
            named = _named(error)
        match decision:
            case TryAgain(delay):
                parked = self._send_or_park(job, delay)
                change = transitions.postpone(job, now=now, not_before=now + delay, error=named, parked=parked)
                return self._wait(job, attempt_of(job, "error", now, error, delay), change, delay, parked)
            case Later(delay):
                parked = self._send_or_park(job, delay)
                begun = not isinstance(error, KeyHeld)
                change = transitions.defer(
                    job, now=now, not_before=now + delay, error=named, parked=parked, begun=begun
                )
                return self._wait(job, attempt_of(job, "deferred", now, error, delay), change, delay, parked)
            case GiveUp(out_of_time):
                return self._given_up(job, error, _out_of_time(job, named) if out_of_time else named, now)
            case Fail():
                fail = transitions.fail(job, now=now, error=named)
                self._record(job, attempt_of(job, "permanent_error", now, error), fail)
                return Drop("failed permanently")

    def _unrun(self, job: Job, outcome: Unrun | NotStarted, now: float) -> Drop | Hold:
        if isinstance(outcome, NotStarted):
            return self._not_started(job, outcome.at, now)
        error, wait, lasts = outcome.error, outcome.wait, outcome.lasts
        since = stalled_since(job, error, now)
        if lasts and since is not None and now - since >= GIVE_UP_STALLED:
            return self._given_up(job, error, _named(error), now)
        if now + wait >= _give_up_at(job, error):
            return self._given_up(job, error, _out_of_time(job, _named(error)), now)
        parked = self._send_or_park(job, wait)
        # Without `lasts`, the stall begins again now: otherwise the watchdog would give up the job after a day.
        held = replace(job, stalled_since=since if lasts else None)
        change = transitions.defer(
            held, now=now, not_before=now + wait, error=_named(error), parked=parked, stalled=True, lasts=lasts,
            begun=outcome.begun,
        )  # fmt: skip
        end = self._wait(job, attempt_of(job, "deferred", now, error, wait), change, wait, parked)
        if job.stalled_since is None:
            events.stalled(job, type(error).__name__)
        return end

    def _suspended(self, job: Job, waits: Waits, now: float) -> Drop | Hold:
        delay = max(0, math.ceil(waits.until - now))
        # A call usually ends early, and its end sends a message: the present one would come in addition, at each call.
        parked = waits.what.startswith(CHILD) or self._send_or_park(job, delay)
        change = transitions.suspend(
            job, now=now, until=waits.until, what=waits.what, parked=parked, kept=self.kept, progressed=self.progressed
        )
        try:
            after = self._apply(job, change)
        except MoveRefused as refused:
            if not _asked_meanwhile(job, refused.current):
                raise
            if self.kept:  # the function is called again, to undo them
                return self._suspended(replace(job, cancel_requested=True), replace(waits, what=TIME, until=now), now)
            return self._stopped(job, None, now)
        # the attempt is given back, but this log line belongs to it
        events.moved(replace(after, attempts=job.attempts), "suspend", waits=waits.what, until=iso(waits.until))
        if self.on_attempt_recorded is not None:
            # not stored as an attempt, but it shows the circuit breaker whether the type works
            if waits.failed is not None:
                self.on_attempt_recorded(after, attempt_of(job, "error", now, waits.failed))
            elif waits.worked:
                self.on_attempt_recorded(after, attempt_of(job, SUSPENDED, now))
        # check for the event before the message is acknowledged, because the event may have come while the function
        # ended
        woken = look(self.store, after, now, keep=not self._received_last(job))
        if woken is not None:
            return woken
        if parked:
            return Drop("parked")
        return Drop("another message follows") if self._received_last(job) else Hold(delay, "suspended")

    def _blocked(self, job: Job, full: Full, now: float) -> Drop | Hold:
        change = transitions.block(job, now=now, limit=full.limit.id, anew=full.anew, position=full.position)
        try:
            after = self._apply(job, change)
        except MoveRefused as refused:
            if not _asked_meanwhile(job, refused.current):
                raise
            if not job.kept:
                return self._stopped(job, None, now)
            # the function is called again, to undo the kept steps, and needs a place for that
            after = self._apply(job, transitions.anyway(change))
        events.moved(after, "block", limit=logged_id(full.limit.id))
        # stand in the line before the message is acknowledged: if this process dies, the message comes again
        if self.line is None or not self.line(after, full.limit, full.holds):
            return Drop("blocked")
        if not self._received_last(job):
            return Hold(WOKEN_IN, "woken")
        # `after` is as it was blocked. It was woken meanwhile, so its message goes where those of woken jobs go.
        self.send_anew(replace(after, status=Status.QUEUED), 0)
        return Drop("another message follows")

    def _not_started(self, job: Job, at: float, now: float) -> Drop | Hold:
        delay = max(1, math.ceil(at - now))
        parked = self._send_or_park(job, delay)
        change = turns.give_back(job, now=now, turn=at, parked=parked)
        return self._wait(job, attempt_of(job, "deferred", now, None, delay), change, delay, parked)

    def _given_up(self, job: Job, error: BaseException, told: tuple[str, str], now: float) -> Hold:
        self._record(job, attempt_of(job, "error", now, error), transitions.exhaust(job, now=now, error=told))
        return TO_DEAD_LETTERS

    def _send_or_park(self, job: Job, delay: int) -> bool:
        """Send a fresh message if the present one has no receive left; return whether to park the job instead.

        A job is parked if the wait is too long for a message, or if the fresh message cannot be sent. A fresh message
        is sent before the wait is recorded. If a worker dies between the two, the job has two messages, and only one of
        them runs it.
        """
        return delay > SQS_LONGEST_DELAY or (self._received_last(job) and not self.send_anew(job, delay))

    def _received_last(self, job: Job) -> bool:
        return (job.receive_count or 1) >= self.max_receives

    def _wait(self, job: Job, attempt: Attempt, change: Change, delay: int, parked: bool) -> Drop | Hold:
        try:
            self._record(job, attempt, change)
        except MoveRefused as refused:
            if not _asked_meanwhile(job, refused.current):
                raise
            now = attempt.finished_at or attempt.started_at
            if self.kept:  # the function is called again, to undo them
                values = {**change.values, **transitions.waits(now, now, parked)}
                again = transitions.anyway(replace(change, values=values))
                self._record(job, replace(attempt, retry_delay_s=0), again)
                if parked:
                    return Drop("parked")
                if self._received_last(job):
                    # the message that was sent for the wait comes only at its end
                    self.send_anew(job, 0)
                    return Drop("another message follows")
                return Hold(0, "asked to stop")
            # The job was asked to stop, so record the error without a retry.
            self._record(job, replace(attempt, retry_delay_s=None), transitions.stop(job, now=now))
            return CANCELLED
        if parked:
            return Drop("parked")
        return Drop("another message follows") if self._received_last(job) else Hold(delay, "backing off")

    def _stopped(self, job: Job, unfinished: str | None, now: float) -> Drop:
        skip = unfinished and transitions.skip(job, now=now, unfinished=unfinished)
        self._record(job, attempt_of(job, "cancelled", now), skip or transitions.stop(job, now=now))
        return CANCELLED

    def _record(self, job: Job, attempt: Attempt, change: Change) -> None:
        # Write the history first: after a crash between the two writes, the record of the attempt exists. In the other
        # order, the record would be lost.
        self.persistence.write(job, lambda: self.store.record(job.id, attempt))
        self._finished(self._apply(job, change), attempt)

    def _finished(self, after: Job, attempt: Attempt) -> None:
        events.attempt_finished(after, attempt)
        if after.terminal:
            self.on_ended(after)
        if self.on_attempt_recorded is not None:
            self.on_attempt_recorded(after, attempt)

    def _apply(self, job: Job, change: Change) -> Job:
        if self.started_at is not None:  # at the claim, the start of the run was not known
            change = replace(change, values={**change.values, "started_at": self.started_at})
        if self.kept != job.kept:
            change = replace(change, values={**change.values, "kept": self.kept})
        if self.progressed:
            change = transitions.forgiving(change)
        if job.cancel_requested:  # it was claimed to undo its steps
            change = transitions.anyway(change)
        return self.persistence.write(job, lambda: self.store.apply(job.id, change))


def stalled_since(job: Job, error: Exception, now: float) -> float | None:
    """Return since when the same kind of reason has kept workers from running a claimed job; None: since this try.

    The row also says since when the watchdog could not bring the job to a worker: that is another reason, and over. A
    busy limit is another reason than an outage. If the job was not tried for a long time (its type was paused), its
    pauses, and its day until it is given up, begin again.
    """
    # Long waits are parked, so a try whose wait was not parked was soon after the stall began. The waits for a busy
    # limit are short and never parked: its day begins again every UNTRIED_AFTER.
    planned = max(job.parked_until or 0.0, job.stalled_since or 0.0)
    if job.deferred is not False or now - planned >= UNTRIED_AFTER:
        return None
    was_busy = job.fingerprint == fingerprint(job.type, *_named(LimitBusy()))[0]
    return job.stalled_since if was_busy is isinstance(error, LimitBusy) else None


def _asked_meanwhile(job: Job, current: Job | None) -> bool:
    """Return whether a wait was refused because the job was asked to stop during this attempt."""
    return current is not None and current.cancel_requested and not job.cancel_requested


def _give_up_at(job: Job, error: BaseException) -> float:
    """Return when the run is given up (epoch seconds): never while its first attempt waits for its rate or its key."""
    waits = job.attempts <= 1 and isinstance(error, StartUnavailable | KeyHeld)
    return math.inf if waits or job.give_up_at is None else job.give_up_at


def _named(error: BaseException) -> tuple[str, str]:
    return type(error).__name__, clean(message_of(error)) or type(error).__name__


def _out_of_time(job: Job, error: tuple[str, str]) -> tuple[str, str]:
    """Return the error with the reason why no attempt follows; a search by its class still finds the job."""
    return error[0], f"Given up, its time ended at {iso(job.give_up_at or 0.0)}: {error[1]}"


def _late(job: Job, current: Job | None) -> Hold:
    events.late_finisher(job, current)
    return LEASE_LOST
