"""Define the environment of the functions: exactly the variables that `Settings.from_env` and Powertools read."""

from collections.abc import Iterable

from chalicelib.errors import ConfigurationError
from chalicelib.job_types.queues import TypeQueue
from chalicelib.pausing.event_sources import mapping_key
from chalicelib.settings import DEVELOPMENT_KEY, SHARDS
from infra.definition.names import SOURCE, URGENT, Value, bucket_name, mapping_id, queue_name, ref, stage_of, sub

BY_LAMBDA = frozenset({"AWS_REGION", "AWS_DEFAULT_REGION"})
"""Read by Settings, set by Lambda itself."""
DEVELOPMENT_ONLY = frozenset({"JOBFLOW_FAULT_RATE", "AWS_ENDPOINT_URL", "WEBHOOK_RECEIVER"})
"""Read by Settings, never set in the cloud."""
API_ONLY = frozenset({"EVENT_SOURCES", "CORS_ORIGIN", "CURSOR_SECRET", "SIGN_IN"})
"""Read by Settings, set only for the API, in `gateway`. For other functions EVENT_SOURCES would be a circular
reference, and CORS_ORIGIN would make every function wait for CloudFront. The watchdog also has EVENT_SOURCES, for types
with an automatic pause."""
MOST_SWITCHED = 60
"""Number of event source mappings for which there is room beside the other variables, at 42 of 4,096 bytes each."""
BY_FUNCTION = frozenset({"SIGNING_KEY", "SIGNING_KEYS"})
"""Read by Settings; `signing` says which function gets which keys."""
WATCHDOG_ONLY = frozenset({"ALARM_TOPIC", "WATCHDOG_FUNCTION"})
"""Read by Settings, set only for the watchdog: it sends the names of types in trouble to the alarms' topic, and starts
more runs of itself. The API's variables have no space left
for them: Lambda limits their total size."""
COUNTERS_ONLY = frozenset({"USAGE_BY_TENANT"})
"""Read by Settings, set only for the counters, and only if a type declares `Spending(by_tenant=True)`."""
BY_POWERTOOLS = frozenset({"POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE"})
"""Set for the library of logs and metrics; Settings does not read them."""


def environment(stack: str) -> dict[str, Value]:
    """Return the environment of every function in the cloud, with the template's own parameters and resources."""
    return {
        **_fixed(stack),
        "JOBS_TABLE": ref("JobsTable"),
        "CONTROL_TABLE": ref("ControlTable"),
        "QUEUE_URL_PREFIX": sub(
            f"https://sqs.${{AWS::Region}}.${{AWS::URLSuffix}}/${{AWS::AccountId}}/{queue_name(stack, '')}"
        ),
        # use the name: with a reference, CloudFormation would create the functions after the bucket, and the bucket
        # after CloudFront's distribution
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


def event_sources(queues: Iterable[TypeQueue]) -> Value:
    """Return the event source mappings of these queues, in the form of the variable `EVENT_SOURCES`.

    Raises ConfigurationError if the variables of a function may have no room for the mappings of urgent queues.
    """
    queues = list(queues)
    ids = {
        key: mapping_id(queue.short, event)
        for queue in queues
        for key, event in zip(queue.keys, (SOURCE, URGENT), strict=False)
    }
    if len(ids) > MOST_SWITCHED and any(queue.urgent for queue in queues):
        raise ConfigurationError(
            f"The job types have {len(ids)} queues, with those of urgent=True, and the variables of a function have "
            f"room for {MOST_SWITCHED} of them: declare urgent=True for fewer types, or let types share a queue"
        )
    return sub(",".join(f"{mapping_key(key)}=${{{mapping}}}" for key, mapping in ids.items()))


def local_environment(
    endpoint: str,
    account: str,
    region: str,
    stack: str = "jobflow-dev",
    origin: str = "http://localhost:8080",
) -> dict[str, str]:
    """Return the same variables with plain values, for functions that use an emulator at `endpoint`."""
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
        "SIGN_IN": "",
        # keys for the API and the platform's functions; the description of a worker contains its own keys
        "SIGNING_KEY": DEVELOPMENT_KEY,
        "SIGNING_KEYS": "",
        "UNSIGNED_UNTIL": "0",
        "RATE_LIMIT_MAX": "60",
        "RATE_LIMIT_WINDOW": "60",
        "READ_UNITS_MAX": "30000",
        "LOG_LEVEL": "INFO",
        # nothing to invoke: the runner itself searches for open bulk actions
        "BACKGROUND_FUNCTION": "",
        # nothing to invoke: one run of the watchdog does everything
        "WATCHDOG_FUNCTION": "",
        # no topic: the log and the console name the types in trouble
        "ALARM_TOPIC": "",
        "USAGE_BY_TENANT": "",
        # nowhere: `make dev` may set another collector
        "OTLP_ENDPOINT": "",
        "OTLP_SECRET": "",
        "TRACED": "",
        "TRACE_URL": "",
    }


def _fixed(stack: str) -> dict[str, str]:
    return {
        "STAGE": stage_of(stack),
        "JITTER": "full",
        # Without this variable, a worker raises an error if any job of its batch failed. A mapping without
        # ReportBatchItemFailures, such as `chalice deploy` makes, then delivers the messages again and does not delete
        # them.
        "PARTIAL_BATCH": "1",
        # this name distinguishes the stages of one account, in log lines and as a dimension of metrics
        "POWERTOOLS_SERVICE_NAME": stack,
        "POWERTOOLS_METRICS_NAMESPACE": "JobFlow",
    }
