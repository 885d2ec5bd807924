"""Compute the stack's cost: an idle month, a million jobs, keeping them, a console. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from chalicelib.api.constants import MOST_IN_BATCH
from chalicelib.counters.troubles import MEASURED
from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.queues import queues_of
from chalicelib.jobs.constants import MOST_MESSAGES
from chalicelib.telemetry.emf import PER_TYPE, Metric
from chalicelib.usage.constants import (
    ACCESS_KB,
    API_MB,
    API_SECONDS,
    COLD_SHARE,
    COMPLETED_UNITS,
    COUNTED_ROWS,
    COUNTERS_MB,
    COUNTERS_SECONDS,
    ENTRY_BYTES,
    ENTRY_KB,
    INIT_SECONDS,
    JOB_KB,
    LOG_KB,
    METRIC_KB,
    MILLION,
    PUT_UNITS,
    READ_BYTES,
    RECOUNT_MB,
    RECOUNTED_A_SECOND,
    REQUEST_WRITE_UNITS,
    ROW_READ,
    WORKER_SECONDS,
)
from chalicelib.watchdog.constants import IDLE_EVERY, PULSE_CANARIES, QUIET_EVERY
from infra.cloud.cost.prices import NONE, PRICES, Allowances, Prices
from infra.definition.monitoring.alarms import all_alarms
from infra.definition.monitoring.type_alarms import with_own_alarms

MINUTES = 60 * 24 * 30
"""Minutes of the month in this calculation."""
POLLERS = 5
POLL_SECONDS = 20
"""Seconds of a long poll. Lambda polls each idle queue with five pollers."""
URGENT_REQUESTS = POLLERS * MINUTES * 60 / POLL_SECONDS + MINUTES / QUIET_EVERY
"""Requests about an idle urgent queue in a month: polls, and reads of its depth."""
QUEUE_REQUESTS = URGENT_REQUESTS + MINUTES / QUIET_EVERY
"""Requests about one idle job type's queues in a month: Lambda's polls, and every QUIET_EVERY minutes one read of the
queue's depth and one of its dead-letter queue's depth."""
WATCHDOG_SECONDS, WATCHDOG_SECONDS_A_TYPE = 0.05, 0.15
WATCHDOG_MB = 512
WATCHDOG_LOG_BYTES = 2_500
"""Numbers of a watchdog run that has nothing to do: its seconds without types and for each type, its memory, and the
bytes of its log lines, six of them for the metric of types in trouble. Measured with three types: 0.15 s of a whole
core, nearly all of it for the checks of the types. The function has 0.29 of a core."""
SHARDS_READ = 4
SEARCHES = 3
"""Queries of a run for each type and shard: its running, scheduled and parked jobs. A query that finds nothing costs
half a read unit."""
SCHEDULES_READ = 0.5
BATCHES_READ = 0.5
"""Read units of a run that searches for due schedules and finds none."""
STANDING_METRICS = 1 + 1 / 24 + len(MEASURED)
"""Custom metrics that have data points even when idle: WatchdogRan and TypesInTrouble in each hour, Recounted in one
hour a day. Metrics are billed by the hour."""
ONLY_IN_TROUBLE = frozenset(
    {
        Metric.CONTROL_TABLE_DOWN, Metric.COUNTER_DRIFT, Metric.END_REFUSED, Metric.EXPIRED, Metric.GROWING,
        Metric.PAUSED_BY_ITSELF, Metric.SPANS_DROPPED, Metric.STALLED, Metric.WEBHOOK_DISABLED,
        Metric.WEBHOOK_FAILING,
    }
)  # fmt: skip
FENCED_EVENTS = ("late_finisher", "takeover", "duplicate")
BUSY_SECONDS, QUIET_SECONDS = 2, 30
"""Seconds between two requests of a console: while jobs change, and while nothing changes."""
LOOKS, STRIP_SECONDS = 2, 15
"""Requests of one refresh: the first page of the list, and the metrics. STRIP_SECONDS: seconds between two requests of
the chart of the last hour."""
TOTALS_READ = 0.5
"""Approximate read units of the metrics of one refresh: the rows of totals. The list asks each partition twice,
for half a unit."""
FAILING_MINUTES, FAILING_READS = 10, 3
"""Minutes between two looks of a console at the schedules that fail, and the jobs that it reads for each schedule."""
WRITE_UNITS = PUT_UNITS + COMPLETED_UNITS
"""Write units of a job that completes at its first attempt, counted in tests: put 3, claim 1, complete 2."""
CHANGES = 3
"""Records in the table's stream of a job that completes at its first attempt."""
STREAM_BATCH = 500
NEW_SHARDS = 4
"""Shards of a new table's stream."""
BATCH_SECONDS = 0.3
"""Billed time of a POST with a full batch of jobs. Also an estimate."""
REQUEST_KB = 0.36
"""Kilobytes of log lines of one request at the level INFO, with the 26 bytes that CloudWatch adds to each. A request
that stores a single job writes no line."""


