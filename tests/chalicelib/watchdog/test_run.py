"""The watchdog over the memory ports, on a clock the test holds: what it sends, gives up, tidies, and survives."""

from types import SimpleNamespace
from typing import Any

from chalicelib import wiring
from chalicelib.adapters.memory.counters import MemoryCounters
from chalicelib.adapters.memory.jobs import MemoryJobQueue
from chalicelib.entry import watchdog as module
from chalicelib.jobs.job import Status
from chalicelib.jobs.limits import DAY
from chalicelib.jobs.message import write_nudge
from chalicelib.jobs.ports import DeadMessage, Depth, Nudge
from chalicelib.service.jobs import JobService
from chalicelib.watchdog.run import Watchdog
from tests.proof.faults import Throttled
from tests.proof.ground import TYPE, MemoryGround
from tests.proof.world import World
from tests.support import Clock, a_job


def look(world: World, after: float = 61) -> dict[str, int]:
    """Let some seconds pass, then run the watchdog once."""
    world.clock.advance(after)
    return dict(world.watchdog.run(lambda: 50.0))


def fail(ground: MemoryGround, *names: str) -> None:
    ground.faults.fail = lambda name: Throttled(name) if name in names else None


def test_a_job_whose_send_failed_is_sent_within_two_minutes(world: World, ground: MemoryGround) -> None:
    fail(ground, "send")
    world.submit("a")
    assert (ground.waiting(), ground.jobs()[0].sent) == (0, False)
    fail(ground)
    assert look(world, after=59) == {}
    assert look(world, after=2) == {"resent": 1}
    assert ground.jobs()[0].sent
    world.poll()
    assert ground.jobs()[0].status is Status.COMPLETED


def test_an_outage_of_an_hour_buries_nothing(world: World, ground: MemoryGround) -> None:
    fail(ground, "send")
    world.submit("a")
    for _ in range(60):
        look(world, after=60)
    assert ground.jobs()[0].status is Status.QUEUED
    fail(ground)
    for _ in range(21):
        look(world, after=60)
    assert ground.jobs()[0].sent
    world.poll()
    assert ground.jobs()[0].status is Status.COMPLETED


def test_a_backlog_is_not_fed(world: World, ground: MemoryGround) -> None:
    for name in "abc":
        world.submit(name)
    assert look(world) == {"waiting": 3}
    assert ground.waiting() == 3


def test_a_lost_message_is_sent_again_and_again_and_then_the_job_is_given_up(
    world: World, ground: MemoryGround
) -> None:
    world.submit("a")
    resent = 0
    for _ in range(300):
        ground.purge()
        resent += look(world, after=60).get("resent", 0)
    job = ground.jobs()[0]
    assert (resent, job.status, job.error_class) == (5, Status.DEAD_LETTER, "Undeliverable")


def test_a_paused_queue_may_stand_still_for_months(world: World, ground: MemoryGround) -> None:
    paused = {TYPE}
    world.watchdog.paused = lambda: paused
    world.submit("a")
    for _ in range(60):
        ground.purge()  # SQS keeps a message for four days
        assert look(world, after=DAY) in ({}, {"waiting": 1})
    paused.clear()
    for _ in range(150):
        look(world, after=60)
    assert ground.waiting() == 1
    world.poll()
    assert ground.jobs()[0].status is Status.COMPLETED


def test_a_watchdog_that_cannot_see_the_pauses_goes_on_as_if_there_were_none(
    world: World, ground: MemoryGround
) -> None:
    def unseen() -> set[str]:
        raise Throttled("Query")

    world.watchdog.paused = unseen
    world.submit("a")
    ground.purge()
    assert look(world) == {"resent": 1}


def test_a_depth_that_cannot_be_read_feeds_nothing_and_stops_nothing(world: World, ground: MemoryGround) -> None:
    world.submit("a")
    ground.purge()
    fail(ground, "depth")
    assert look(world) == {"waiting": 1}
    fail(ground)
    assert look(world, after=301) == {"resent": 1}


def test_one_failing_job_does_not_keep_the_others_waiting(world: World, ground: MemoryGround) -> None:
    fail(ground, "send")
    for name in "abc":
        world.submit(name)
    failures = iter([Throttled("send")])
    ground.faults.fail = lambda name: next(failures, None) if name == "send" else None
    assert look(world) == {"failed": 1, "resent": 2}


