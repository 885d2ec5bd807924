"""Log what happens to the jobs that tell ends."""

from chalicelib.jobs.job import Job
from chalicelib.telemetry.emf import Metric, count
from chalicelib.telemetry.logger import event, logger


def told(job: Job, made: Job) -> None:
    """Log that the job which tells the end of `job` was made."""
    event("end.told", job, told=made.id)


def made_up_for(number: int) -> None:
    """Log that the nightly check made the jobs of so many ends that the stream did not deliver."""
    logger().warning("end.made_up_for", extra={"number": number})


def repair_failed(error: Exception, job: Job | None = None) -> None:
    """Log that the nightly check of this job's end, or of some ends, failed; the next night checks them again."""
    which = {} if job is None else {"job_id": job.id}
    logger().exception("end.repair_failed", extra={**which, "error_class": type(error).__name__})


def refused(job: Job, error: Exception) -> None:
    """Log that the end of `job` cannot be told: its type is removed or retired, or `on_end` is not signed."""
    event("end.refused", job, level="ERROR", on_end=job.on_end, error_class=type(error).__name__)
    count(Metric.END_REFUSED)


def unreadable(item: str, sequence: str, why: str) -> None:
    """Log that a record of the stream cannot be read, so that nothing follows from it."""
    logger().error("followup.skipped", extra={"item": item, "sequence": sequence, "why": why})
