"""JobFlow: background jobs in your own AWS account. These names are all that a file in `handlers/` needs.

Everything else in here is the platform's own and may change from one version to the next.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from chalicelib import cold_start

if TYPE_CHECKING:
    from chalicelib.entry.worker import consume
    from chalicelib.errors import ConfigurationError, JobCancelled, LeaseLost, PermanentError, RetryLater
    from chalicelib.jobs.auto_pause import Failing
    from chalicelib.jobs.schedules.schedule import Cron
    from chalicelib.jobs.types.backoff import Backoff
    from chalicelib.jobs.types.jobtype import JobType, job
    from chalicelib.jobs.types.rate import Rate
    from chalicelib.jobs.types.reach import Allow
    from chalicelib.worker.context import JobContext

cold_start.begin()

__all__ = [
    "Allow",
    "Backoff",
    "ConfigurationError",
    "Cron",
    "Failing",
    "JobCancelled",
    "JobContext",
    "JobType",
    "LeaseLost",
    "PermanentError",
    "Rate",
    "RetryLater",
    "consume",
    "job",
]

_HOMES = {
    "Allow": "chalicelib.jobs.types.reach",
    "Backoff": "chalicelib.jobs.types.backoff",
    "ConfigurationError": "chalicelib.errors",
    "Cron": "chalicelib.jobs.schedules.schedule",
    "Failing": "chalicelib.jobs.auto_pause",
    "JobCancelled": "chalicelib.errors",
    "JobContext": "chalicelib.worker.context",
    "JobType": "chalicelib.jobs.types.jobtype",
    "LeaseLost": "chalicelib.errors",
    "PermanentError": "chalicelib.errors",
    "Rate": "chalicelib.jobs.types.rate",
    "RetryLater": "chalicelib.errors",
    "consume": "chalicelib.entry.worker",
    "job": "chalicelib.jobs.types.jobtype",
}


def __getattr__(name: str) -> Any:
    """Import a public name at its first use, so that a process loads only the packages it needs."""
    try:
        home = _HOMES[name]
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value
