"""Decide to which queue the message of a job goes. Pure.

Nothing else decides it: every message is sent through the dispatcher, and the dispatcher asks here.
"""

from chalicelib.job_types import jobtype
from chalicelib.job_types.queue import urgent_key
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.priority import HIGH, rank_of
from chalicelib.jobs.transitions import waited_limit


def is_urgent(job: Job) -> bool:
    """Return whether the job's message goes to the urgent queue of its type.

    That are jobs of `high` priority, and jobs that a limit has woken: in the other queue, they would keep their place
    idle behind the backlog of their type. Only types with `urgent=True` have an urgent queue.
    """
    if not jobtype.urgent(job.type):
        return False
    woken = job.status is Status.QUEUED and waited_limit(job) is not None
    return woken or rank_of(job.priority) == HIGH


def queue_for(job: Job) -> str:
    """Return the key of the queue to which the job's message goes."""
    key = jobtype.queue_of(job.type)
    return urgent_key(key) if is_urgent(job) else key
