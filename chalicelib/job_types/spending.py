"""Declare how what a job type costs is watched. Pure."""

from dataclasses import dataclass

from chalicelib.errors import ConfigurationError
from chalicelib.job_types.checks import check_number
from chalicelib.job_types.constants import DEFAULT_WARN, LEAST_PER_DAY, LEAST_WARN, MOST_PER_DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """Watch what the jobs of a type cost. Raises ConfigurationError.

    * `per_day`: dollars at list prices (0.000001 to 1,000,000). When the jobs of a day (UTC) have cost as much, the
      type is paused until the next day.
    * `warn`: the share of `per_day` (0.01 to 1) from which the type is reported.
    * `by_tenant`: `GET /usage?by=tenant` also shows the tenants of `fair_by` or `serial_by`. It takes one more write
      for each tenant in a batch of the stream.
    """

    per_day: float | None = None
    warn: float = DEFAULT_WARN
    by_tenant: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.by_tenant, bool):
            raise ConfigurationError("spending: Spending(by_tenant=…) must be True or False")
        if self.per_day is not None:
            bounds = (LEAST_PER_DAY, MOST_PER_DAY)
            check_number("spending: Spending(per_day=…)", self.per_day, *bounds, "dollars", whole=False)
        check_number("spending: Spending(warn=…)", self.warn, LEAST_WARN, 1, whole=False)
