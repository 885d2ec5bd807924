"""Decide what to do with one message in a dead-letter queue. Pure."""

from dataclasses import dataclass

from chalicelib.jobs.attempt import lost_error
from chalicelib.jobs.constants import GIVE_UP_STALLED, LOOK_AHEAD, MOST_CLAIMS, SEND_GRACE
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.listing import iso
from chalicelib.jobs.port import Message
from chalicelib.watchdog.constants import RESEND_PAUSE
from chalicelib.watchdog.rule import GiveUp, expected


@dataclass(frozen=True, slots=True)
class Remove:
    """Remove the message: it is no longer needed as evidence of a failure."""

    why: str


@dataclass(frozen=True, slots=True)
class Keep:
    """Keep the message; `malformed`: this version cannot read it."""

    malformed: bool = False


@dataclass(frozen=True, slots=True)
class Redeliver:
    """The job can still run: request a fresh message at `due_at` (seconds since the epoch), then remove this one."""

    due_at: float


Verdict = Remove | Keep | Redeliver | GiveUp


def sweep(message: Message | None, job: Job | None, now: float, *, serial: bool = False) -> Verdict:
    """Return what to do with a message in a dead-letter queue, with its job at `now` (None: deleted).

    A message that used up its receives shows nothing about its job, because outages and throttled invocations also use
    up receives. `serial`: the queue is a FIFO queue. A FIFO queue delivers no later message of a key while ten messages
    of that key are hidden or stay in the queue.
    """
    if message is None:
        return Keep(malformed=True)
    if job is None:
        return Remove("job not found")
    if message.gen != job.gen:
        return Remove("older generation") if message.gen < job.gen else Keep()
    if job.status is Status.DEAD_LETTER:
        return Remove("others of its key are behind it") if serial else Keep()
    if job.terminal:
        return Remove(f"job is {job.status}")
    return _unfinished(job, now)


def _unfinished(job: Job, now: float) -> Verdict:
    if not job.sent:
        return Remove("another message is on its way")
    if job.status is Status.PROCESSING and now < expected(job) + SEND_GRACE:
        return Keep()
    if job.attempts >= job.max_attempts or job.claims >= MOST_CLAIMS:
        return GiveUp(lost_error(job))
    if job.stalled_since is not None and now - job.stalled_since >= GIVE_UP_STALLED:
        since = f"since {iso(job.stalled_since)}"
        return GiveUp(("Undeliverable", f"Its messages used up their receives {since} and no attempt ended."))
    # `resends` counts each fresh message twice: when it is requested, and when it is sent
    pause = RESEND_PAUSE.latest(job.resends // 2 + 1) - RESEND_PAUSE.first
    return Redeliver(max(now + pause, expected(job) - LOOK_AHEAD))
