"""Check that every serial queue delivers a group's messages one at a time, in order, and accepts repeated messages."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from chalicelib.jobs.port import Depth, Message
from tests.contract.conftest import MAX_RECEIVES, TYPE, VISIBILITY, Line
from tests.support import Clock


@pytest.fixture
def serial() -> bool:
    return True


def message(number: int, group: str | None = "acme") -> Message:
    return Message(f"job-{number}", 1, TYPE, "correlation", group)


def received(line: Line, most: int = 1) -> Sequence[str]:
    return [taken.message.id for taken in line.consumer.receive(most)]


def test_a_group_is_received_one_after_the_other_and_others_beside_it(line: Line) -> None:
    line.queue.send_many([message(1), message(2), message(3, "globex")])
    (first,) = line.consumer.receive(1)
    assert (first.message.id, first.group) == ("job-1", "acme")
    assert received(line) == ["job-3"]
    assert received(line) == []
    line.consumer.delete(first.receipt)
    assert received(line) == ["job-2"]


def test_who_backs_off_holds_up_its_group_alone_and_comes_first(line: Line, clock: Clock) -> None:
    line.queue.send_many([message(1), message(2)])
    (first,) = line.consumer.receive(1)
    line.queue.set_visibility(TYPE, [first.receipt], 20)
    line.queue.send(message(3, "globex"))
    assert received(line, 10) == ["job-3"]
    clock.now += 21
    assert received(line, 10) == ["job-1", "job-2"]


def test_what_was_given_back_keeps_its_place_while_another_one_of_its_batch_runs(line: Line, clock: Clock) -> None:
    line.queue.send_many([message(1), message(2), message(3)])
    first, second = line.consumer.receive(2)
    line.queue.set_visibility(TYPE, [second.receipt], 0)
    assert received(line, 10) == []
    line.queue.set_visibility(TYPE, [first.receipt], 5)
    clock.now += 6
    assert received(line, 10) == ["job-1", "job-2", "job-3"]


def test_jobs_without_a_key_wait_for_nobody(line: Line) -> None:
    line.queue.send_many([message(1, None), message(2, None)])
    assert received(line) == ["job-1"]
    assert received(line) == ["job-2"]


def test_what_is_sent_again_at_once_is_not_swallowed(line: Line) -> None:
    line.queue.send(message(1))
    line.queue.send(message(1))
    line.queue.send_many([message(1)])
    assert received(line, 10) == ["job-1"] * 3


def test_no_message_is_delayed(line: Line) -> None:
    """SQS refuses a request with a delay for one message."""
    line.queue.send(message(1), 900)
    line.queue.send_many([message(2)], {"job-2": 5})
    assert received(line, 10) == ["job-1", "job-2"]
    assert line.queue.depth(TYPE) == Depth(in_flight=2)


def test_a_dead_letter_lets_the_next_one_of_its_group_pass(line: Line, clock: Clock) -> None:
    line.queue.send_many([message(1), message(2)])
    for _ in range(MAX_RECEIVES):
        assert received(line) == ["job-1"]
        clock.now += VISIBILITY + 1
    assert received(line) == ["job-2"]
    letters = line.queue.peek_dead(TYPE, 10)
    assert [letter.message for letter in letters] == [replace(message(1), group=None)]
    line.queue.delete_dead(TYPE, [letter.receipt for letter in letters])
    clock.now += 121
    assert line.queue.depth(TYPE).dead == 0
