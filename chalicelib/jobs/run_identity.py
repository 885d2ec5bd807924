"""Distinguish a job from an earlier job with the same id: a key can be used again when its job has expired. Pure."""

from chalicelib.jobs.constants import DAY
from chalicelib.jobs.job import Job


def run_name(job: Job) -> str:
    """Return the name of a job's present run: the same in all of its attempts, and different for every other run.

    The id and the number of the run are not enough: they repeat when a key makes another job, and after a restore, if
    the job was run again between the restored moment and the loss of data. No change of a job, not even a retry or a
    replacement, changes `created_at` and `restored_at`.
    """
    times = (job.created_at,) if job.restored_at is None else (job.created_at, job.restored_at)
    return ":".join((job.id, str(job.gen), *(f"{round(at * 1000):x}" for at in times)))


def since(at: float) -> float:
    """Return the time from which rows next to a job belong to it; `at` is when the job, or an attempt of it, began.

    Both times are in epoch seconds. The tolerance is a day: the clocks of two machines differ by less, and an expired
    job had finished a month before.
    """
    return at - DAY
