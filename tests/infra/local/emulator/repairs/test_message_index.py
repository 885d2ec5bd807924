"""Test the indexes over a queue's messages: the depth does not slow a receive down, and groups keep their order."""

import random
from typing import Any

import boto3
from moto.sqs.models import sqs_backends

from chalicelib.adapters.sqs import SqsJobQueue
from chalicelib.jobs.message import write_message
from chalicelib.jobs.port import Message
from infra.local.emulator.message_index import FifoIndex, MessageIndex
from tests.emulated import emulated
from tests.infra.local.emulator.support import make_queue, receive
from tests.support import REGION, SETTINGS, Clock


class Waiting:
    """The part of moto's message that the index reads."""

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


def take(index: MessageIndex) -> Waiting:
    """Receive a message for longer than the test lasts."""
    message = index.pop_due(0)
    assert isinstance(message, Waiting)
    message.hold(1e9)
    index.put_back(message, 0)
    return message


def looked_at(depth: int) -> int:
    """Return how many messages the index reads to deliver, hold and delete 100 of `depth`, with as many in flight."""
    index = MessageIndex()
    for _ in range(2 * depth):
        index.add(Waiting(), 0)
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
    messages = [Waiting(group) for group in ("a", "a", "a", "b")]
    for message in messages:
        index.add(message, 0)
    first = take(index)
    first.visible_at = 0.0
    index.put_back(first, 0)
    index.remove(messages[1])
    assert [take(index) for _ in range(3)] == [messages[3], messages[0], messages[2]]
    assert index.pop_due(0) is None


def filled(*groups: str) -> tuple[FifoIndex, list[Waiting]]:
    index, messages = FifoIndex(), [Waiting(group) for group in groups]
    for message in messages:
        index.add(message, 0)
    return index, messages


def test_depth_costs_a_fifo_queue_nothing() -> None:
    assert looked_at_in_groups(10_000) == looked_at_in_groups(100)


def looked_at_in_groups(depth: int) -> int:
    """Return how many messages the index reads to deliver and delete 100 messages in two groups."""
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
    """Send, take, return and delete messages; in the end all came in the order of their group."""
    index, now = FifoIndex(), 0.0
    waiting: dict[str, list[Waiting]] = {group: [] for group in "abc"}
    flying: dict[str, Waiting] = {}
    for _ in range(400):
        now += 1
        what = chance.random()
        if what < 0.4:
            message = Waiting(chance.choice("abc"))
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


TYPE = "test.fair"
BACKLOG = 10_000


def flood(many: list[Message]) -> None:
    """Put messages into the queue as a request for each would, in a tenth of the time."""
    backend = sqs_backends["123456789012"][REGION]
    for message in many:
        backend.send_message("test-test-fair", write_message(message), group_id=message.group)


def messages(tenant: str, number: int) -> list[Message]:
    return [Message(f"{tenant}-{n}", 1, TYPE, group=tenant) for n in range(number)]


def test_behind_ten_thousand_jobs_of_one_tenant_another_ones_are_among_the_next_twenty() -> None:
    clock = Clock()
    with emulated(clock):
        sqs: Any = boto3.client("sqs", region_name=REGION)
        url = make_queue(sqs, "test-test-fair", VisibilityTimeout="60")
        flood(messages("noisy", BACKLOG))
        assert len(receive(sqs, url)) == 10
        SqsJobQueue(SETTINGS).send_many(messages("quiet", 3))
        taken = [message["Attributes"]["MessageGroupId"] for _ in range(2) for message in receive(sqs, url)]
        depth = queue_depth(sqs, url)
    assert len(taken) == 20
    assert taken.count("quiet") == 3
    assert taken.index("quiet") < 3
    assert depth == BACKLOG + 3 - 30


def queue_depth(sqs: Any, url: str) -> int:
    answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    return int(answer["Attributes"]["ApproximateNumberOfMessages"])
