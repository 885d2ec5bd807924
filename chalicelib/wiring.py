"""Give each port its adapter, made once a process at first use. The only reader of the environment.

A test or a tool says `wiring.use(job_store=…, clock=…)`: what it gives is used, the rest is made as always.
"""

import threading
import time
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar, cast

from chalicelib.access.rate_limit import RateLimiter
from chalicelib.access.tokens import Tokens, TokenStore
from chalicelib.adapters.event_sources import consumers
from chalicelib.adapters.helpers import helpers
from chalicelib.counters.history import History
from chalicelib.counters.recount import Recount
from chalicelib.counters.snapshot import MetricsReader
from chalicelib.counters.stream import StreamCounter
from chalicelib.errors import ConfigurationError
from chalicelib.jobs import jobtype
from chalicelib.jobs.job import ACTIVE
from chalicelib.jobs.ports import (
    Acknowledgements,
    Canaries,
    Census,
    Counters,
    CounterTable,
    Helpers,
    JobQueue,
    JobStore,
    Pauses,
    PlatformLog,
    RateWindows,
    SecretStore,
)
from chalicelib.service.jobs import JobService
from chalicelib.service.pause import Pausing
from chalicelib.service.reading import JobReader
from chalicelib.settings import Settings
from chalicelib.telemetry import events

if TYPE_CHECKING:
    from chalicelib.adapters.cloudwatch_logs import JobLogs
    from chalicelib.adapters.s3.uploads import Uploads

T = TypeVar("T")
Clock = Callable[[], float]

NAMES = frozenset(
    {
        "settings", "clock", "job_store", "job_queue", "rate_windows", "counters", "token_store", "tokens",
        "job_service", "job_reader", "rate_limiter", "metrics", "uploads", "job_logs", "census", "canaries", "pausing",
        "watchdog_helpers", "stream_counter", "history", "acknowledgements", "platform_log", "secret_store",
    }
)  # fmt: skip
_made: dict[str, Any] = {}
_lock = threading.RLock()


def use(**parts: Any) -> None:
    """Forget everything made so far and use these parts instead; raises ConfigurationError for an unknown name."""
    unknown = sorted(parts.keys() - NAMES)
    if unknown:
        raise ConfigurationError(f"wiring knows no {', '.join(unknown)}; it knows {', '.join(sorted(NAMES))}")
    with _lock:
        _made.clear()
        _made.update(parts)


def reset() -> None:
    """Forget everything made so far, the settings too: the next call reads the environment again."""
    use()


def settings() -> Settings:
    """The environment, read once."""
    return _once("settings", Settings.from_env)


def clock() -> Clock:
    """Return the clock, in seconds since the epoch."""
    return _once("clock", lambda: time.time)


def job_store() -> JobStore:
    """Return the store of jobs."""
    return _once("job_store", _dynamo_job_store)


def job_queue() -> JobQueue:
    """Return the queues."""
    return cast("JobQueue", _once("job_queue", lambda: _adapter("sqs", "SqsJobQueue")))


def rate_windows() -> RateWindows:
    """Return the counts of requests per address."""
    return cast("RateWindows", _once("rate_windows", lambda: _adapter("dynamo.control", "DynamoRateWindows")))


def counters() -> Counters:
    """Return the counters, to read."""
    return cast("Counters", _once("counters", lambda: _adapter("dynamo.counters", "DynamoCounters")))


def counter_rows() -> CounterTable:
    """Return the counters, to write: the same rows that `counters` reads."""
    return cast("CounterTable", counters())


def stream_counter() -> StreamCounter:
    """Return what counts the table's stream; it remembers what it has tidied."""
    return _once("stream_counter", lambda: StreamCounter(counter_rows(), clock()))


def pauses() -> Pauses:
    """Return the pauses: kept beside the counters, so that one request reads both."""
    return cast("Pauses", counters())


def census() -> Census:
    """Every job there is."""
    return cast("Census", _once("census", lambda: _adapter("dynamo.census", "DynamoCensus")))


