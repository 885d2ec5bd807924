"""What is told of a job whose attempt was given back, as the worker left it: no attempt failed."""

from dataclasses import replace

import pytest

from chalicelib.adapters.memory.counters import MemoryCounters
from chalicelib.errors import RateUnavailable, RetryLater, SecretUnavailable
from chalicelib.job_types.context import JobContext
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.listing import iso
from chalicelib.jobs.port import Message
from chalicelib.operating.reading import JobReader
from tests.chalicelib.api.support import only_types
from tests.chalicelib.worker.one_type import OneType, boom
from tests.support import T0


def told(world: OneType) -> str:
    """Why the job waits, after an attempt."""
    world.poll()
    assert world.job().status is Status.RETRYING
    with only_types(world.kind):
        _, why = JobReader(world.store, MemoryCounters(), world.clock).explained("job-1")
    return why or ""


def test_of_a_payload_that_todays_schema_refuses_the_field_and_what_to_do(world: OneType) -> None:
    world.store.add(Job("job-1", "test.note", Status.QUEUED, T0, T0, payload={"text": 7}))
    world.queue.send(Message("job-1", 1, "test.note"))
    assert told(world) == (
        "Today's schema of test.note refuses the stored payload: payload.text: Input should be a valid string; give "
        "the type a `Changes(upgrade=…)`, or deploy the version that accepted it (docs/operations.md#stalled); the "
        f"next try is at {iso(T0 + 3600)}."
    )


def test_of_a_payload_that_cannot_be_read_that_it_could_not_be_run(world: OneType) -> None:
    job = world.submit(payload_bytes=310_000)
    world.store._jobs[job.id] = replace(job, payload=None)
    assert told(world) == (
        "It could not be run: The payload of 310,000 bytes cannot be read: it is gone, or this function may not read "
        f"it; the next try is at {iso(T0 + 30)}."
    )


@pytest.mark.parametrize("error", [SecretUnavailable("no such secret"), RateUnavailable("TimeoutError")])
def test_of_a_platform_that_does_not_answer_what_it_said(world: OneType, error: Exception) -> None:
    def unavailable(_: JobContext) -> object:
        raise error

    world.submit()
    world.script = [unavailable]
    assert told(world) == f"It could not be run: {error}; the next try is at {iso(T0 + 30)}."


def test_of_a_job_that_asked_to_come_again_when_and_why_also_after_one_that_failed(world: OneType) -> None:
    def later(_: JobContext) -> object:
        raise RetryLater(60, "429 Too Many Requests")

    world.submit()
    world.script = [later, boom, later]
    assert told(world) == f"It asked to come again at {iso(T0 + 60)}: 429 Too Many Requests."
    world.clock.advance(60)
    assert told(world) == f"Attempt 1 failed and it backs off until {iso(T0 + 62)}, then attempt 2 of 3 begins."
    world.clock.advance(2)
    assert told(world) == f"It asked to come again at {iso(T0 + 122)}: 429 Too Many Requests."
