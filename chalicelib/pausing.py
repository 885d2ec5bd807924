"""Stop a job type's queue from being worked off, and let it go on: jobs wait, nothing is lost."""

import contextlib
import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.errors import ConfigurationError, JobConflict, JobFlowError
from chalicelib.ports import Consumers, Pauses

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient


@dataclass
class Pausing:
    """Both halves together: what everybody reads (`pauses`), and what hands out the messages (`consumers`)."""

    pauses: Pauses
    consumers: Consumers
    clock: Callable[[], float] = time.time

    def pause(self, job_type: str) -> None:
        """Pause; again, it does no harm. Raises JobConflict while an earlier change is still being made."""
        # Written down first: should the rest fail, a pause that does not hold is seen, a silent stop would not be.
        new = self.pauses.pause(job_type, round(self.clock(), 3))
        try:
            self.consumers.switch(job_type, on=False)
        except JobFlowError:
            # Nothing was switched, for certain. After any other error it may have been, and the pause stays told.
            if new:
                with contextlib.suppress(Exception):
                    self.pauses.resume(job_type)
            raise

    def resume(self, job_type: str) -> None:
        """Resume; a type that is not paused is no error. Raises JobConflict while an earlier change is being made."""
        self.consumers.switch(job_type, on=True)
        self.pauses.resume(job_type)


@dataclass(frozen=True)
class LambdaConsumers:
    """Event source mappings of Lambda, by `mapping_key` of the job type."""

    client: "LambdaClient"
    mappings: dict[str, str]

    def switch(self, job_type: str, *, on: bool) -> None:
        """See Consumers. Messages already received are worked off; it takes Lambda up to a minute."""
        try:
            self.client.update_event_source_mapping(UUID=self.mappings[mapping_key(job_type)], Enabled=on)
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


def mapping_key(job_type: str) -> str:
    """Return six characters for a job type: the names of 60 types would not fit into Lambda's 4 KB of environment."""
    return hashlib.sha256(job_type.encode()).hexdigest()[:6]


def read_mappings(text: str) -> dict[str, str]:
    """Return event source mappings by `mapping_key`; raises ConfigurationError for what is not key=id,key=id."""
    pairs = [pair.partition("=") for pair in text.split(",") if pair]
    if not all(key and uuid for key, _, uuid in pairs):
        raise ConfigurationError("EVENT_SOURCES must be like key=id,key=id, with an event source mapping for each type")
    return {key: uuid for key, _, uuid in pairs}