def canaries() -> Canaries:
    """Return the items that show how far the stream is."""
    return cast("Canaries", _once("canaries", lambda: _adapter("dynamo.canaries", "DynamoCanaries")))


def recount() -> Recount:
    """Return a recount of the jobs."""
    return Recount(census(), canaries(), counters(), counter_rows(), clock())


def pausing() -> Pausing:
    """The switch of each job type's queue."""
    return _once("pausing", lambda: Pausing(pauses(), consumers(settings()), clock()))


def watchdog_helpers() -> Helpers | None:
    """Return what starts further runs of the watchdog; None on a laptop."""
    return _once("watchdog_helpers", lambda: helpers(settings()))


def token_store() -> TokenStore:
    """Return the store of tokens."""
    return cast("TokenStore", _once("token_store", lambda: _adapter("dynamo.tokens", "DynamoTokenStore")))


def tokens() -> Tokens:
    """Return the tokens."""
    return _once("tokens", lambda: Tokens(token_store(), clock()))


def job_service() -> JobService:
    """The use cases over jobs."""
    return _once("job_service", lambda: JobService(job_store(), job_queue(), settings().cursor_secret, clock()))


def job_reader() -> JobReader:
    """Return what reads a job with its explanation."""
    return _once("job_reader", lambda: JobReader(job_store(), counters(), clock()))


def rate_limiter() -> RateLimiter:
    """Return the rate limiter of POST requests."""
    limit, window = settings().rate_limit_max, settings().rate_limit_window
    return _once("rate_limiter", lambda: RateLimiter(rate_windows(), limit, window, clock()))


def metrics() -> MetricsReader:
    """The numbers of `GET /metrics`."""
    return _once("metrics", lambda: MetricsReader(counters(), job_queue(), clock()))


def acknowledgements() -> Acknowledgements:
    """Return the marks on groups of errors."""
    made = _once("acknowledgements", lambda: _adapter("dynamo.acknowledgements", "DynamoAcknowledgements"))
    return cast("Acknowledgements", made)


def history() -> History:
    """Return time series and groups of errors."""
    return _once("history", lambda: History(counters(), acknowledgements(), clock()))


def uploads() -> "Uploads":
    """Return the permissions to upload files."""
    return cast("Uploads", _once("uploads", lambda: _adapter("s3.uploads", "uploads")))


def platform_log() -> PlatformLog:
    """Return the reader of what Lambda writes about an invocation."""
    return cast("PlatformLog", _once("platform_log", lambda: _adapter("platform_log", "CloudWatchPlatformLog")))


def secret_store() -> SecretStore:
    """Return the store of the job types' secrets."""
    return cast("SecretStore", _once("secret_store", lambda: _adapter("secret_store", "AwsSecretStore")))


def job_logs() -> "JobLogs":
    """Return the reader of the workers' log lines."""
    return cast("JobLogs", _once("job_logs", lambda: _adapter("cloudwatch_logs", "job_logs")))


def _once(name: str, make: Callable[[], T]) -> T:
    made = _made.get(name)
    if made is None:
        with _lock:
            made = _made.get(name)
            if made is None:
                made = _made[name] = make()
    return cast("T", made)


def _adapter(module: str, name: str) -> Any:
    """Import an adapter when it is first asked for: a process pays for what it uses."""
    return getattr(import_module(f"chalicelib.adapters.{module}"), name)(settings())


def _dynamo_job_store() -> JobStore:
    from chalicelib.adapters.dynamo.jobs import DynamoJobStore

    return DynamoJobStore(settings(), clock(), known_types)


def known_types() -> list[str]:
    """Return the job types that may have unfinished jobs: those declared, and those the counters know of.

    A type that was removed is left out while the counters do not answer.
    """
    declared = set(jobtype.names())
    try:
        totals = counters().standing().totals
    except Exception as error:
        events.counters_unread(error)
        return sorted(declared)
    return sorted(declared | {name for (name, status), number in totals.items() if number and status in ACTIVE})
