"""Log that a job type is paused automatically, probed or resumed; the principal is the platform."""

from chalicelib.telemetry.emf import Metric, count
from chalicelib.telemetry.logger import logger

PRINCIPAL = "jobflow"


def paused_by_itself(job_type: str, reason: str, cooldown: float) -> None:
    """Log that a type was paused because all its attempts failed; one job is tried after `cooldown` seconds."""
    logger().error("job_type.paused", extra={
        "job_type": job_type, "principal": PRINCIPAL, "why": reason, "cooldown_s": round(cooldown),
    })  # fmt: skip


def probed(job_type: str, cooldown: float) -> None:
    """Log that one job of a paused type is tried; if it fails, the next is tried after `cooldown` seconds."""
    logger().warning("job_type.probed", extra={
        "job_type": job_type, "principal": PRINCIPAL, "cooldown_s": round(cooldown),
    })  # fmt: skip


def resumed_by_itself(job_type: str) -> None:
    """Log that a type continues, because a probe completed."""
    logger().warning("job_type.resumed", extra={"job_type": job_type, "principal": PRINCIPAL})


def is_paused(job_type: str) -> None:
    """Count a minute of an automatic pause, for the alarm."""
    count(Metric.PAUSED_BY_ITSELF, job_type)


def held(job_type: str, seconds: int) -> None:
    """Log that a message of an automatically paused type was received, and is held."""
    logger().info("message.held", extra={"job_type": job_type, "visibility_s": seconds})
