"""Test messages that are late, stale, duplicate or malformed, and their log lines."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from chalicelib.job_types.context import JobContext
from chalicelib.jobs.constants import UNKNOWN_HOLDS
from chalicelib.jobs.job import Status
from chalicelib.jobs.port import Message
from tests.chalicelib.worker.one_type import OneType, boom
from tests.support import T0, sqs_record, written


def slow(world: OneType) -> Callable[[JobContext], object]:
    """An attempt that leaves no time in its invocation for another job."""
    return lambda _: world.clock.advance(55)


def test_messages_without_enough_time_left_go_back_unclaimed(world: OneType) -> None:
    world.submit("job-1")
    world.submit("job-2")
    world.script = [slow(world)]
    world.poll()
    assert [world.job(j).status for j in ("job-1", "job-2")] == [Status.COMPLETED, Status.QUEUED]
    assert world.job("job-2").attempts == 0
    assert world.poll() == 1
    assert world.job("job-2").status is Status.COMPLETED


@pytest.mark.parametrize(("early", "ran"), [(0.0004, False), (0.000_002, False), (0.0, True)])
def test_a_job_does_not_start_a_part_of_a_millisecond_before_its_time(world: OneType, early: float, ran: bool) -> None:
    due = T0 + 0.123
    world.submit(run_at=due, next_attempt_at=due, sent=True)
    world.clock.now = due - early
    world.poll()
    assert bool(world.ran) is ran


def test_what_was_given_back_most_often_comes_first(world: OneType) -> None:
    for number in (1, 2, 3):
        world.submit(f"job-{number}")
    world.script = [slow(world)]
    batch = [replace(m, receive_count=n) for m, n in zip(world.queue.receive("test.note"), (1, 3, 2), strict=True)]
    world.deliver(batch)
    assert [world.job(f"job-{number}").status for number in (1, 2, 3)] == [
        Status.QUEUED, Status.COMPLETED, Status.QUEUED,
    ]  # fmt: skip


@pytest.mark.parametrize("stored_after", [0.02, 0.9, 20])
def test_a_message_that_is_faster_than_its_job_runs_it_once(world: OneType, stored_after: float) -> None:
    world.submit()
    (job,) = world.store._jobs.values()
    del world.store._jobs[job.id]
    stored_at = world.clock.now + stored_after

    def pass_by(seconds: float) -> None:
        world.clock.advance(seconds)
        if world.clock.now >= stored_at and job.id not in world.store._jobs:
            world.store._jobs[job.id] = job

    world.worker.sleep = pass_by
    for _ in range(50):
        world.poll()
        pass_by(1)
    assert (world.ran, world.waiting()) == ([(1, 1)], [])
    assert (world.store.get(job.id).started_at or 0.0) - stored_at <= (0.2 if stored_after < 0.3 else 35)


def test_a_message_whose_job_never_comes_is_dropped_in_the_end(world: OneType) -> None:
    world.queue.send(Message("nobody", 1, "test.note"))
    looked = 0
    while world.waiting():
        looked += bool(world.poll())
        world.clock.advance(1)
    assert world.clock.now - T0 > 60
    assert (world.ran, looked, world.queue.dead) == ([], len(UNKNOWN_HOLDS) + 1, {})


def test_what_nobody_could_store_in_an_outage_costs_one_receive_each_after_it(world: OneType) -> None:
    for number in range(20):
        world.queue.send(Message(f"nobody-{number}", 1, "test.note"))
    world.clock.advance(900)
    world.worker.sleep = lambda _: pytest.fail("slept, with others waiting")
    while world.poll():
        pass
    assert (world.ran, world.waiting(), world.queue.dead) == ([], [], {})


@pytest.mark.parametrize(
    "body",
    ["", "not json", "[]", '{"v":2,"id":"job-1","gen":1,"type":"test.note","cid":""}', '{"v":1,"id":"job-1"}',
     '{"v":1,"id":"job-1","gen":1,"type":"other.type","cid":""}'],
)  # fmt: skip
def test_a_body_that_is_no_message_backs_off_and_loses_nothing(world: OneType, body: str) -> None:
    world.submit()
    message = world.queue.receive("test.note")[0]
    record = sqs_record(message.receipt, body, 3)
    assert world.worker.work({"Records": [record]}, world.invocation()) == [message.receipt]
    assert world.waiting()[0].visible_at == world.clock.now + 8
    assert world.job().status is Status.QUEUED


def test_log_lines_carry_the_jobs_keys_and_nothing_of_the_payload(world: OneType) -> None:
    world.submit(correlation_id="cid-1")
    world.script = [boom]
    with written() as lines:
        world.poll()
    failed = next(line for line in lines if line["message"] == "attempt.error")
    expected = {
        "job_id": "job-1", "job_type": "test.note", "gen": 1, "attempt": 1, "status": "retrying", "retry_delay_s": 2,
        "correlation_id": "cid-1", "duration_ms": 0,
    }  # fmt: skip
    assert {key: failed[key] for key in expected} == expected
    assert '"text"' not in json.dumps(lines)
