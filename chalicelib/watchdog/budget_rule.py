"""Decide what follows from what a type's jobs have cost today: nothing, a pause, or its end. Pure."""

from collections.abc import Sequence
from enum import Enum, auto

from chalicelib.counters.port import BY_BUDGET, Pause
from chalicelib.pausing.port import PastPause
from chalicelib.usage.days import start_of_day
from chalicelib.watchdog.constants import SWITCHED_AGAIN


class Budget(Enum):
    """What to do about a type with a budget."""

    NOTHING = auto()
    PAUSE = auto()
    SWITCH = auto()
    """The pause has just begun or ended: the process that stored this may have died before it switched the queue, or
    another process may have switched it at the same time."""
    RESUME = auto()


def decide(share: float, pause: Pause | None, past: Sequence[PastPause], now: float) -> Budget:
    """Return what to do at `now` (epoch seconds), when this share of the day's budget is spent.

    `past` are the last ended pauses, newest first. A pause of an operator stays. If an operator has ended or taken over
    the pause of the budget, the type is not paused again on the same day. If the budget itself has ended it, because a
    deployment has raised it, the type is paused again.
    """
    spent = share >= 1
    if pause is not None and not pause.by_itself:
        if pause.by_budget and not spent:
            return Budget.RESUME
        return _switch(pause.since, now)
    midnight = start_of_day(now)
    ended = (one for one in past if one.pause.by_budget and one.pause.since >= midnight)
    if spent and all(one.resumed_by == BY_BUDGET for one in ended):
        return Budget.PAUSE
    # the queue of a type that is paused automatically is not switched here
    return _switch(max(one.until for one in past), now) if past and pause is None else Budget.NOTHING


def _switch(changed: float, now: float) -> Budget:
    return Budget.SWITCH if now - changed < SWITCHED_AGAIN else Budget.NOTHING
