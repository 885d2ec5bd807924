"""The index of a FIFO queue: groups in order, nothing of a group beside another one of it, at a cost without depth."""

import random

from infra.local.emulator.fifo_index import FifoIndex
from tests.infra.local.emulator.repairs.test_message_index import Message, take


def filled(*groups: str) -> tuple[FifoIndex, list[Message]]:
    index, messages = FifoIndex(), [Message(group) for group in groups]
    for message in messages:
        index.add(message, 0)
    return index, messages


def release(index: FifoIndex, message: Message) -> None:
    message.visible_at = 0.0
    index.put_back(message, 0)


def test_a_group_waits_while_one_of_it_is_in_flight() -> None:
    index, (first, second, other) = filled("a", "a", "b")
    assert [take(index), take(index)] == [first, other]
    assert index.pop_due(0) is None
    assert index.next_due(0) == first.visible_at
    index.remove(first)
    assert index.next_due(0) == 0
    assert take(index) is second


def test_what_comes_again_comes_before_what_follows_it() -> None:
    index, (first, second) = filled("a", "a")
    assert take(index) is first
    release(index, first)
    assert take(index) is first
    index.remove(first)
    assert take(index) is second


def test_one_receive_takes_several_of_a_group_and_all_of_them_hold_it() -> None:
    index, messages = filled("a", "a", "a")
    taken = [index.pop_due(0), index.pop_due(0)]
    assert taken == messages[:2]
    for message in messages[:2]:
        message.hold(1e9)
        index.put_back(message, 0)
    release(index, messages[0])
    assert index.pop_due(0) is None, "the second one is in flight"
    index.remove(messages[1])
    assert [index.pop_due(0), index.pop_due(0)] == [messages[0], messages[2]]


def test_a_message_that_is_deleted_while_it_waits_holds_up_nobody() -> None:
    index, (first, second) = filled("a", "a")
    index.remove(first)
    assert index.next_due(0) == 0
    assert take(index) is second
    index.remove(second)
    assert index.next_due(0) is None


def test_the_end_of_a_timeout_lets_a_group_go_on() -> None:
    index, (first, second) = filled("a", "a")
    assert index.pop_due(0) is first
    first.hold(50)
    index.put_back(first, 0)
    assert index.pop_due(49) is None
    assert index.pop_due(50) is first
    assert index.pop_due(50) is second


def test_depth_costs_nothing() -> None:
    assert looked_at(10_000) == looked_at(100)


def looked_at(depth: int) -> int:
    """How many messages the index looks at to hand out and delete 100 of as many in two groups."""
    index, _ = filled(*("a", "b") * (depth // 2))
    before = index.examined
    for _ in range(50):
        both = [take(index), take(index)]
        assert {message.group_id for message in both} == {"a", "b"}
        for message in both:
            index.remove(message)
    return index.examined - before


def test_at_random_no_group_is_ever_handed_out_twice_or_out_of_order() -> None:
    for seed in range(30):
        play(random.Random(seed))


def play(chance: random.Random) -> None:
    """Send, take, give back, delete; at last all came in the order of their group."""
    index, now = FifoIndex(), 0.0
    waiting: dict[str, list[Message]] = {group: [] for group in "abc"}
    flying: dict[str, Message] = {}
    for _ in range(400):
        now += 1
        what = chance.random()
        if what < 0.4:
            message = Message(chance.choice("abc"))
            waiting[message.group_id or ""].append(message)
            index.add(message, now)
        elif what < 0.7:
            flying = {group: message for group, message in flying.items() if message.visible_at > now}
            free = [line[0] for group, line in waiting.items() if line and group not in flying]
            found = index.pop_due(now)
            assert (found in free) if free else found is None
            if found is not None:
                found.hold(now + chance.choice([1, 3, 50]))
                index.put_back(found, now)
                flying[found.group_id] = found
        elif flying:
            group = chance.choice(sorted(flying))
            message = flying.pop(group)
            index.remove(message)
            waiting[group].remove(message)
