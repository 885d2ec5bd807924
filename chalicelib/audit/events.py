"""Log that the audit log could not be written. No line contains a reason that an operator gave."""

from chalicelib.audit.rule import Entry
from chalicelib.telemetry.emf import Metric, count
from chalicelib.telemetry.logger import logger


def not_recorded(entry: Entry, error: Exception) -> None:
    """Log that a change was refused, because its entry could not be stored."""
    logger().error("audit.not_recorded", extra={"action": entry.action, "error_class": type(error).__name__})
    count(Metric.CONTROL_TABLE_DOWN)


def outcome_lost(entry: Entry, outcome: str, error: Exception) -> None:
    """Log the outcome of a change whose entry stays without one."""
    about = {"audit_id": entry.id, "action": entry.action, "outcome": outcome}
    logger().error("audit.outcome_lost", extra={**about, "error_class": type(error).__name__})
    count(Metric.CONTROL_TABLE_DOWN)


def refusals_not_counted(number: int, error: Exception) -> None:
    """Log that refused requests could not be counted; they were refused all the same."""
    logger().error("audit.refusals_lost", extra={"refused": number, "error_class": type(error).__name__})
    count(Metric.CONTROL_TABLE_DOWN)
