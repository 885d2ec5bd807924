"""Hold what operators did to a job, and a job with all that happened to it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from chalicelib.jobs import run_identity as lives
from chalicelib.jobs.job import Attempt, Job
from chalicelib.jobs.limits import MOST_HISTORY


@dataclass(frozen=True, slots=True)
class Act:
    """An operator's act on a job: its name (see `acts`), when (seconds since the epoch), by whom, and on which run.

    A retry is on the run that it begins. `bulk` is the id of the bulk action that did it, if one did that the platform
    worked off.
    """

    name: str
    at: float
    by: str
    gen: int
    in_bulk: bool = False
    bulk: str | None = None


@dataclass(frozen=True, slots=True)
class JobView:
    """A job with the history of its attempts and of what operators did before the last act, newest last.

    `older` tells that there are attempts before these.
    """

    job: Job
    attempts: tuple[Attempt, ...] = field(default=())
    acts: tuple[Act, ...] = field(default=())
    older: bool = False


def view_of(job: Job, attempts: Sequence[Attempt], acts: Sequence[Act]) -> JobView:
    """Return the job with the newest MOST_HISTORY of its attempts and of its acts, which are given oldest first.

    A job that was created again under an expired one's id does not inherit that one's history.
    """
    since = lives.since(job.created_at)
    tried = sorted((one for one in attempts if one.started_at > since), key=lambda one: one.token)
    acted = [act for act in acts if act.at > since]
    return JobView(job, tuple(tried[-MOST_HISTORY:]), tuple(acted[-MOST_HISTORY:]), len(tried) > MOST_HISTORY)
