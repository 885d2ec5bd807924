"""JobFlow: background jobs in your own AWS account. These names are all that a file in `handlers/` needs.

Everything else in here is the platform's own and may change from one version to the next.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from chalicelib import cold_start

if TYPE_CHECKING:
    from chalicelib.entry.worker import consume
    from chalicelib.errors import ConfigurationError, JobCancelled, LeaseLost, PermanentError, RetryLater
    from chalicelib.jobs.types.backoff import Backoff, Delays
    from chalicelib.jobs.types.changes import Changes
    from chalicelib.jobs.types.context import JobContext
    from chalicelib.jobs.types.failing import Failing
    from chalicelib.jobs.types.function import Function
    from chalicelib.jobs.types.jobtype import JobType, job
    from chalicelib.jobs.types.rate import Rate
    from chalicelib.jobs.types.reach import Allow, AwsAccess
    from chalicelib.jobs.types.schedule import Cron
    from chalicelib.jobs.types.unique import Unique

cold_start.begin()

__all__ = [
    "Allow",
    "AwsAccess",
    "Backoff",
    "Changes",
    "ConfigurationError",
    "Cron",
    "Delays",
    "Failing",
    "Function",
    "JobCancelled",
    "JobContext",
    "JobType",
    "LeaseLost",
    "PermanentError",
    "Rate",
    "RetryLater",
    "Unique",
    "consume",
    "job",
]

_HOMES = {
    "Allow": "chalicelib.jobs.types.reach",
    "AwsAccess": "chalicelib.jobs.types.reach",
    "Backoff": "chalicelib.jobs.types.backoff",
    "Changes": "chalicelib.jobs.types.changes",
    "ConfigurationError": "chalicelib.errors",
    "Cron": "chalicelib.jobs.types.schedule",
    "Delays": "chalicelib.jobs.types.backoff",
    "Failing": "chalicelib.jobs.types.failing",
    "Function": "chalicelib.jobs.types.function",
    "JobCancelled": "chalicelib.errors",
    "JobContext": "chalicelib.jobs.types.context",
    "JobType": "chalicelib.jobs.types.jobtype",
    "LeaseLost": "chalicelib.errors",
    "PermanentError": "chalicelib.errors",
    "Rate": "chalicelib.jobs.types.rate",
    "RetryLater": "chalicelib.errors",
    "Unique": "chalicelib.jobs.types.unique",
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
