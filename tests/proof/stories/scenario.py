"""Define a scenario, how it may end, and the list of all scenarios."""

from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.jobs.job import Status
from tests.proof.world import World

DONE = frozenset({Status.COMPLETED})
DEAD = frozenset({Status.DEAD_LETTER})
FAILED = frozenset({Status.FAILED})
CANCELLED = frozenset({Status.CANCELLED})


@dataclass(frozen=True)
class Scenario:
    """A scenario.

    `end` is how its jobs may end without faults; a crash spends an attempt, and may so change the end.
    """

    name: str
    play: Callable[[World], None]
    end: frozenset[Status]
    batch: int = 1
    watchdog: bool = True


SCENARIOS: list[Scenario] = []


def scenario(
    end: frozenset[Status], batch: int = 1, *, watchdog: bool = True
) -> Callable[[Callable[[World], None]], Callable[[World], None]]:
    """Add a scenario to the list, under its function's name."""

    def add(play: Callable[[World], None]) -> Callable[[World], None]:
        SCENARIOS.append(Scenario(play.__name__.replace("_", " "), play, end, batch, watchdog))
        return play

    return add
