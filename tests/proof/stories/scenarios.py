"""Import every scenario, all of whose crash points the proof tests."""

from tests.proof.stories import (
    composing,
    expiring,
    keys,
    limited_pauses,
    making,
    notifying,
    one,
    operators,
    pauses,
    places,
    rates,
    steering,
    telling,
    tenants,
    threads,
    workers,
)
from tests.proof.stories.scenario import SCENARIOS, Scenario

__all__ = [
    "SCENARIOS",
    "Scenario",
    "composing",
    "expiring",
    "keys",
    "limited_pauses",
    "making",
    "notifying",
    "one",
    "operators",
    "pauses",
    "places",
    "rates",
    "steering",
    "telling",
    "tenants",
    "threads",
    "workers",
]
