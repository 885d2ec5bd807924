"""Log deletions and erasures: ids and numbers, and no tenant."""

from collections.abc import Mapping
from typing import Any

from chalicelib.erasing.rule import Erasure
from chalicelib.jobs.job import Job
from chalicelib.telemetry.logger import event, logger


def deleted(job: Job, principal: str) -> None:
    """Log that an operator deleted a job: from now on nobody finds it, and its rows are removed soon."""
    event("job.deleted", job, level="WARNING", principal=principal)


def removed(job: Job) -> None:
    """Log that everything that belonged to a deleted job is removed."""
    event("job.removed", job)


def refused(job_id: str, principal: str) -> None:
    """Log that a job was changed before its deletion, so that it stays."""
    logger().warning("erasing.refused", extra={"job_id": job_id, "principal": principal})


def started(erasure: Erasure) -> None:
    """Log that an administrator started an erasure."""
    logger().warning("erasing.started", extra={**_of(erasure), "dry_run": erasure.dry_run})


def ended(erasure: Erasure) -> None:
    """Log that an erasure has ended, with its numbers."""
    numbers = {name: getattr(erasure, name) for name in ("jobs", "rows", "objects", "searches")}
    logger().warning("erasing.ended", extra={**_of(erasure), **numbers})


def job_failed(job_id: str, error: Exception) -> None:
    """Log that something of a job could not be removed; it is tried again."""
    logger().exception("erasing.job_failed", extra={"job_id": job_id, "error": type(error).__name__})


def slice_failed(erasure_id: str, error: Exception) -> None:
    """Log that a slice ended with an error; it is tried again."""
    logger().exception("erasing.slice_failed", extra={"erasure_id": erasure_id, "error": type(error).__name__})


def not_stored(number: int, error: Exception) -> None:
    """Log that this many jobs, whose rows have expired, were not stored: what they leave stays until its own expiry."""
    logger().exception("erasing.expired_not_stored", extra={"number": number, "error": type(error).__name__})


def batch_unreadable(name: str, error: Exception) -> None:
    """Log that a row with expired jobs cannot be read: it is damaged, or a later version has written it."""
    logger().error("erasing.expired_unreadable", extra={"name_of_row": name, "error": type(error).__name__})


def left_over(numbers: Mapping[str, int], failures: int) -> None:
    """Log how much was left of jobs whose rows have expired, and is removed now, and of how many it failed."""
    logger().info("erasing.left_over", extra={**numbers, "failures": failures})


def not_woken(error: Exception) -> None:
    """Log that the function could not be invoked; the watchdog tries again within a minute."""
    logger().exception("erasing.not_woken", extra={"error": type(error).__name__})


def _of(erasure: Erasure) -> dict[str, Any]:
    return {"erasure_id": erasure.id, "principal": erasure.principal}
