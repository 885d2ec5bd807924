"""Test a job that raises `RetryLater` many times, although SQS delivers a message only a few times."""

from itertools import pairwise

import pytest

from chalicelib.errors import RetryLater
from chalicelib.job_types.context import JobContext
from chalicelib.jobs.job import Status
from tests.chalicelib.worker.one_type import OneType, raising
from tests.proof.grounds.faults import Crash


@pytest.mark.parametrize(("wait", "polls"), [(1, 1000), (30, 100), (900, 100)])
def test_a_job_that_polls_is_as_punctual_at_its_last_time_as_at_its_first(
    world: OneType, wait: int, polls: int
) -> None:
    began: list[float] = []

    def ask_again(_: JobContext) -> object:
        began.append(world.clock.now)
        if len(began) <= polls:
            raise RetryLater(wait)
        return "done"

    world.script = [ask_again] * (polls + 1)
    world.submit()
    for _ in range(3 * polls):
        world.poll()
        world.clock.now = max(world.clock.now, min((held.visible_at for held in world.waiting()), default=0.0))
    assert world.job().status is Status.COMPLETED
    assert max(later - before for before, later in pairwise(began)) <= wait + 2
    assert len(began) == polls + 1
    assert (world.waiting(), world.dead(), world.job().stalled_since) == ([], [], None)


def test_a_message_that_the_queue_does_not_take_leaves_the_job_to_the_watchdog(
    world: OneType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise ConnectionError

    world.submit()
    monkeypatch.setattr(world.queue, "send", refuse)
    world.script = [raising(RetryLater(1))] * world.kind.max_receives
    while world.waiting():
        world.poll()
        world.clock.advance(1)
    job = world.job()
    assert (job.status, job.sent, job.parked_until is not None) == (Status.RETRYING, False, True)


@pytest.mark.parametrize("after", ["record", "apply"])
def test_a_worker_that_dies_around_its_fresh_message_loses_no_job(
    world: OneType, monkeypatch: pytest.MonkeyPatch, after: str
) -> None:
    world.submit()
    world.script = [raising(RetryLater(1))] * world.kind.max_receives
    for _ in range(world.kind.max_receives - 1):
        world.poll()
        world.clock.advance(2)
    write = getattr(world.store, after)

    def die(*args: object) -> object:
        if world.job().status is Status.PROCESSING:
            raise Crash
        return write(*args)

    monkeypatch.setattr(world.store, after, die)
    with pytest.raises(Crash):
        world.poll()
    monkeypatch.setattr(world.store, after, write)
    while world.waiting():
        world.poll()
        world.clock.advance(5)
    assert world.job().status is Status.COMPLETED
    assert len(world.ran) == len(set(world.ran))
