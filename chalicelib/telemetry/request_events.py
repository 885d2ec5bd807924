"""Log the events of the API: requests, refusals, and the acts of operators and administrators.

A line never contains a token or a body, only ids of principals, network addresses, paths, statuses.
"""

from collections.abc import Mapping

from chalicelib.telemetry.emf import Metric, count
from chalicelib.telemetry.logger import logger

STORED = ("POST", "/jobs", 201)
"""An answer that needs no line of its own: the line job.created has the job's id and the same correlation id."""


def rate_limiter_down(error: Exception) -> None:
    """Log and count that the control table did not answer: requests are then accepted."""
    logger().error("rate_limit.unavailable", extra={"error_class": type(error).__name__})
    count(Metric.CONTROL_TABLE_DOWN)


def request_served(
    method: str, route: str, status: int, duration_ms: float, asker: Mapping[str, str], refused: str | None = None
) -> None:
    """Log that the API answered, with the declared route (without ids), the caller, and the reason of a refusal."""
    keys = {"method": method, "route": route, "status_code": status, "duration_ms": round(duration_ms, 1), **asker}
    if refused is not None:
        logger().warning("api.refused", extra={**keys, "why": refused})
        return
    level = logger().debug if (method, route, status) == STORED else logger().info
    level("api.request", extra=keys)


def request_failed(route: str, correlation_id: str) -> None:
    """Log that the API raised an unexpected error; only this line contains the traceback."""
    logger().exception("api.error", extra={"route": route, "correlation_id": correlation_id})


def token_not_checked(error: Exception) -> None:
    """Log that a token could not be checked, so the call was refused."""
    logger().error("auth.unavailable", extra={"error_class": type(error).__name__})
    count(Metric.CONTROL_TABLE_DOWN)


def token_issued(token_id: str, role: str, by: str) -> None:
    """Log that a token was issued, and by whom; only the caller gets the token's text."""
    logger().info("token.issued", extra={"token_id": token_id, "role": role, "by": by})


def token_rotated(principal: str, token_id: str, by: str) -> None:
    """Log that a token got another secret, and by whom."""
    logger().info("token.rotated", extra={"principal": principal, "token_id": token_id, "by": by})


def use_not_stored(token_id: str, error: Exception) -> None:
    """Log that the last use of a token could not be stored; the next try is in an hour."""
    logger().warning("token.use_not_stored", extra={"token_id": token_id, "error_class": type(error).__name__})


def token_unreadable(token_id: str, error: Exception) -> None:
    """Log that the row of a token cannot be read by this version, so the token is not in the list."""
    logger().warning("token.unreadable", extra={"token_id": token_id, "error_class": type(error).__name__})


def token_revoked(token_id: str, by: str) -> None:
    """Log that a token was revoked, and by whom."""
    logger().info("token.revoked", extra={"token_id": token_id, "by": by})


def paused(job_type: str, principal: str, *, resumed: bool = False) -> None:
    """Log that an operator paused or resumed a type's queue."""
    logger().warning("job_type.resumed" if resumed else "job_type.paused",
                     extra={"job_type": job_type, "principal": principal})  # fmt: skip


def limit_changed(limit: str, principal: str, n: int | None) -> None:
    """Log that an operator changed how many places a limit has; None: as the code says again."""
    name = "limit.reset" if n is None else "limit.set"
    logger().warning(name, extra={"limit": limit, "principal": principal, "n": n})


def error_acknowledged(fingerprint: str, principal: str, *, reopened: bool = False) -> None:
    """Log that an operator marked an error group as known, or removed the mark."""
    logger().info("error.reopened" if reopened else "error.acknowledged",
                  extra={"fingerprint": fingerprint, "principal": principal})  # fmt: skip


def error_resolved(fingerprint: str, principal: str) -> None:
    """Log that an operator marked an error group as fixed."""
    logger().info("error.resolved", extra={"fingerprint": fingerprint, "principal": principal})
