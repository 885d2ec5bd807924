"""A story, how it may end, and the list of all of them."""

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
    """A story. `end` is how its jobs may end undisturbed; a crash spends an attempt, and so may change the end."""

    name: str
    play: Callable[[World], None]
    end: frozenset[Status]
    batch: int = 1
    watchdog: bool = True


SCENARIOS: list[Scenario] = []
AWAITED: list[Scenario] = []
"""Stories whose promise is not kept yet: a test expects each to fail, and fails when one does not any more."""

Play = Callable[[World], None]


def scenario(end: frozenset[Status], batch: int = 1, *, watchdog: bool = True) -> Callable[[Play], Play]:
    """Put a story on the list, under its function's name."""
    return _on(SCENARIOS, end, batch, watchdog)


def awaited(end: frozenset[Status], batch: int = 1, *, watchdog: bool = True) -> Callable[[Play], Play]:
    """Put a story on the list of those whose promise is not kept yet."""
    return _on(AWAITED, end, batch, watchdog)


def _on(stories: list[Scenario], end: frozenset[Status], batch: int, watchdog: bool) -> Callable[[Play], Play]:
    def add(play: Play) -> Play:
        stories.append(Scenario(play.__name__.replace("_", " "), play, end, batch, watchdog))
        return play

    return add
