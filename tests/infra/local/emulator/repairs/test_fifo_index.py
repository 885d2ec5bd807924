"""The index of a FIFO queue: groups in order, nothing of a group beside another one of it, at a cost without depth."""

import random

from infra.local.emulator.fifo_index import FifoIndex
from tests.infra.local.emulator.repairs.test_message_index import Message, take


def filled(*groups: str) -> tuple[FifoIndex, list[Message]]:
    index, messages = FifoIndex(), [Message(group) for group in groups]
    for message in messages:
        index.add(message, 0)
    return index, messages


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
