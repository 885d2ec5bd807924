"""Declare when a job type pauses automatically. Pure."""

from dataclasses import dataclass

from chalicelib.errors import ConfigurationError

MOST_FAILURES = 50


@dataclass(frozen=True, slots=True)
class Failing:
    """Pause a type when its last `of` attempts, within `within` seconds, all failed with the same error.

    Raises ConfigurationError unless `of` is 2 to 50 attempts and `within` is 10 to 86,400 seconds.
    """

    of: int = 20
    within: float = 300

    def __post_init__(self) -> None:
        if not (isinstance(self.of, int) and 2 <= self.of <= MOST_FAILURES):
            raise ConfigurationError(f"pause_when: of must be a whole number from 2 to {MOST_FAILURES}")
        if not 10 <= self.within <= 86_400:
            raise ConfigurationError("pause_when: within must be between 10 and 86,400 seconds")
