"""JobFlow: background jobs in your own AWS account. A file in `handlers/` needs only these names.

Everything else in this package is internal and may change between versions.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from chalicelib import cold_start

if TYPE_CHECKING:
    from chalicelib.entry.worker import consume
    from chalicelib.errors import (
        BatchConflict,
        BatchNotFound,
        CallFailed,
        ConfigurationError,
        EventTimedOut,
        IdempotencyMismatch,
        InvalidPayload,
        InvalidRequest,
        JobCancelled,
        JobConflict,
        JobNotFound,
        LeaseLost,
        LimitNotFound,
        PermanentError,
        ResultRemoved,
        Retry,
        RetryLater,
        SecretUnavailable,
        StepFailed,
        UnknownJobType,
    )
    from chalicelib.job_types.access import Allow, AwsAccess
    from chalicelib.job_types.at_most import AtMost
    from chalicelib.job_types.batch_end import BatchEnd
    from chalicelib.job_types.changes import Changes
    from chalicelib.job_types.context import AsyncJobContext, JobContext
    from chalicelib.job_types.end import JobEnd
    from chalicelib.job_types.failing import Failing
    from chalicelib.job_types.function import Function
    from chalicelib.job_types.jobtype import JobType, job
    from chalicelib.job_types.keep import Keep, days, hours
    from chalicelib.job_types.queue import Queue
    from chalicelib.job_types.rate import Rate
    from chalicelib.job_types.retry import Backoff, Delays
    from chalicelib.job_types.schedule import Cron, Every
    from chalicelib.job_types.spending import Spending
    from chalicelib.job_types.unique import Unique
    from chalicelib.jobs.job import Status

cold_start.begin()

__all__ = [
    "Allow",
    "AsyncJobContext",
    "AtMost",
    "AwsAccess",
    "Backoff",
    "BatchConflict",
    "BatchEnd",
    "BatchNotFound",
    "CallFailed",
    "Changes",
    "ConfigurationError",
    "Cron",
    "Delays",
    "EventTimedOut",
    "Every",
    "Failing",
    "Function",
    "IdempotencyMismatch",
    "InvalidPayload",
    "InvalidRequest",
    "JobCancelled",
    "JobConflict",
    "JobContext",
    "JobEnd",
    "JobNotFound",
    "JobType",
    "Keep",
    "LeaseLost",
    "LimitNotFound",
    "PermanentError",
    "Queue",
    "Rate",
    "ResultRemoved",
    "Retry",
    "RetryLater",
    "SecretUnavailable",
    "Spending",
    "Status",
    "StepFailed",
    "Unique",
    "UnknownJobType",
    "consume",
    "days",
    "hours",
    "job",
]

_HOMES = {
    "Allow": "chalicelib.job_types.access",
    "AsyncJobContext": "chalicelib.job_types.context",
    "AtMost": "chalicelib.job_types.at_most",
    "AwsAccess": "chalicelib.job_types.access",
    "Backoff": "chalicelib.job_types.retry",
    "BatchConflict": "chalicelib.errors",
    "BatchEnd": "chalicelib.job_types.batch_end",
    "BatchNotFound": "chalicelib.errors",
    "CallFailed": "chalicelib.errors",
    "Changes": "chalicelib.job_types.changes",
    "ConfigurationError": "chalicelib.errors",
    "Cron": "chalicelib.job_types.schedule",
    "Delays": "chalicelib.job_types.retry",
    "EventTimedOut": "chalicelib.errors",
    "Every": "chalicelib.job_types.schedule",
    "Failing": "chalicelib.job_types.failing",
    "Function": "chalicelib.job_types.function",
    "IdempotencyMismatch": "chalicelib.errors",
    "InvalidPayload": "chalicelib.errors",
    "InvalidRequest": "chalicelib.errors",
    "JobCancelled": "chalicelib.errors",
    "JobConflict": "chalicelib.errors",
    "JobContext": "chalicelib.job_types.context",
    "JobEnd": "chalicelib.job_types.end",
    "JobNotFound": "chalicelib.errors",
    "JobType": "chalicelib.job_types.jobtype",
    "Keep": "chalicelib.job_types.keep",
    "LeaseLost": "chalicelib.errors",
    "LimitNotFound": "chalicelib.errors",
    "PermanentError": "chalicelib.errors",
    "ResultRemoved": "chalicelib.errors",
    "Queue": "chalicelib.job_types.queue",
    "Rate": "chalicelib.job_types.rate",
    "Retry": "chalicelib.errors",
    "RetryLater": "chalicelib.errors",
    "SecretUnavailable": "chalicelib.errors",
    "Spending": "chalicelib.job_types.spending",
    "Status": "chalicelib.jobs.job",
    "StepFailed": "chalicelib.errors",
    "Unique": "chalicelib.job_types.unique",
    "UnknownJobType": "chalicelib.errors",
    "consume": "chalicelib.entry.worker",
    "days": "chalicelib.job_types.keep",
    "hours": "chalicelib.job_types.keep",
    "job": "chalicelib.job_types.jobtype",
}


def __getattr__(name: str) -> Any:
    """Import a public name at its first use, so that a process loads only the packages that it needs."""
    try:
        home = _HOMES[name]
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value