def test_two_watchdogs_with_the_same_stale_list_send_once(world: World, ground: MemoryGround) -> None:
    fail(ground, "send")
    world.submit("a")
    fail(ground)
    world.clock.advance(61)
    listed = world.service.store.overdue(world.clock(), 10)
    world.watchdog.run(lambda: 50.0)
    stale: Any = SimpleNamespace(
        overdue=lambda *_: listed, get=world.service.store.get, apply=world.service.store.apply
    )
    second = Watchdog(JobService(stale, world.service.queue, clock=world.clock), [TYPE])
    assert second.run(lambda: 50.0) == {"left": 1}
    assert ground.waiting() == 1


def test_a_run_stops_before_its_time_is_up(world: World, ground: MemoryGround) -> None:
    fail(ground, "send")
    for name in "abc":
        world.submit(name)
    fail(ground)
    world.clock.advance(61)
    left = iter([50.0, 15.0, 15.0])
    assert world.watchdog.run(lambda: next(left)) == {"resent": 1, "out_of_time": 2}
    assert look(world, after=60) == {"resent": 2}, "the next run goes on where this one stopped"


def test_lanes_look_side_by_side(world: World, ground: MemoryGround) -> None:
    fail(ground, "send")
    for number in range(40):
        world.submit(f"job {number}")
    fail(ground)
    world.watchdog.lanes = 8
    assert look(world) == {"resent": 40}
    assert ground.waiting() == 40


def dead_letter(ground: MemoryGround, job_id: str, gen: int = 1) -> None:
    """Put a message where only SQS puts them."""
    ground.put(write_nudge(Nudge(job_id, gen, TYPE)))
    messages = ground._queue.messages[TYPE]
    ground._queue.dead.setdefault(TYPE, []).append(messages.pop())


def test_a_job_whose_message_was_redriven_without_a_claim_gets_a_fresh_one(world: World, ground: MemoryGround) -> None:
    world.submit("a")
    ground.purge()
    dead_letter(ground, world.accepted["a"])
    assert look(world)["redelivered"] == 1
    assert (ground.dead(), ground.jobs()[0].sent) == ([], False)
    assert look(world)["resent"] == 1
    world.poll()
    assert ground.jobs()[0].status is Status.COMPLETED


def test_dead_letters_whose_job_moved_on_are_removed(world: World, ground: MemoryGround) -> None:
    world.submit("a")
    world.poll()
    dead_letter(ground, world.accepted["a"])
    dead_letter(ground, "nobody")
    assert look(world)["removed"] == 2
    assert ground.dead() == []


def test_a_sweep_is_bounded(world: World, ground: MemoryGround) -> None:
    for _ in range(620):
        dead_letter(ground, "nobody")
    assert look(world)["removed"] == 500
    assert look(world)["removed"] == 120


def test_a_sweep_that_fails_is_noted_and_tried_again_by_the_next_run(world: World, ground: MemoryGround) -> None:
    dead_letter(ground, "nobody")
    fail(ground, "peek_dead")
    assert look(world) == {"failed": 1}
    fail(ground)
    assert look(world) == {"removed": 1}


class QueueWithRubbish(MemoryJobQueue):
    """A dead-letter queue that holds one message nobody can read."""

    def depth(self, job_type: str) -> Depth:
        """See JobQueue."""
        return Depth(dead=1)

    def peek_dead(self, job_type: str, most: int) -> Any:
        """See JobQueue."""
        peeked, self.peeked = getattr(self, "peeked", False), True
        return [] if peeked else [DeadMessage("r", None)]

    def delete_dead(self, job_type: str, receipts: Any) -> None:
        """See JobQueue."""
        raise AssertionError("rubbish is evidence")


def test_a_dead_letter_nobody_can_read_is_counted_and_left(world: World, clock: Clock) -> None:
    service = JobService(world.ground.store, QueueWithRubbish(clock), clock=clock)
    assert Watchdog(service, [TYPE]).run(lambda: 50.0) == {"malformed": 1}


def test_the_lambda_looks_after_every_declared_job_type_and_sees_the_pauses(clock: Clock) -> None:
    ground, counters = MemoryGround(clock, 360.0), MemoryCounters()
    counters.pause("email.send", clock.now)
    ground.store.add(a_job(sent=True, due_at=clock.now))
    clock.advance(3600)
    wiring.use(job_store=ground.store, job_queue=ground.queue, counters=counters, clock=clock)
    try:
        context: Any = SimpleNamespace(aws_request_id="r", get_remaining_time_in_millis=lambda: 50_000)
        assert module.handler({}, context) == {"waiting": 1}
    finally:
        wiring.reset()
    assert ground.faults.names.count("depth") >= 3
