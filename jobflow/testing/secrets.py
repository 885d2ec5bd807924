"""Provide the declared variables of a function's environment, and secrets from the test instead of AWS's."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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


@contextmanager
def environment_of(kind: JobType[Any, Any]) -> Iterator[None]:
    """Set the variables that a type declares, as in its function, and restore the earlier values at the end."""
    declared = kind.access.environment
    before = {name: os.environ.get(name) for name in declared}
    os.environ.update(declared)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
