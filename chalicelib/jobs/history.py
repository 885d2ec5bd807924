"""Hold the acts of operators on a job, and a job with its whole history. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from chalicelib.jobs import run_identity
from chalicelib.jobs.constants import MOST_HISTORY
from chalicelib.jobs.job import Attempt, Job


@dataclass(frozen=True, slots=True)
class Act:
    """An operator's act on a job: the act's name (see `acts`) and time (epoch seconds), the operator, the job's run.

    A retry belongs to the run that it begins. `bulk` is the id of the bulk action that did the act, if one did.
    """

    name: str
    at: float
    by: str
    gen: int
    in_bulk: bool = False
    bulk: str | None = None


@dataclass(frozen=True, slots=True)
class JobView:
    """A job with its attempts, and with its operators' acts except the last one, which the job contains; oldest first.

    `older`: there are earlier attempts that `attempts` does not contain.
    """

    job: Job
    attempts: tuple[Attempt, ...] = field(default=())
    acts: tuple[Act, ...] = field(default=())
    older: bool = False


def view_of(job: Job, attempts: Sequence[Attempt], acts: Sequence[Act]) -> JobView:
    """Return the job with the newest MOST_HISTORY of its attempts and acts, which are given oldest first.

    A job that was created again under an expired job's id does not inherit that job's history.
    """
    since = run_identity.since(job.created_at)
    tried = sorted((one for one in attempts if one.started_at > since), key=lambda one: one.token)
    acted = [act for act in acts if act.at > since]
    return JobView(job, tuple(tried[-MOST_HISTORY:]), tuple(acted[-MOST_HISTORY:]), len(tried) > MOST_HISTORY)
