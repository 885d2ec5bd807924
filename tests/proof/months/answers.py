"""Lose a percentage of DynamoDB's answers, or refuse a percentage of its requests, while jobs are created and run."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import product
from typing import Any

from chalicelib.jobs.job import Status
from tests.proof.grounds.faults import ReplyLost, Throttled
from tests.proof.grounds.memory import MemoryGround
from tests.proof.invariants import broken_at_rest
from tests.proof.promises import SHARE_LOST, SHARE_REFUSED, plays
from tests.proof.roles.script import TIMEOUT, silence
from tests.proof.world import World
from tests.support import Clock

MINUTE = 60.0
WRITES = frozenset({"apply", "add", "record", "acquire"})
READS = frozenset({"get", "get_without_bodies", "get_many", "overdue", "key_lock"})
JOBS = 300


@dataclass(frozen=True)
class Answers:
    """A fault of DynamoDB for a number of minutes.

    A percentage of answers is lost, or a percentage of requests is refused.
    """

    lost: float = 0.0
    refused: float = 0.0
    minutes: float = 60.0
    of: frozenset[str] = WRITES | READS

    def __str__(self) -> str:
        what = "answers" if self.of > WRITES else "answers to writes"
        return f"{self.lost:.3g} of {what} lost, {self.refused:.3g} refused, for {self.minutes:g} minutes"


SHARES = (
    *(Answers(lost=share, minutes=minutes) for share in (0.01, 0.125, 0.5) for minutes in (5, 180)),
    *(Answers(refused=share) for share in (0.02, 0.125, 0.5)),
    Answers(lost=0.125, refused=0.125),
    *(Answers(lost=1.0, minutes=minutes, of=WRITES) for minutes in (5, 60)),
)
"""The simulated faults. The last one is an hour in which every write is made, but no answer to a write arrives."""

GAMES: Sequence[tuple[Answers, int]] = tuple(product(SHARES, (1, 3)))
"""The percentages, each for jobs with so many attempts."""

plays("A", (1, 2, 3, 4, 6), (SHARE_LOST, SHARE_REFUSED))


@dataclass(frozen=True)
class Ended:
    """How many jobs ended in which state, how many never ran, and every invariant that was broken."""

    states: Counter[Status]
    unrun: int
    broken: list[str]


def played(answers: Answers, jobs: int, attempts: int, seed: int, *, overlap: bool = False) -> Ended:
    """Let jobs run meanwhile; with `overlap` they are firings that do not run while an earlier one is unfinished."""
    clock, dice = Clock(), random.Random(f"{seed} {answers}")
    with silence():
        world = World(MemoryGround(clock, visibility=6 * TIMEOUT), clock, random.Random(seed))
        world.submit("first")
        world.poll()
        after: dict[str, Any] = {"after": world.accepted["first"]} if overlap else {}
        for number in range(jobs):
            world.submit(f"job {number}", max_attempts=attempts, **after)
        _disturb(world, answers, dice)
        _live(world, answers.minutes * MINUTE)
        world.ground.faults.calm()
        world.calm()
        world.rest()
        ran = {job_id for job_id, _, _ in world.runs}
        found = world.ground.jobs()
        return Ended(
            Counter(job.status for job in found), sum(job.id not in ran for job in found), broken_at_rest(world)
        )


def _disturb(world: World, answers: Answers, dice: random.Random) -> None:
    def some(error: Callable[[str], Exception], share: float) -> Callable[[str], Exception | None]:
        return lambda name: error(name) if name in answers.of and dice.random() < share else None

    world.ground.faults.lose, world.ground.faults.fail = some(ReplyLost, answers.lost), some(Throttled, answers.refused)


def _live(world: World, seconds: float) -> None:
    ends = world.clock.now + seconds
    while world.clock.now < ends and not world.at_rest():
        for work in (world.poll, world.poll, world.watch):
            with suppress(Throttled, ReplyLost):
                world.process(work)
        world.clock.advance(5)


def judged(answers: Answers, attempts: int, jobs: int, seed: int) -> tuple[str, list[str]]:
    """Return the effect of lost answers on jobs with so many attempts, in a line, and what is wrong."""
    wrong, states = list[str](), Counter[str]()
    for overlap in (False, True):
        ended = played(answers, jobs, attempts, seed, overlap=overlap)
        states.update(ended.states)
        wrong += ended.broken
        if ended.states != {Status.COMPLETED: jobs + 1}:
            wrong.append(f"not all jobs completed, {ended.unrun} never ran: {dict(ended.states)}")
    return f"{answers}, {attempts} attempts: {dict(states)}; {len(wrong)} violations", wrong
