"""Write down how an attempt ended. Outcomes are values; here is the only place that turns one into a state."""

import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace

from chalicelib import changes, telemetry
from chalicelib.changes import Change
from chalicelib.disposition import Drop, Hold
from chalicelib.errors import MoveRefused
from chalicelib.job import JSON, LOST, Attempt, Job
from chalicelib.ports import JobStore
from chalicelib.retry import Fail, GiveUp, Jitter, Retry, decide

LONGEST_STACK = 8_000
"""Characters of a stack that are kept: the innermost frames say most."""


@dataclass(frozen=True, slots=True)
class Done:
    """The function returned; its value as JSON."""

    result: JSON


@dataclass(frozen=True, slots=True)
class Raised:
    """The function raised."""

    error: Exception


@dataclass(frozen=True, slots=True)
class Stopped:
    """The function obeyed a request to stop."""


@dataclass(frozen=True, slots=True)
class Lost:
    """The function noticed that another worker holds the job now."""


Outcome = Done | Raised | Stopped | Lost


@dataclass(frozen=True)
class Settlement:
    """Settles attempts for a worker. `clock` gives seconds since the epoch."""

    store: JobStore
    clock: Callable[[], float]
    jitter: Jitter

    def settle(self, job: Job, outcome: Outcome) -> Drop | Hold:
        """Record the outcome of the attempt that holds `job`, and say what becomes of its message."""
        now = round(self.clock(), 3)
        try:
            match outcome:
                case Done(result):
                    return self._completed(job, result, now)
                case Raised(error):
                    return self._failed(job, error, now)
                case Stopped():
                    return self._stopped(job, now)
                case Lost():
                    return _late(job, None)
        except MoveRefused as refused:
            return _late(job, refused.current)

    def _completed(self, job: Job, result: JSON, now: float) -> Drop:
        done = self.store.apply(job.id, changes.complete(job, now=now, result=result))
        telemetry.attempt_finished(done, attempt_of(job, "completed", now))
        return Drop("completed")

    def _failed(self, job: Job, error: Exception, now: float) -> Drop | Hold:
        named = (type(error).__name__, _message_of(error) or type(error).__name__)
        match decide(attempts=job.attempts, max_attempts=job.max_attempts, error=error, jitter=self.jitter):
            case Retry(delay):
                return self._postponed(job, attempt_of(job, "error", now, error, delay), now, delay, named)
            case GiveUp():
                self._record(job, attempt_of(job, "error", now, error), changes.exhaust(job, now=now, error=named))
                return Hold(0, "burning down to the dead-letter queue")
            case Fail():
                fail = changes.fail(job, now=now, error=named)
                self._record(job, attempt_of(job, "permanent_error", now, error), fail)
                return Drop("failed for good")

    def _postponed(self, job: Job, attempt: Attempt, now: float, delay: int, named: tuple[str, str]) -> Drop | Hold:
        try:
            self._record(job, attempt, changes.postpone(job, now=now, not_before=now + delay, error=named))
        except MoveRefused as refused:
            asked = refused.current is not None and refused.current.cancel_requested
            if not asked:
                raise
            # The error stays on record, without the retry that was not to be.
            self._record(job, replace(attempt, retry_delay_s=None), changes.stop(job, now=now))
            return Drop("cancelled")
        return Hold(delay, "backing off")

    def _stopped(self, job: Job, now: float) -> Drop:
        self._record(job, attempt_of(job, "cancelled", now), changes.stop(job, now=now))
        return Drop("cancelled")

    def _record(self, job: Job, attempt: Attempt, change: Change) -> None:
        # The history first: a crash between the two leaves a true line, the other order would lose it.
        self.store.record(job.id, attempt)
        after = self.store.apply(job.id, change)
        telemetry.attempt_finished(after, attempt)


def attempt_of(job: Job, outcome: str, now: float, error: Exception | None = None, delay: int | None = None) -> Attempt:
    """What is known of the attempt that holds, or held, the job."""
    return Attempt(
        gen=job.gen,
        attempt=job.attempts,
        outcome=outcome,
        started_at=job.started_at or now,
        finished_at=None if outcome == LOST else now,
        error_class=type(error).__name__ if error else None,
        error_message=_message_of(error)[:1000] if error else None,
        stack="".join(traceback.format_exception(error))[-LONGEST_STACK:] if error else None,
        request_id=job.request_id,
        cold_start=job.cold_start,
        receive_count=job.receive_count,
        retry_delay_s=delay,
    )


def _message_of(error: Exception) -> str:
    try:
        return str(error)
    except Exception:  # the job function's own class: that it cannot be shown must not hide that it was raised
        return "The error has no message: its __str__ raises."


def _late(job: Job, current: Job | None) -> Hold:
    telemetry.late_finisher(job, current)
    return Hold(None, "lease lost")
