"""Check that a worker changes the visibility of a message in the queue that the message came from."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from chalicelib import AtMost
from chalicelib.errors import RetryLater
from chalicelib.job_types import jobtype
from chalicelib.job_types.context import JobContext
from chalicelib.jobs.delivery import Delivery
from chalicelib.jobs.message import write_message
from chalicelib.jobs.port import Message
from chalicelib.jobs.transitions import waited_limit
from chalicelib.limits.places import Limit, Waiter
from chalicelib.worker.batch import key_of
from tests.chalicelib.api.support import only_types
from tests.chalicelib.worker.one_type import OneType, raising
from tests.chalicelib.worker.test_at_most import TYPE, stage_of
from tests.support import sqs_record

OWN, SECOND = "test.note", "test.note-urgent"


@pytest.fixture
def world() -> Iterator[OneType]:
    one = OneType()
    object.__setattr__(one.kind, "urgent", True)
    with only_types(one.kind):
        yield one


def poll(world: OneType, key: str) -> dict[str, Any]:
    """Process a batch of one queue as Lambda does; return by job when its message is visible again."""
    batch = world.queue.receive(key)
    records = [
        sqs_record(m.receipt, write_message(m.message), m.receive_count, m.sent_at, queue=key) for m in batch
    ]  # fmt: skip
    again = world.worker.work({"Records": records}, world.invocation())
    for message in batch:
        if message.receipt not in again:
            world.queue.delete(key, message.receipt)
    return {held.message.id: held.visible_at - world.clock.now for held in world.queue.messages.get(key, [])}


@pytest.mark.parametrize("key", [OWN, SECOND])
def test_a_message_of_either_queue_comes_again_when_its_job_may_run(world: OneType, key: str) -> None:
    world.submit("waits")
    world.queue.messages[key] = world.queue.messages.pop(OWN)
    world.script = [raising(RetryLater(40, "busy"))]
    (left,) = poll(world, key).values()
    assert 39 <= left <= 42
    world.clock.advance(left + 1)
    assert poll(world, key) == {}
    assert len(world.ran) == 2


@pytest.mark.parametrize("key", [OWN, SECOND])
def test_the_queues_timeout_is_shortened_to_the_invocation(world: OneType, key: str) -> None:
    seen: list[float] = []

    def look(_: JobContext) -> None:
        seen.extend(held.visible_at - world.clock.now for held in world.queue.messages[key])

    world.submit("runs")
    world.queue.messages[key] = world.queue.messages.pop(OWN)
    world.script = [look]
    poll(world, key)
    assert seen
    assert seen[0] < 2 * world.timeout, "and not six times the timeout"


def test_a_job_that_gets_a_place_at_its_last_receive_goes_on_in_the_urgent_queue() -> None:
    with contextmanager(stage_of)([AtMost(1)], urgent=True) as stage:
        queue, places = stage.platform.queue, stage.platform.workers.places
        (one,) = stage.submit(1)
        (held,) = queue.messages[TYPE]
        held.receive_count = jobtype.get(TYPE).max_receives - 1
        stand = places.stand

        def stand_and_get(limit: Limit, waiter: Waiter) -> None:
            """Let another worker give the place to the job, and die before it wakes the job."""
            stand(limit, waiter)
            places.mark(limit, TYPE)
            places.grant(limit, waiter)

        places.take = lambda *_: False  # type: ignore[method-assign]
        places.stand = stand_and_get  # type: ignore[method-assign]
        stage.platform.workers.invoke(TYPE)
        assert waited_limit(stage.platform.job(one)) is not None
        assert {key: [left.message.id for left in found] for key, found in queue.messages.items() if found} == {
            f"{TYPE}-urgent": [one.id]
        }


@pytest.mark.parametrize(
    ("arn", "key"),
    [
        ("arn:aws:sqs:eu-west-1:1:jobflow-prod-test-note-urgent", SECOND),
        ("arn:aws:sqs:eu-west-1:1:jobflow-prod-test-note", OWN),
        ("arn:aws:sqs:eu-west-1:1:jobflow-urgent-test-note", OWN),
        ("", OWN),
    ],
)
def test_the_event_says_which_queue_it_is(world: OneType, arn: str, key: str) -> None:
    body = write_message(Message("job-1", 1, world.kind.name))
    assert key_of(Delivery.of({**sqs_record("r", body, 1), "eventSourceARN": arn}), OWN) == key


def test_a_type_without_an_urgent_queue_has_one_whatever_its_name_is() -> None:
    body = write_message(Message("job-1", 1, "a.b"))
    record = {**sqs_record("r", body, 1), "eventSourceARN": "arn:aws:sqs:eu-west-1:1:jobflow-prod-a-b-urgent"}
    assert key_of(Delivery.of(record), "a.b") == "a.b"
