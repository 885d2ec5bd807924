"""Tell a job from one that had its id before: a key may be used again when its job has expired. Pure."""

from chalicelib.jobs.job import Job
from chalicelib.jobs.limits import DAY


def run_name(job: Job) -> str:
    """Return the name of the run that a job is in: the same in all attempts of it, and never that of another run.

    The id and the number of the run are not enough: they are those of the first job again when a key makes another one.
    No change of a job, a retry and a replacement included, changes `created_at`.
    """
    return f"{job.id}:{job.gen}:{round(job.created_at * 1000):x}"


def since(at: float) -> float:
    """Return from when on what lies beside a job is its own; `at` is when the job, or an attempt of it, began.

    Epoch seconds. A day's slack, because the clocks of two machines differ, and an expired job has been finished for a
    month.
    """
    return at - DAY
