"""What is told of a job whose attempt was given back, as the worker left it: no attempt failed."""

from chalicelib.adapters.memory.counters import MemoryCounters
from chalicelib.errors import RetryLater, SecretUnavailable
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.listing import iso
from chalicelib.jobs.port import Message
from chalicelib.operating.reading import JobReader
from tests.chalicelib.api.support import only_types
from tests.chalicelib.worker.one_type import OneType, boom, raising
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
    why = told(world)
    assert "payload.text: Input should be a valid string; give the type a `Changes(upgrade=…)`" in why
    assert why.endswith(f"the next try is at {iso(T0 + 3600)}.")


def test_of_a_platform_that_does_not_answer_what_it_said(world: OneType) -> None:
    world.submit()
    world.script = [raising(SecretUnavailable("no such secret"))]
    assert told(world) == f"It could not be run: no such secret; the next try is at {iso(T0 + 30)}."


def test_of_a_job_that_asked_to_come_again_when_and_why_also_after_one_that_failed(world: OneType) -> None:
    later = raising(RetryLater(60, "429 Too Many Requests"))
    world.submit()
    world.script = [later, boom, later]
    assert told(world) == f"It asked to come again at {iso(T0 + 60)}: 429 Too Many Requests."
    world.clock.advance(60)
    assert told(world) == f"Attempt 1 failed and it backs off until {iso(T0 + 62)}, then attempt 2 of 3 begins."
    world.clock.advance(2)
    assert told(world) == f"It asked to come again at {iso(T0 + 122)}: 429 Too Many Requests."
