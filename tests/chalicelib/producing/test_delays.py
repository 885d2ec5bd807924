"""Jobs that wait for their time: SQS holds the message up to 15 minutes, beyond that the watchdog sends it."""

import pytest

from chalicelib.jobs.job import Status
from tests.proof.grounds.faults import Throttled
from tests.proof.grounds.memory import MemoryGround
from tests.proof.world import World


def lag(world: World) -> float:
    """Live until the job has run; seconds between its time and its start."""
    at = world.ground.jobs()[0].run_at or 0.0
    while not world.runs and world.clock.now < at + 10:
        world.watch()
        world.poll()
        world.clock.advance(max(0.5, (at - world.clock.now - 300) / 2))
    assert world.ground.jobs()[0].status is Status.COMPLETED
    return (world.ground.jobs()[0].started_at or 0) - at


@pytest.mark.parametrize("delay", [1, 40, 900, 901, 1800, 365 * 86_400])
def test_a_delayed_job_starts_within_two_seconds_of_its_time(world: World, delay: int) -> None:
    world.submit("a", delay_seconds=delay)
    assert world.ground.waiting() == (1 if delay <= 900 else 0), "beyond 15 minutes the message is the watchdog's"
    assert 0 <= lag(world) < 2


def test_a_delayed_job_whose_send_failed_still_starts_within_two_seconds_of_its_time(
    world: World, ground: MemoryGround
) -> None:
    ground.faults.fail = lambda name: Throttled(name) if name == "send" else None
    world.submit("a", delay_seconds=800)
    ground.faults.fail = lambda _: None
    assert 0 <= lag(world) < 2
