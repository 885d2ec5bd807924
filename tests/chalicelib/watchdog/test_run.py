"""The watchdog over the memory ports, on a clock the test holds: what it sends, gives up, tidies, and survives."""

from collections import Counter
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from chalicelib import wiring
from chalicelib.adapters.memory.counters import MemoryCounters
from chalicelib.adapters.memory.queue import HeldMessage, MemoryJobQueue
from chalicelib.adapters.memory.schedules import MemorySchedules
from chalicelib.entry import watchdog as module
from chalicelib.jobs.job import Status
from chalicelib.jobs.limits import DAY
from chalicelib.jobs.message import write_message
from chalicelib.jobs.ports import DeadMessage, Depth, Message, Pause, Search, Standing
from chalicelib.service.jobs import JobService
from chalicelib.watchdog.rules import OLD, SLACK
from chalicelib.watchdog.run import Watchdog
from chalicelib.watchdog.search import MOST_LOOKS
from tests.proof.faults import Throttled
from tests.proof.ground import TYPE, MemoryGround
from tests.proof.world import World
from tests.support import T0, Clock, a_job


def look(world: World, after: float = 61) -> dict[str, int]:
    """Let some seconds pass, then run the watchdog once."""
    world.clock.advance(after)
    return dict(world.watchdog.run(lambda: 50.0))


def lasting(looks: int) -> Callable[[], float]:
    """The time that is left of a run: enough for so many looks at it."""
    left = iter([50.0] * looks)
    return lambda: next(left, 0.0)


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


def knows(world: World, **facts: Any) -> None:
    """Let the counters tell the watchdog so much."""
    world.watchdog.standing = lambda: Standing({}, **facts)


def test_a_backlog_is_neither_fed_nor_read(world: World, ground: MemoryGround) -> None:
    world.counting.out = True
    for name in "abc":
        world.submit(name)
    assert look(world) == {"waiting": 3}, "without counters each is asked"
    knows(world)
    assert look(world, after=7200) == {}
    assert ground.waiting() == 3


def test_a_lost_message_is_sent_again_and_again_and_after_a_day_the_job_is_given_up(
    world: World, ground: MemoryGround
) -> None:
    world.submit("a")
    resent = 0
    for _ in range(24 * 60):
        ground.purge()
        resent += look(world, after=60).get("resent", 0)
    assert ground.jobs()[0].status is Status.QUEUED
    for _ in range(70):
        ground.purge()
        look(world, after=60)
    job = ground.jobs()[0]
    assert (job.status, job.error_class) == (Status.DEAD_LETTER, "Undeliverable")
    assert 24 < resent < 30, "pauses of 5, 10, 20, 40 minutes, then of an hour"


def test_a_message_lost_from_a_queue_that_never_empties_is_sent_again(world: World, ground: MemoryGround) -> None:
    world.submit("lost")
    ground.purge()
    sent_at = world.clock()
    world.clock.advance(900)
    for number in range(20):
        world.submit(f"later {number}")
    knows(world, claimed_to={TYPE: sent_at + SLACK - 10})
    assert look(world).get("resent", 0) == 0
    knows(world, claimed_to={TYPE: sent_at + SLACK + 1})
    assert look(world, after=3601)["resent"] == 1, "the message that is lost, and no other"
    assert ground.waiting() == 21


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


def test_a_message_is_sent_again_before_its_queue_drops_it(world: World, ground: MemoryGround) -> None:
    world.submit("a")
    knows(world)
    assert look(world, after=OLD - 1) == {}
    assert look(world, after=2) == {"resent": 1}
    assert look(world, after=60) == {}


def test_a_flooded_type_takes_no_look_from_another(world: World, ground: MemoryGround) -> None:
    types = ["a.flood", "b.quiet"]
    for number in range(MOST_LOOKS + 50):
        ground.store.add(a_job(type="a.flood", created_at=T0 - 9 + number / 1e3, due_at=T0))
    watchdog = Watchdog(world.service.dispatcher, types)
    for _ in types:  # whichever of them begins
        orphan = a_job(type="b.quiet", due_at=T0)
        ground.store.add(orphan)
        world.clock.advance(60)
        tally = watchdog.run(lasting(8))
        assert tally["out_of_time"] > 1000
        assert ground.store.get(orphan.id).sent, "the types take turns, ten jobs at a time"


def test_the_types_take_turns_in_being_first(world: World, ground: MemoryGround) -> None:
    types = ["a.a", "b.b", "c.c"]
    for name in types:
        for _ in range(30):
            ground.store.add(a_job(type=name, due_at=T0))
    for _ in types:
        world.clock.advance(60)
        Watchdog(world.service.dispatcher, types).run(lasting(1))
    sent = Counter(job.type for job in ground.jobs() if job.sent)
    assert sent == dict.fromkeys(types, 10), "each run has time for ten jobs"


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


