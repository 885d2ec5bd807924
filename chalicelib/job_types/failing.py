"""Declare when a job type pauses automatically. Pure."""

from dataclasses import dataclass

from chalicelib.errors import ConfigurationError
from chalicelib.job_types.constants import (
    DEFAULT_FAILURES,
    DEFAULT_WITHIN,
    LONGEST_WITHIN,
    MOST_FAILURES,
    SHORTEST_WITHIN,
)


@dataclass(frozen=True, slots=True)
class Failing:
    """Pause a type when its last `of` attempts, within `within` seconds, all failed with the same error.

    Raises ConfigurationError unless `of` is 2 to 50 attempts and `within` is 10 to 86,400 seconds.
    """

    of: int = DEFAULT_FAILURES
    within: float = DEFAULT_WITHIN

    def __post_init__(self) -> None:
        if not (isinstance(self.of, int) and 2 <= self.of <= MOST_FAILURES):
            raise ConfigurationError(f"pause_when: Failing(of=…) must be a whole number from 2 to {MOST_FAILURES}")
        if not SHORTEST_WITHIN <= self.within <= LONGEST_WITHIN:
            raise ConfigurationError(
                f"pause_when: Failing(within=…) must be between {SHORTEST_WITHIN} and {LONGEST_WITHIN:,} seconds"
            )
