"""Test rare moments: a lease ends while its holder runs, a worker dies before it settles, AWS fails."""

from typing import Any

import pytest

from chalicelib import cold_start
from chalicelib.assembly import parts
from chalicelib.entry.worker import consume
from chalicelib.job_types.retry import no_jitter
from chalicelib.jobs.change import Claimant
from chalicelib.jobs.job import Status
from chalicelib.jobs.message_fate import Hold
from chalicelib.jobs.port import Message
from chalicelib.settings import Settings
from chalicelib.worker.claim import Claims
from chalicelib.worker.consume import BatchFailed
from chalicelib.worker.settle import Done, Lost, Raised, Settlement, Stopped
from tests.proof.grounds.faults import Throttled
from tests.proof.grounds.ground import TYPE
from tests.proof.world import World
from tests.support import Invocation


def claimed(world: World, *, request: str = "request") -> Any:
    """Return the job, claimed by a worker that has 60 seconds."""
    claims = Claims(world.ground.store, world.clock, lambda low, _: low)
    return claims.claim(Message(world.accepted["a"], 1, TYPE), Claimant(request), 60)


@pytest.mark.parametrize("outcome", [Done("late"), Raised(ValueError("late")), Stopped(), Lost()])
def test_a_late_finisher_keeps_its_message_whatever_it_brings(world: World, outcome: Any) -> None:
    world.submit("a")
    late = claimed(world)
    world.clock.advance(66)
    assert claimed(world, request="another").attempts == 2
    end = Settlement(world.ground.store, world.clock, no_jitter).settle(late, outcome)
    assert isinstance(end, Hold), "its message may be the only one there is"
    assert (world.ground.jobs()[0].status, world.ground.jobs()[0].attempts) == (Status.PROCESSING, 2)


@pytest.mark.parametrize("partial", [True, False])
def test_where_partial_batches_are_off_a_failure_brings_the_whole_batch_back(world: World, partial: bool) -> None:
    """If Lambda does not read the answer, it would delete every message of a batch, also those of failed jobs."""
    world.script["a"] = ["err"]
    world.submit("a")
    world.submit("b")
    settings = Settings.from_env({"PARTIAL_BATCH": "1" if partial else ""})
    parts.replace(job_store=world.ground.store, job_queue=world.ground.queue, settings=settings, clock=world.clock)
    event = world.event(world.ground.receive(2))
    failed, fine = event["Records"]
    handler, context = consume(world.kind), Invocation(world.clock, world.clock.now + 60)
    try:
        if partial:
            assert handler(event, context) == {"batchItemFailures": [{"itemIdentifier": failed["messageId"]}]}
        else:
            with pytest.raises(BatchFailed, match="1 messages must come again"):
                handler(event, context)
        assert handler({"Records": [fine]}, context) == {"batchItemFailures": []}, "without a failure, nothing is kept"
    finally:
        parts.reset()


def test_a_worker_that_lambda_starts_by_another_librarys_handler_runs_the_job(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cold_start, "IN_LAMBDA", True)
    monkeypatch.setenv("_HANDLER", "tracing.wrapped")
    assert not cold_start.works()
    world.submit("a")
    ground, settings = world.ground, Settings.from_env({})
    parts.replace(job_store=ground.store, job_queue=ground.queue, settings=settings, clock=world.clock)
    handler, context = consume(world.kind), Invocation(world.clock, world.clock.now + 60)
    try:
        assert handler(world.event(ground.receive(1)), context) == {"batchItemFailures": []}
        assert handler({"Records": []}, context) == {"batchItemFailures": []}
    finally:
        parts.reset()
    assert ground.jobs()[0].status is Status.COMPLETED


def test_a_batch_runs_its_first_message_however_little_time_is_left(world: World) -> None:
    world.batch = 3
    world.submit("a")
    world.submit("b")
    world.poll(limit=1.0)
    assert sorted(job.status for job in world.ground.jobs()) == [Status.COMPLETED, Status.QUEUED]


def test_a_claim_that_is_refused_once_is_repeated_by_the_same_invocation(world: World) -> None:
    world.submit("a")
    refusals = iter(["apply"])
    world.ground.faults.fail = lambda call: Throttled(call) if call == "apply" and next(refusals, None) else None
    world.deliver(world.ground.receive(1))
    [job] = world.ground.jobs()
    assert (job.status, job.attempts, world.ground.waiting()) == (Status.COMPLETED, 1, 0)


def test_a_process_in_which_a_library_cannot_start_again_ends_after_its_jobs_are_settled(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cold_start, "_recycled", [])
    parts.replace(
        job_store=world.ground.store, job_queue=world.ground.queue, settings=Settings.from_env({}), clock=world.clock
    )
    handler, context = consume(world.kind), Invocation(world.clock, world.clock.now + 60)
    try:
        cold_start.recycle("django.setup() failed")
        world.submit("a")
        assert handler(world.event(world.ground.receive(1)), context) == {"batchItemFailures": []}, "not in Lambda"
        monkeypatch.setattr(cold_start, "BY_RUNTIME_API", True)
        world.submit("b")
        with pytest.raises(SystemExit, match=r"django\.setup\(\) failed"):
            handler(world.event(world.ground.receive(1)), context)
    finally:
        parts.reset()
    assert [job.status for job in world.ground.jobs()] == [Status.COMPLETED, Status.COMPLETED]
