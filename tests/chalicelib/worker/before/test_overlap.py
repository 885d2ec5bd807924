"""Check that a firing that must not overlap does not run while the job of an earlier firing is unfinished."""

import contextlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest

from chalicelib.errors import RetryLater
from chalicelib.job_types.context import JobContext
from chalicelib.jobs.job import SKIPPED, WAITING, Job, Status
from chalicelib.jobs.port import JobStore
from chalicelib.schedules.overlap import unfinished_before
from tests.chalicelib.worker.one_type import OneType, boom, die, raising
from tests.proof.grounds.faults import DYNAMODB, Crash, Faults, Faulty
from tests.support import a_job


def put(world: OneType, job_id: str, **fields: object) -> Job:
    job = a_job(id=job_id, **fields)
    world.store.add(job)
    return job


@pytest.mark.parametrize(
    ("status", "gen"), [(status, 1) for status in sorted(WAITING | {Status.PROCESSING})] + [(Status.QUEUED, 2)]
)
def test_an_unfinished_earlier_firing_skips_the_next_one(world: OneType, status: Status, gen: int) -> None:
    put(world, "earlier", status=status, gen=gen)
    world.submit(after="earlier")
    assert world.poll() == 1
    job = world.job()
    assert (job.status, job.error_class, job.after) == (Status.CANCELLED, SKIPPED, "earlier")
    assert job.error_message == "The job earlier of an earlier firing had not finished."
    assert job.fingerprint is None, "it is no error to look into"
    assert (world.ran, world.waiting()) == ([], [])
    assert [one.outcome for one in world.store.view("job-1").attempts] == ["cancelled"]


@pytest.mark.parametrize("status", [Status.COMPLETED, Status.FAILED, Status.DEAD_LETTER, None])
def test_one_that_has_finished_or_is_gone_lets_it_run(world: OneType, status: Status | None) -> None:
    if status is not None:
        put(world, "earlier", status=status, started_at=1.0)
    world.submit(after="earlier")
    world.poll()
    assert world.job().status is Status.COMPLETED


def test_firings_that_never_ran_are_passed_to_the_one_that_does(world: OneType) -> None:
    """The first still runs, the second was skipped, the third was cancelled by hand, so the fourth is also skipped."""
    put(world, "first", status=Status.PROCESSING)
    put(world, "second", status=Status.CANCELLED, started_at=1.0, error_class=SKIPPED, after="first")
    third = put(world, "third", status=Status.CANCELLED, after="second")
    fourth = replace(third, id="fourth", after="third")
    assert unfinished_before(world.store, fourth) == "first"
    assert unfinished_before(world.store, replace(fourth, gen=2)) is None, "a retry by hand runs whatever else does"


@pytest.mark.parametrize(
    "ended",
    [
        {"status": Status.DEAD_LETTER, "error_class": "WorkerLost", "claims": 3},
        {"status": Status.CANCELLED, "claims": 1},
        {"status": Status.COMPLETED, "gen": 2, "claims": 1},
    ],
    ids=["its workers died, perhaps before they asked", "cancelled when claimed", "retried by hand"],
)
def test_a_firing_that_may_never_have_asked_hides_no_unfinished_one_before_it(
    world: OneType, ended: dict[str, Any]
) -> None:
    put(world, "first", status=Status.QUEUED)
    put(world, "second", started_at=1.0, after="first", **ended)
    world.submit(after="second")
    world.poll()
    assert (world.job().error_class, world.job().after) == (SKIPPED, "first")


def test_one_that_goes_on_beside_a_retry_by_hand_is_still_behind_the_ones_before_that(world: OneType) -> None:
    put(world, "first", status=Status.QUEUED)
    put(world, "second", status=Status.PROCESSING, gen=2, after="first")
    third = a_job(after="second", claims=2)
    assert unfinished_before(world.store, third) == "first"


def test_a_chain_of_any_length_is_followed_to_its_end(world: OneType) -> None:
    put(world, "0", status=Status.PROCESSING)
    for number in range(1, 150):
        put(world, f"{number}", status=Status.CANCELLED, after=f"{number - 1}")
    assert unfinished_before(world.store, a_job(after="149")) == "0"
    put(world, "loop", status=Status.CANCELLED, after="loop")
    assert unfinished_before(world.store, a_job(after="loop")) is None


@pytest.mark.parametrize("attempt", [boom, die, raising(RetryLater(1))], ids=["failed", "died", "given back"])
@pytest.mark.parametrize("status", [Status.QUEUED, Status.PROCESSING, Status.RETRYING])
def test_a_firing_that_has_begun_goes_on_when_an_earlier_one_is_retried_by_hand(
    world: OneType, attempt: Callable[[JobContext], object], status: Status
) -> None:
    put(world, "earlier", status=Status.DEAD_LETTER, started_at=1.0)
    world.submit(after="earlier")
    world.script = [attempt]
    with contextlib.suppress(Crash):
        world.poll()
    world.store._jobs["earlier"] = replace(world.store.get("earlier"), status=status, gen=2)
    world.clock.advance(400)
    assert world.poll() == 1
    job = world.job()
    assert (job.status, job.error_class, job.claims) == (Status.COMPLETED, None, 2)
    assert len(world.ran) == 2


@pytest.mark.parametrize(("number", "request_"), [(2, "get_without_bodies"), (3, "record"), (4, "apply")])
def test_a_worker_that_dies_over_the_question_is_no_way_around_it(world: OneType, number: int, request_: str) -> None:
    put(world, "earlier", status=Status.PROCESSING)
    world.submit(after="earlier")
    faults = Faults(crash_at=number)
    world.worker.store = cast("JobStore", Faulty(world.store, faults, DYNAMODB))
    with pytest.raises(Crash):
        world.poll()
    assert faults.names[-1] == request_
    world.clock.advance(400)
    world.poll()
    job = world.job()
    assert (job.status, job.error_class, job.claims, world.ran) == (Status.CANCELLED, SKIPPED, 2, [])
