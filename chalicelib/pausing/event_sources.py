"""Enable and disable the delivery of messages to job functions: Lambda's mappings, or a laptop's runner."""

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.errors import ConfigurationError, JobConflict, PartlySwitched
from chalicelib.job_types import jobtype
from chalicelib.job_types.queue import urgent_key
from chalicelib.pausing.port import Consumers
from chalicelib.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient


@dataclass(frozen=True)
class LambdaConsumers:
    """Event source mappings of Lambda, by `mapping_key` of the queue. The urgent queue of a type has its own."""

    client: "LambdaClient"
    mappings: dict[str, str]

    def switch(self, job_type: str, *, on: bool) -> None:
        """See Consumers. Messages that were already received are still handled; the change takes up to a minute."""
        # Look up both before the first switch. In the seconds of a deployment in which this code is newer than its
        # variables, the second one is unknown: then nothing must be switched.
        own = self._mapping(job_type)
        second = self._mapping(urgent_key(job_type)) if jobtype.urgent(job_type) else None
        self._switch(own, job_type, on=on)
        if second is not None:
            try:
                self._switch(second, job_type, on=on)
            except JobConflict as error:
                raise PartlySwitched(str(error)) from None

    def _mapping(self, key: str) -> str:
        try:
            return self.mappings[mapping_key(key)]
        except KeyError:
            raise ConfigurationError(f"EVENT_SOURCES names no event source mapping of {key}") from None

    def _switch(self, mapping: str, job_type: str, *, on: bool) -> None:
        try:
            self.client.update_event_source_mapping(UUID=mapping, Enabled=on)
        except (
            self.client.exceptions.ResourceConflictException,
            self.client.exceptions.ResourceInUseException,
        ):
            raise JobConflict(f"The {job_type} queue is being paused or resumed at the moment; try again.") from None


class FollowedConsumers:
    """Do nothing: the runner on a laptop reads the pauses itself, within a second."""

    def switch(self, job_type: str, *, on: bool) -> None:
        """See Consumers."""


def mapping_key(job_type: str) -> str:
    """Return four characters for a job type: Lambda's 4 KB of environment variables are too small for 60 full names."""
    return base64.urlsafe_b64encode(hashlib.sha256(job_type.encode()).digest())[:4].decode()


def read_mappings(text: str) -> dict[str, str]:
    """Return event source mappings by `mapping_key`; raises ConfigurationError unless the text is key=id,key=id."""
    pairs = [pair.partition("=") for pair in text.split(",") if pair]
    if not all(key and uuid for key, _, uuid in pairs):
        raise ConfigurationError("EVENT_SOURCES must be like key=id,key=id, with an event source mapping for each type")
    return {key: uuid for key, _, uuid in pairs}


def consumers(settings: Settings) -> Consumers:
    """Return the object that switches the queues; on a laptop it does nothing, because the runner reads the pauses."""
    from chalicelib.adapters import aws

    mappings = read_mappings(settings.event_sources)
    return LambdaConsumers(aws.client("lambda", settings.region), mappings) if mappings else FollowedConsumers()
