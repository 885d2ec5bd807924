"""Test that the watchdog wakes a suspended job whose event is stored, if everything else that wakes it has failed."""

from dataclasses import dataclass
from typing import Any

import pytest

from chalicelib.counters.port import Standing
from chalicelib.errors import MoveRefused, RowNotSigned
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.message import write_message
from chalicelib.jobs.port import Message
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.operating.late_waiters import wake_late
from chalicelib.operating.posting import Posting
from chalicelib.telemetry import events
from chalicelib.watchdog import waiters
from chalicelib.watchdog.constants import MOST_TYPES_OF_WAITERS
from tests.chalicelib.watchdog.looking import look
from tests.proof.grounds.ground import TYPE
from tests.proof.grounds.memory import MemoryGround
from tests.proof.world import World


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the reasons with which `job.stalled` is logged, which rings the alarm `stalled`."""
    reasons: list[str] = []
    monkeypatch.setattr(events, "stalled", lambda _, why: reasons.append(why))
    return reasons


@dataclass(frozen=True)
class Late(Dispatcher):
    """Wakes no job, as if another process had been faster."""

    def wake(self, job: Job) -> Job:
        """See Dispatcher."""
        raise MoveRefused("wake", job)


@pytest.fixture(autouse=True)
def dies(world: World) -> None:
    """Let each process that posts an event die after the event is stored."""
    usual = world.service.dispatcher
    world.posting = Posting(Late(usual.store, usual.queue, usual.clock), "ada")


def waiting(world: World, *names: str) -> None:
    for name in names:
        world.always[name] = "wait then ok"
        world.submit(name)
        world.poll()


def status(world: World, name: str) -> Any:
    return world.ground.store.get_without_bodies(world.accepted[name]).status


def test_a_job_whose_spare_message_was_lost_as_well_is_woken_soon_and_told(
    world: World, ground: MemoryGround, told: list[str]
) -> None:
    waiting(world, "a", "b")
    world.post_event("a")
    ground.purge()
    look(world)
    assert (status(world, "a"), told) == (Status.SUSPENDED, []), "its spare message may still come"
    assert look(world)["woken"] == 1
    assert told == ["its wait was over, and nobody woke it"]
    world.poll()
    assert (status(world, "a"), status(world, "b")) == (Status.COMPLETED, Status.SUSPENDED)


def test_of_many_waiting_jobs_each_run_reads_others(
    world: World, ground: MemoryGround, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiters, "MOST_WAITERS", 2)
    names = ["a", "b", "c", "d", "e"]
    waiting(world, *names)
    for name in names:
        world.post_event(name)
    ground.purge()
    look(world, 200)
    assert len(told) == 2
    look(world)
    look(world)
    assert len(told) == 5


def test_a_backlog_of_other_jobs_is_not_searched(world: World, ground: MemoryGround, told: list[str]) -> None:
    waiting(world, "a", "b")
    for number in range(400):
        world.submit(f"queued {number}", delay_seconds=number % 2 * 100_000 or None)
    look(world)
    world.post_event("a")
    ground.raw.messages[TYPE] = [one for one in ground.raw.messages[TYPE] if one.message.id != world.accepted["a"]]
    look(world, 200)
    look(world)
    assert told == ["its wait was over, and nobody woke it"]


def test_many_types_share_the_reads_of_a_run(world: World, told: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def of(_waiters: object, name: str, *_: object) -> int:
        asked.append(name)
        return 0

    monkeypatch.setattr(waiters.Waiters, "_of", of)
    types = [f"a.type{number}" for number in range(9)]
    standing = Standing({(name, Status.SUSPENDED): 1 for name in [*types, "a.removed"]})
    for _ in types:
        waiters.Waiters(world.service.dispatcher, types).look(standing, lambda: True)
        world.clock.advance(60)
    assert (len(asked), set(asked)) == (len(types) * MOST_TYPES_OF_WAITERS, set(types))


def test_an_event_that_cannot_be_read_stops_no_sweep(
    world: World, ground: MemoryGround, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting(world, "a", "b")
    ground.purge()
    for name in ("a", "b"):
        ground.put(write_message(Message(world.accepted[name], 1, TYPE)))
    ground.raw.dead[TYPE] = ground.raw.messages.pop(TYPE)

    def forged(*_: object) -> None:
        raise RowNotSigned

    monkeypatch.setattr(ground._store, "kept_step", forged)
    look(world)
    assert (ground.dead(), told) == ([], [])


def test_a_store_that_fails_ends_no_run(world: World, told: list[str]) -> None:
    waiting(world, "a")
    world.ground.faults.fail = lambda name: ConnectionError(name) if name == "page" else None
    assert "failed" not in look(world)
    assert told == []


def test_a_spare_message_that_was_received_only_during_an_outage_still_wakes_its_job(
    world: World, ground: MemoryGround, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is in the dead-letter queue, where the message of a sleeping job is otherwise removed."""
    monkeypatch.setattr(waiters, "MOST_WAITERS", 0)
    waiting(world, "a", "b")
    world.post_event("a")
    ground.purge()
    for name in ("a", "b"):
        ground.put(write_message(Message(world.accepted[name], 1, TYPE)))
    ground.raw.dead[TYPE] = ground.raw.messages.pop(TYPE)
    look(world)
    assert ground.dead() == []
    assert (len(told), ground.waiting()) == (1, 1)
    world.poll()
    assert (status(world, "a"), status(world, "b")) == (Status.COMPLETED, Status.SUSPENDED)


def test_a_job_that_another_process_wakes_at_the_same_time_is_woken_once(
    world: World, ground: MemoryGround, told: list[str]
) -> None:
    waiting(world, "a")
    seen = ground.store.get_without_bodies(world.accepted["a"])
    world.post_event("a")
    ground.purge()
    look(world, 200)
    dispatcher: Dispatcher = world.service.dispatcher
    assert not wake_late(dispatcher, seen)
    assert (len(told), ground.waiting()) == (1, 1)
