"""Put a service out of order for hours while jobs are under way.

`python -m tests.proof.months.outages [--jobs N] [--hours N]` plays it for DynamoDB, SQS and Lambda.
"""

import argparse
import random
import sys
from collections import Counter

from chalicelib.jobs.job import Status
from tests.proof.grounds.faults import DYNAMODB, SQS, ReplyLost, Throttled
from tests.proof.grounds.memory import MemoryGround
from tests.proof.invariants import broken_at_rest
from tests.proof.roles.script import TIMEOUT, silence
from tests.proof.world import World
from tests.support import Clock

LAMBDA = "Lambda"
HOUR = 3_600.0


def outage(service: str, hours: float, jobs: int, seed: int = 1) -> tuple[Counter[Status], list[str]]:
    """Return how the jobs ended after an outage in the middle of their work, and every invariant that did not hold."""
    clock = Clock()
    with silence():
        world = World(MemoryGround(clock, visibility=6 * TIMEOUT), clock, random.Random(seed), batch=10)
        for number in range(jobs):
            name = f"job {number}"
            world.script[name] = ["err", "ok"] if number % 3 == 0 else []
            world.submit(name, delay_seconds=number % 600 or None)
        _live(world, 120)
        faults = world.ground.faults
        faults.out = {service} & {DYNAMODB, SQS}
        world.throttled = service == LAMBDA
        _live(world, hours * HOUR)
        faults.calm()
        world.calm()
        world.rest()
        return Counter(job.status for job in world.ground.jobs()), broken_at_rest(world)


def _live(world: World, seconds: float) -> None:
    """Poll and watch for so long; what a fault ends is tried again at the next turn."""
    ends = world.clock.now + seconds
    while world.clock.now < ends:
        for work in (world.poll, world.poll, world.watch):
            try:
                work()
            except (Throttled, ReplyLost):
                break
        world.clock.advance(10)


def main() -> int:
    """Play an outage of each service; returns 1 when a job did not complete or an invariant was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.proof.months.outages", description=__doc__)
    parser.add_argument("--jobs", type=int, default=1000, help="jobs under way when the service fails")
    parser.add_argument("--hours", type=float, default=6.0, help="how long it is out of order")
    asked = parser.parse_args()
    bad = 0
    for service in (DYNAMODB, SQS, LAMBDA):
        ended, broken = outage(service, asked.hours, asked.jobs)
        ends = ", ".join(f"{number} {status}" for status, number in sorted(ended.items()))
        print(f"{service} out of order for {asked.hours:g} hours: {ends}; {len(broken)} violations", flush=True)
        for line in broken[:20]:
            print(f"  {line}")
        bad += bool(broken) or ended[Status.COMPLETED] != asked.jobs
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
