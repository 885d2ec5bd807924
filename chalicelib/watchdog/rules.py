"""Decide what the watchdog does about one unfinished job. Pure."""

import math
from dataclasses import dataclass

from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.limits import LOOK_AHEAD, SEND_GRACE
from chalicelib.jobs.ports import Depth

PATIENCE = 300.0
"""Seconds after the first re-send of a message that was sent before; twice as long after each further one."""
MOST_PATIENCE = 7_200.0
MOST_UNSENT_PATIENCE = 1_200.0
MOST_RESENDS = 5
"""Re-sends of one generation, each into a queue with nothing visible; none was ever claimed."""
MOST_FAILED_SENDS = 20
"""Sends that did not even get out, spread over about 6 hours: an outage ends before, a queue that is gone does not."""


@dataclass(frozen=True, slots=True)
class Leave:
    """Nothing to do: the index was stale, or another watchdog was faster."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Look again at `until`, in seconds since the epoch."""

    until: float


@dataclass(frozen=True, slots=True)
class Resend:
    """Send the job's message again, visible in `delay` seconds, and look again at `until` (seconds since the epoch)."""

    delay: int
    until: float


@dataclass(frozen=True, slots=True)
class Bury:
    """Give the job up, for the reason given."""

    error: tuple[str, str]


def watch(job: Job, now: float, depth: Depth) -> Leave | Wait | Resend | Bury:
    """What to do about an unfinished job at `now` (epoch seconds), its type's queue being as deep as `depth`."""
    if job.terminal or job.due_at > now:
        return Leave()
    if not job.sent:
        return _first_send(job, now)
    since = expected(job)
    if now < since + SEND_GRACE:
        return Wait(since + SEND_GRACE)
    if depth.visible:
        # Its message is most likely one of those: sending another would only feed the backlog.
        return Wait(now + min(max(now - since, PATIENCE), MOST_PATIENCE))
    if job.resends >= MOST_RESENDS:
        return Bury(("Undeliverable", f"Its message was sent {job.resends + 1} times, and no worker took it."))
    return Resend(0, now + min(PATIENCE * 2**job.resends, MOST_PATIENCE))


def _first_send(job: Job, now: float) -> Wait | Resend | Bury:
    early = (job.run_at or now) - now
    if early > LOOK_AHEAD:
        return Wait(now + early - LOOK_AHEAD)
    if job.resends >= MOST_FAILED_SENDS:
        return Bury(("Undeliverable", f"Its message could not be sent in {job.resends} tries."))
    backoff = min(SEND_GRACE * 2**job.resends, MOST_UNSENT_PATIENCE)
    return Resend(max(0, math.ceil(early)), now + max(early, 0) + backoff)


def expected(job: Job) -> float:
    """When the job's message should have been visible, at the latest."""
    if job.status is Status.PROCESSING:
        return job.lease_until or job.updated_at
    return job.next_attempt_at or job.updated_at
