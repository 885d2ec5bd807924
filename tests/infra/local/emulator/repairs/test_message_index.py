"""The index over a queue's messages: what a receive looks at does not grow with the depth."""

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
