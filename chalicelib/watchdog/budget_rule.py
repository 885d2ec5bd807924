"""Decide what follows from what a type's jobs have cost today: nothing, a pause, or its end. Pure."""

from collections.abc import Sequence
from enum import Enum, auto

from chalicelib.counters.port import Pause
from chalicelib.jobs.constants import DAY
from chalicelib.pausing.port import PastPause
from chalicelib.watchdog.constants import SWITCHED_AGAIN


class Budget(Enum):
    """What to do about a type with a budget."""

    NOTHING = auto()
    PAUSE = auto()
    SWITCH_OFF = auto()
    """The pause is stored, and the process that stored it may have died before it stopped the queue."""
    RESUME = auto()


def decide(share: float, pause: Pause | None, past: Sequence[PastPause], now: float) -> Budget:
    """Return what to do at `now` (epoch seconds), when this share of the day's budget is spent.

    `past` are the last ended pauses. A pause of an operator stays. If an operator has ended the pause of the budget,
    the type is not paused again on the same day.
    """
    spent = share >= 1
    if pause is not None and not pause.by_itself:
        if not pause.by_budget:
            return Budget.NOTHING
        if not spent:
            return Budget.RESUME
        return Budget.SWITCH_OFF if now - pause.since < SWITCHED_AGAIN else Budget.NOTHING
    midnight = now - now % DAY
    again = any(one.pause.by_budget and one.pause.since >= midnight for one in past)
    return Budget.PAUSE if spent and not again else Budget.NOTHING
