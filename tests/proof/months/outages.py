"""Let a service have an outage of hours while jobs are active.

`python -m tests.proof.months.outages [--jobs N] [--hours N]` simulates it for DynamoDB, SQS and Lambda.
"""

import argparse
import random
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.jobs.job import Status
from tests.proof.grounds.faults import DYNAMODB, SQS, ReplyLost, Throttled
from tests.proof.grounds.memory import MemoryGround
from tests.proof.invariants import broken_at_rest
from tests.proof.promises import plays
from tests.proof.roles.script import TIMEOUT, silence
from tests.proof.world import World
from tests.support import Clock

LAMBDA = "Lambda"
SERVICES = (DYNAMODB, SQS, LAMBDA)
HOUR = 3_600.0
HOURS, JOBS = 6.0, 1000
FIRSTS: Sequence[Sequence[str]] = ([], ["much later"], ["a while later", "err"], ["oom"])
"""What the first attempts of a job do. The jobs that lose their worker are last, because the others are still active
then."""

plays("O", (1, 2, 3, 4, 6), (f"{DYNAMODB} is out of order", f"{SQS} is out of order", "invocations are throttled"))


@dataclass(frozen=True)
class Outage:
    """How the jobs were when the service failed, how they ended, and every invariant that was broken."""

    under_way: Counter[Status]
    ended: Counter[Status]
    broken: list[str]


def outage(service: str, hours: float, jobs: int, seed: int = 1) -> Outage:
    """Begin an outage of a service in the middle of an attempt, while all jobs are active."""
    clock = Clock()
    with silence():
        world = World(MemoryGround(clock, visibility=6 * TIMEOUT), clock, random.Random(seed))
        _begin(world, jobs, hours * HOUR)
        under_way = Counter(job.status for job in world.ground.jobs())
        faults = world.ground.faults
        if service == LAMBDA:
            world.throttled = True
        else:
            faults.out_from[service] = faults.calls + 4
        _live(world, hours * HOUR)
        faults.calm()
        world.calm()
        world.rest()
        ended = Counter(job.status for job in world.ground.jobs())
        return Outage(under_way, ended, broken_at_rest(world))


def _begin(world: World, jobs: int, seconds: float) -> None:
    """Let one quarter of the jobs each wait, retry much later, retry after some time, and lose their worker.

    The waiting jobs become due one after the other, over this number of seconds.
    """
    for kind, first in enumerate(FIRSTS):
        for number in range(kind, jobs, len(FIRSTS)):
            name = f"job {number}"
            world.script[name] = list(first)
            world.submit(name, delay_seconds=None if first else 300 + int(number * seconds / jobs))
        while any(job.status is Status.QUEUED for job in world.ground.jobs()):
            world.poll()


def _live(world: World, seconds: float) -> None:
    """Poll and run the watchdog for this time; an action that a fault ends is tried again at the next turn."""
    ends = world.clock.now + seconds
    while world.clock.now < ends:
        for work in (world.poll, world.poll, world.watch):
            try:
                work()
            except (Throttled, ReplyLost):
                break
        world.clock.advance(10)


def judged(service: str, hours: float, jobs: int) -> tuple[str, list[str]]:
    """Return the effect of an outage, in a line, and what is wrong."""
    played = outage(service, hours, jobs)
    said = [", ".join(f"{number} {status}" for status, number in sorted(of.items())) for of in
            (played.under_way, played.ended)]  # fmt: skip
    wrong = list(played.broken)
    if played.ended != {Status.COMPLETED: jobs}:
        wrong.append(f"not all jobs completed after an outage of {service}: {said[1]}")
    return f"{service} out of order for {hours:g} hours, with {said[0]}: {said[1]}; {len(wrong)} violations", wrong


def main() -> int:
    """Simulate an outage of each service; return 1 if a job did not complete or an invariant was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.proof.months.outages", description=__doc__)
    parser.add_argument("--jobs", type=int, default=JOBS, help="jobs under way when the service fails")
    parser.add_argument("--hours", type=float, default=HOURS, help="how long it is out of order")
    asked = parser.parse_args()
    bad = 0
    for service in SERVICES:
        said, wrong = judged(service, asked.hours, asked.jobs)
        print(said, flush=True)
        for line in wrong[:20]:
            print(f"  {line}")
        bad += bool(wrong)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
