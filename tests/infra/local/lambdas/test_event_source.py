"""Test queues and schedules over a real emulator.

Which messages are deleted, delivered again, or moved to the dead-letter queue?
"""

from collections import Counter

import pytest

from infra.local.lambdas.clients import session
from infra.local.lambdas.events.event_source import Chaos
from infra.local.lambdas.events.sources import EventSources
from infra.local.lambdas.specs import QueueMapping, Schedule
from tests.infra.local.lambdas.conftest import Stage, until


def delivered(stage: Stage) -> list[str]:
    return sorted(body for batch in stage.lines.said("batch") for body in batch)


def test_a_message_reaches_the_function_as_a_record_and_is_deleted(stage: Stage) -> None:
    queue, function = stage.queue(), stage.function("on_queue.accept")
    stage.add(queue.feeds(function))
    queue.send("hello")

    ((record,),) = until(lambda: stage.lines.said("records"))
    until(lambda: queue.depth() == 0)

    assert record["body"] == "hello"
    assert record["eventSourceARN"] == queue.arn
    assert record["messageAttributes"]["kind"]["stringValue"] == "test"
    wanted = {"ApproximateReceiveCount", "SentTimestamp", "SenderId", "ApproximateFirstReceiveTimestamp"}
    assert wanted <= record["attributes"].keys()
    assert record["attributes"]["ApproximateReceiveCount"] == "1"


def test_a_window_collects_what_comes_one_by_one(stage: Stage) -> None:
    queue, function = stage.queue(), stage.function("on_queue.accept")
    stage.add(queue.feeds(function, batch_size=3, window=300))
    queue.send("a", "b", "c")  # the third message fills the batch, long before the window ends

    until(lambda: len(delivered(stage)) == 3)

    assert len(stage.lines.said("batch")) == 1


def test_reported_failures_come_again_and_the_rest_is_deleted(stage: Stage) -> None:
    queue, function = stage.queue(), stage.function("on_queue.partial")
    queue.send("good", "bad", "fine")
    stage.add(queue.feeds(function))

    until(lambda: queue.depth() == 1)
    stage.emulator.advance(31)
    until(lambda: len(stage.lines.said("batch")) == 2)

    assert stage.lines.said("batch")[1] == ["bad"]
    assert stage.lines.said("records")[1][0]["attributes"]["ApproximateReceiveCount"] == "2"


@pytest.mark.parametrize(
    ("handler", "timeout"),
    [("on_queue.explode", 20), ("on_queue.unknown", 20), ("on_queue.hang", 0.5), ("nowhere.f", 20)],
)
def test_a_failed_batch_deletes_nothing(stage: Stage, handler: str, timeout: float) -> None:
    queue, function = stage.queue(), stage.function(handler, timeout=timeout)
    queue.send("one", "two")
    mapping = queue.feeds(function)
    stage.add(mapping)

    until(lambda: any("REPORT" in line or "Unable to import" in line for line in stage.lines.messages()))
    stage.sources.close(grace=30)

    assert queue.depth() == 2


def test_the_visibility_clock_runs_from_the_receive(stage: Stage) -> None:
    queue, function = stage.queue(visibility=30), stage.function("on_queue.hang", timeout=60, concurrency=2)
    queue.send("slow")
    stage.add(queue.feeds(function, max_concurrency=2))
    until(lambda: len(stage.lines.said("batch")) == 1)

    stage.emulator.advance(31)  # the first invocation still runs

    until(lambda: len(stage.lines.said("batch")) == 2)
    assert len(set(stage.lines.said("pid"))) == 2


def test_never_more_batches_at_a_time_than_the_concurrency(stage: Stage) -> None:
    queue, function = stage.queue(), stage.function("on_queue.slow")
    stage.add(queue.feeds(function, batch_size=1, max_concurrency=2))
    queue.send(*(f"m{i}" for i in range(6)))

    until(lambda: len(stage.lines.said("span")) == 6)

    spans = stage.lines.said("span")
    moments = sorted([(began, 1) for began, _ in spans] + [(ended, -1) for _, ended in spans])
    assert max(sum(step for _, step in moments[: i + 1]) for i in range(len(moments))) <= 2


