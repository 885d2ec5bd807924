"""Compare each crash point that the enumeration leaves out with the one that stands for it."""

import random
from collections.abc import Iterator, Mapping
from functools import cache

from tests.proof.enumeration import Case, execute, points
from tests.proof.grounds.ground import Stand
from tests.proof.stories.scenarios import Scenario


class SameChance(Case):
    """A case whose random numbers do not depend on where it dies."""

    def __str__(self) -> str:
        return self.scenario.name


def different(
    stand: Stand, story: Scenario, duplicate: bool, seed: int, part: float = 1.0
) -> Iterator[tuple[str, list[str]]]:
    """Yield each point left out (a random `part` of them) with what differs after it: nothing, where it stands for it.

    What follows is the names of all calls until everything is at rest.
    """

    @cache
    def then(crash_at: int, after: bool) -> list[str]:
        return execute(SameChance(story, duplicate, crash_at, after), stand, seed)[0][crash_at:]

    names, _ = execute(SameChance(story, duplicate), stand, seed)
    choose = random.Random(f"{seed} {story.name} {duplicate} left out")
    for (crash_at, after), other in left_out(names).items():
        if choose.random() < part:
            same = then(crash_at, after) == then(other, False)
            point = f"{story.name}, {'after' if after else 'before'} call {crash_at}"
            yield point, [] if same else [f"{point}: what follows differs from a death before call {other}"]


def left_out(names: list[str]) -> Mapping[tuple[int, bool], int]:
    """Return each point that `points` leaves out, with the call before which a death stands for it."""
    chosen = set(points(names))
    everywhere = [(number, after) for number in range(1, len(names) + 1) for after in (False, True)]
    befores = [number for number, after in sorted(chosen) if not after]
    return {
        point: max(number for number in befores if number <= point[0]) for point in everywhere if point not in chosen
    }
