"""Read the secrets that a job type declares, and mask their values in everything that is stored or logged."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.errors import ConfigurationError, SecretUnavailable
from chalicelib.job_types.access import SecretPlace
from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.port import SecretStore
from chalicelib.telemetry.redaction import hide


@dataclass(frozen=True)
class DeclaredSecrets:
    """The secrets of one job type in one stage; `declared` maps names to places, as in `AwsAccess`."""

    declared: Mapping[str, str] = field(default_factory=dict)
    stage: str = "dev"
    store: SecretStore | None = None

    @classmethod
    def of(cls, kind: JobType[Any, Any], stage: str, store: Callable[[], SecretStore]) -> "DeclaredSecrets":
        """Return the secrets of a type; `store` makes the secret store, if the type declares any secrets."""
        declared = kind.access.secrets
        return cls(declared, stage, store() if declared else None)

    def read(self, name: str) -> str:
        """Return a secret's value.

        Raises ConfigurationError for a name that is not declared, SecretUnavailable if its place does not answer.
        """
        written = self.declared.get(name)
        if written is None or self.store is None:
            known = ", ".join(sorted(self.declared)) or "none"
            raise ConfigurationError(f"{name} is not in the secrets of this job type; declared: {known}")
        place = SecretPlace.of(written, self.stage)
        try:
            value = self.store.read(place)
        except Exception as error:
            raise SecretUnavailable(
                f"The secret {name} ({place.name} in {place.service}) cannot be read: {error}"
            ) from error
        hide(name, value)
        return value
