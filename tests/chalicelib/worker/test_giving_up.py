"""Check that a run whose time has ended gets no more attempts, and that its error says this."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.errors import RetryLater
from chalicelib.job_types.context import JobContext
from chalicelib.job_types.rate import Rate
from chalicelib.job_types.retry import Delays
from chalicelib.jobs import transitions
from chalicelib.jobs.change import Claimant
from chalicelib.jobs.job import Status
from chalicelib.jobs.listing import iso
from chalicelib.limits.memory import MemoryTurns
from chalicelib.limits.rate import Pacing
from chalicelib.limits.serial import InOrder
from chalicelib.limits.serial_rule import lock_of_attempt, row_of
from tests.chalicelib.worker.one_type import OneType, boom, die, raising
from tests.proof.grounds.faults import Crash
from tests.support import T0

TOLD = f"Given up, its time ended at {iso(T0 + 100)}: "


@pytest.mark.parametrize(
    ("script", "error"),
    [(boom, ("ValueError", "boom")), (raising(RetryLater(3600, "closed")), ("RetryLater", "closed"))],
)
def test_the_attempt_that_would_come_too_late_is_the_end(
    world: OneType, script: Callable[[JobContext], object], error: tuple[str, str]
) -> None:
    world.worker.kind = replace(world.kind, retry=Delays((60,)))
    world.submit(max_attempts=9, give_up_at=T0 + 100)
    world.script = [boom, script]
    world.poll()
    assert world.job().status is Status.RETRYING
    world.clock.advance(60)
    world.poll()
    job = world.job()
    assert (job.status, job.attempts) == (Status.DEAD_LETTER, 2)
    assert (job.error_class, job.error_message) == (error[0], TOLD + error[1])
    assert world.store.view(job.id).attempts[-1].error_message == error[1]


def test_a_lost_attempt_is_not_taken_over_after_its_time(world: OneType) -> None:
    world.submit(max_attempts=9, give_up_at=T0 + 100)
    world.script = [die]
    with pytest.raises(Crash):
        world.poll()
    world.clock.advance(400)
    world.poll()
    job = world.job()
    assert (job.status, job.error_class) == (Status.DEAD_LETTER, "WorkerLost")
    assert job.error_message == f"{TOLD}attempt 1 was lost."


def test_a_payload_that_cannot_be_read_is_tried_no_longer_than_that(world: OneType) -> None:
    world.submit(max_attempts=9, give_up_at=T0 + 10)
    world.store._jobs["job-1"] = replace(world.job(), payload=None)
    world.poll()
    assert world.job().status is Status.DEAD_LETTER
    assert (world.job().error_message or "").startswith(TOLD[:-30])


class Down(MemoryTurns):
    """A plan that does not answer at first."""

    refusals = 3

    def slots(self, *asked: Any) -> list[float]:
        self.refusals -= 1
        if self.refusals >= 0:
            raise ConnectionError
        return list(super().slots(*asked))


def out_of_order(world: OneType) -> None:
    world.worker.starts = Pacing.of(world.kind, Rate(10), Down(), world.store, world.clock, world.clock.advance)


def held(world: OneType) -> None:
    """Let another job with the same key run for some time."""
    world.worker.starts = InOrder("test.note", world.store, world.clock)
    claim = transitions.claim(1, now=T0, lease_until=T0 + 20, by=Claimant("r"), job_type="test.note")
    other = world.store.apply(world.submit("other").id, claim)
    world.store.acquire(row_of("test.note", ""), None, lock_of_attempt(other))


@pytest.mark.parametrize("waits", [out_of_order, held, lambda _: None])
def test_a_first_attempt_that_begins_late_still_runs_whatever_it_waited_for(
    world: OneType, waits: Callable[[OneType], None]
) -> None:
    waits(world)
    world.submit(give_up_at=T0 - 5)
    for _ in range(20):
        world.poll()
        world.clock.advance(15)
    assert (world.job().status, world.job().attempts) == (Status.COMPLETED, 1)


def test_a_second_attempt_that_waits_for_its_key_is_given_up_at_the_end_of_its_time(world: OneType) -> None:
    world.worker.kind = replace(world.kind, retry=Delays((1,)))
    world.submit(max_attempts=9, give_up_at=T0 + 100)
    world.script = [boom]
    world.poll()
    world.worker.starts = InOrder("test.note", world.store, world.clock)
    claim = transitions.claim(1, now=T0, lease_until=T0 + 2000, by=Claimant("r"), job_type="test.note")
    other = world.store.apply(world.submit("other").id, claim)
    world.store.acquire(row_of("test.note", ""), None, lock_of_attempt(other))
    for _ in range(20):
        world.clock.advance(15)
        world.poll()
    assert (world.job().status, world.job().error_class) == (Status.DEAD_LETTER, "KeyHeld")
