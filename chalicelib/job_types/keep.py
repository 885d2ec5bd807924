"""Declare for how long the finished jobs of a type are kept, and their payloads. Pure."""

from dataclasses import dataclass

from chalicelib.errors import ConfigurationError
from chalicelib.job_types.checks import check_number
from chalicelib.jobs.constants import DAY
from chalicelib.jobs.keep_times import KeepTimes
from chalicelib.jobs.retention import KEEP_DEAD, KEEP_DONE, LEAST_DATA, LEAST_KEPT

HOUR = 3600.0


def days(number: float) -> float:
    """Return the seconds of so many days."""
    return number * DAY


def hours(number: float) -> float:
    """Return the seconds of so many hours."""
    return number * HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """Keep finished jobs for a shorter time than other types do. Times in seconds after the end of the job.

    done: a completed or cancelled job; 7 to 30 days.

    dead: a failed or dead-lettered job; 7 to 90 days.

    payload: payload, result, kept steps and events; from an hour to the shorter of `done` and `dead`. Without it, they
    are kept as long as the job. A job without its payload cannot be retried.

    Raises ConfigurationError.
    """

    done: float = KEEP_DONE
    payload: float | None = None
    dead: float = KEEP_DEAD

    def __post_init__(self) -> None:
        check_number("keep: done", self.done, LEAST_KEPT, KEEP_DONE, _unit(LEAST_KEPT, KEEP_DONE), whole=False)
        check_number("keep: dead", self.dead, LEAST_KEPT, KEEP_DEAD, _unit(LEAST_KEPT, KEEP_DEAD), whole=False)
        if self.payload is None:
            return
        shorter, name = min((self.done, "done"), (self.dead, "dead"))
        check_number("keep: payload", self.payload, LEAST_DATA, KEEP_DEAD, "seconds (an hour to 90 days)", whole=False)
        if self.payload > shorter:
            raise ConfigurationError(f"keep: payload must not be longer than {name}: it is removed with the job then")

    @property
    def times(self) -> KeepTimes:
        """Return the times as data of jobs."""
        return KeepTimes(self.done, self.dead, self.payload)


def _unit(low: float, high: float) -> str:
    return f"seconds: {low / DAY:g} to {high / DAY:g} days"
