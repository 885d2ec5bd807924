"""Claim a job for one attempt, or decide what to do with its message."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from chalicelib.errors import JobNotFound, MoveRefused, NewerRow
from chalicelib.jobs import transitions
from chalicelib.jobs.attempt import attempt_of, lost_error
from chalicelib.jobs.change import Change, Claimant
from chalicelib.jobs.constants import LEASE_SLACK, UNKNOWN_SECONDS
from chalicelib.jobs.job import LOST, Attempt, Job, Status
from chalicelib.jobs.kept import newly_kept
from chalicelib.jobs.message_fate import (
    TO_DEAD_LETTERS,
    Drop,
    Expire,
    GiveUpLost,
    Hold,
    TakeOver,
    after_refusal,
    newer,
    unknown,
)
from chalicelib.jobs.port import JobStore, Message, PlatformLog
from chalicelib.telemetry import events
from chalicelib.telemetry.logger import event
from chalicelib.telemetry.platform_lines import Ending, ending_of
from chalicelib.worker.constants import APART, CLAIM_PATIENCE, CLAIM_PAUSE, PEEK_FROM, UNKNOWN_LOOKS, WOKEN_IN
from chalicelib.worker.persist import Persistence
from chalicelib.worker.waking import look

FLOAT = 0.001
"""A whole millisecond, stored as a float of today's epoch seconds, may be up to 0.00024 ms too small. FLOAT, in
milliseconds, is larger than that error."""


@dataclass(frozen=True)
class Claims:
    """Claim jobs for a worker. `clock` returns seconds since the epoch, `spread(low, high)` a random number."""

    store: JobStore
    clock: Callable[[], float]
    spread: Callable[[float, float], float]
    platform_log: PlatformLog | None = None
    sleep: Callable[[float], None] = time.sleep
    max_receives: int = 5
    """Maximum number of times that SQS delivers one message."""
    alone: bool = True
    """False if other jobs run in this process: a job that has lost an attempt must not run beside them."""
    on_attempt_recorded: Callable[[Job, Attempt], None] | None = None
    """Called with each lost attempt, before the attempt is recorded."""

    on_ended: Callable[[Job, Job], None] = lambda _before, _after: None
    """Called with a job before and after it has ended without another attempt."""

    on_refused: Callable[[Job], bool] = lambda _: False
    """Called with a job of the message's run that neither runs nor may be claimed: its last worker may have died.

    Returns whether the message can run the job now.
    """

    def claim(self, message: Message, by: Claimant, left: float, sent_at: float | None = None) -> Job | Drop | Hold:
        """Return the job, claimed for `left` seconds and a little more; or return what to do with the message.

        `sent_at` is when the message was sent (epoch seconds), if the queue provides it.
        """
        now = self._now()
        young = sent_at is None or now - sent_at <= UNKNOWN_SECONDS
        until = now + left + LEASE_SLACK
        claim = transitions.claim(message.gen, now=now, lease_until=until, by=by, job_type=message.type)
        try:
            if by.receive_count >= PEEK_FROM:
                self._peek(message.id, claim)
            return self._applied(message, claim, left, UNKNOWN_LOOKS if young and by.receive_count == 1 else ())
        except MoveRefused as refused:
            if refused.current is None:
                return self._unknown(message, by.receive_count, young=young)
            return self._refused(message, refused.current, by, left)
        except NewerRow as error:
            events.row_unreadable(message.id, error)
            return newer(by.receive_count, self.spread)

    def _unknown(self, message: Message, receives: int, *, young: bool) -> Drop | Hold:
        end = unknown(receives, young=young)
        if isinstance(end, Drop):
            events.message_dropped(message, None, end.why)
        else:
            events.message_early(message, receives)
        return end

    def _applied(self, message: Message, claim: Change, left: float, looks: Sequence[float]) -> Job:
        """Return the claimed job.

        If the job is missing, wait for the next number of seconds in `looks` and try again.
        """
        for seconds in looks:
            try:
                return self._certain(message, claim, left)
            except MoveRefused as refused:
                if refused.current is not None:
                    raise
            self.sleep(seconds)
        return self._certain(message, claim, left)

    def _certain(self, message: Message, change: Change, left: float) -> Job:
        """Write the change that claims the job; without an answer, check whether it was written, or repeat it.

        A claim uses up an attempt, so its result must not stay unknown while there is time to find out.
        """
        ends, unanswered = self.clock() + min(left, CLAIM_PATIENCE), False

        def once() -> Job:
            nonlocal unanswered
            try:
                return self.store.apply(message.id, change)
            except MoveRefused as refused:
                if not (unanswered and _taken_by(change, refused.current)):
                    raise
                return self.store.get(message.id)
            except Exception:
                unanswered = True
                found = self.store.get(message.id)
                if _taken_by(change, found):
                    return found
                raise

        return Persistence(lambda: ends - self.clock(), self.sleep, CLAIM_PAUSE).write(message, once)

    def _peek(self, job_id: str, claim: Change) -> None:
        try:
            current = self.store.get_without_bodies(job_id)
        except JobNotFound:
            raise MoveRefused(claim.move.name, None) from None
        if not claim.allowed(current):
            raise MoveRefused(claim.move.name, current)

    def _refused(self, message: Message, current: Job, by: Claimant, left: float) -> Job | Drop | Hold:
        end = after_refusal(message, current, self._now(), self.spread, probe=by.probe)
        try:
            if isinstance(end, TakeOver | GiveUpLost):
                return self._after_loss(message, end, by, left)
            if isinstance(end, Expire):
                return self._expire(end.late)
        except MoveRefused:
            return Hold(1, "lost a race")
        woken = look(self.store, current, self._now(), keep=by.receive_count < self.max_receives)
        if woken is not None:
            return woken
        met = message.gen == current.gen and current.status is not Status.PROCESSING and self.on_refused(current)
        if met:
            # without a receive left, the message goes to the dead-letter queue, and the watchdog sends another one
            return Hold(WOKEN_IN, "woken")
        if end.duplicate:
            events.duplicate(current, end.why)
        elif isinstance(end, Drop):
            events.message_dropped(message, current, end.why)
        else:
            events.claim_deferred(current, end.why, end.seconds or 0)
        return end

    def _after_loss(self, message: Message, end: TakeOver | GiveUpLost, by: Claimant, left: float) -> Job | Drop | Hold:
        lost, kept = end.lost, None
        stops = lost.cancel_requested and not lost.kept
        if stops or (isinstance(end, GiveUpLost) and end.unless_kept):
            kept = newly_kept(self.store, lost)
        if stops and kept is None:
            return self._stop(lost)
        if isinstance(end, TakeOver) or (end.unless_kept and kept is not None):
            if not self.alone:
                # from its next receive on, the worker reads the row before it decides what runs beside what
                wait = Hold(round(self.spread(1, APART)), "must run alone")
                events.claim_deferred(lost, wait.why, wait.seconds or 0)
                return wait
            return self._take_over(message, lost, by, left, kept)
        return self._give_up(lost)

    def _stop(self, lost: Job) -> Drop:
        now = self._now()
        stopped = self.store.apply(lost.id, transitions.stop(lost, now=now))
        self._record_lost(lost)
        events.moved(stopped, "stop")
        self.on_ended(lost, stopped)
        return Drop("cancelled")

    def _take_over(self, message: Message, lost: Job, by: Claimant, left: float, kept: int | None = None) -> Job:
        now = self._now()
        change = transitions.take_over(lost, now=now, lease_until=now + left + LEASE_SLACK, by=by, kept=kept)
        taken = self._certain(message, change, left)
        self._record_lost(lost)
        events.taken_over(taken)
        return taken

    def _give_up(self, lost: Job) -> Hold:
        now = self._now()
        given_up = self.store.apply(lost.id, transitions.give_up(lost, now=now, error=lost_error(lost)))
        self._record_lost(lost)
        events.given_up(given_up)
        self.on_ended(lost, given_up)
        return TO_DEAD_LETTERS

    def _expire(self, late: Job) -> Drop:
        expired = self.store.apply(late.id, transitions.expire(late, now=self._now()))
        events.expired(expired)
        self.on_ended(late, expired)
        return Drop("expired")

    def _record_lost(self, lost: Job) -> None:
        attempt = _ended(attempt_of(lost, LOST, self._now()), self._ending(lost))
        if self.on_attempt_recorded is not None:
            self.on_attempt_recorded(lost, attempt)
        try:
            self.store.record(lost.id, attempt)
        except Exception as error:
            # Do not raise: this worker holds the job now, and an attempt must not be wasted because a record of the
            # history could not be written.
            events.store_failed(lost, error)

    def _ending(self, lost: Job) -> Ending | None:
        if self.platform_log is None or lost.request_id is None:
            return None
        try:
            return ending_of(self.platform_log.lines(lost), lost.request_id)
        except Exception as error:
            # Do not raise: the log only shows why the last worker disappeared. This attempt does not depend on the log.
            event("attempt.ending_unknown", lost, error=type(error).__name__)
            return None

    def _now(self) -> float:
        # Round down to a whole millisecond, like stored times. If the time were rounded up, a job would be due too
        # early.
        return math.floor(self.clock() * 1000 + FLOAT) / 1000


def _taken_by(change: Change, found: Job | None) -> bool:
    """Return whether this change has claimed the job; other facts may have been recorded on it since."""
    facts = ("gen", "request_id", "started_at")
    taken = {"gen": change.gen, **change.values}
    held = found is not None and found.status is Status.PROCESSING
    return held and all(getattr(found, name) == taken[name] for name in facts)


def _ended(lost: Attempt, ending: Ending | None) -> Attempt:
    if ending is None:
        return lost
    end = max(lost.started_at, ending.at)
    return replace(lost, finished_at=end, error_class=ending.error_class, error_message=ending.message)
