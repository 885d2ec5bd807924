"""Compute what batches cost beside their jobs. Pure. Tests count the units."""

from infra.cloud.cost.calculation import Line
from infra.cloud.cost.prices import PRICES, Prices

MEMBER_UNITS = 1
"""Write units of a member beside those of a job: its entry in the index of the members."""
BATCH_UNITS = 6
"""Write units of creating and closing a batch: its row, twice; the row's entry in an index, which then moves; and the
list."""
COUNT_UNITS = 2
"""Write units of counting the members in one read of the stream: the round's row, and its entry in an index."""
END_UNITS = 3
"""Write units of an end: the round's row, its entry in the index, which is removed, and the list."""


def lines(prices: Prices = PRICES) -> list[Line]:
    """Return what a million members cost more than other jobs, and a million batches that are read in one piece."""
    return [
        Line("a member of a batch, beside its job", 1, MEMBER_UNITS * prices.write_unit),
        Line("a batch", 1, (BATCH_UNITS + COUNT_UNITS + END_UNITS) * prices.write_unit),
    ]
