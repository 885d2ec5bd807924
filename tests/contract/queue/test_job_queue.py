"""Check that every queue delivers messages, hides them, delivers them again, and moves them to the dead letters."""

from dataclasses import replace

import pytest
from botocore.exceptions import ClientError

from chalicelib.jobs.port import Depth, Message
from tests.contract.conftest import MAX_RECEIVES, TYPE, VISIBILITY, Line
from tests.support import Clock


def message(number: int = 1) -> Message:
    return Message(f"job-{number}", 1, TYPE, "correlation")


def burn_down(line: Line, clock: Clock, receives: int = MAX_RECEIVES) -> None:
    """Receive until the message moves to the dead-letter queue, on the receive above the limit."""
    for _ in range(receives):
        assert len(line.consumer.receive()) == 1
        clock.now += VISIBILITY + 1
    assert line.consumer.receive() == []


def test_a_message_arrives_as_it_was_sent(line: Line) -> None:
    line.queue.send(message())
    (taken,) = line.consumer.receive()
    assert (taken.message, taken.receive_count) == (message(), 1)


def test_a_message_carries_its_group_and_none_where_it_has_none(line: Line) -> None:
    line.queue.send(replace(message(1), group="acme"))
    line.queue.send_many([replace(message(2), group="q.e.d.;(#42)"), message(3)])
    groups = {taken.message.id: taken.group for taken in line.consumer.receive()}
    assert groups == {"job-1": "acme", "job-2": "q.e.d.;(#42)", "job-3": None}


def test_a_receiver_is_not_told_the_group(line: Line, clock: Clock) -> None:
    line.queue.send(replace(message(), group="acme"))
    (taken,) = line.consumer.receive()
    assert taken.message == message()
    clock.now += VISIBILITY + 1
    burn_down(line, clock, MAX_RECEIVES - 1)
    assert [letter.message for letter in line.queue.peek_dead(TYPE, 10)] == [message()]


def test_a_delay_hides_a_message(line: Line, clock: Clock) -> None:
    line.queue.send(message(), 900)
    assert line.consumer.receive() == []
    assert line.queue.depth(TYPE) == Depth(delayed=1)
    clock.now += 901
    assert len(line.consumer.receive()) == 1


def test_ten_are_sent_at_once(line: Line) -> None:
    messages = [message(n) for n in range(10)]
    assert list(line.queue.send_many([])) == list(line.queue.send_many(messages)) == []
    assert sorted(taken.message.id for taken in line.consumer.receive()) == [n.id for n in messages]


def test_more_than_ten_are_refused(line: Line) -> None:
    with pytest.raises((ValueError, ClientError)):
        line.queue.send_many([message(n) for n in range(11)])
    assert line.queue.depth(TYPE) == Depth()


def test_a_received_message_hides_for_the_visibility_timeout(line: Line, clock: Clock) -> None:
    line.queue.send(message())
    assert line.queue.depth(TYPE) == Depth(visible=1)
    line.consumer.receive()
    assert line.queue.depth(TYPE) == Depth(in_flight=1)
    clock.now += VISIBILITY - 1
    assert line.consumer.receive() == []
    clock.now += 2
    (again,) = line.consumer.receive()
    assert again.receive_count == 2
    line.consumer.delete(again.receipt)
    clock.now += VISIBILITY + 1
    assert line.queue.depth(TYPE) == Depth()


@pytest.mark.parametrize("messages", [1, 3])
def test_visibility_is_set_for_one_and_for_several(line: Line, clock: Clock, messages: int) -> None:
    line.queue.send_many([message(n) for n in range(messages)])
    line.queue.set_visibility(TYPE, [taken.receipt for taken in line.consumer.receive()], 20)
    clock.now += 19
    assert line.consumer.receive() == []
    clock.now += 2
    taken = line.consumer.receive()
    assert len(taken) == messages
    line.queue.set_visibility(TYPE, [one.receipt for one in taken], 0)
    assert len(line.consumer.receive()) == messages


def test_a_visibility_beyond_twelve_hours_is_cut(line: Line, clock: Clock) -> None:
    line.queue.send(message())
    line.queue.set_visibility(TYPE, [line.consumer.receive()[0].receipt], 50_000)
    clock.now += 43_000
    assert line.consumer.receive() == []


@pytest.mark.parametrize("others", [0, 1])
def test_a_lost_receipt_is_no_error_and_holds_up_nobody(line: Line, clock: Clock, others: int) -> None:
    line.queue.send_many([message(n) for n in range(1 + others)])
    taken = line.consumer.receive()
    line.consumer.delete(taken[0].receipt)
    line.queue.set_visibility(TYPE, [], 5)
    line.queue.set_visibility(TYPE, [one.receipt for one in taken], 5)
    clock.now += 6
    assert len(line.consumer.receive()) == others


def test_who_is_received_too_often_ends_among_the_dead(line: Line, clock: Clock) -> None:
    line.queue.send(message())
    burn_down(line, clock)
    assert line.queue.depth(TYPE) == Depth(dead=1)
    assert [letter.message for letter in line.queue.peek_dead(TYPE, 10)] == [message()]


def test_a_peeked_letter_hides_for_a_while_and_can_be_removed(line: Line, clock: Clock) -> None:
    line.queue.send(message())
    burn_down(line, clock)
    line.queue.peek_dead(TYPE, 10)
    assert list(line.queue.peek_dead(TYPE, 10)) == []
    clock.now += 121
    (letter,) = line.queue.peek_dead(TYPE, 10)
    line.queue.delete_dead(TYPE, [])
    line.queue.delete_dead(TYPE, [letter.receipt])
    line.queue.delete_dead(TYPE, [letter.receipt])
    clock.now += 121
    assert line.queue.depth(TYPE) == Depth()
