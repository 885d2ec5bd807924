"""What fails in a run of the watchdog is counted, and stops nothing else."""

from chalicelib.adapters.memory.queue import HeldMessage
from chalicelib.counters.port import Standing
from chalicelib.jobs.port import Message
from tests.chalicelib.watchdog.looking import fail, look
from tests.proof.grounds.faults import Throttled
from tests.proof.grounds.ground import TYPE
from tests.proof.grounds.memory import MemoryGround
from tests.proof.world import World
from tests.support import T0


def test_a_watchdog_that_cannot_see_the_counters_goes_on_without_them(world: World, ground: MemoryGround) -> None:
    def unseen() -> Standing:
        raise Throttled("Query")

    world.watchdog.standing = unseen
    world.submit("a")
    ground.purge()
    assert look(world) == {"resent": 1}


def test_a_depth_that_cannot_be_read_feeds_nothing_and_stops_nothing(world: World, ground: MemoryGround) -> None:
    world.counting.out = True
    world.submit("a")
    ground.purge()
    fail(ground, "depth")
    assert look(world) == {"waiting": 1}
    fail(ground)
    assert look(world, after=301) == {"resent": 1}


def test_a_dead_letter_queue_whose_depth_cannot_be_read_is_swept(world: World, ground: MemoryGround) -> None:
    ground.raw.dead[TYPE] = [HeldMessage(Message("gone", 1, TYPE), "r0", 0.0, sent_at=T0)]
    fail(ground, "depth")
    assert look(world) == {"removed": 1}
    assert ground.dead() == []


def test_one_failing_job_does_not_keep_the_others_waiting(world: World, ground: MemoryGround) -> None:
    fail(ground, "send")
    for name in "abc":
        world.submit(name)
    failures = iter([Throttled("apply")])
    ground.faults.fail = lambda name: next(failures, None) if name == "apply" else None
    assert look(world) == {"failed": 1, "resent": 2}


def test_messages_of_which_the_queue_takes_a_part_are_counted_as_failed_and_sent_later(
    world: World, ground: MemoryGround
) -> None:
    world.counting.out = True
    fail(ground, "send")
    for name in "abc":
        world.submit(name)
    fail(ground)
    ground.faults.unsent = 2
    assert look(world) == {"failed": 2, "resent": 1}
    assert look(world) == {"resent": 2, "waiting": 1}
    fail(ground, "get_many")
    assert look(world, after=600) == {"failed": 3}
