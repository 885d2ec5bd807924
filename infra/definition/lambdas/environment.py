"""Write the functions' environment: exactly the names that `Settings.from_env` and Powertools read."""

from collections.abc import Iterable
from typing import Any

from chalicelib.job_types.jobtype import JobType
from chalicelib.pausing.event_sources import mapping_key
from chalicelib.settings import DEVELOPMENT_KEY, SHARDS
from infra.definition.names import Value, bucket_name, mapping_id, queue_name, ref, stage_of, sub

BY_LAMBDA = frozenset({"AWS_REGION", "AWS_DEFAULT_REGION"})
"""Read by Settings, set by Lambda itself."""
DEVELOPMENT_ONLY = frozenset({"JOBFLOW_FAULT_RATE"})
"""Read by Settings, never set in the cloud."""
API_ONLY = frozenset({"EVENT_SOURCES", "CORS_ORIGIN", "CURSOR_SECRET"})
"""Read by Settings, set for the API alone, in `gateway`: with the first, references would be circular;
with the second, every function would wait for CloudFront. The watchdog has the first one for types that are paused by
themselves."""
BY_FUNCTION = frozenset({"SIGNING_KEY", "SIGNING_KEYS"})
"""Read by Settings, set for each function as `signing` says."""
WATCHDOG_ONLY = frozenset({"WATCHDOG_FUNCTION"})
"""Read by Settings, set for the watchdog alone, which starts further runs of itself; the API has no room for it."""
BY_POWERTOOLS = frozenset({"POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE"})
"""Written for the logging and metrics library, not read by Settings."""


def environment(stack: str) -> dict[str, Value]:
    """Return the environment of every function in the cloud, with the template's own parameters and resources."""
    return {
        **_fixed(stack),
        "JOBS_TABLE": ref("JobsTable"),
        "CONTROL_TABLE": ref("ControlTable"),
        "QUEUE_URL_PREFIX": sub(
            f"https://sqs.${{AWS::Region}}.${{AWS::URLSuffix}}/${{AWS::AccountId}}/{queue_name(stack, '')}"
        ),
        # by name: a reference would wait for the bucket, and the bucket waits for CloudFront's address
        "FILES_BUCKET": sub(bucket_name(stack, "files")),
        "MAIL_FROM": ref("MailFrom"),
        "MAIL_DOMAINS": ref("MailDomains"),
        "MAIL_DAILY_CAP": ref("MailDailyCap"),
        "MAIL_RATE": ref("MailRate"),
        "INDEX_SHARDS": ref("IndexShards"),
        "INDEX_SHARDS_READ": ref("IndexShardsRead"),
        "RATE_LIMIT_MAX": ref("RateLimitMax"),
        "RATE_LIMIT_WINDOW": ref("RateLimitWindow"),
        "READ_UNITS_MAX": ref("ReadUnitsMax"),
        "UNSIGNED_UNTIL": ref("UnsignedUntil"),
        "LOG_LEVEL": ref("LogLevel"),
        "BACKGROUND_FUNCTION": f"{stack}-recount",
    }


def event_sources(types: Iterable[JobType[Any, Any]]) -> Value:
    """Return the event source mappings of these types, as `EVENT_SOURCES` has them."""
    return sub(",".join(f"{mapping_key(kind.name)}=${{{mapping_id(kind.queue)}}}" for kind in types))


def local_environment(
    endpoint: str,
    account: str,
    region: str,
    stack: str = "jobflow-dev",
    origin: str = "http://localhost:8080",
) -> dict[str, str]:
    """Return the same names with plain values, for functions that run over an emulator at `endpoint`."""
    return {
        **_fixed(stack),
        "JOBS_TABLE": f"{stack}-jobs",
        "CONTROL_TABLE": f"{stack}-control",
        "QUEUE_URL_PREFIX": f"{endpoint}/{account}/{queue_name(stack, '')}",
        "FILES_BUCKET": bucket_name(stack, "files", account, region),
        "MAIL_FROM": "jobs@example.com",
        "MAIL_DOMAINS": "",
        "MAIL_DAILY_CAP": "0",
        "MAIL_RATE": "0",
        "INDEX_SHARDS": str(SHARDS[0]),
        "INDEX_SHARDS_READ": str(SHARDS[0]),
        "CORS_ORIGIN": origin,
        "CURSOR_SECRET": DEVELOPMENT_KEY,
        # of the API and the platform's functions; a worker's own are in its description
        "SIGNING_KEY": DEVELOPMENT_KEY,
        "SIGNING_KEYS": "",
        "UNSIGNED_UNTIL": "0",
        "RATE_LIMIT_MAX": "60",
        "RATE_LIMIT_WINDOW": "60",
        "READ_UNITS_MAX": "30000",
        "LOG_LEVEL": "INFO",
        # the runner looks for open bulk actions itself
        "BACKGROUND_FUNCTION": "",
        # one run does everything: the emulator has no functions to invoke
        "WATCHDOG_FUNCTION": "",
    }


def _fixed(stack: str) -> dict[str, str]:
    return {
        "STAGE": stage_of(stack),
        "JITTER": "full",
        # without it a worker with any failure raises, so that a deployment that lost ReportBatchItemFailures
        # (`chalice deploy` makes such ones) redelivers jobs and does not delete them
        "PARTIAL_BATCH": "1",
        # tells the stages of one account apart, in log lines and as a dimension of metrics
        "POWERTOOLS_SERVICE_NAME": stack,
        "POWERTOOLS_METRICS_NAMESPACE": "JobFlow",
    }
