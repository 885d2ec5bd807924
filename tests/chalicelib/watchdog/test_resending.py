"""Check when, how often and in which order jobs without a message get a new one. Over the memory ports."""

import pytest

from chalicelib.counters.port import Standing
from chalicelib.jobs.job import Status
from chalicelib.watchdog.constants import DOUBT_SLACK, MOST_LOOKS, OLD_MESSAGE
from chalicelib.watchdog.run import Watchdog
from tests.chalicelib.watchdog.looking import fail, knows, lasting, look
from tests.proof.grounds.ground import TYPE
from tests.proof.grounds.memory import MemoryGround
from tests.proof.world import World
from tests.support import T0, a_job


def test_a_lost_message_is_sent_again_and_again_and_after_a_day_the_job_is_given_up(
    world: World, ground: MemoryGround
) -> None:
    world.submit("a")
    resent = 0
    for _ in range(24 * 60):
        ground.purge()
        resent += look(world, after=60).get("resent", 0)
    assert ground.jobs()[0].status is Status.QUEUED
    for _ in range(20):
        ground.purge()
        look(world, after=60)
    job = ground.jobs()[0]
    assert (job.status, job.error_class) == (Status.DEAD_LETTER, "Undeliverable")
    assert 85 < resent < 100, "pauses of 5 and 10 minutes, then of a quarter of an hour"


def test_a_message_lost_from_a_queue_that_never_empties_is_sent_again(world: World, ground: MemoryGround) -> None:
    world.submit("lost")
    ground.purge()
    sent_at = world.clock()
    world.clock.advance(900)
    for number in range(20):
        world.submit(f"later {number}")
    knows(world, claimed_to={TYPE: sent_at + DOUBT_SLACK - 10})
    assert look(world).get("resent", 0) == 0
    knows(world, claimed_to={TYPE: sent_at + DOUBT_SLACK + 1})
    assert look(world, after=3601)["resent"] == 1, "the message that is lost, and no other"
    assert ground.waiting() == 21


def test_behind_a_long_backlog_one_message_is_sent_again_and_not_one_at_each_look(
    world: World, ground: MemoryGround
) -> None:
    world.submit("lost")
    ground.purge()
    sent_at = world.clock()
    world.clock.advance(900)
    world.submit("waits")
    knows(world, claimed_to={TYPE: sent_at + DOUBT_SLACK + 1})
    for _ in range(600):
        look(world, after=60)
    lost, waits = ground.jobs()
    assert (lost.resends, waits.resends, ground.waiting()) == (1, 0, 2), "workers have not come to its new message yet"
    assert lost.resent_at is not None
    ground.purge()
    world.submit("later")
    knows(world, claimed_to={TYPE: lost.resent_at + DOUBT_SLACK + 1})
    look(world, after=901)
    assert ground.jobs()[0].resends == 2, "what was sent after its new message is claimed by now"


@pytest.mark.parametrize("refused", ["the message", "the mark"])
def test_a_message_that_was_refused_or_whose_mark_was_does_not_count_as_sent_again(
    world: World, ground: MemoryGround, refused: str
) -> None:
    world.submit("lost")
    ground.purge()
    knows(world, claimed_to={TYPE: world.clock() + 2 * DOUBT_SLACK})
    if refused == "the message":
        fail(ground, "send_many")
    else:
        ground.faults.aims["mark_sent"] = "refused"
    assert look(world, after=3 * DOUBT_SLACK) == {"failed" if refused == "the message" else "resent": 1}
    assert ground.jobs()[0].resent_at is None
    fail(ground)
    assert look(world, after=301) == {"resent": 1}
    assert ground.jobs()[0].resent_at == world.clock()


def test_among_tenants_a_later_claim_is_no_sign_of_a_loss_and_age_alone_is(world: World, ground: MemoryGround) -> None:
    world.share()
    world.submit("waits")
    sent_at = world.clock()
    knows(world, claimed_to={TYPE: sent_at + 2 * DOUBT_SLACK})
    assert look(world, after=3 * DOUBT_SLACK).get("resent", 0) == 0
    knows(world, claimed_to={TYPE: sent_at + OLD_MESSAGE})
    assert look(world, after=OLD_MESSAGE - 4 * DOUBT_SLACK).get("resent", 0) == 0
    assert look(world, after=4 * DOUBT_SLACK)["resent"] == 1
    ground.purge()
    knows(world)
    assert look(world, after=3601)["resent"] == 1, "an empty queue is a sign, too"


def test_an_orphan_in_its_own_backlog_is_found_by_its_minute_and_the_others_are_left(
    world: World, ground: MemoryGround
) -> None:
    for number in range(30):
        world.submit(f"before {number}")
    fail(ground, "send")
    world.submit("orphan")
    fail(ground)
    for number in range(30):
        world.submit(f"after {number}")
    knows(world)
    assert look(world) == {}
    knows(world, unsent={TYPE: [T0 - T0 % 60]})
    assert look(world, after=1) == {"resent": 1}
    assert ground.waiting() == 61
    assert all(job.sent for job in ground.jobs())


def test_a_flooded_type_takes_no_look_from_another(world: World, ground: MemoryGround) -> None:
    types = ["a.flood", "b.quiet"]
    for number in range(MOST_LOOKS + 50):
        ground.store.add(a_job(type="a.flood", created_at=T0 - 9 + number / 1e3, due_at=T0))
    watchdog = Watchdog(world.service.dispatcher, types)
    for _ in types:  # whichever type begins
        orphan = a_job(type="b.quiet", due_at=T0)
        ground.store.add(orphan)
        world.clock.advance(60)
        tally = watchdog.run(lasting(8))
        assert tally["out_of_time"] > 1000
        assert ground.store.get(orphan.id).sent, "the types take turns, ten jobs at a time"


def test_a_removed_type_ends_its_jobs_after_an_hour(world: World, ground: MemoryGround) -> None:
    waits = a_job(type="old.type", sent=True, due_at=T0)
    runs = a_job(type="old.type", status=Status.PROCESSING, attempts=1, lease_until=T0 + 4000, sent=True, due_at=T0)
    for job in (waits, runs):
        ground.store.add(job)
    world.watchdog.standing = lambda: Standing({("old.type", Status.QUEUED): 1, ("gone.type", Status.COMPLETED): 3})
    for _ in range(59):
        look(world, after=60)
    assert ground.store.get(waits.id).status is Status.QUEUED
    for _ in range(5):
        look(world, after=60)
    ended = ground.store.get(waits.id)
    assert (ended.status, ended.error_message) == (Status.CANCELLED, "Its job type was removed by a deploy.")
    assert ground.store.get(runs.id).status is Status.PROCESSING
    for _ in range(70):
        look(world, after=60)
    assert ground.store.get(runs.id).status is Status.CANCELLED
    assert [attempt.outcome for attempt in ground.store.view(runs.id).attempts] == ["lost"]


def test_a_type_that_comes_back_within_the_hour_keeps_its_jobs(world: World, ground: MemoryGround) -> None:
    world.submit("a")
    ground.purge()
    world.watchdog.types = []
    world.watchdog.standing = lambda: Standing({(TYPE, Status.QUEUED): 1})
    look(world)
    world.watchdog.types = [TYPE]
    look(world, after=3601)
    world.poll()
    assert ground.jobs()[0].status is Status.COMPLETED
