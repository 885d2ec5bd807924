"""Declare which requests for a job type mean the same job. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.errors import ConfigurationError
from chalicelib.job_types.checks import check_number
from chalicelib.jobs.job import JSON
from chalicelib.jobs.retention import KEEP_DONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Unique:
    """Make one job for all requests that have the same values of these fields, until `seconds` after the job is due.

    by: names of the payload's fields; none: the whole payload.

    seconds: 1 to 2,592,000 (30 days).

    Raises ConfigurationError.
    """

    by: Sequence[str] = ()
    seconds: float

    def __post_init__(self) -> None:
        check_number("unique: seconds", self.seconds, 1, KEEP_DONE, "seconds", whole=False)
        names = (self.by,) if isinstance(self.by, str) else tuple(self.by)
        if not all(isinstance(name, str) for name in names):
            raise ConfigurationError('unique: by must name fields of the payload, such as ("order",)')
        object.__setattr__(self, "by", names)

    def values(self, payload: JSON) -> JSON:
        """Return the values that are equal in all requests for the same job."""
        return payload if not self.by else {name: payload.get(name) for name in self.by}
