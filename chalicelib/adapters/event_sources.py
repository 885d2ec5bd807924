"""Switch what hands messages to the job functions: Lambda's event source mappings, or the runner on a laptop."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.errors import ConfigurationError, JobConflict

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient


@dataclass(frozen=True)
class LambdaConsumers:
    """Event source mappings of Lambda, by job type."""

    client: "LambdaClient"
    mappings: dict[str, str]

    def switch(self, job_type: str, *, on: bool) -> None:
        """See Consumers. Messages already received are still handled; it takes Lambda up to a minute."""
        try:
            self.client.update_event_source_mapping(UUID=self.mappings[job_type], Enabled=on)
        except KeyError:
            raise ConfigurationError(f"EVENT_SOURCES names no event source mapping of {job_type}") from None
        except (
            self.client.exceptions.ResourceConflictException,
            self.client.exceptions.ResourceInUseException,
        ):
            raise JobConflict(f"The {job_type} queue is just being paused or resumed; try again.") from None


class FollowedConsumers:
    """Whoever invokes the functions reads the pauses itself: the runner on a laptop, within a second."""

    def switch(self, job_type: str, *, on: bool) -> None:
        """See Consumers."""


def read_mappings(text: str) -> dict[str, str]:
    """Job types and their event source mappings from the setting; raises ConfigurationError when it is no object."""
    try:
        found = json.loads(text or "{}")
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ConfigurationError("EVENT_SOURCES must be a JSON object of job types and mapping ids")
    return {str(name): str(uuid) for name, uuid in found.items()}
