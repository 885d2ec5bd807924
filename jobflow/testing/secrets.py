"""Provide secrets from a test, instead of Secrets Manager and Parameter Store."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.job_types.access import SecretPlace
from chalicelib.job_types.jobtype import JobType
from chalicelib.worker.declared_secrets import DeclaredSecrets

STAGE = "dev"


@dataclass(frozen=True)
class GivenSecrets:
    """A SecretStore with the given values, by place."""

    values: Mapping[SecretPlace, str]

    def read(self, place: SecretPlace) -> str:
        """See SecretStore; raises LookupError for a secret that the test did not set."""
        try:
            return self.values[place]
        except KeyError:
            raise LookupError("the test did not give it: secrets={…}") from None


def secrets_of(kind: JobType[Any, Any], given: Mapping[str, str]) -> DeclaredSecrets:
    """Return the secrets that a type declares, with the test's values by name."""
    declared = kind.access.secrets
    places = {SecretPlace.of(declared[name], STAGE): value for name, value in given.items() if name in declared}
    return DeclaredSecrets(declared, STAGE, GivenSecrets(places))
