"""Store secrets in memory."""

from collections.abc import Mapping

from chalicelib.job_types.access import SecretPlace


class MemorySecretStore:
    """Secrets that a test sets."""

    def __init__(self, values: Mapping[SecretPlace, str]) -> None:
        self._values = dict(values)

    def read(self, place: SecretPlace) -> str:
        """Return the secret's text; raises KeyError where AWS's client raises ResourceNotFound."""
        return self._values[place]
