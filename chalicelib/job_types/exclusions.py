"""List the settings of `@job` that exclude each other, and why. Pure.

docs/job-types.md shows the table: `python -m scripts.documents.exclusions` writes it.
"""

from operator import attrgetter
from typing import NamedTuple

from chalicelib.errors import ConfigurationError


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
    Exclusion("fair_by", "rate", "turns to start are given in order of arrival: one tenant's backlog would take all"),
)


def check_exclusions(name: str, declared: object) -> None:
    """Raise ConfigurationError if a declaration has settings that exclude each other."""
    both = [row for row in TABLE if attrgetter(row.setting)(declared) and attrgetter(row.other)(declared)]
    if both:
        told = "; ".join(f"{row.setting} does not go with {row.other}: {row.reason}" for row in both)
        raise ConfigurationError(f"{name}: {told}")
