"""Run the watchdog of a simulated platform once, and let its ports fail."""

from collections.abc import Callable
from typing import Any

from chalicelib.counters.port import Standing
from tests.proof.grounds.faults import Throttled
from tests.proof.grounds.memory import MemoryGround
from tests.proof.world import World


def look(world: World, after: float = 61) -> dict[str, int]:
    """Advance the clock by some seconds, then run the watchdog once."""
    world.clock.advance(after)
    return dict(world.watchdog.run(lambda: 50.0))


def lasting(looks: int, types: int = 0) -> Callable[[], float]:
    """Return the remaining time of a run.

    It is enough for that many reads of it, after the searches of that many types.
    """
    searches = 1 + types if types else 0  # and one read before all searches
    left = iter([50.0] * (searches + looks))
    return lambda: next(left, 0.0)


def fail(ground: MemoryGround, *names: str) -> None:
    ground.faults.fail = lambda name: Throttled(name) if name in names else None


def knows(world: World, **facts: Any) -> None:
    """Let the counters return these facts to the watchdog."""
    world.watchdog.standing = lambda: Standing({}, **facts)