def test_a_burst_is_sent_ahead_in_tens_each_with_its_own_delay(world: World, ground: MemoryGround) -> None:
    at = world.clock() + 5000
    for number in range(200):
        world.submit(f"{number}", run_at=at + number % 2)
    world.clock.now = at - 700
    before = len(ground.faults.names)
    assert dict(world.watchdog.run(lambda: 50.0)) == {"resent": 200}
    assert ground.faults.names[before:].count("send_many") == 20
    due = {job.id: job.run_at or 0 for job in ground.jobs()}
    late = [message.visible_at - due[message.message.id] for message in ground._queue.messages[TYPE]]
    assert len(late) == 200
    assert 0 <= min(late) <= max(late) < 1, "whole seconds, never early"


def test_a_paused_queue_may_stand_still_for_months(world: World, ground: MemoryGround) -> None:
    knows(world, paused={TYPE: 0.0})
    world.submit("a")
    for _ in range(60):
        ground.purge()  # SQS keeps a message for four days
        assert look(world, after=DAY) == {}
    knows(world)
    look(world, after=60)
    assert ground.waiting() == 1
    world.poll()
    assert ground.jobs()[0].status is Status.COMPLETED


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
    ground.raw.dead[TYPE] = [HeldMessage(Message("gone", 1, TYPE), "r0", 0.0)]
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
    fail(ground, "peek")
    assert look(world, after=600) == {"failed": 3}


def test_two_watchdogs_with_the_same_stale_list_send_once(world: World, ground: MemoryGround) -> None:
    fail(ground, "send")
    world.submit("a")
    fail(ground)
    world.clock.advance(61)
    listed = world.service.store.overdue(Search(TYPE), world.clock(), 10)
    world.watchdog.run(lambda: 50.0)
    stale: Any = SimpleNamespace(
        overdue=lambda search, *_: listed if search == Search(TYPE, before=world.clock()) else [],
        peek=world.service.store.peek,
        apply=world.service.store.apply,
    )
    second = Watchdog(JobService(stale, world.service.queue, clock=world.clock).dispatcher, [TYPE])
    assert second.run(lambda: 50.0) == {"left": 1}
    assert ground.waiting() == 1


def test_a_run_stops_before_its_time_is_up(world: World, ground: MemoryGround) -> None:
    fail(ground, "send")
    for number in range(30):
        world.submit(f"{number}")
    fail(ground)
    world.clock.advance(61)
    left = iter([50.0, 15.0, 15.0])
    assert world.watchdog.run(lambda: next(left)) == {"resent": 10, "out_of_time": 20}
    assert look(world, after=60) == {"resent": 20}, "the next run goes on where this one stopped"


def test_threads_look_side_by_side(world: World, ground: MemoryGround) -> None:
    fail(ground, "send")
    for number in range(40):
        world.submit(f"job {number}")
    fail(ground)
    world.watchdog.threads = 8
    assert look(world) == {"resent": 40}
    assert ground.waiting() == 40


def dead_letter(ground: MemoryGround, job_id: str, gen: int = 1) -> None:
    """Put a message where only SQS puts them."""
    ground.put(write_message(Message(job_id, gen, TYPE)))
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


def test_a_sweep_is_bounded_and_a_full_queue_gets_several(world: World, ground: MemoryGround) -> None:
    for _ in range(2120):
        dead_letter(ground, "nobody")
    assert look(world)["removed"] == 2000
    assert look(world)["removed"] == 120


def test_full_dead_letter_queues_do_not_keep_another_from_being_looked_at(world: World, clock: Clock) -> None:
    """Each run has time for one sweep: over as many runs as there are queues, each had its turn."""
    swept: list[str] = []

    class Full(MemoryJobQueue):
        def depth(self, job_type: str) -> Depth:
            return Depth(dead=100_000)

        def peek_dead(self, job_type: str, most: int) -> Any:
            swept.append(job_type)
            return []

    service = JobService(world.ground.store, Full(clock), clock=clock)
    types = ["a.a", "b.b", "c.c"]
    for _ in types:
        Watchdog(service.dispatcher, types).run(lasting(1))
        clock.advance(60)
    assert sorted(swept) == types


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
    assert Watchdog(service.dispatcher, [TYPE]).run(lambda: 50.0) == {"malformed": 1}


def test_the_lambda_looks_after_every_declared_job_type_and_sees_the_pauses(clock: Clock) -> None:
    ground, counters = MemoryGround(clock, 360.0), MemoryCounters()
    counters.pause("email.send", Pause(clock.now))
    ground.store.add(a_job(sent=True, due_at=clock.now))
    clock.advance(3600)
    schedules = MemorySchedules()
    wiring.use(job_store=ground.store, job_queue=ground.queue, counters=counters, schedules=schedules, clock=clock)
    try:
        context: Any = SimpleNamespace(aws_request_id="r", get_remaining_time_in_millis=lambda: 50_000)
        assert module.handler({}, context) == {}
        assert [one.id for one in schedules.page(9)] == ["report.generate-nightly"]
        counters.resume("email.send")
        assert module.handler({}, context) == {"resent": 1}
    finally:
        wiring.reset()
    assert ground.faults.names.count("depth") >= 3
