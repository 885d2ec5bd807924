"""Test the sweep of dead-letter queues: stale messages are removed, jobs that can still run get a new message."""

from typing import Any

import pytest

from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.errors import NewerRow
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.message import parse_message, write_message
from chalicelib.jobs.port import DeadMessage, Depth, Message
from chalicelib.producing.service import JobService
from chalicelib.watchdog.run import Watchdog
from tests.chalicelib.watchdog.looking import fail, lasting, look
from tests.proof.grounds.ground import TYPE
from tests.proof.grounds.memory import MemoryGround
from tests.proof.world import World
from tests.support import Clock


def dead_letter(ground: MemoryGround, job_id: str, gen: int = 1) -> None:
    """Put a message into the dead-letter queue, as SQS does."""
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
    fail(ground, "peek_dead")
    assert look(world) == {"failed": 1}
    fail(ground)
    assert look(world)["removed"] == 2
    assert ground.dead() == []


def test_a_row_that_only_a_newer_version_reads_keeps_its_message_and_holds_up_no_other(
    world: World, ground: MemoryGround, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = ground._store.get

    def get(job_id: str) -> Job:
        if job_id == "newer":
            raise NewerRow(job_id, "on_hold")
        return real(job_id)

    monkeypatch.setattr(ground._store, "get", get)
    for job_id in ("newer", "nobody", "nobody else"):
        dead_letter(ground, job_id)
    assert look(world)["removed"] == 2
    assert [parse_message(body).id for body in ground.dead()] == ["newer"]


def test_a_sweep_is_bounded_and_a_full_queue_gets_several(world: World, ground: MemoryGround) -> None:
    for _ in range(2120):
        dead_letter(ground, "nobody")
    assert look(world)["removed"] == 2000
    assert look(world)["removed"] == 120


def test_full_dead_letter_queues_do_not_keep_another_from_being_looked_at(world: World, clock: Clock) -> None:
    """Each run has time for one sweep: within as many runs as there are queues, each queue is swept once."""
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
        Watchdog(service.dispatcher, types).run(lasting(1, len(types)))
        clock.advance(60)
    assert sorted(swept) == types


def test_a_dead_letter_nobody_can_read_is_counted_and_left(
    world: World, ground: MemoryGround, monkeypatch: pytest.MonkeyPatch
) -> None:
    rubbish, deleted = iter([[DeadMessage("r", None)]]), list[object]()
    monkeypatch.setattr(ground.raw, "depth", lambda _: Depth(dead=1))
    monkeypatch.setattr(ground.raw, "peek_dead", lambda *_: next(rubbish, []))
    monkeypatch.setattr(ground.raw, "delete_dead", lambda *asked: deleted.append(asked))
    assert (look(world), deleted) == ({"malformed": 1}, []), "rubbish is evidence"


@pytest.mark.parametrize("kept", [True, False])
def test_a_lost_job_that_has_used_up_its_attempts_goes_on_if_they_have_kept_a_step(
    world: World, ground: MemoryGround, clock: Clock, kept: bool
) -> None:
    world.script["a"] = [f"{'keep then ' * kept}oom"] * 3
    world.submit("a")
    for _ in range(3):
        world.poll()
        clock.advance(400)
    [lost] = ground.jobs()
    assert (lost.status, lost.attempts) == (Status.PROCESSING, lost.max_attempts)
    ground.purge()
    dead_letter(ground, lost.id)
    told = look(world)
    assert (told.get("redelivered", 0), told.get("given_up", 0)) == ((1, 0) if kept else (0, 1))
    look(world)
    world.poll()
    assert ground.jobs()[0].status is (Status.COMPLETED if kept else Status.DEAD_LETTER)
