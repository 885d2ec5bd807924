"""Every crash point of every story: run it once to count its calls, then for each call die before it, and after it."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.proof.grounds.ground import Stand
from tests.proof.invariants import broken_at_rest
from tests.proof.roles.script import silence
from tests.proof.stories.scenarios import SCENARIOS, Scenario
from tests.proof.world import World
from tests.support import Clock

SEARCHES = frozenset({"overdue", "Query"})
READS = SEARCHES | {
    "get", "state", "holder", "view", "page", "peek", "depth", "taken", "read", "newest", "GetItem", "BatchGetItem",
    "GetQueueAttributes",
}  # fmt: skip
"""Calls that change nothing, by the ports' names and by AWS's. To receive from a queue is none of them."""


@dataclass(frozen=True)
class Case:
    """One execution: a story, whether a duplicate comes along, and where the process dies (None: nowhere)."""

    scenario: Scenario
    duplicate: bool = False
    crash_at: int | None = None
    after: bool = False

    def __str__(self) -> str:
        where = "" if self.crash_at is None else f", dies {'after' if self.after else 'before'} call {self.crash_at}"
        return f"{self.scenario.name}{', duplicated' if self.duplicate else ''}{where}"


def visit(
    stand: Stand,
    seed: int,
    part: float = 1.0,
    scenarios: Sequence[Scenario] = SCENARIOS,
    duplicates: Sequence[bool] = (False, True),
    struck: Counter[tuple[str, str]] | None = None,
) -> Iterator[list[str]]:
    """Run every case, or a random `part` of those with a crash; yields what was broken in each execution.

    `struck` takes how often each fault struck in each move.
    """
    for scenario in scenarios:
        for duplicate in duplicates:
            choose = random.Random(f"{seed} {scenario.name} {duplicate}")
            names, broken = execute(Case(scenario, duplicate), stand, seed, struck)
            yield broken
            for crash_at, after in points(names):
                if choose.random() < part:
                    yield execute(Case(scenario, duplicate, crash_at, after), stand, seed, struck)[1]


def points(names: Sequence[str]) -> Iterator[tuple[int, bool]]:
    """Where a process that makes these calls may die and leave something else behind: the call, and whether after it.

    A read leaves everything as it was: to die after it is to die before it. The same holds from one search to the next
    search of the same look: nothing happens between them.
    """
    for place, name in enumerate(names):
        if name in SEARCHES and place > 0 and names[place - 1] == name:
            continue
        yield place + 1, False
        if name not in READS:
            yield place + 1, True


def execute(
    case: Case, stand: Stand, seed: int, struck: Counter[tuple[str, str]] | None = None
) -> tuple[list[str], list[str]]:
    """Run one case to rest; returns the names of the calls made, and every invariant that did not hold."""
    clock = Clock()
    with silence(), stand(clock) as ground:
        world = World(ground, clock, random.Random(f"{seed} {case}"), batch=case.scenario.batch)
        world.watchdog_on, world.duplicate_next = case.scenario.watchdog, case.duplicate
        ground.faults.crash_at, ground.faults.after = case.crash_at, case.after
        case.scenario.play(world)
        world.rest()
        broken = [f"{case}: {line}" for line in [*_wrong_end(case, world), *broken_at_rest(world)]]
        if struck is not None:
            struck.update(ground.faults.struck)
        return ground.faults.names, broken


def _wrong_end(case: Case, world: World) -> Iterator[str]:
    if case.crash_at is not None:
        return
    for job in world.ground.jobs():
        if job.status not in case.scenario.end:
            yield f"ended as {job.status} ({job.error_class}), not as {', '.join(sorted(case.scenario.end))}"
