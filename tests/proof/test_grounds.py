"""What both grounds must let the games do."""

import pytest

from chalicelib.jobs.ports import Nudge
from tests.proof.aws_ground import on_aws
from tests.proof.ground import TYPE, Ground, in_memory
from tests.support import Clock


def lose_twice(ground: Ground) -> None:
    for number in range(2):
        ground.queue.send(Nudge(f"job-{number}", 1, TYPE))
        assert ground.waiting() == 1
        ground.purge()
        assert ground.waiting() == 0


@pytest.mark.parametrize("over", ["memory", "aws"])
def test_messages_are_lost_as_often_as_they_like(over: str) -> None:
    if over == "memory":
        with in_memory(Clock()) as ground:
            lose_twice(ground)
        return
    with on_aws() as stand, stand(Clock()) as ground:
        lose_twice(ground)
