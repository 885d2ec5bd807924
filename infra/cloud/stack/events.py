"""Read the events of a stack's resources during a change. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    """An event of a resource of the stack; `at` in seconds since the epoch."""

    id: str
    resource: str
    type: str
    status: str
    reason: str
    at: float = 0.0

    @property
    def failed(self) -> bool:
        """Return whether the event is the cause of a failed change, and not a consequence."""
        return self.status.endswith("_FAILED") and "cancelled" not in self.reason.lower()


def event_of(entry: Mapping[str, Any]) -> Event:
    """Return the event from an entry of CloudFormation's list."""
    return Event(
        entry["EventId"],
        entry["LogicalResourceId"],
        entry["ResourceType"],
        entry["ResourceStatus"],
        entry.get("ResourceStatusReason", ""),
        entry["Timestamp"].timestamp(),
    )
