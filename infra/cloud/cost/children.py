"""Compute what a job pays for making other jobs, before they run. Pure. Tests count the requests and the units."""

from chalicelib.jobs.constants import MOST_MESSAGES
from infra.cloud.cost.calculation import Line
from infra.cloud.cost.prices import PRICES, Prices

CHILD_UNITS = 4
"""Write units of a child: 3 for the job and its entries in two indexes, 1 for its entry in the parent's list."""
CHILD_READS = 1
"""Read units of a child: before its message is sent, the job with its id is looked for."""


def lines(prices: Prices = PRICES) -> list[Line]:
    """Return the cost of a million children that are made one by one, and many at a time."""
    stored = CHILD_UNITS * prices.write_unit + CHILD_READS * prices.read_unit
    return [
        Line("a child by ctx.enqueue", 1, stored + prices.sqs_request),
        Line("a child by ctx.enqueue_many", 1, stored + prices.sqs_request / MOST_MESSAGES),
    ]
