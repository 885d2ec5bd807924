"""Make each service from its ports, at first use: a process imports only what it uses."""

from typing import TYPE_CHECKING

from chalicelib.jobs.ports.auto_pause import AutoPauses
from chalicelib.jobs.ports.bulk import BulkAction
from chalicelib.jobs.types import jobtype
from chalicelib.wiring.parts import clock, once, settings
from chalicelib.wiring.ports import (
    acknowledgements,
    auto_pauses,
    background,
    bulk_rows,
    canaries,
    census,
    counter_rows,
    counters,
    job_queue,
    job_store,
    past_pauses,
    pauses,
    rate_windows,
    schedules,
    token_store,
    turns,
)

if TYPE_CHECKING:
    from chalicelib.access.rate_limit import RateLimiter
    from chalicelib.access.tokens import Tokens
    from chalicelib.counters.history import History
    from chalicelib.counters.recounting.recount import Recount
    from chalicelib.counters.snapshot import MetricsReader
    from chalicelib.counters.stream import StreamCounter
    from chalicelib.service.bulk import BulkActions
    from chalicelib.service.bulk_actions import BulkWork
    from chalicelib.service.jobs import JobService
    from chalicelib.service.pause import Pausing
    from chalicelib.service.reading import JobReader
    from chalicelib.service.schedules.firings import Firings

BULK_THREADS = 8
"""Jobs that a bulk action acts on at a time."""


def stream_counter() -> "StreamCounter":
    """Return what counts the table's stream; it remembers what it has tidied."""
    from chalicelib.counters.stream import StreamCounter

    return once("stream_counter", lambda: StreamCounter(counter_rows(), clock()))


def recount() -> "Recount":
    """Return a recount of the jobs."""
    from chalicelib.counters.recounting.recount import Recount

    return Recount(census(), canaries(), counters(), counter_rows(), clock())


def pausing() -> "Pausing":
    """The switch of each job type's queue."""
    from chalicelib.adapters.event_sources import consumers
    from chalicelib.service.pause import Pausing

    return once(
        "pausing",
        lambda: Pausing(pauses(), consumers(settings()), counters(), past_pauses(), clock(), _by_itself),
    )


def _by_itself(name: str) -> AutoPauses | None:
    return auto_pauses() if jobtype.get(name).pause_when is not None else None


def tokens() -> "Tokens":
    """Return the tokens."""
    from chalicelib.access.tokens import Tokens

    return once("tokens", lambda: Tokens(token_store(), clock()))


def job_service() -> "JobService":
    """The use cases over jobs."""
    from chalicelib.service.jobs import JobService

    return once("job_service", lambda: JobService(job_store(), job_queue(), settings().cursor_secret, clock()))


def job_reader() -> "JobReader":
    """Return what reads a job with its explanation."""
    from chalicelib.service.reading import JobReader

    return once("job_reader", lambda: JobReader(job_store(), counters(), clock()))


def rate_limiter() -> "RateLimiter":
    """Return the rate limiter of POST requests."""
    from chalicelib.access.rate_limit import RateLimiter

    limit, window = settings().rate_limit_max, settings().rate_limit_window
    return once("rate_limiter", lambda: RateLimiter(rate_windows(), limit, window, clock()))


def metrics() -> "MetricsReader":
    """The numbers of `GET /metrics`."""
    from chalicelib.counters.snapshot import MetricsReader

    return once("metrics", lambda: MetricsReader(counters(), job_queue(), clock(), turns))


def history() -> "History":
    """Return time series, groups of errors and findings; it remembers the dead letters that it has looked at."""
    from chalicelib.counters.history import DeadLetters, History

    return once("history", lambda: History(counters(), acknowledgements(), clock(), DeadLetters(job_store(), clock())))


def firings(threads: int) -> "Firings":
    """Return what makes the jobs of schedules; it remembers that it has followed the code."""
    from chalicelib.service.schedules.declared import Declared
    from chalicelib.service.schedules.firings import Firings

    return once("firings", lambda: Firings(schedules(), job_service(), Declared(schedules(), job_service()), threads))


def bulk_work() -> "BulkWork":
    """Return what starts and works off bulk actions."""
    from chalicelib.service.bulk_actions import BulkWork

    return BulkWork(bulk_rows(), _acting, background(), clock())


def _acting(bulk: BulkAction) -> "BulkActions":
    from chalicelib.service.bulk import BulkActions
    from chalicelib.service.operations import Operations

    operations = Operations(job_service(), bulk.by, bulk.reason or "", in_bulk=True)
    return BulkActions(job_store(), operations, settings().cursor_secret, clock(), BULK_THREADS)
