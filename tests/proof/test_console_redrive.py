"""Move dead letters back as an operator does in the AWS console: with new message ids, receive counts and times.

Over the memory ports, and over DynamoDB and SQS; the enumeration also contains the crash points of both scenarios.
"""

import random
from collections.abc import Iterator

import pytest

from chalicelib.jobs.job import Job, Status
from tests.proof.grounds.aws import on_aws
from tests.proof.grounds.ground import Stand
from tests.proof.grounds.memory import in_memory
from tests.proof.roles.script import forget
from tests.proof.world import World
from tests.support import Clock


@pytest.fixture(params=["memory", "aws"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """A simulated platform with a job without attempts, whose message has reached the dead-letter queue."""
    if request.param == "memory":
        yield from _dead(in_memory)
    else:
        with on_aws() as stand:
            yield from _dead(stand)


def _dead(stand: Stand) -> Iterator[World]:
    clock = Clock()
    with stand(clock) as ground:
        world = World(ground, clock, random.Random(7))
        world.script["a"] = ["err", "err", "err"]
        world.submit("a")
        world.rest()
        assert (job(world).status, len(ground.dead())) == (Status.DEAD_LETTER, 1)
        yield world
    forget()


def job(world: World) -> Job:
    """Return the job in its present state."""
    [found] = world.ground.jobs()
    return found


def test_a_dead_letter_of_the_same_generation_goes_back_and_its_record_stays(world: World) -> None:
    before, bodies, runs = job(world), world.ground.dead(), dict(world.runs)
    for _ in range(3):
        assert world.console_redrive() == 1
        assert (world.ground.waiting(), world.ground.dead()) == (1, [])
        world.rest()
        assert (world.ground.waiting(), world.ground.dead()) == (0, bodies)
    assert (job(world), world.runs) == (before, runs)


def test_a_message_of_an_older_generation_is_acknowledged_and_its_record_stays(world: World) -> None:
    bodies = world.ground.take_dead()
    world.retry("a")
    world.rest()
    before, runs = job(world), dict(world.runs)
    assert (before.status, before.gen) == (Status.COMPLETED, 2)
    for body in bodies:
        world.ground.put(body)
    world.rest()
    assert (world.ground.waiting(), world.ground.dead()) == (0, [])
    assert (job(world), world.runs) == (before, runs)


def test_a_redriven_message_and_a_retry_at_once_run_the_new_generation_once(world: World) -> None:
    world.console_redrive()
    world.retry("a")
    assert world.ground.waiting() == 2
    world.rest()
    assert (job(world).status, job(world).token) == (Status.COMPLETED, (2, 1))
    assert [token[1:] for token in world.runs] == [(1, 1), (1, 2), (1, 3), (2, 1)]
    assert (world.ground.waiting(), world.ground.dead()) == (0, [])
