"""Hold what operators did to a job, and a job with all that happened to it. Pure."""

from dataclasses import dataclass, field

from chalicelib.jobs.job import Attempt, Job


@dataclass(frozen=True, slots=True)
class Act:
    """An operator's act on a job: its name (see `acts`), when (seconds since the epoch), by whom, and on which run.

    A retry is on the run that it begins.
    """

    name: str
    at: float
    by: str
    gen: int
    in_bulk: bool = False


@dataclass(frozen=True, slots=True)
class JobView:
    """A job with the history of its attempts and of what operators did before the last act, newest last."""

    job: Job
    attempts: tuple[Attempt, ...] = field(default=())
    acts: tuple[Act, ...] = field(default=())
