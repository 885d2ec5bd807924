"""The store of secrets, as a Protocol."""

from typing import Protocol

from chalicelib.job_types.access import SecretPlace


class SecretStore(Protocol):
    """Reads secrets by their place."""

    def read(self, place: SecretPlace) -> str:
        """Return the secret's text, at most five minutes old; raises what the client raises when there is none."""
