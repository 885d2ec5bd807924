"""Every story whose every crash point the proof visits."""

from tests.proof import (
    stories_of_keys,
    stories_of_making,
    stories_of_one,
    stories_of_operators,
    stories_of_pauses,
    stories_of_rates,
    stories_of_steering,
    stories_of_tenants,
    stories_of_workers,
)
from tests.proof.scenario import SCENARIOS, Scenario

__all__ = [
    "SCENARIOS",
    "Scenario",
    "stories_of_keys",
    "stories_of_making",
    "stories_of_one",
    "stories_of_operators",
    "stories_of_pauses",
    "stories_of_rates",
    "stories_of_steering",
    "stories_of_tenants",
    "stories_of_workers",
]
