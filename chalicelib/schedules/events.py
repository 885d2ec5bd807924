"""The events of schedules: firings that made no job, and what an operator or a deploy did to a schedule.

A firing that made its job has the line job.created, with the job's id.
"""

from chalicelib.jobs.listing import iso
from chalicelib.schedules.schedule import Schedule
from chalicelib.telemetry.logger import logger


def missed(schedule: Schedule, left_out: float) -> None:
    """Log that firings were missed and do not run late, the first of them at `left_out` (epoch seconds)."""
    logger().warning("schedule.missed", extra={**_keys(schedule), "first": iso(left_out)})


def refused(schedule: Schedule, why: str) -> None:
    """Log that a firing made no job: its type is gone or retired, or refuses the payload."""
    logger().error("schedule.refused", extra={**_keys(schedule), "why": why})


def failed(schedule_id: str, error: Exception) -> None:
    """Log that a schedule, or all of them, could not be looked at; the next run of the watchdog does it again."""
    logger().exception("schedule.failed", extra={"schedule": schedule_id, "error_class": type(error).__name__})


def declared(schedule: Schedule, what: str) -> None:
    """Log that a deploy added, changed or ended a declared schedule."""
    logger().info(f"schedule.{what}", extra=_keys(schedule))


def operated(schedule_id: str, what: str, principal: str) -> None:
    """Tell what an operator or an administrator did to a schedule: created, changed, deleted, paused, resumed, run."""
    logger().warning(f"schedule.{what}", extra={"schedule": schedule_id, "principal": principal})


def _keys(schedule: Schedule) -> dict[str, str]:
    return {"schedule": schedule.id, "job_type": schedule.type}
