"""List the settings of `@job` that exclude each other, and why. Pure.

docs/job-types.md shows the table: `python -m scripts.documents.exclusions` writes it.
"""

from operator import attrgetter
from typing import NamedTuple

from chalicelib.errors import ConfigurationError
from chalicelib.job_types.access import AwsAccess
from chalicelib.job_types.function import Function


class Exclusion(NamedTuple):
    """Two settings that exclude each other; a setting of a group is written like `function.window`."""

    setting: str
    other: str
    reason: str


TABLE = (
    Exclusion("serial_by", "rate", "a job that waits for its turn would hold up all later jobs of its key"),
    Exclusion("serial_by", "fair_by", "SQS takes turns among the keys of a FIFO queue by itself"),
    Exclusion("serial_by", "pause_when", "the job that is tried during a pause would run out of order"),
    Exclusion("serial_by", "function.window", "Lambda has no batching window for FIFO queues"),
    Exclusion("serial_by", "function.threads", "a job must not begin before the earlier jobs of its key have ended"),
    Exclusion(
        "serial_by", "queue", "it needs a FIFO queue, which cannot delay single messages, as other types need it"
    ),
    Exclusion("serial_by", "calls", "while a job waits for a job that it calls, the next job of its key would run"),
    Exclusion("serial_by", "limits", "while a job waits for a place, the next job of its key would run"),
    Exclusion("urgent", "serial_by", "a job of `high` would pass an earlier job of its key"),
    Exclusion(
        "urgent",
        "rate",
        "its turns are given in order of arrival, whatever the priority: write the `Rate` into `limits`",
    ),
    Exclusion("urgent", "queue", "a shared queue has no second one: declare the type with a queue of its own"),
    Exclusion("rate", "limits", "its turns know no places: write the `Rate` into `limits`"),
    Exclusion("queue", "function", "all types of a queue run in one function: declare it for the queue"),
    Exclusion("queue", "access", "all types of a queue run with one role: declare it for the queue"),
    Exclusion("queue", "pause_when", "a pause stops the whole queue: declare it for the queue"),
    Exclusion("fair_by", "rate", "turns to start are given in order of arrival: one tenant's backlog would take all"),
)


UNSET = (Function(), AwsAccess())
"""Groups of settings that set nothing."""
UNSET_NUMBERS = {"function.threads": 1}
"""The numbers that set nothing, of settings for which that is not 0."""


def check_exclusions(name: str, declared: object) -> None:
    """Raise ConfigurationError if a declaration has settings that exclude each other."""
    both = [row for row in TABLE if _has(declared, row.setting) and _has(declared, row.other)]
    if both:
        told = "; ".join(f"{row.setting} does not go with {row.other}: {row.reason}" for row in both)
        raise ConfigurationError(f"{name}: {told}")


def _has(declared: object, setting: str) -> bool:
    value = attrgetter(setting)(declared)
    return bool(value) and value not in (*UNSET, UNSET_NUMBERS.get(setting))
