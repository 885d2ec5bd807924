"""Test that a version leaves alone what a newer one has written: a job in an unknown state, and unknown fields.

After a rollback, or while a deployment is under way, functions of the older version meet such rows. They must not
change or lose these jobs, and must go on with all others.
"""

import random
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, cast

import pytest

from chalicelib.adapters import aws
from chalicelib.errors import NewerRow
from chalicelib.jobs.job import Status
from tests.proof.grounds.aws import REGION, TABLE, AwsGround, on_aws
from tests.proof.roles.script import forget, silence
from tests.proof.world import World
from tests.support import Clock

UNKNOWN = "on_hold"


@pytest.fixture
def world(clock: Clock) -> Iterator[World]:
    with silence(), on_aws() as stand, stand(clock) as ground:
        yield World(ground, clock, random.Random(1))
    forget()


def row(world: World, name: str) -> Any:
    key = {"pk": {"S": world.accepted[name]}, "sk": {"S": "META"}}
    return aws.client("dynamodb", REGION).get_item(TableName=TABLE, Key=key, ConsistentRead=True)["Item"]


def write(world: World, item: Any) -> None:
    """Write a row as a newer version does; the observer of this proof, which reads the stream, does not know it."""
    log = cast("AwsGround", world.ground)._log
    log.read()
    aws.client("dynamodb", REGION).put_item(TableName=TABLE, Item=item)
    log._read += 1


def test_a_job_in_an_unknown_state_is_left_alone_and_not_lost(world: World) -> None:
    with world.ground.faults.asleep():
        for name in ("newer", "other"):
            world.submit(name)
        before = {**row(world, "newer"), "status": {"S": UNKNOWN}, "blocked_by": {"S": "limit:7"}}
        write(world, before)
        asleep = world.clock.now
        for _ in range(40):
            world.poll()
            world.watch()
            world.clock.advance(400)
        assert world.ground.store.get(world.accepted["other"]).status is Status.COMPLETED
        assert row(world, "newer") == before
        assert world.ground.waiting() + len(world.ground.dead()) == 1, "its message is evidence"
        assert world.clock.now - asleep < 40 * 400 + 60, "no worker waits for a row that no repetition makes readable"
        write(world, {**before, "status": {"S": "queued"}})  # the newer version is deployed again
        world.rest()
        found = world.ground.store.get(world.accepted["newer"])
        assert (found.status, "blocked_by" in row(world, "newer")) == (Status.COMPLETED, True)


def test_an_operator_learns_that_a_newer_version_has_written_the_job(world: World) -> None:
    with world.ground.faults.asleep():
        world.submit("newer")
        write(world, {**row(world, "newer"), "status": {"S": UNKNOWN}})
        for act in (world.ground.store.get, world.operations.cancel):
            with pytest.raises(NewerRow, match="newer version"):
                act(world.accepted["newer"])


def test_a_field_that_this_version_does_not_know_survives_every_move(world: World) -> None:
    with world.ground.faults.asleep():
        world.script["a"] = ["keep then err", "keep then nap", "keep then perm"]
        world.submit("a")
        write(world, {**row(world, "a"), "of_a_later_version": {"S": "x"}})
        world.rest()
        with suppress(Exception):
            world.operations.retry(world.accepted["a"])
        world.rest()
        assert row(world, "a")["status"] == {"S": "completed"}
        assert row(world, "a")["of_a_later_version"] == {"S": "x"}
