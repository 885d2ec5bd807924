"""Run every crash point of every scenario: run it once to count its calls, then for each call die before and after it.

A point that has the same effect as another point is skipped, and may be compared with that point.
"""

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from tests.proof.grounds.ground import Stand
from tests.proof.invariants import broken_at_rest
from tests.proof.roles.script import silence
from tests.proof.stories.scenarios import SCENARIOS, Scenario
from tests.proof.world import World
from tests.support import Clock

READS = frozenset({
    "overdue", "Query", "get", "get_without_bodies", "get_many", "key_lock", "view", "page", "depth", "taken", "read",
    "newest", "kept_steps", "kept_step", "end_signed", "find", "all", "recent", "first", "listed", "read_all",
    "GetItem", "BatchGetItem", "GetQueueAttributes",
})  # fmt: skip
"""Calls that change nothing, by the names of ports and of AWS. A receive from a queue does change something."""
TRIMS = frozenset({"set_visibility", "ChangeMessageVisibility", "ChangeMessageVisibilityBatch"})
"""Calls that set the visibility timeout of messages, by the names of ports and of AWS."""


class Point(NamedTuple):
    """A point where a process may die: before a call (numbered from 1), or after it."""

    call: int
    after: bool

    def __str__(self) -> str:
        return f"{'after' if self.after else 'before'} call {self.call}"


@dataclass(frozen=True)
class Case:
    """One execution: a scenario, whether there is a duplicate message, and where the process dies (None: nowhere)."""

    scenario: Scenario
    duplicate: bool = False
    death: Point | None = None
    claims_first: bool = False
    """Whether a worker claims a job before it sets the visibility timeout. In Lambda, both happen at the same time."""

    def __str__(self) -> str:
        where = "" if self.death is None else f", dies {self.death}"
        order = ", claimed first" if self.claims_first else ""
        return f"{self.scenario.name}{', duplicated' if self.duplicate else ''}{order}{where}"


class Call(NamedTuple):
    """A call, and its time: calls at the same time follow each other, and nothing happens between them."""

    name: str
    moment: object = None


@dataclass(frozen=True)
class Execution:
    """The result of an execution.

    The calls in order, every invariant that was broken, and the final state of the jobs.
    """

    calls: Sequence[Call]
    broken: list[str]
    ends: Sequence[object]
    ports: Sequence[int] = ()
    """The call of a port to which each call belongs: over the adapters, odd numbers."""

    def inside(self, death: Point) -> bool:
        """Return whether a call of a port has made one of its requests, and not the next, at this point.

        In memory it has only one.
        """
        around = self.ports[death.call - 1 :][:2] if death.after else self.ports[: death.call][-2:]
        return len(around) == 2 and around[0] == around[1] and around[0] % 2 == 1

    def after(self, death: Point) -> object:
        """Return what followed: the names of all calls until nothing changed any more, and how the jobs ended."""
        return [call.name for call in self.calls[death.call :]], self.ends


class Visit(NamedTuple):
    """One execution: what was broken in it, and whether its point is one of the skipped points."""

    broken: Sequence[str]
    left_out: bool = False


def visit(
    stand: Stand,
    seed: int,
    part: float = 1.0,
    scenarios: Sequence[Scenario] = SCENARIOS,
    duplicates: Sequence[bool] = (False, True),
    struck: Counter[tuple[str, str]] | None = None,
    beside: float = 0.0,
    between: float = 1.0,
) -> Iterator[Visit]:
    """Run every case, or a random `part` of those with a crash, and a part `between` of those between calls of ports.

    `beside` is the part of the skipped points that are also run, each compared with the equivalent point. `struck`
    records how often each fault happened during each move.
    """
    for scenario in scenarios:
        for duplicate in duplicates:
            story = Case(scenario, duplicate)
            choose = random.Random(f"{seed} {scenario.name} {duplicate}")
            undisturbed = execute(story, stand, seed, struck)
            yield Visit(undisturbed.broken)
            for point, others in points(undisturbed.calls).items():
                drawn = random.Random(f"{seed} {replace(story, death=point)}, between").random()
                if choose.random() < part and (drawn < between or undisturbed.inside(point)):
                    case = replace(story, death=point)
                    played = execute(case, stand, seed, struck)
                    yield Visit([*played.broken, *(f"{case}: {line}" for line in astray(played, undisturbed, point))])
                    chosen = random.Random(f"{seed} {case}, beside")
                    compared = [other for other in others if chosen.random() < beside]
                    yield from (Visit(different(story, point, played, other, stand, seed), True) for other in compared)
            yield from _claimed_first(replace(story, claims_first=True), stand, seed, choose, part * between)


