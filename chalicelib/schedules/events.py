"""Log the events of schedules: firings that made no job, and changes by an operator or a deploy.

For a firing that made its job, the log has the line job.created, with the job's id.
"""

from chalicelib.jobs.listing import iso
from chalicelib.schedules.schedule import Schedule
from chalicelib.telemetry.logger import logger


def missed(schedule: Schedule, left_out: float) -> None:
    """Log that firings were missed and do not run late, the first of them at `left_out` (epoch seconds)."""
    logger().warning("schedule.missed", extra={**_keys(schedule), "first": iso(left_out)})


def refused(schedule: Schedule, why: str) -> None:
    """Log that a firing made no job: its type is removed or retired, or refuses the payload."""
    logger().error("schedule.refused", extra={**_keys(schedule), "why": why})


def failed(schedule_id: str, error: Exception) -> None:
    """Log that one or all schedules could not be read; the next run of the watchdog tries again."""
    logger().exception("schedule.failed", extra={"schedule": schedule_id, "error_class": type(error).__name__})


def declared(schedule: Schedule, what: str) -> None:
    """Log that a deploy added, changed or ended a declared schedule."""
    logger().info(f"schedule.{what}", extra=_keys(schedule))


def operated(schedule_id: str, what: str, principal: str) -> None:
    """Log an operator's or administrator's act on a schedule: created, changed, deleted, paused, resumed, run."""
    logger().warning(f"schedule.{what}", extra={"schedule": schedule_id, "principal": principal})


def _keys(schedule: Schedule) -> dict[str, str]:
    return {"schedule": schedule.id, "job_type": schedule.type}
