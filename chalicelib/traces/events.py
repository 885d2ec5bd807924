"""Log what happens to spans."""

from chalicelib.telemetry.emf import Metric, count
from chalicelib.telemetry.logger import logger


def refused(why: str, number: int) -> None:
    """Log that the collector did not take this many spans; they are sent again in the same invocation."""
    logger().warning("spans.refused", extra={"why": why, "number": number})


def dropped(why: str, number: int) -> None:
    """Log that this many spans were given up: the collector refused them, or did not take them in time."""
    logger().error("spans.dropped", extra={"why": why, "number": number})
    count(Metric.SPANS_DROPPED, number=number)


def steps_unread(job_id: str, error: Exception, number: int = 1) -> None:
    """Log that the steps of this many attempts are not read, so that they have no spans. `job_id`: the first job."""
    told = {"job_id": job_id, "error_class": type(error).__name__, "number": number}
    logger().warning("spans.steps_unread", extra=told)


def headers_unread(error: Exception) -> None:
    """Log that the headers for the collector cannot be read again, so that the known ones are still used."""
    logger().warning("spans.headers_unread", extra={"error_class": type(error).__name__})
