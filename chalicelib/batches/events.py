"""Log what happens to batches."""

from chalicelib.batches.round import Round
from chalicelib.telemetry.emf import Metric, count
from chalicelib.telemetry.logger import logger


def _keys(found: Round) -> dict[str, str | int]:
    return {"batch": found.batch, "round": found.number}


def created(found: Round) -> None:
    """Log that a batch was created."""
    logger().info("batch.created", extra={**_keys(found), "then": found.then, "on_failure": found.on_failure})


def closed(found: Round) -> None:
    """Log that a round has all of its members."""
    logger().info("batch.closed", extra={**_keys(found), "total": found.total})


def told(found: Round, what: str, made: str) -> None:
    """Log that a round has made the job of `then` or `on_failure`."""
    logger().info("batch.told", extra={**_keys(found), "what": what, "told": made})


def ended(found: Round) -> None:
    """Log that a round has ended."""
    numbers = {"done": found.done, "failed": found.failed, "cancelled": found.cancelled, "total": found.total}
    logger().info("batch.ended", extra={**_keys(found), **numbers})


def repaired(found: Round) -> None:
    """Log that the watchdog has ended a round, because the stream did not deliver all ends."""
    logger().warning("batch.repaired", extra=_keys(found))


def refused(found: Round, what: str, error: Exception) -> None:
    """Log that a job of `then` or `on_failure` cannot be made: its type was removed, or the row is not signed."""
    logger().error("batch.refused", extra={**_keys(found), "what": what, "error_class": type(error).__name__})
    count(Metric.END_REFUSED)


def failed(batch: str, error: Exception) -> None:
    """Log that the watchdog could not look at a batch; it tries again in the next minute."""
    logger().exception("batch.look_failed", extra={"batch": batch, "error_class": type(error).__name__})


def short(found: Round, done: int) -> None:
    """Log that a round has ended with fewer members than it was closed with: the others were never stored."""
    logger().warning("batch.ended_short", extra={**_keys(found), "done": done, "total": found.total})


def skipped(batch: str, number: int, error: Exception) -> None:
    """Log that the ends of members cannot be counted: the round's row is not valid."""
    extra = {"batch": batch, "round": number, "error_class": type(error).__name__}
    logger().exception("batch.skipped", extra=extra)


def left_out(batch: str, error: Exception) -> None:
    """Log that a batch is left out of the list, because a row of it cannot be read."""
    logger().error("batch.left_out", extra={"batch": batch, "error_class": type(error).__name__})


def not_counted(batch: str, error: Exception) -> None:
    """Log that the ends of members could not be counted now; the stream delivers them again."""
    logger().exception("batch.not_counted", extra={"batch": batch, "error_class": type(error).__name__})
