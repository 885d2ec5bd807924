"""Decide when a job type pauses automatically, because all attempts fail with one error, and when it continues. Pure.

The functions return the row to write, or None if there is nothing to write.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from chalicelib.job_types.failing import Failing
from chalicelib.jobs.job import LOST, Attempt
from chalicelib.pausing.constants import COOLDOWN_REMEMBERED, FIRST_COOLDOWN, LONGEST_COOLDOWN

FAILED = frozenset({"error", "permanent_error", LOST})
"""Outcomes of an attempt that failed."""


@dataclass(frozen=True, slots=True)
class AutoPause:
    """The failures of a job type, and its pause. Times in epoch seconds.

    `failures`: the times at which the last attempts failed, all with the error of this fingerprint. `since`: when the
    pause began; None without a pause. `probe` names the running probe, `probe_at` is the time of the next probe.
    `switched_at`: when a watchdog last began to disable the queue; None if the queue is certainly enabled. `off`: the
    queue was disabled in this pause. `sent`: how many probes with a place or a slot of a shared limit were sent since a
    worker has taken one, the last at `sent_at`. `version` identifies the last write of this row; "" without a row.
    """

    fingerprint: str = ""
    error: str = ""
    failures: tuple[float, ...] = ()
    since: float | None = None
    cooldown: float = 0.0
    probe_at: float = 0.0
    probe: str = ""
    ended_at: float | None = None
    switched_at: float | None = None
    off: bool = False
    sent: int = 0
    sent_at: float = 0.0
    version: str = ""

    @property
    def reason(self) -> str:
        """Return why the type is paused, in words."""
        return f"{len(self.failures)} attempts in a row failed with {self.error}"


Decide = Callable[[AutoPause], AutoPause | None]


def counted_error(attempt: Attempt) -> str | None:
    """Return the class of the error with which an attempt counts; None for an attempt that does not count as failed."""
    return attempt.error_class or "WorkerLost" if attempt.outcome in FAILED else None


def failed(rule: Failing, fingerprint: str, error: str, now: float) -> Decide:
    """Count a failed attempt, and begin a pause if there are enough of them. During a pause nothing is counted.

    `error` is the error's class.
    """

    def decide(seen: AutoPause) -> AutoPause | None:
        if seen.since is not None:
            return None
        alike = seen.failures if fingerprint == seen.fingerprint else ()
        failures = (*(at for at in alike if at > now - rule.within), now)[-rule.of :]
        counted = replace(seen, fingerprint=fingerprint, error=error, failures=failures)
        if len(failures) < rule.of:
            return counted
        cooldown = _begin_with(seen, now)
        return replace(counted, since=now, cooldown=cooldown, probe_at=now + cooldown, probe="", off=False)

    return decide


def completed(seen: AutoPause) -> AutoPause | None:
    """Delete the counted failures, because an attempt completed.

    An attempt that began before a pause does not end the pause.
    """
    return replace(seen, failures=()) if seen.failures and seen.since is None else None


def probing(probe: str, now: float, left: float) -> Decide:
    """Let one job run as a probe, and plan the next probe as if this one failed: the process may end at any time.

    `left`: seconds until the invocation ends. The next probe is later than that, so two probes never run at the same
    time.
    """

    def decide(seen: AutoPause) -> AutoPause | None:
        if seen.since is None or now < seen.probe_at:
            return None
        cooldown = min(LONGEST_COOLDOWN, 2 * seen.cooldown)
        return replace(seen, probe=probe, cooldown=cooldown, probe_at=now + max(cooldown, left), sent=0, sent_at=0.0)

    return decide


def next_probe(row: AutoPause) -> float:
    """Return when the next probe may be sent (epoch seconds).

    A place or a slot of a shared limit is kept from the other types. So if no worker takes the probes, because its
    function is broken or throttled, each wait for the next one is twice as long as the wait before.
    """
    if not row.sent:
        return row.probe_at
    return max(row.probe_at, row.sent_at + min(LONGEST_COOLDOWN, FIRST_COOLDOWN * 2.0 ** min(row.sent - 1, 10)))


def sending(row: AutoPause, now: float) -> AutoPause:
    """Count a probe with a place or a slot of a shared limit, before it is sent."""
    return replace(row, sent=row.sent + 1, sent_at=now)


def untried(probe: str, now: float) -> Decide:
    """Cancel a probe that has run no job, so that the next probe may follow at once."""

    def decide(seen: AutoPause) -> AutoPause | None:
        if seen.since is None or seen.probe != probe:
            return None
        return replace(seen, probe="", cooldown=max(FIRST_COOLDOWN, seen.cooldown / 2), probe_at=now)

    return decide


def succeeded(probe: str, now: float) -> Decide:
    """End the pause, because its probe completed."""

    def decide(seen: AutoPause) -> AutoPause | None:
        return None if seen.probe != probe else idle(now)(seen)

    return decide


def idle(now: float) -> Decide:
    """End the pause, because no job is unfinished any more."""

    def decide(seen: AutoPause) -> AutoPause | None:
        if seen.since is None:
            return None
        return AutoPause(ended_at=now, cooldown=seen.cooldown, switched_at=seen.switched_at)

    return decide


def resumed(seen: AutoPause) -> AutoPause | None:
    """End the pause for an operator; the next pause begins with the first cooldown."""
    return None if seen.since is None else AutoPause(switched_at=seen.switched_at)


def _begin_with(seen: AutoPause, now: float) -> float:
    recent = seen.ended_at is not None and now - seen.ended_at < COOLDOWN_REMEMBERED
    return min(LONGEST_COOLDOWN, max(FIRST_COOLDOWN, seen.cooldown)) if recent else FIRST_COOLDOWN