def test_held_only_its_own_queue_waits_also_after_it_is_replaced(stage: Stage) -> None:
    held, other = stage.queue(), stage.queue()
    function, free = stage.function("on_queue.accept"), stage.function("on_queue.slow")
    stage.add(held.feeds(function))
    stage.sources.hold({function})
    stage.sources.replace([held.feeds(function, batch_size=1), other.feeds(free)])
    held.send("kept")
    other.send("taken")
    until(lambda: stage.lines.said("span"))
    received = held.sqs.receive_message(QueueUrl=held.url, VisibilityTimeout=0)
    assert [message["Body"] for message in received["Messages"]] == ["kept"]

    stage.sources.hold(set())
    until(lambda: "kept" in delivered(stage))


def test_a_source_added_twice_runs_once_and_removed_no_more(stage: Stage) -> None:
    queue, function = stage.queue(), stage.function("on_queue.accept")
    stage.add(queue.feeds(function))
    stage.add(queue.feeds(function))
    stage.sources.replace([])

    queue.send("nobody reads this")

    received = queue.sqs.receive_message(QueueUrl=queue.url, WaitTimeSeconds=1)
    assert len(received["Messages"]) == 1


def test_chaos_delivers_some_messages_twice(stage: Stage) -> None:
    queue, function = stage.queue(), stage.function("on_queue.accept")
    with EventSources(stage.service, stage.emulator.environment(), Chaos(duplicate_rate=0.5, seed=7)) as sources:
        queue.send(*(f"m{i}" for i in range(10)))
        sources.replace([queue.feeds(function)])
        until(lambda: queue.depth() == 0 and len(delivered(stage)) > 10)

    assert set(Counter(delivered(stage)).values()) == {1, 2}


def test_it_outlives_an_emulator_that_does_not_answer(stage: Stage) -> None:
    function = stage.function("on_queue.accept")
    missing = QueueMapping(
        function, f"{stage.emulator.url}/123456789012/late", "arn:aws:sqs:us-east-1:123456789012:late"
    )
    stage.add(missing)
    sqs = session(stage.emulator.environment()).client("sqs")
    url = sqs.create_queue(QueueName="late")["QueueUrl"]

    sqs.send_message(QueueUrl=url, MessageBody="at last")

    until(lambda: delivered(stage) == ["at last"])
    sqs.close()


def test_a_function_is_invoked_again_and_again_with_a_scheduled_event(stage: Stage) -> None:
    stage.add(Schedule(stage.function("on_schedule.tick"), rate_seconds=0.1, name="watchdog"))

    ticks = until(lambda: len(ticks := stage.lines.said("tick")) >= 3 and ticks)

    assert {tick["detail-type"] for tick in ticks} == {"Scheduled Event"}
    assert len({tick["id"] for tick in ticks}) == len(ticks)
    assert ticks[0]["resources"] == ["arn:aws:events:us-east-1:123456789012:rule/watchdog"]


def test_a_payload_replaces_the_event(stage: Stage) -> None:
    stage.add(Schedule(stage.function("on_schedule.tick"), rate_seconds=0.1, payload={"kind": "recount"}))

    assert until(lambda: stage.lines.said("tick"))[0] == {"kind": "recount"}


def test_a_pause_ends_a_poll_and_no_message_disappears_with_it(stage: Stage) -> None:
    queue, function = stage.queue(visibility=900), stage.function("on_queue.accept")
    stage.add(queue.feeds(function, batch_size=1))
    for n in range(30):  # a message that a poll took and did not pass on would come again only after its timeout
        queue.send(f"m{n:02}")
        stage.sources.hold({function})
        stage.sources.hold(set())

    until(lambda: len(delivered(stage)) == 30)

    assert len(set(delivered(stage))) == 30
