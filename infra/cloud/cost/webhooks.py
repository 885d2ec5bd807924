"""Compute what webhooks cost beside the jobs whose ends they report. Pure. Tests count the requests and the units."""

from chalicelib.usage.constants import (
    COLD_SHARE,
    COUNTED_ROWS,
    COUNTERS_MB,
    COUNTERS_SECONDS,
    INIT_SECONDS,
    LOG_KB,
    METRIC_KB,
    WORKER_SECONDS,
)
from infra.cloud.cost.calculation import REQUEST_KB, Line, Load, per_million, total
from infra.cloud.cost.prices import PRICES, Prices

FOLLOWED = 100
"""Ends that share one invocation of the function `followup` while many jobs end."""
FOLLOWUP_MB = DELIVER_MB = 256
FOLLOWUP_SECONDS = 0.05
ANSWER_SECONDS = 0.2
"""Billed time of an invocation of `followup` that has nothing to make, and the time until a receiver has answered. The
function waits for the answer. Estimates."""
END_READS = 0.5
"""Read units of an invocation of `followup` in a stage without registered webhooks: it looks for them."""
MADE_UNITS = 5
"""Write units of making a delivery: 3 for the job and its entries in two indexes, 1 for its entry in the list of its
parent, 1 for the mark that its message was sent."""
MADE_READS = 2
"""Read units of making a delivery: the job with its id is looked for, twice."""
SENT_UNITS = 3
"""Write units of delivering: the claim 1, the end 2. A receiver's state is written only after failures."""
SENT_READS = 2
"""Read units of delivering: the webhook and the state of its receiver."""
CHECKED_READS = 3
"""Read units of the nightly check, which looks for each delivery in three nights."""
MESSAGES = 4
"""Requests for the message of a delivery: send, receive, shorten the visibility timeout, delete."""


def lines(load: Load, prices: Prices = PRICES) -> list[Line]:
    """Return what a million ends cost more in a stage with webhooks, and what a million deliveries cost."""
    return [
        Line("an end of any job, in such a stage", 1, total(per_million(_end(load), prices))),
        Line("a delivery", 1, total(per_million(_delivery(load), prices)) + _beside(load, prices)),
    ]


def standing(prices: Prices = PRICES) -> list[Line]:
    """Return what a registered webhook costs in a month."""
    return [Line("A webhook: its secret", 1, prices.secret_month)]


def _end(load: Load) -> dict[str, float]:
    invocations = 1.0 if load.in_stream == 1 else 1 / FOLLOWED
    return {
        "lambda_request": invocations,
        "gb_seconds": invocations * FOLLOWUP_SECONDS * FOLLOWUP_MB / 1024,
        "init_gb_seconds": invocations * COLD_SHARE * INIT_SECONDS * FOLLOWUP_MB / 1024,
        "read_unit": invocations * END_READS,
    }


def _delivery(load: Load) -> dict[str, float]:
    counted = 1 / load.in_stream
    return {
        "lambda_request": 1 + counted,
        "gb_seconds": (
            (WORKER_SECONDS + ANSWER_SECONDS) * DELIVER_MB + counted * COUNTERS_SECONDS * COUNTERS_MB
        ) / 1024,
        "init_gb_seconds": (1 + counted) * COLD_SHARE * INIT_SECONDS * DELIVER_MB / 1024,
        "sqs_request": MESSAGES,
        "write_unit": MADE_UNITS + SENT_UNITS + COUNTED_ROWS * counted,
        "read_unit": MADE_READS + SENT_READS + CHECKED_READS,
        "log_kb": LOG_KB + 2 * REQUEST_KB + METRIC_KB * (1 + counted),
    }  # fmt: skip


def _beside(load: Load, prices: Prices) -> float:
    """Return the cost of what only webhooks have: fair queues, and the read of the secret by a process without it."""
    return MESSAGES * prices.sqs_fair_request + (prices.secret_request if load.in_stream == 1 else 0.0)
