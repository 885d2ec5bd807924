"""Every crash point of every story: run it once to count its calls, then for each call die before it, and after it."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from tests.proof.grounds.ground import Stand
from tests.proof.invariants import broken_at_rest
from tests.proof.roles.script import silence
from tests.proof.stories.scenarios import SCENARIOS, Scenario
from tests.proof.world import World
from tests.support import Clock

READS = frozenset({
    "overdue", "Query", "get", "state", "holder", "view", "page", "peek", "depth", "taken", "read", "newest", "GetItem",
    "BatchGetItem", "GetQueueAttributes",
})  # fmt: skip
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


class Call(NamedTuple):
    """A call that was made, and when: calls of one moment follow each other, and nothing happens between them."""

    name: str
    moment: object = None


@dataclass(frozen=True)
class Execution:
    """What happened: the calls in their order, every invariant that did not hold, and the jobs as they ended."""

    calls: Sequence[Call]
    broken: list[str]
    ends: Sequence[object]


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
            undisturbed = execute(Case(scenario, duplicate), stand, seed, struck)
            yield undisturbed.broken
            for crash_at, after in points(undisturbed.calls):
                if choose.random() < part:
                    case = Case(scenario, duplicate, crash_at, after)
                    played = execute(case, stand, seed, struck)
                    yield [*played.broken, *(f"{case}: {line}" for line in astray(played, undisturbed, crash_at))]


def points(calls: Sequence[Call]) -> Iterator[tuple[int, bool]]:
    """Where a process that makes these calls may die and leave something else behind: the call, and whether after it.

    Between two calls of one moment nothing happens. So to die before the second is to die after the first; and to die
    after a read is to die before it.
    """
    moment: object = None
    for number, call in enumerate(calls, start=1):
        if number == 1 or call.moment != moment:
            yield number, False
        if call.name not in READS:
            yield number, True
        moment = call.moment


def execute(case: Case, stand: Stand, seed: int, struck: Counter[tuple[str, str]] | None = None) -> Execution:
    """Run one case to rest."""
    # Until it dies, it is the undisturbed run: only then is this call the one that was chosen there.
    clock, rng = Clock(), random.Random(f"{seed} {replace(case, crash_at=None, after=False)}")
    with silence(), stand(clock) as ground:
        world = World(ground, clock, rng, batch=case.scenario.batch)
        world.watchdog_on, world.duplicate_next = case.scenario.watchdog, case.duplicate
        faults = ground.faults
        faults.crash_at, faults.after = case.crash_at, case.after
        # What follows a death does not depend on the dice that were thrown before it.
        faults.dies = lambda: rng.seed(f"{seed} {case}, dead")
        case.scenario.play(world)
        world.rest()
        broken = [f"{case}: {line}" for line in [*_wrong_end(case, world), *broken_at_rest(world)]]
        if struck is not None:
            struck.update(faults.struck)
        ends = [(job.status, *job.token, job.attempts, job.error_class) for job in ground.jobs()]
        return Execution(list(map(Call, faults.names, faults.moments)), broken, ends)


def astray(played: Execution, undisturbed: Execution, crash_at: int) -> Iterator[str]:
    """Tell that a run died elsewhere than at the call that was chosen in the undisturbed run."""
    if played.calls[:crash_at] != undisturbed.calls[:crash_at]:
        yield f"the {crash_at} calls before a death are not those of the undisturbed run"


def _wrong_end(case: Case, world: World) -> Iterator[str]:
    if case.crash_at is not None:
        return
    for job in world.ground.jobs():
        if job.status not in case.scenario.end:
            yield f"ended as {job.status} ({job.error_class}), not as {', '.join(sorted(case.scenario.end))}"
