"""Declare changes of a job type that has stored jobs: older payloads, its removal, its smoke test. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.errors import ConfigurationError
from chalicelib.jobs.job import JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Declare how a job type changes between deployments. Raises ConfigurationError.

    * `upgrade`: convert a stored payload to the current schema. Without `upgrade`, a job that the schema refuses waits.
    * `retired`: refuse new jobs, finish the stored ones.
    * `smoke`: a payload to test each deployment with, as JSON.
    """

    upgrade: Callable[[JSON], JSON] | None = None
    retired: bool = False
    smoke: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        if self.upgrade is not None and not callable(self.upgrade):
            raise ConfigurationError(
                "changes: upgrade must be a function that takes a stored payload and returns it in today's form"
            )
        if not isinstance(self.retired, bool):
            raise ConfigurationError("changes: retired must be True or False")
        if self.smoke is not None and not isinstance(self.smoke, Mapping):
            raise ConfigurationError('changes: smoke must be a payload, such as {"text": "hello"}')
