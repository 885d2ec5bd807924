"""What the stack costs: per month when nothing happens, per million jobs when everything goes well. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.jobtype import JobType
from infra.cloud.prices import ALLOWANCES, MILLION, NONE, PRICES, Allowances, Prices
from infra.definition.alarms import all_alarms

MINUTES = 60 * 24 * 30
"""In the month that all of this is about."""
POLLERS = 5
POLL_SECONDS = 20
"""Lambda long-polls each queue with five pollers when it is idle."""
WATCHDOG_SECONDS = 0.15
WATCHDOG_MB = 256
WATCHDOG_LOG_BYTES = 600
"""A run of the watchdog with nothing to do: measured time with room to spare, memory, its two log lines."""
INDEX_SHARDS = 8
"""Queries of a run: four shards of due work and four of scheduled work, half a read unit each when empty."""
STANDING_METRICS = 1
"""Custom metrics with points even when idle: the watchdog's sign of life."""
WRITE_UNITS = 8
"""Of a job that completes at its first attempt, counted in tests: rate limit 1, put 3, sent 1, claim 1, complete 2."""
COUNTER_WRITES = 0.07
"""Per job: a full batch of the stream adds up some 170 jobs in about 11 writes."""
API_MB = 512
API_SECONDS = 0.025
WORKER_SECONDS = 0.012
"""Billed time of a warm API call and of claiming and settling a job; what the job itself does comes on top.
Estimates: they cannot be measured without an account."""
LOG_KB = 2.2
"""Written about one such job at the level INFO, and 26 bytes for each event; counted in tests."""


def _job(fill: float) -> dict[str, float]:
    """What a job needs when a worker's batch holds so many."""
    return {
        "api_request": 1,
        "lambda_request": 1 + 1 / fill,
        "gb_seconds": (API_SECONDS + WORKER_SECONDS) * API_MB / 1024,
        "sqs_request": 1 + 3 / fill,
        "write_unit": WRITE_UNITS + COUNTER_WRITES,
        "log_kb": LOG_KB,
    }


TRICKLE = _job(1)
BUSY = _job(10)
"""One job at a time, and batches of ten: a batch is received, trimmed and deleted in three requests."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a bill, in dollars."""

    what: str
    amount: float
    dollars: float


def idle(types: Sequence[JobType[Any, Any]], free: Allowances = NONE, prices: Prices = PRICES) -> list[Line]:
    """A month of the default stack without a single job; `free` is what the account has left of its allowances."""
    polls = len(types) * POLLERS * MINUTES * 60 / POLL_SECONDS
    # every minute one look at the depths of each queue and of its dead-letter queue
    looks = 2 * len(types) * MINUTES
    seconds = MINUTES * WATCHDOG_SECONDS * WATCHDOG_MB / 1024
    watched = sum(len(alarm.metrics) for alarm in all_alarms(types, "any"))
    logged = MINUTES * WATCHDOG_LOG_BYTES / 1e9
    return [
        _line("SQS requests, polling and looking", polls + looks, free.sqs_requests, prices.sqs_request / MILLION),
        _line("Lambda requests, watchdog", MINUTES, free.lambda_requests, prices.lambda_request / MILLION),
        _line("Lambda GB-seconds", seconds, free.lambda_gb_seconds, prices.lambda_gb_second_arm / MILLION),
        _line("DynamoDB read units, watchdog", MINUTES * INDEX_SHARDS / 2, 0, prices.read_unit / MILLION),
        _line("Log GB", logged, free.log_gb, prices.log_gb),
        _line("Metrics of alarms", watched, free.alarm_metrics, prices.alarm_metric_month),
        _line("Custom metrics", STANDING_METRICS, free.metrics, prices.metric_month),
        _line("CloudWatch dashboards", 1, free.dashboards, prices.dashboard_month),
    ]


def per_million(counted: Mapping[str, float], prices: Prices = PRICES) -> list[Line]:
    """A million jobs, from what one job needs: `counted` has the names of `Prices`, except that `gb_seconds` and
    `log_kb` are what they say."""
    each = {
        "api_request": prices.api_request,
        "lambda_request": prices.lambda_request,
        "gb_seconds": prices.lambda_gb_second_arm,
        "sqs_request": prices.sqs_request,
        "write_unit": prices.write_unit,
        "read_unit": prices.read_unit,
        "log_kb": prices.log_gb,
        "s3_put": prices.s3_put,
    }
    return [Line(name, amount, amount * each[name]) for name, amount in counted.items()]


def total(lines: Sequence[Line]) -> float:
    """The sum, in dollars."""
    return sum(line.dollars for line in lines)


def report(types: Sequence[JobType[Any, Any]]) -> str:
    """Both bills as text."""
    listed, allowed = idle(types), idle(types, ALLOWANCES)
    rows = [f"Idle, a month, {len(types)} job types (list price; after the permanent free allowances)"]
    rows += [f"{a.what:<36}{a.amount:>16,.2f}  {_money(a)}  {_money(b)}" for a, b in zip(listed, allowed, strict=True)]
    rows += [f"{'':<52}  ${total(listed):>6.2f}  ${total(allowed):>6.2f}", ""]
    rows += ["A million jobs, each POSTed alone and done at its first attempt (one at a time; in batches of ten)"]
    slow, fast = per_million(TRICKLE), per_million(BUSY)
    rows += [f"{a.what:<36}{a.amount:>16,.2f}  {_money(a)}  {_money(b)}" for a, b in zip(slow, fast, strict=True)]
    rows += [f"{'':<52}  ${total(slow):>6.2f}  ${total(fast):>6.2f}", "", f"Prices of {PRICES.version}, us-east-1."]
    return "\n".join(rows)


def _money(line: Line) -> str:
    return f"${line.dollars:>6.2f}"


def _line(what: str, amount: float, free: float, price: float) -> Line:
    return Line(what, amount, max(0.0, amount - free) * price)
