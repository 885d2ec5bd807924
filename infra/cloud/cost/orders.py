"""Compute what the order of docs/recipes.md costs: a charge, three parcels at the same time, deliveries, a letter.

Pure. Tests count its requests.
"""

from collections.abc import Callable, Mapping

from chalicelib.jobs.constants import DAY
from chalicelib.usage.constants import REQUEST_WRITE_UNITS, STEP_UNITS
from chalicelib.worker.constants import FIRST_LOOK, LONGEST_LOOK
from infra.cloud.cost.calculation import BATCHES, BUSY, Line, Load, per_million, total
from infra.cloud.cost.children import CHILD_UNITS
from infra.cloud.cost.prices import PRICES, Prices
from infra.cloud.cost.steps import CALL, EVENT, LOOK, SLEEP, WAKE, Wait

PARCELS = 3
UNDER_WAY = 2 * DAY
"""Seconds until the parcels are delivered."""
WAKES = 11 / 6
"""How often the call wakes, on average over all orders in which three parcels can be delivered: it waits for one of
them at a time."""
STEPS = 2 + PARCELS
"""Kept rows beside those of waits: the charge, the token for it, and what the carrier said of each parcel."""


def looks(seconds: float) -> int:
    """Return how often a job looks by itself after a job that it has called, and that ends after these seconds."""
    at, number = FIRST_LOOK, 0
    while at < seconds:
        number, at = number + 1, at + min(LONGEST_LOOK, max(FIRST_LOOK, at))
    return number


def _waits(under_way: float, wakes: float) -> dict[Wait, float]:
    """Return how often an order does what belongs to a wait."""
    return {CALL: 1, WAKE: wakes - 1, LOOK: looks(under_way), EVENT: PARCELS, SLEEP: 1}


def line(
    prices: Prices = PRICES,
    under_way: float = UNDER_WAY,
    needs: Callable[[Load], Mapping[str, float]] = Load.of_one_job,
    request_units: float = REQUEST_WRITE_UNITS,
) -> Line:
    """Return the cost of a million orders in a busy stage.

    `needs`: what a job needs there. `request_units`: write units of the rate limit for a request.
    """
    waits = sum(
        number * total(per_million(wait.needs(BUSY, request_units), prices))
        for wait, number in _waits(under_way, WAKES).items()
    )
    job = total(per_million(needs(BUSY), prices))
    # a child has no request of its own, as one of many jobs of a request; its parent's list has an entry for it
    child = total(per_million(needs(BATCHES), prices)) + prices.write_unit
    return Line(
        "an order with three parcels", 1, job + STEPS * STEP_UNITS * prices.write_unit + waits + (PARCELS + 1) * child
    )


def units(under_way: float = UNDER_WAY, wakes: float = WAKES) -> float:
    """Return the write units of an order, on the table of the jobs."""
    waits = sum(number * wait.units for wait, number in _waits(under_way, wakes).items())
    # the order is stored, and each of the jobs is claimed and ends
    return 3 + (PARCELS + 2) * 3 + (PARCELS + 1) * CHILD_UNITS + STEPS * STEP_UNITS + waits


def messages(under_way: float = UNDER_WAY, wakes: float = WAKES) -> float:
    """Return the messages of an order, each of which is received once."""
    return PARCELS + 2 + sum(number * wait.sent for wait, number in _waits(under_way, wakes).items())
