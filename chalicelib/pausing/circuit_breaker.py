"""Decide whether a job of the type may be claimed, and count failed attempts."""

import math
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from chalicelib.errors import LimitBusy, PlaceUnavailable
from chalicelib.job_types.failing import Failing
from chalicelib.jobs.constants import LONGEST_HOLD
from chalicelib.jobs.job import LOST, SUSPENDED, Attempt, Job
from chalicelib.jobs.message_fate import Drop, Hold
from chalicelib.jobs.texts.fingerprints import fingerprint
from chalicelib.pausing import events as pause_events
from chalicelib.pausing.constants import ROW_FRESH, SLOW_WHILE_PAUSED
from chalicelib.pausing.port import AutoPauses
from chalicelib.pausing.rule import AutoPause, Decide, completed, counted_error, failed, probing, succeeded, untried
from chalicelib.pausing.switch import change
from chalicelib.telemetry import events

UNTRIED = frozenset({"cancelled", "deferred"})
"""Outcomes of an attempt whose function did not finish, and did not fail either."""
NOT_CALLED = frozenset({None, LimitBusy.__name__, PlaceUnavailable.__name__})
"""Errors of such an attempt with which the function was certainly not called."""

Handle = Callable[[], Drop | Hold]


class AlwaysClosed:
    """Handle every message and read nothing: the breaker of a type without `pause_when`."""

    def begin(self, left: float) -> None:
        """See CircuitBreaker."""

    def call(self, handle: Handle) -> Drop | Hold:
        """See CircuitBreaker."""
        return handle()

    def on_attempt_recorded(self, job: Job, attempt: Attempt) -> None:
        """See CircuitBreaker."""


@dataclass
class CircuitBreaker:
    """Hold messages while the type is paused automatically, and let one job run when a probe is due.

    `clock` returns epoch seconds, `sleep` waits for a number of seconds. If the store does not answer, jobs run as if
    there were no breaker, and no probe starts.
    """

    name: str
    rule: Failing
    rows: AutoPauses
    clock: Callable[[], float]
    sleep: Callable[[float], None] = time.sleep
    known: AutoPause = field(default_factory=AutoPause)
    read_at: float | None = None
    ends: float = 0.0
    waited: bool = False
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)
    """Held while the row is read and changed: the jobs of a batch may run in several threads."""
    _run: threading.local = field(default_factory=threading.local, repr=False)
    """What belongs to the message of this thread."""

    @property
    def probe(self) -> str:
        """Return the name of the probe that this thread runs; empty if it runs none."""
        return getattr(self._run, "probe", "")

    @probe.setter
    def probe(self, name: str) -> None:
        self._run.probe = name

    def begin(self, left: float) -> None:
        """Begin a batch; `left` is the number of seconds that the invocation has left."""
        self.ends, self.waited = self.clock() + left, False

    def call(self, handle: Handle) -> Drop | Hold:
        """Handle a message, or hold it."""
        held = self._holds()
        if held is not None:
            pause_events.held(self.name, held.seconds or 0)
            return held
        try:
            end = handle()
        except Exception:
            self._give_back()
            raise
        self._give_back()
        return end

    def _give_back(self) -> None:
        """Cancel a probe that has run no job: its message was old, or its job may not start yet."""
        if self.probe:
            with self._lock:
                self._tell(untried(self.probe, self.clock()))
            self.probe = ""

    def on_attempt_recorded(self, _job: Job, attempt: Attempt) -> None:
        """Count the outcome of an attempt, after the outcome was stored."""
        with self._lock:
            self._count(attempt)

    def _count(self, attempt: Attempt) -> None:
        if attempt.outcome == "completed" or (attempt.outcome == SUSPENDED and self.probe):
            self._hear_of_success()
        elif (error := counted_error(attempt)) is not None:
            name, _ = fingerprint(self.name, error, attempt.error_message or "")
            told = self._tell(failed(self.rule, name, error, self.clock()))
            if told is not None and told.since is not None:
                pause_events.paused_by_itself(self.name, told.reason, told.cooldown)
        if attempt.outcome != LOST and not (attempt.outcome in UNTRIED and attempt.error_class in NOT_CALLED):
            self.probe = ""  # the probe has run, so `_give_back` must not change the time of the next one

    def _hear_of_success(self) -> None:
        if self.probe:
            if self._tell(succeeded(self.probe, self.clock())) is not None:
                pause_events.resumed_by_itself(self.name)
            return
        # read the row again: other workers may have counted failures since this attempt began
        self.read_at = None
        if self._row() is not None and self.known.failures:
            self._tell(completed)

    def _holds(self) -> Hold | None:
        with self._lock:
            seen = self._seen()
        if not isinstance(seen, AutoPause):
            return seen
        self._slow_down()
        left = seen.probe_at - self.clock()
        return Hold(math.ceil(min(LONGEST_HOLD, max(1.0, left))), "paused by itself")

    def _seen(self) -> AutoPause | Hold | None:
        """Return the pause that holds the message, a Hold if the store does not answer, or None if its job may run."""
        row = self._row()
        if row is None or row.since is None:
            return None
        now = self.clock()
        if now >= row.probe_at:
            if (taken := self._take(now)) is not None:
                return taken
            if self.probe or self.known.since is None:
                return None
        return self.known

    def _take(self, now: float) -> Hold | None:
        """Try to start the probe that is due; return a Hold if the store does not answer."""
        probe = uuid.uuid4().hex[:12]
        try:
            taken = change(self.rows, self.name, probing(probe, now, self.ends - now), self.known)
            self.known = self.rows.read(self.name) if taken is None else taken
        except Exception as error:
            events.store_failed(self.name, error)
            return Hold(round(ROW_FRESH), "aws error")
        if taken is not None:
            self.probe = probe
            pause_events.probed(self.name, taken.cooldown)
        return None

    def _row(self) -> AutoPause | None:
        """Return the row, up to a second old; None when the store does not answer."""
        now = self.clock()
        if self.read_at is None or not 0 <= now - self.read_at < ROW_FRESH:
            try:
                self.known, self.read_at = self.rows.read(self.name, consistent=False), now
            except Exception as error:
                events.store_failed(self.name, error)
                return None
        return self.known

    def _tell(self, decide: Decide) -> AutoPause | None:
        try:
            told = change(self.rows, self.name, decide, self.known)
        except Exception as error:
            # not raised, because this is harmless: if a failure is not counted, a pause begins later; if the end of a
            # probe is not stored, the next probe begins later
            events.store_failed(self.name, error)
            self.read_at = None
            return None
        if told is None:
            self.read_at = None
        else:
            self.known = told
        return told

    def _slow_down(self) -> None:
        with self._lock:
            first, self.waited = not self.waited, True
        if first:
            self.sleep(max(0.0, min(SLOW_WHILE_PAUSED, self.ends - self.clock() - SLOW_WHILE_PAUSED)))
