"""Compute the additional cost of a limit (`AtMost` or `Rate`). Pure. Tests count its requests."""

from infra.cloud.cost.calculation import ALONE, Line, Load, per_million, total
from infra.cloud.cost.prices import PRICES, Prices
from infra.cloud.cost.steps import Wait

FREE_UNITS = 2
"""Write units of a job with a limit: 1 to take its place, 1 to leave it."""
RATE_UNITS = 1
"""Write units of a start at a rate of `limits`: 1 to take its slot. A rate before places takes 1 more, for the turn."""
WAIT_UNITS = 12
"""Write units of a wait for a place, in addition to FREE_UNITS: 1 for the refused write, 3 to block the job, 1 for its
row in the line, 1 for the mark that jobs wait, 3 to wake the job, 1 for the mark that its message was sent, 1 to remove
the row, and 1 for the second claim. The first job that waits takes 1 more."""
WAIT_READS = 5
"""Read units of a wait for a place: the limit's row when a place is free, the first row of the line, the job, the
limit's row for the next job, and the limit's row after the second claim."""
TURN_READS, TURN_UNITS = 2, 1
"""Read and write units of the position of a job whose tenants take turns: the rows of the limit and the tenant, and the
latter again. The first job of a tenant takes 1 write unit more."""
PLACE = Wait("a wait for a place", WAIT_UNITS, changes=4, times=2, sent=1, posted=False)


def lines(load: Load = ALONE, prices: Prices = PRICES) -> list[Line]:
    """Return what a million jobs with a limit cost in addition, and a million waits for a place."""
    turn = TURN_UNITS * prices.write_unit + TURN_READS * prices.read_unit
    wait = PLACE.needs(load) | {"read_unit": float(WAIT_READS)}
    return [
        Line("a job with a limit", 1, FREE_UNITS * prices.write_unit),
        Line("a job with a rate in `limits`", 1, RATE_UNITS * prices.write_unit),
        Line(PLACE.what, 1, total(per_million(wait, prices))),
        Line("a wait in which tenants take turns, in addition", 1, turn),
    ]
