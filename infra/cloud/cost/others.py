"""Compute what the same work costs with services of others, from the prices of their pages. Pure.

Prices in dollars for a million units, each with its page and the day on which the price was seen. If you change a
price, change the day. The numbers of units for a job and an order (docs/recipes.md) are counted here, not measured.
"""

from dataclasses import dataclass

from infra.cloud.cost.calculation import ALONE, BUSY, per_million, total
from infra.cloud.cost.orders import PARCELS, line
from infra.cloud.cost.prices import PRICES
from infra.cloud.cost.settings import DEFAULTS, Settings


@dataclass(frozen=True, slots=True)
class Offer:
    """A service: dollars for a million of its units, and how many units a job and an order need, least and most.

    `seen`: where and when the price was seen. `beside`: what it charges in addition, or what it cannot do.
    """

    key: str
    name: str
    unit: str
    price: float
    job: tuple[int, int]
    order: tuple[int, int]
    seen: str
    beside: str

    @property
    def a_million_jobs(self) -> str:
        """Return the dollars of a million jobs."""
        return _dollars(self.price, *self.job)

    @property
    def a_million_orders(self) -> str:
        """Return the dollars of a million orders."""
        return _dollars(self.price, *self.order)


OFFERS = (
    Offer(
        "step_functions", "Step Functions, Standard", "state transitions", 25.00, (3, 3), (12, 12),
        "aws.amazon.com/step-functions/pricing, as quoted on 2026-03-14",
        "Lambda requests and time",
    ),
    Offer(
        "durable", "Lambda durable functions", "operations", 8.00, (1, 2), (13, 13),
        "aws.amazon.com/lambda/pricing, its examples as transcribed on 2026-09-20",
        "Lambda requests and time, written and kept data",
    ),
    # the order, each parcel, and the letter are runs
    Offer(
        "trigger_dev", "Trigger.dev Cloud", "runs", 25.00, (1, 1), (PARCELS + 2, PARCELS + 2),
        "trigger.dev/pricing, as listed on 2026-05-22; docs/run-usage of trigger.dev shows the same price for a run",
        "each second of a run: $16.90 a million on the smallest machine, $680 on the largest; a plan from $10 a month",
    ),
)  # fmt: skip
"""The services, in the order of the bill."""


def rows(of: Settings = DEFAULTS) -> list[str]:
    """Return the table of the bill, for a stage with these parameters."""
    order = line(needs=of.needs, request_units=of.request_units)
    jobs = {"JobFlow, under load": BUSY, "JobFlow, one by one": ALONE}
    own = [
        f"{name:<28}{_money(total(per_million(of.needs(load)))):>12}{_money(order.dollars):>12}"
        for name, load in jobs.items()
    ]
    others = [f"{one.name:<28}{one.a_million_jobs:>12}{one.a_million_orders:>12}" for one in OFFERS]
    seen = [
        f"{one.name}: ${one.price:.2f} a million {one.unit} ({one.seen}). In addition: {one.beside}." for one in OFFERS
    ]
    return [
        "Beside others, without the run time of your code",
        f"{'':<28}{'1M jobs':>12}{'1M orders':>12}",
        *own,
        *others,
        *seen,
        f"JobFlow: all of the lines above, by AWS's list prices of {PRICES.version}. The prices of others come from",
        "texts that quote their pages, not from the pages themselves: read these before you decide.",
    ]


def _dollars(price: float, least: int, most: int) -> str:
    low, high = _money(price * least), _money(price * most)
    return low if low == high else f"{low} to {high}"


def _money(dollars: float) -> str:
    return f"${dollars:,.0f}" if dollars == round(dollars) else f"${dollars:,.2f}"
