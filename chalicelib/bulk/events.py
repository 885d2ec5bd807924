"""Log the events of bulk actions: who started and stopped them, and how they ended."""

from chalicelib.bulk.port import BulkAction
from chalicelib.telemetry.logger import logger


def started(bulk: BulkAction) -> None:
    """Log that an operator started a bulk action."""
    about = {"action": bulk.action, "dry_run": bulk.dry_run, "listed": bulk.listed, "expected": bulk.expected}
    logger().warning("bulk.started", extra={"bulk_id": bulk.id, "principal": bulk.principal, **about})


def stopped(bulk: BulkAction, principal: str) -> None:
    """Log that an operator asked a bulk action to stop."""
    logger().warning("bulk.stopping", extra={"bulk_id": bulk.id, "principal": principal})


def ended(bulk: BulkAction) -> None:
    """Log how a bulk action ended, and how many jobs it changed and skipped."""
    numbers = {"matched": bulk.matched, "done": bulk.done, "skipped": bulk.skipped}
    extra = {"bulk_id": bulk.id, "principal": bulk.principal, "state": str(bulk.state), **numbers}
    logger().info("bulk.ended", extra=extra)


def job_failed(job_id: str, action: str, error: Exception) -> None:
    """Log that the action on one job ended with an error; the others continue."""
    logger().exception("bulk.job_failed", extra={"job_id": job_id, "action": action, "error": type(error).__name__})


def slice_failed(bulk: BulkAction, error: Exception) -> None:
    """Log that a slice ended with an error; it is tried again."""
    logger().exception("bulk.slice_failed", extra={"bulk_id": bulk.id, "error": type(error).__name__})


def not_noted(bulk: BulkAction, error: Exception) -> None:
    """Log that the ids of changed jobs could not be stored; the outcome of the bulk action lacks these jobs."""
    logger().exception("bulk.not_noted", extra={"bulk_id": bulk.id, "error": type(error).__name__})


def not_woken(error: Exception) -> None:
    """Log that the function for bulk actions could not be invoked; the watchdog tries again within a minute."""
    logger().exception("bulk.not_woken", extra={"error": type(error).__name__})
