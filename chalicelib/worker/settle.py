"""Write down how an attempt ended. Outcomes are values; here is the only place that turns one into a state."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from chalicelib.errors import MoveRefused
from chalicelib.jobs import transitions
from chalicelib.jobs.attempt import attempt_of, message_of
from chalicelib.jobs.backoff import Fail, GiveUp, Jitter, Retry, decide
from chalicelib.jobs.job import JSON, Attempt, Job
from chalicelib.jobs.ports import JobStore
from chalicelib.jobs.transitions import Change
from chalicelib.telemetry import events
from chalicelib.worker.message_fate import Drop, Hold


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
        done = self.store.apply(job.id, transitions.complete(job, now=now, result=result))
        events.attempt_finished(done, attempt_of(job, "completed", now))
        return Drop("completed")

    def _failed(self, job: Job, error: Exception, now: float) -> Drop | Hold:
        named = (type(error).__name__, message_of(error) or type(error).__name__)
        match decide(attempts=job.attempts, max_attempts=job.max_attempts, error=error, jitter=self.jitter):
            case Retry(delay):
                return self._postponed(job, attempt_of(job, "error", now, error, delay), now, delay, named)
            case GiveUp():
                self._record(job, attempt_of(job, "error", now, error), transitions.exhaust(job, now=now, error=named))
                return Hold(0, "burning down to the dead-letter queue")
            case Fail():
                fail = transitions.fail(job, now=now, error=named)
                self._record(job, attempt_of(job, "permanent_error", now, error), fail)
                return Drop("failed for good")

    def _postponed(self, job: Job, attempt: Attempt, now: float, delay: int, named: tuple[str, str]) -> Drop | Hold:
        try:
            self._record(job, attempt, transitions.postpone(job, now=now, not_before=now + delay, error=named))
        except MoveRefused as refused:
            asked = refused.current is not None and refused.current.cancel_requested
            if not asked:
                raise
            # The error stays on record, without the retry that was not to be.
            self._record(job, replace(attempt, retry_delay_s=None), transitions.stop(job, now=now))
            return Drop("cancelled")
        return Hold(delay, "backing off")

    def _stopped(self, job: Job, now: float) -> Drop:
        self._record(job, attempt_of(job, "cancelled", now), transitions.stop(job, now=now))
        return Drop("cancelled")

    def _record(self, job: Job, attempt: Attempt, change: Change) -> None:
        # The history first: a crash between the two leaves a true line, the other order would lose it.
        self.store.record(job.id, attempt)
        after = self.store.apply(job.id, change)
        events.attempt_finished(after, attempt)


def _late(job: Job, current: Job | None) -> Hold:
    events.late_finisher(job, current)
    return Hold(None, "lease lost")
