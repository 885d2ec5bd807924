"""Provide the declared variables of a function's environment, and secrets from the test instead of AWS's."""

import os
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any
from unittest import mock

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


def check_names(kinds: Iterable[JobType[Any, Any]], given: Mapping[str, str]) -> None:
    """Raise ValueError for a secret that none of the types declares: its name may be misspelt."""
    declared = {name for kind in kinds for name in kind.access.secrets}
    if unknown := sorted(set(given) - declared):
        raise ValueError(
            f"No type declares the secret {', '.join(unknown)}; declared: {', '.join(sorted(declared)) or 'none'}."
        )


def environment_of(kind: JobType[Any, Any]) -> AbstractContextManager[object]:
    """Set the variables that a type declares while the block runs, as its function has them."""
    return mock.patch.dict(os.environ, kind.access.environment)