def _claimed_first(story: Case, stand: Stand, seed: int, choose: random.Random, part: float) -> Iterator[Visit]:
    """Run the crashes that only this order has: a job is claimed, and the visibility timeout is not set yet.

    Two requests at the same time have the effect of one after the other, in one of the two orders.
    """
    undisturbed = execute(story, stand, seed)
    yield Visit(undisturbed.broken)
    for number, call in enumerate(undisturbed.calls, start=1):
        if call.name in TRIMS and choose.random() < part:
            point = Point(number, False)
            case = replace(story, death=point)
            played = execute(case, stand, seed)
            yield Visit([*played.broken, *(f"{case}: {line}" for line in astray(played, undisturbed, point))])


def points(calls: Sequence[Call]) -> Mapping[Point, Sequence[Point]]:
    """Return the points where a process with these calls may die with different effects, and their equivalent points.

    Between two calls of one moment nothing happens. A crash before the second call therefore has the same effect as a
    crash after the first; and a crash after a read has the same effect as a crash before it. Each skipped point is
    equivalent to the last point before it that is not skipped.
    """
    found: dict[Point, list[Point]] = {}
    moment: object = None
    for number, call in enumerate(calls, start=1):
        before, after = Point(number, False), Point(number, True)
        for point, new in ((before, number == 1 or call.moment != moment), (after, call.name not in READS)):
            if new:
                found[point] = []
            else:
                found[next(reversed(found))].append(point)
        moment = call.moment
    return found


def different(story: Case, point: Point, played: Execution, other: Point, stand: Stand, seed: int) -> list[str]:
    """Run a skipped point with the random choices of the equivalent `point`, and return whether the results differ."""
    beside = execute(replace(story, death=other), stand, seed, dice=replace(story, death=point))
    if beside.after(other) == played.after(point):
        return []
    return [f"{story}: what follows a death {other} differs from what follows one {point}"]


def execute(
    case: Case,
    stand: Stand,
    seed: int,
    struck: Counter[tuple[str, str]] | None = None,
    dice: Case | None = None,
) -> Execution:
    """Run one case until nothing changes. After a crash it uses the random choices of the case `dice`, or its own."""
    # Until the crash, the run is the undisturbed one: only then is this call the chosen one.
    clock, rng = Clock(), random.Random(f"{seed} {replace(case, death=None)}")
    with silence(), stand(clock) as ground:
        world = World(ground, clock, rng, batch=case.scenario.batch)
        world.watchdog_on, world.duplicate_next = case.scenario.watchdog, case.duplicate
        world.claims_first = case.claims_first
        faults = ground.faults
        faults.crash_at, faults.after = case.death or (None, False)
        # What follows a crash does not depend on the random choices before it.
        faults.dies = lambda: rng.seed(f"{seed} {dice or case}, dead")
        case.scenario.play(world)
        world.rest()
        broken = [f"{case}: {line}" for line in [*_wrong_end(case, world), *broken_at_rest(world)]]
        if struck is not None:
            struck.update(faults.struck)
        ends = [(job.status, *job.token, job.attempts, job.error_class) for job in ground.jobs()]
        return Execution(list(map(Call, faults.names, faults.moments)), broken, ends, faults.ports)


def astray(played: Execution, undisturbed: Execution, point: Point) -> Iterator[str]:
    """Report that a run crashed at another call than the one that was chosen in the undisturbed run."""
    if played.calls[: point.call] != undisturbed.calls[: point.call]:
        yield f"the {point.call} calls before a death are not those of the undisturbed run"


def _wrong_end(case: Case, world: World) -> Iterator[str]:
    if case.death is not None:
        return
    for job in world.ground.jobs():
        if job.status not in case.scenario.end:
            yield f"ended as {job.status} ({job.error_class}), not as {', '.join(sorted(case.scenario.end))}"