@dataclass(frozen=True, slots=True)
class Load:
    """An arrival pattern of jobs: jobs per request, per worker batch, and per batch of the table's stream."""

    name: str
    in_request: int
    in_batch: int
    in_stream: float

    def of_one_job(self) -> dict[str, float]:
        """Return what one job needs, by the names that `per_million` accepts."""
        single = self.in_request == 1
        api = (API_SECONDS if single else BATCH_SECONDS) / self.in_request
        told = 0 if single else REQUEST_KB / self.in_request
        invocations = 1 / self.in_request + 1 / self.in_batch + 1 / self.in_stream
        counting = COUNTERS_SECONDS * COUNTERS_MB / 1024 / self.in_stream
        # three requests for a worker's batch: receive it, shorten its visibility timeout, delete it
        return {
            "api_request": 1 / self.in_request,
            "lambda_request": invocations,
            "gb_seconds": (api + WORKER_SECONDS) * API_MB / 1024 + counting,
            "init_gb_seconds": COLD_SHARE * INIT_SECONDS * invocations * API_MB / 1024,
            "sqs_request": ceil(self.in_request / MOST_MESSAGES) / self.in_request + 3 / self.in_batch,
            "write_unit": WRITE_UNITS + REQUEST_WRITE_UNITS / self.in_request + COUNTED_ROWS / self.in_stream,
            "log_kb": LOG_KB + told + METRIC_KB / self.in_batch + METRIC_KB / self.in_stream,
            "access_log_kb": ACCESS_KB / self.in_request,
        }


FULL_STREAM = STREAM_BATCH / CHANGES
ALONE = Load("alone", 1, 1, 1)
BUSY = Load("busy", 1, 10, FULL_STREAM)
BATCHES = Load("25 a request", MOST_IN_BATCH, 10, FULL_STREAM)
"""Arrival patterns: single jobs; many jobs with one per POST, so that workers and counters get full batches; 25 jobs
per POST."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a bill, in dollars."""

    what: str
    amount: float
    dollars: float


def idle(
    types: Sequence[JobType[Any, Any]], free: Allowances = NONE, prices: Prices = PRICES, shards: int = SHARDS_READ
) -> list[Line]:
    """Return the cost of a month of the default stack without a job.

    `free`: what is left of the account's free allowance. `shards`: partitions of each index that are read.
    """
    queues = queues_of(types)
    serial = sum(queue.serial for queue in queues)
    polls = len(queues) * QUEUE_REQUESTS + sum(queue.urgent for queue in queues) * URGENT_REQUESTS
    of_sqs = prices.sqs_request
    of_sqs += (prices.sqs_fifo_request - prices.sqs_request) * serial * QUEUE_REQUESTS / max(1, polls)
    seconds = MINUTES * (WATCHDOG_SECONDS + WATCHDOG_SECONDS_A_TYPE * _searched(types)) * WATCHDOG_MB / 1024
    watched = sum(len(alarm.metrics) for alarm in all_alarms(types, "any") if not alarm.condition)
    logged = MINUTES * WATCHDOG_LOG_BYTES / 1e9
    reads = SEARCHES * shards * _searched(types) / 2 + 1 + SCHEDULES_READ + BATCHES_READ
    return [
        _line("SQS requests, polling and looking", polls, free.sqs_requests, of_sqs / MILLION),
        _line("Lambda requests, watchdog", MINUTES, free.lambda_requests, prices.lambda_request / MILLION),
        _line("Lambda GB-seconds", seconds, free.lambda_gb_seconds, prices.lambda_gb_second_arm / MILLION),
        _line("DynamoDB read units, watchdog", MINUTES * reads, 0, prices.read_unit / MILLION),
        _line("Log GB", logged, free.log_gb, prices.log_gb),
        _line("Metrics of alarms", watched, free.alarm_metrics, prices.alarm_metric_month),
        _line("Custom metrics", STANDING_METRICS, free.metrics, prices.metric_month),
        _line("CloudWatch dashboards", 1, free.dashboards, prices.dashboard_month),
    ]


def _searched(types: Sequence[JobType[Any, Any]]) -> float:
    """Return for how many types a run of the watchdog searches, on average, while nothing happens."""
    return sum(1 if kind.queue is None else 1 / IDLE_EVERY for kind in types)


def active_metrics(types: Sequence[JobType[Any, Any]]) -> int:
    """Return the number of custom metrics with data points in a month.

    The number is for a month in which jobs of every type complete, fail and are retried. Only queues with own alarms
    have metrics of their own.
    """
    of_types = len(PER_TYPE - ONLY_IN_TROUBLE) * len(with_own_alarms(types))
    of_platform = len(frozenset(Metric) - ONLY_IN_TROUBLE - {Metric.FENCED, Metric.TYPES_IN_TROUBLE})
    return of_types + of_platform + len(MEASURED) + len(FENCED_EVENTS)


