"""Make the adapter of each port, at first use: a process imports only what it uses."""

from typing import TYPE_CHECKING, cast

from chalicelib.access.tokens import TokenStore
from chalicelib.adapters.invocations import background as background_of
from chalicelib.adapters.invocations import helpers
from chalicelib.adapters.probes import prober as prober_of
from chalicelib.counters.known import unfinished_types
from chalicelib.jobs.ports.auto_pause import AutoPauses, Prober
from chalicelib.jobs.ports.bulk import Background, BulkActionRows
from chalicelib.jobs.ports.control import Deploys, Helpers, Pauses, RateWindows
from chalicelib.jobs.ports.counters import Acknowledgements, Canaries, Census, Counters, CounterTable
from chalicelib.jobs.ports.jobs import JobStore
from chalicelib.jobs.ports.logs import PlatformLog
from chalicelib.jobs.ports.past_pauses import PastPauses
from chalicelib.jobs.ports.queue import JobQueue
from chalicelib.jobs.ports.schedules import Schedules
from chalicelib.jobs.ports.secrets import SecretStore
from chalicelib.jobs.ports.turns import Turns
from chalicelib.jobs.types import jobtype

if TYPE_CHECKING:
    from chalicelib.adapters.cloudwatch_logs import JobLogs
    from chalicelib.adapters.s3.uploads import Uploads

from chalicelib.wiring.parts import adapter, clock, once, settings


def job_store() -> JobStore:
    """Return the store of jobs."""
    return once("job_store", _dynamo_job_store)


def job_queue() -> JobQueue:
    """Return the queues."""
    return cast("JobQueue", once("job_queue", lambda: adapter("sqs", "SqsJobQueue")))


def rate_windows() -> RateWindows:
    """Return the counts of requests per address."""
    made = once("rate_windows", lambda: adapter("dynamo.control.rate_windows", "DynamoRateWindows"))
    return cast("RateWindows", made)


def counters() -> Counters:
    """Return the counters, to read."""
    return cast("Counters", once("counters", lambda: adapter("dynamo.counting.counters", "DynamoCounters")))


def counter_rows() -> CounterTable:
    """Return the counters, to write: the same rows that `counters` reads."""
    return cast("CounterTable", counters())


def pauses() -> Pauses:
    """Return the pauses: kept beside the counters, so that one request reads both."""
    return cast("Pauses", counters())


def past_pauses() -> PastPauses:
    """Return the pauses that have ended."""
    return cast("PastPauses", once("past_pauses", lambda: adapter("dynamo.control.past_pauses", "DynamoPastPauses")))


def deploys() -> Deploys:
    """Return where deployments of the stage are written down: beside the counters."""
    return cast("Deploys", counters())


def census() -> Census:
    """Every job there is."""
    return cast("Census", once("census", lambda: adapter("dynamo.counting.census", "DynamoCensus")))


def canaries() -> Canaries:
    """Return the items that show how far the stream is."""
    return cast("Canaries", once("canaries", lambda: adapter("dynamo.counting.canaries", "DynamoCanaries")))


def watchdog_helpers() -> Helpers | None:
    """Return what starts further runs of the watchdog; None on a laptop."""
    return once("watchdog_helpers", lambda: helpers(settings()))


def token_store() -> TokenStore:
    """Return the store of tokens."""
    return cast("TokenStore", once("token_store", lambda: adapter("dynamo.control.tokens", "DynamoTokenStore")))


def bulk_rows() -> BulkActionRows:
    """Return the bulk actions that the platform works off."""
    return cast("BulkActionRows", once("bulk_rows", lambda: adapter("dynamo.control.bulk", "DynamoBulkActions")))


def background() -> Background:
    """Return what invokes the function that works off bulk actions."""
    return once("background", lambda: background_of(settings()))


def schedules() -> Schedules:
    """Return the store of schedules."""
    return cast("Schedules", once("schedules", lambda: adapter("dynamo.control.schedules", "DynamoSchedules")))


def turns() -> Turns:
    """Return the plan of the starts of job types with a rate."""
    return cast("Turns", once("turns", lambda: adapter("dynamo.control.turns", "DynamoTurns")))


def auto_pauses() -> AutoPauses:
    """Return what is known of failures of job types that are paused by themselves."""
    return cast("AutoPauses", once("auto_pauses", lambda: adapter("dynamo.control.auto_pauses", "DynamoAutoPauses")))


def prober() -> Prober:
    """Return what hands a message to a worker whose queue is switched off."""
    return once("prober", lambda: prober_of(settings()))


def acknowledgements() -> Acknowledgements:
    """Return the marks on groups of errors."""
    made = once("acknowledgements", lambda: adapter("dynamo.control.acknowledgements", "DynamoAcknowledgements"))
    return cast("Acknowledgements", made)


def uploads() -> "Uploads":
    """Return the permissions to upload files."""
    return cast("Uploads", once("uploads", lambda: adapter("s3.uploads", "uploads")))


def platform_log() -> PlatformLog:
    """Return the reader of what Lambda writes about an invocation."""
    return cast("PlatformLog", once("platform_log", lambda: adapter("platform_log", "CloudWatchPlatformLog")))


def secret_store() -> SecretStore:
    """Return the store of the job types' secrets."""
    return cast("SecretStore", once("secret_store", lambda: adapter("secret_store", "AwsSecretStore")))


def job_logs() -> "JobLogs":
    """Return the reader of the workers' log lines."""
    return cast("JobLogs", once("job_logs", lambda: adapter("cloudwatch_logs", "job_logs")))


def _dynamo_job_store() -> JobStore:
    from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore

    return DynamoJobStore(settings(), clock(), known_types)


def known_types() -> list[str]:
    """Return the job types that may have unfinished jobs: those declared, and those the counters know of."""
    return unfinished_types(jobtype.names(), counters)
