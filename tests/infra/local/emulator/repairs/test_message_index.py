"""The indexes over a queue's messages: depth costs a receive nothing, and groups keep their order."""

import random

from infra.local.emulator.fifo_index import FifoIndex
from infra.local.emulator.message_index import MessageIndex


class Message:
    """As much of moto's message as the index looks at."""

    def __init__(self, group: str | None = None) -> None:
        self.group_id = group
        self.visible_at = self.delayed_until = 0.0
        self.handles: list[str | None] = [None]

    @property
    def receipt_handle(self) -> str | None:
        return self.handles[-1]

    @property
    def all_receipt_handles(self) -> list[str | None]:
        return self.handles

    def hold(self, until: float) -> None:
        self.visible_at = until
        self.handles.append(f"{id(self)} {len(self.handles)}")


def take(index: MessageIndex) -> Message:
    """Receive a message for longer than the test lasts."""
    message = index.pop_due(0)
    assert isinstance(message, Message)
    message.hold(1e9)
    index.put_back(message, 0)
    return message


def looked_at(depth: int) -> int:
    """How many messages the index looks at to hand out, hold and delete 100 of `depth`, with as many in flight."""
    index = MessageIndex()
    for _ in range(2 * depth):
        index.add(Message(), 0)
    for _ in range(depth):
        take(index)
    before = index.examined
    for _ in range(100):
        assert index.delete(str(take(index).receipt_handle))
        assert index.counts(0) == (len(index) - depth, depth, 0)
    return index.examined - before


def test_depth_costs_nothing() -> None:
    assert looked_at(10_000) == looked_at(100) == 100


def test_messages_that_went_out_of_line_cost_nobody_a_turn() -> None:
    index = MessageIndex()
    messages = [Message(group) for group in ("a", "a", "a", "b")]
    for message in messages:
        index.add(message, 0)
    first = take(index)
    first.visible_at = 0.0
    index.put_back(first, 0)
    index.remove(messages[1])
    assert [take(index) for _ in range(3)] == [messages[3], messages[0], messages[2]]
    assert index.pop_due(0) is None


def filled(*groups: str) -> tuple[FifoIndex, list[Message]]:
    index, messages = FifoIndex(), [Message(group) for group in groups]
    for message in messages:
        index.add(message, 0)
    return index, messages


def test_depth_costs_a_fifo_queue_nothing() -> None:
    assert looked_at_in_groups(10_000) == looked_at_in_groups(100)


def looked_at_in_groups(depth: int) -> int:
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
