"""Compare what a type's jobs have cost today with its budget, and say the reason of the pause. Pure."""

import math

from chalicelib.job_types.spending import Spending
from chalicelib.usage.constants import NANO


def share(spending: Spending, nano: int) -> float:
    """Return which share of the day's budget these nano-dollars are; 0 without a budget."""
    return 0.0 if spending.per_day is None else nano / NANO / spending.per_day


def percent(spending: Spending, nano: int) -> int:
    """Return how much of the day's budget is spent, in whole percent."""
    return math.floor(100 * share(spending, nano) + 1e-9)


def reason(spending: Spending, nano: int) -> str:
    """Return why a type is paused, in words."""
    return (
        f"Its jobs have cost {_dollars(nano / NANO)} today (UTC), and its budget is {_dollars(spending.per_day or 0)} "
        "a day. It continues at midnight, or when you resume it"
    )


def _dollars(amount: float) -> str:
    return f"${amount:,.2f}" if amount >= 1 or amount == round(amount, 2) else f"${amount:.6f}"
