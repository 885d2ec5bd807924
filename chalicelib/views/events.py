"""Log who saves and deletes views. No line contains a name or a filter, which may name a customer."""

from chalicelib.telemetry.logger import logger


def saved(view_id: str, principal: str) -> None:
    """Log that an operator saved a view."""
    logger().info("view.saved", extra={"view_id": view_id, "principal": principal})


def deleted(view_id: str, principal: str) -> None:
    """Log that an operator deleted a view."""
    logger().info("view.deleted", extra={"view_id": view_id, "principal": principal})
