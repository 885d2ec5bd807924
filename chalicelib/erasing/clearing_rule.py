"""Decide what is to be removed of a finished job whose type says how long it is kept. Pure."""

from dataclasses import dataclass
from enum import Enum, auto

from chalicelib.erasing.constants import LONGEST_LOOK, LONGEST_WAITING_PAUSE, WAITING_PAUSE
from chalicelib.job_types.checks import JOB_ID
from chalicelib.jobs.change import Clearing
from chalicelib.jobs.job import Job
from chalicelib.jobs.keep_times import KeepTimes
from chalicelib.jobs.retention import CLEARED_BEFORE


class What(Enum):
    """What follows for a clearing."""

    NOTHING = auto()
    """There is nothing to remove, as far as the job's own row says. Only the clearing goes."""
    WAIT = auto()
    """Its time has not come."""
    DATA = auto()
    """Payload, result and kept steps are removed; the job stays."""
    REST = auto()
    """All that is beside the job's own row is removed; the row stays until it expires."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows, and for WAIT and DATA the time of the next look (epoch seconds)."""

    what: What
    next_at: float = 0.0


NOTHING, REST = Decision(What.NOTHING), Decision(What.REST)


def decide(one: Clearing, found: Job | None, times: KeepTimes | None, now: float) -> Decision:
    """Return what follows for a clearing.

    `found` is the row with the job's id, `times` are those that its type declares now. A job function may write a
    clearing about any job, and a table may be half lost: so a clearing is only a reason to look. All that follows is
    decided from the row of the job, and without it nothing is removed. Its time is not read: a forged one is no
    permission.
    """
    if found is None or times is None or not JOB_ID.fullmatch(found.id) or not _agree(one, found):
        return NOTHING
    if not found.terminal or found.erased_at is not None or found.finished_at is None or found.expires_at is None:
        return NOTHING
    if now >= found.expires_at - LONGEST_LOOK:  # another job may get this id then, also while objects are listed
        return NOTHING
    rest_at = found.expires_at - CLEARED_BEFORE
    if now >= rest_at:
        return REST
    data_at = rest_at if times.data is None else found.finished_at + times.data
    if now < data_at:
        return Decision(What.WAIT, min(data_at, rest_at))
    return Decision(What.DATA, rest_at)


def bodies_are_gone(one: Clearing, found: Job) -> bool:
    """Return whether what this job had in S3 is removed already, so that S3 need not be asked again.

    The clearing gets the time of the second removal only after the first one has succeeded.
    """
    rest_at = (found.expires_at or 0) - CLEARED_BEFORE
    return found.cleared_at is not None and found.cleared_at < rest_at <= one.due_at


def looks_again_at(found: Job, now: float) -> float:
    """Return when to look again for a job whose result another job may still read: later after each look."""
    age = now - (found.finished_at or now)
    return now + min(max(WAITING_PAUSE, age / 10), LONGEST_WAITING_PAUSE)


def _agree(one: Clearing, found: Job) -> bool:
    of_job = (found.id, found.type, found.created_at, found.finished_at)
    return (one.job, one.type, one.created_at, one.finished_at) == of_job
