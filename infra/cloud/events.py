"""What happens to the resources of a stack while it is changed. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a resource of the stack."""

    id: str
    resource: str
    type: str
    status: str
    reason: str

    @property
    def failed(self) -> bool:
        """Whether it is why a change goes wrong, not what follows from that."""
        return self.status.endswith("_FAILED") and "cancelled" not in self.reason.lower()


def event_of(entry: Mapping[str, Any]) -> Event:
    """As CloudFormation tells it."""
    return Event(
        entry["EventId"],
        entry["LogicalResourceId"],
        entry["ResourceType"],
        entry["ResourceStatus"],
        entry.get("ResourceStatusReason", ""),
    )
