"""Every line about a job has the same six keys, whatever the event."""

import pytest

from chalicelib.jobs.message import write_message
from chalicelib.jobs.ports import Message
from tests.proof.grounds.ground import TYPE
from tests.proof.world import World
from tests.support import written

KEYS = {"job_id", "job_type", "status", "gen", "attempt", "correlation_id"}
STATUS = {"job.created": "queued", "attempt.started": "processing", "attempt.completed": "completed"}


@pytest.mark.parametrize("script", [["ok"], ["err", "ok"], ["perm"], ["err", "err", "err"]])
def test_from_creation_to_the_end(world: World, script: list[str]) -> None:
    world.script["a"] = script
    with written("DEBUG") as lines:
        world.submit("a")
        world.rest()
    about = [line for line in lines if "job_id" in line]
    assert [line["message"] for line in about if not set(line) >= KEYS] == []
    assert {line["message"] for line in about} >= {"job.created", "attempt.started"}
    assert all(line["status"] == STATUS.get(line["message"], line["status"]) for line in about)


def test_of_a_message_whose_job_is_cancelled_or_gone(world: World) -> None:
    world.submit("a")
    world.operations.cancel(world.accepted["a"])
    world.ground.put(write_message(Message("6a1de45f-45b5-4cf2-8fa3-0f8b5a0bd1b0", 1, TYPE, "c-1")))
    with written() as lines:
        world.rest()
    dropped = [line for line in lines if line["message"] == "message.dropped"]
    assert sorted(line["status"] for line in dropped) == ["cancelled", "gone"]
    assert all(set(line) >= KEYS for line in dropped)
