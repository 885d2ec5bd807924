"""Log what happens to webhooks and their deliveries. No line contains a URL, a secret or an answer."""

from chalicelib.jobs.job import Job
from chalicelib.telemetry.emf import Metric, count
from chalicelib.telemetry.logger import event, logger
from chalicelib.webhooks.webhook import Webhook


def made(job: Job, webhook: str, delivery: Job) -> None:
    """Log that the delivery of a job's end to a webhook was made."""
    event("webhook.made", job, webhook=webhook, delivery=delivery.id)


def unknown(job: Job, names: list[str]) -> None:
    """Log that a job names webhooks that are not registered, or not any more."""
    event("webhook.unknown", job, level="WARNING", webhooks=names)


def made_of_batch(webhook: str, delivery: Job) -> None:
    """Log that the delivery of a batch's end to a webhook was made."""
    event("webhook.made", delivery, webhook=webhook, delivery=delivery.id)


def unknown_of_batch(batch: str, names: list[str]) -> None:
    """Log that a batch names webhooks that are not registered, or not any more."""
    logger().warning("webhook.unknown", extra={"batch": batch, "webhooks": names})


def refused_of_batch(batch: str, webhook: str, error: Exception) -> None:
    """Log that the delivery of a batch's end was refused."""
    extra = {"batch": batch, "webhook": webhook, "error_class": type(error).__name__}
    logger().error("webhook.refused", extra=extra)
    count(Metric.END_REFUSED)


def refused(job: Job, webhook: str, error: Exception) -> None:
    """Log that the delivery of a job's end was refused, because its data cannot be stored."""
    event("webhook.refused", job, level="ERROR", webhook=webhook, error_class=type(error).__name__)
    count(Metric.END_REFUSED)


def not_told(number: int) -> None:
    """Log how many ends were not delivered because their webhooks are disabled."""
    logger().warning("webhook.not_told", extra={"number": number})


def made_up_for(number: int) -> None:
    """Log how many deliveries the nightly check made for ends that the stream did not deliver."""
    logger().warning("webhook.made_up_for", extra={"number": number})


def repair_failed(error: Exception, job: Job | None = None) -> None:
    """Log that the nightly check of this job's end, or of some ends, failed; the next night checks them again."""
    which = {} if job is None else {"job_id": job.id}
    logger().exception("webhook.repair_failed", extra={**which, "error_class": type(error).__name__})


def attempted(webhook: str, message: str, result: str, took: float) -> None:
    """Log an attempt to deliver a message: delivered, or why not."""
    level = logger().info if result == "delivered" else logger().warning
    level("webhook.attempted", extra={"webhook": webhook, "message_id": message, "result": result, "took_s": took})


def failing(webhook: str, failures: int) -> None:
    """Log that a receiver has failed for over half an hour."""
    logger().error("webhook.failing", extra={"webhook": webhook, "failures": failures})
    count(Metric.WEBHOOK_FAILING)


def disabled(webhook: str, why: str) -> None:
    """Log that a webhook was disabled, because its receiver wants no messages or has failed for three days."""
    logger().error("webhook.disabled", extra={"webhook": webhook, "why": why})
    count(Metric.WEBHOOK_DISABLED)


def state_unwritten(webhook: str, error: Exception) -> None:
    """Log that the state of a webhook's receiver could not be stored; the next delivery stores it again."""
    logger().exception("webhook.state_unwritten", extra={"webhook": webhook, "error_class": type(error).__name__})


def state_kept(registration: str, error: Exception) -> None:
    """Log that the state of a deleted webhook could not be told to expire: one small row stays."""
    extra = {"registration": registration, "error_class": type(error).__name__}
    logger().warning("webhook.state_kept", extra=extra)


def operated(webhook: Webhook, what: str, principal: str) -> None:
    """Log an administrator's or operator's act on a webhook."""
    logger().warning(f"webhook.{what}", extra={"webhook": webhook.name, "principal": principal})