def active(types: Sequence[JobType[Any, Any]], free: Allowances = NONE, prices: Prices = PRICES) -> list[Line]:
    """Return the cost of the metrics that jobs write in a month. The jobs themselves cost extra."""
    more = active_metrics(types) - STANDING_METRICS
    left = max(0, free.metrics - STANDING_METRICS)
    return [_line("Custom metrics, all in use", more, left, prices.metric_month)]


def console(
    types: Sequence[JobType[Any, Any]],
    every: float,
    prices: Prices = PRICES,
    shards: int = SHARDS_READ,
    access_kb: float = ACCESS_KB,
) -> list[Line]:
    """Return a month's cost of one console that is always visible. It reads jobs and metrics every `every` seconds.

    `shards`: partitions of each index that are read. `access_kb`: kilobytes of a request in the access log.
    """
    looks = MINUTES * 60 / every
    requests = looks * LOOKS + MINUTES * 60 / max(every, STRIP_SECONDS) + MINUTES / FAILING_MINUTES
    depths = looks * sum(1 + len(queue.keys) for queue in queues_of(types))
    declared = sum(len(kind.schedules) for kind in types)
    reads = looks * (shards + TOTALS_READ) + MINUTES / FAILING_MINUTES * (1 + FAILING_READS * declared)
    logged = requests * (REQUEST_KB + access_kb) / MILLION
    seconds = requests * API_SECONDS * API_MB / 1024
    return [
        _line("API Gateway requests", requests, 0, prices.api_request / MILLION),
        _line("Lambda requests", requests, 0, prices.lambda_request / MILLION),
        _line("Lambda GB-seconds", seconds, 0, prices.lambda_gb_second_arm / MILLION),
        _line("SQS requests, depths", depths, 0, prices.sqs_request / MILLION),
        _line("DynamoDB read units", reads, 0, prices.read_unit / MILLION),
        _line("Log GB", logged, 0, prices.log_gb),
    ]


def per_million(counted: Mapping[str, float], prices: Prices = PRICES) -> list[Line]:
    """Return the cost of a million jobs, from the needs of one job.

    `counted` is by the names of `Prices`. A name with `gb_seconds` or `log_kb` is in that unit.
    """
    each = {
        "api_request": prices.api_request,
        "lambda_request": prices.lambda_request,
        "gb_seconds": prices.lambda_gb_second_arm,
        "init_gb_seconds": prices.lambda_gb_second_arm,
        "sqs_request": prices.sqs_request,
        "write_unit": prices.write_unit,
        "read_unit": prices.read_unit,
        "log_kb": prices.log_gb,
        "access_log_kb": prices.log_gb,
        "s3_put": prices.s3_put,
    }
    return [Line(name, amount, amount * each[name]) for name, amount in counted.items()]


def total(lines: Sequence[Line]) -> float:
    """Return the sum, in dollars."""
    return sum(line.dollars for line in lines)


def kept(prices: Prices = PRICES) -> list[Line]:
    """Return the cost of keeping a million finished jobs for a month: storage, and the reads of nightly recounts."""
    gigabytes, nights = JOB_KB + ENTRY_KB, 30
    reads = ROW_READ + ENTRY_BYTES / READ_BYTES / 2
    seconds = nights * MILLION / RECOUNTED_A_SECOND * RECOUNT_MB / 1024
    return [
        _line("DynamoDB GB-months", gigabytes, 0, prices.table_gb_month),
        _line("Point-in-time recovery GB-months", JOB_KB, 0, prices.recovery_gb_month),
        _line("Read units, nightly recount", nights * reads * MILLION, 0, prices.read_unit / MILLION),
        _line("Lambda GB-seconds, nightly recount", seconds, 0, prices.lambda_gb_second_arm / MILLION),
    ]


def canaries(prices: Prices = PRICES) -> list[Line]:
    """Return the cost of a month in which the watchdog writes canaries each minute, and reads how many were counted.

    The stream of a new table has four shards: for each, the counters run once a minute, and write one count.
    """
    runs = NEW_SHARDS * MINUTES
    return [
        _line("Write units, canaries", PULSE_CANARIES * MINUTES, 0, prices.write_unit / MILLION),
        _line("Write units, their count", runs, 0, prices.write_unit / MILLION),
        _line("Read units, their count", MINUTES, 0, prices.read_unit / MILLION),
        _line("Lambda requests, counters", runs, 0, prices.lambda_request / MILLION),
    ]


def _line(what: str, amount: float, free: float, price: float) -> Line:
    return Line(what, amount, max(0.0, amount - free) * price)
