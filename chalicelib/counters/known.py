"""List the job types that may have unfinished jobs."""

from collections.abc import Callable, Collection

from chalicelib.counters.port import Counters
from chalicelib.jobs.job import ACTIVE
from chalicelib.telemetry import events


def unfinished_types(declared: Collection[str], counters: Callable[[], Counters]) -> list[str]:
    """Return the job types that may have unfinished jobs: the declared types, and types with such jobs in the counters.

    While the counters cannot be read, removed types are missing.
    """
    try:
        totals = counters().standing().totals
    except Exception as error:
        events.counters_unread(error)
        return sorted(declared)
    return sorted({*declared, *(name for (name, status), number in totals.items() if number and status in ACTIVE)})
