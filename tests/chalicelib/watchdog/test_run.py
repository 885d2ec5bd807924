"""Test one run of the watchdog over the memory ports: its time, its threads, two runs at once, and the function."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import handlers
from chalicelib.adapters.invocations import LOOK
from chalicelib.adapters.memory.counters import MemoryCounters
from chalicelib.adapters.memory.queue import HeldMessage
from chalicelib.assembly import parts
from chalicelib.batches.memory import MemoryBatches
from chalicelib.bulk.memory import MemoryBulkActions
from chalicelib.counters.port import Pause, Standing
from chalicelib.entry import watchdog as module
from chalicelib.job_types import jobtype
from chalicelib.job_types.jobtype import registered
from chalicelib.jobs.job import Status
from chalicelib.jobs.port import Depth, Message, Search
from chalicelib.producing.service import JobService
from chalicelib.schedules.memory import MemorySchedules
from chalicelib.telemetry import events
from chalicelib.watchdog.constants import GROWING_GAP, LEAST_GROWING_QUEUE
from chalicelib.watchdog.growing_queues import Growing
from chalicelib.watchdog.run import Watchdog
from tests.chalicelib.watchdog.looking import fail, knows, lasting, look
from tests.proof.grounds.faults import Throttled
from tests.proof.grounds.ground import TYPE
from tests.proof.grounds.memory import MemoryGround
from tests.proof.world import World
from tests.support import T0, Clock, a_job


def test_two_watchdogs_with_the_same_stale_list_send_once(world: World, ground: MemoryGround) -> None:
    fail(ground, "send")
    world.submit("a")
    fail(ground)
    world.clock.advance(61)
    listed = world.service.store.overdue(Search(TYPE), world.clock(), 10)
    world.watchdog.run(lambda: 50.0)
    stale: Any = SimpleNamespace(
        overdue=lambda search, *_: listed if search == Search(TYPE, before=world.clock()) else [],
        get_many=world.service.store.get_many,
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
    left = lasting(1, len(world.watchdog.types))
    assert world.watchdog.run(left) == {"resent": 10, "out_of_time": 20}
    assert look(world, after=60) == {"resent": 20}, "the next run goes on where this one stopped"


def test_the_search_leaves_half_of_the_time_to_what_it_found(world: World, ground: MemoryGround) -> None:
    types = [f"t.t{number}" for number in range(9)]
    for name in types:
        ground.store.add(a_job(type=name, due_at=T0))
    for run in range(9):
        world.clock.advance(60)
        tally = Watchdog(world.service.dispatcher, types).run(partial(next, iter([50.0] * 4 + [24.9] * 99)))
        assert tally["out_of_time"] == 6, "it searched three of nine"
        if run == 0:
            assert tally["resent"]
    assert all(job.sent for job in ground.jobs())


def test_the_lambda_looks_after_every_declared_job_type_and_sees_the_pauses(clock: Clock) -> None:
    ground, counters = MemoryGround(clock, 360.0), MemoryCounters()
    counters.pause("email.send", Pause(clock.now))
    ground.store.add(a_job(sent=True, due_at=clock.now))
    clock.advance(3600)
    schedules = MemorySchedules()
    ports = {"job_store": ground.store, "job_queue": ground.queue, "counters": counters, "schedules": schedules}
    parts.replace(**ports, bulk_rows=MemoryBulkActions(counters), batch_rows=MemoryBatches(), clock=clock)
    try:
        context: Any = SimpleNamespace(aws_request_id="r", get_remaining_time_in_millis=lambda: 50_000)
        assert module.handler({}, context) == {}
        assert [one.id for one in schedules.page(9)] == ["report.generate-nightly"]
        counters.resume("email.send")
        assert module.handler({}, context) == {"resent": 1}
        of_helper = a_job(due_at=clock.now - 60)
        ground.store.add(of_helper)
        assert module.handler({LOOK: {"types": ["email.send"], "ids": [of_helper.id]}}, context) == {"resent": 1}
    finally:
        parts.reset()
    assert ground.faults.names.count("depth") >= 3


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
    ground.raw.dead[TYPE] = [HeldMessage(Message("gone", 1, TYPE), "r0", 0.0, sent_at=T0)]
    assert look(world) == {"waiting": 1, "removed": 1}
    fail(ground)
    assert look(world, after=301) == {"resent": 1}


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


MINUTE = 60.0


def told(depths: Sequence[int | None], every: float = MINUTE) -> list[bool]:
    """Return whether each run reports the queue as growing, by its number of messages (None: SQS did not answer)."""
    growing, runs = Growing(), [None if visible is None else Depth(visible=visible) for visible in depths]
    return [bool(growing.look({"order.place": depth}, 1e6 + run * every)) for run, depth in enumerate(runs)]


@pytest.mark.parametrize(
    ("depths", "rings"),
    [
        ([0, LEAST_GROWING_QUEUE, 2 * LEAST_GROWING_QUEUE, 3 * LEAST_GROWING_QUEUE], True),
        ([5_000, 5_001, 5_002], True),
        ([0, 5_000, 4_000, 3_000], False),
        ([5_000, 5_000, 5_000, 5_000], False),
        ([0, 1, 2, 3], False),
        ([0, 500, None, 600], False),
        ([0, 500, 400, 600], False),
    ],
    ids=["grows", "little by little", "is worked off", "steady", "short", "did not answer", "up and down"],
)
def test_a_queue_that_grows_is_told(depths: Sequence[int | None], rings: bool) -> None:
    assert any(told(depths)) is rings


def test_it_is_told_at_the_third_look_and_as_long_as_it_grows() -> None:
    assert told([0, 200, 300, 400, 400]) == [False, False, True, True, False]
    assert not any(told([0, 200, 300, 400], every=GROWING_GAP + 1)), "runs far apart say nothing of each other"


@pytest.mark.parametrize(("paused", "told_of"), [({}, [[TYPE]]), ({TYPE: Pause(1.0, "ada")}, [])])
def test_a_run_tells_of_a_queue_that_grows_unless_its_type_is_paused(
    world: World, monkeypatch: pytest.MonkeyPatch, paused: Mapping[str, Pause], told_of: list[list[str]]
) -> None:
    found: list[list[str]] = []
    visible = iter([100, 200, 300])
    monkeypatch.setattr(world.watchdog.dispatcher.queue, "depth", lambda _: Depth(visible=next(visible)))
    monkeypatch.setattr(events, "growing", found.append)
    knows(world, paused=paused)
    for _ in range(3):
        look(world, after=MINUTE)
    assert found == told_of


@pytest.mark.parametrize("facts", [{"paused": {TYPE: Pause(1.0, "ada")}}, {"claimed_to": {TYPE: 1.0}}], ids=str)
def test_a_job_of_a_type_that_expires_ends_in_its_minute_though_nobody_receives_its_message(
    world: World, ground: MemoryGround, facts: Mapping[str, Any]
) -> None:
    world.kind = world.kinds[TYPE] = registered[TYPE] = replace(world.kind, expires=100)
    world.submit("waits")
    world.submit("planned", delay_seconds=20)
    world.submit("later", expires_seconds=500)
    knows(world, **facts)
    look(world, after=90)
    assert {job.status for job in ground.jobs()} == {Status.QUEUED, Status.SCHEDULED}
    assert look(world, after=MINUTE)["expired"] == 2
    ended = {job.payload["name"]: (job.status, job.error_class) for job in ground.jobs()}
    expired = (Status.CANCELLED, "Expired")
    assert ended == {"waits": expired, "planned": expired, "later": (Status.QUEUED, None)}


def test_a_process_that_has_imported_all_files_works_on_while_a_new_file_cannot_be_imported(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, clock: Clock
) -> None:

    jobtype.load_once()
    (tmp_path / "broken.py").write_text("import no_such_library")
    monkeypatch.setattr(handlers, "__path__", [*handlers.__path__, str(tmp_path)])
    with pytest.raises(ImportError):
        jobtype.load()
    ground = MemoryGround(clock, 360.0)
    ports = {"job_store": ground.store, "job_queue": ground.queue, "counters": MemoryCounters()}
    parts.replace(
        **ports, schedules=MemorySchedules(), bulk_rows=MemoryBulkActions(MemoryCounters()), batch_rows=MemoryBatches(),
        clock=clock,
    )  # fmt: skip
    context: Any = SimpleNamespace(aws_request_id="r", get_remaining_time_in_millis=lambda: 50_000)
    try:
        assert module.handler({}, context) == {}
    finally:
        parts.reset()
