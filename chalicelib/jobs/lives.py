"""Tell a job from one that had its id before: a key may be used again when its job has expired. Pure."""

from chalicelib.jobs.job import Job
from chalicelib.jobs.limits import DAY

NAMED_BY_BIRTH = 1_798_761_600.0
"""2027-01-01T00:00Z: runs of jobs created before it keep the names they had, without the time of creation.

A run that is under way while this version is deployed would change its name between two attempts: it would make its
jobs a second time, and other services would act a second time."""


def run_name(job: Job) -> str:
    """Return the name of the run that a job is in: the same in all attempts of it, and never that of another run.

    The id and the number of the run are not enough: they are those of the first job again when a key makes another one.
    No change of a job, a retry and a replacement included, changes `created_at`.
    """
    name = f"{job.id}:{job.gen}"
    return name if job.created_at < NAMED_BY_BIRTH else f"{name}:{round(job.created_at * 1000):x}"


def since(at: float) -> float:
    """Return from when on what lies beside a job is its own; `at` is when the job, or an attempt of it, began.

    Epoch seconds. A day's slack, because the clocks of two machines differ, and an expired job has been finished for a
    month.
    """
    return at - DAY
