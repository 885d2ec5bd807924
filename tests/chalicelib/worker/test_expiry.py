"""Test that a job that has not begun in time ends without an attempt, and that a job that has begun continues."""

import pytest

from chalicelib.errors import RetryLater
from chalicelib.jobs.job import Status
from chalicelib.jobs.listing import iso
from tests.chalicelib.worker.one_type import OneType, boom, raising
from tests.support import T0


def test_a_job_whose_worker_comes_too_late_is_cancelled_without_an_attempt(world: OneType) -> None:
    world.submit(start_by=T0 + 30)
    world.clock.advance(31)
    world.poll()
    job = world.job()
    assert (job.status, job.error_class, job.attempts, job.claims) == (Status.CANCELLED, "Expired", 0, 0)
    assert job.error_message == f"It had not begun by {iso(T0 + 30)}."
    assert (world.ran, world.waiting(), world.dead()) == ([], [], [])
    assert world.store.view("job-1").attempts == ()


def test_a_job_that_is_claimed_at_the_last_instant_runs(world: OneType) -> None:
    world.submit(start_by=T0 + 30)
    world.clock.advance(30)
    world.poll()
    assert world.job().status is Status.COMPLETED


@pytest.mark.parametrize("first", [boom, raising(RetryLater(30))], ids=["failed", "asked to come later"])
def test_a_job_that_has_begun_is_tried_again_after_its_time(world: OneType, first: object) -> None:
    world.submit(start_by=T0 + 1)
    world.script = [first]  # type: ignore[list-item]
    world.poll()
    assert world.job().start_by is None
    world.clock.advance(60)
    world.poll()
    assert (world.job().status, len(world.ran)) == (Status.COMPLETED, 2)


def test_a_job_that_could_not_be_run_has_not_begun(world: OneType) -> None:
    world.submit(start_by=T0 + 10, payload=None)
    world.poll()
    assert (world.job().status, world.job().start_by) == (Status.RETRYING, T0 + 10)
    world.clock.advance(60)
    world.poll()
    assert (world.job().status, world.job().error_class, world.job().attempts) == (Status.CANCELLED, "Expired", 0)
