"""Declare how what a job type costs is watched. Pure."""

from dataclasses import dataclass

from chalicelib.errors import ConfigurationError


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """Watch what the jobs of a type cost. Raises ConfigurationError.

    * `by_tenant`: `GET /usage?by=tenant` also shows the tenants of `fair_by` or `serial_by`. It takes one more write
      for each tenant in a batch of the stream.
    """

    by_tenant: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.by_tenant, bool):
            raise ConfigurationError("spending: Spending(by_tenant=…) must be True or False")
