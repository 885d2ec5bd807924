"""Declare the store of secrets, as a Protocol."""

from typing import Protocol

from chalicelib.job_types.access import SecretPlace


class SecretStore(Protocol):
    """Read secrets by their place."""

    def read(self, place: SecretPlace) -> str:
        """Return the secret's text, at most five minutes old; raises the client's error if it is missing."""
