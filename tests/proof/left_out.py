"""Compare each crash point that the enumeration leaves out with the one that stands for it."""

import random
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from tests.proof.enumeration import Call, Case, execute, points
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

    What follows is the names of all calls until everything is at rest, and how the jobs ended.
    """

    @cache
    def then(crash_at: int, after: bool) -> object:
        played = execute(SameChance(story, duplicate, crash_at, after), stand, seed)
        return [call.name for call in played.calls[crash_at:]], played.ends

    calls = execute(SameChance(story, duplicate), stand, seed).calls
    choose = random.Random(f"{seed} {story.name} {duplicate} left out")
    for (crash_at, after), other in left_out(calls).items():
        if choose.random() < part:
            same = then(crash_at, after) == then(*other)
            point = f"{story.name}, {_said(crash_at, after)}"
            yield point, [] if same else [f"{point}: what follows differs from a death {_said(*other)}"]


def left_out(calls: Sequence[Call]) -> Mapping[tuple[int, bool], tuple[int, bool]]:
    """Return each point that `points` leaves out, with the one that stands for it: the last one before it."""
    chosen = set(points(calls))
    stands, found = (1, False), {}
    for point in [(number, after) for number in range(1, len(calls) + 1) for after in (False, True)]:
        if point in chosen:
            stands = point
        else:
            found[point] = stands
    return found


def _said(crash_at: int, after: bool) -> str:
    return f"{'after' if after else 'before'} call {crash_at}"
