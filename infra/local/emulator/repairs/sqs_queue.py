"""Use an index for moto's queues, so that their cost does not grow with their depth.

To send a message, moto reads every message of the queue, with slow calls of the clock; it does so again for each
message that it receives. A receive of 10 messages from a queue of 10,000 takes 5 s. moto's FIFO queues remove a
deduplication id together with its message; SQS keeps it for 5 minutes.
"""

import copy
from collections.abc import Callable
from typing import Any

from moto.sqs import models
from moto.sqs.exceptions import InvalidParameterValue, ReceiptHandleIsInvalid

from infra.local.emulator.message_index import FifoIndex, MessageIndex

from .patching import Replacements

TOTAL_VISIBILITY_SECONDS = 43_200
Clock = Callable[[], float]
Listener = Callable[[str], None]


def repair(replacements: Replacements, clock: Clock, listener: Listener) -> None:
    """Make every queue an `IndexedQueue` on `clock` (seconds).

    `listener` is called with the name of a queue when a message is added or becomes visible.
    """
    told = {"clock": staticmethod(clock), "listener": staticmethod(listener)}
    set_clock(replacements, clock)
    _take_every_edit(replacements)
    replacements.put(models, "Queue", type("Queue", (IndexedQueue,), told))
    _receive_and_change_by_the_index(replacements)


def _take_every_edit(replacements: Replacements) -> None:
    """Let an update of a stack set all properties of a queue (moto sets two).

    If the name changes, another queue is made.
    """
    stock = models.Queue

    def update(
        _: Any,
        original_resource: Any,
        new_resource_name: str,
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
    ) -> Any:
        backend = models.sqs_backends[account_id][region_name]
        properties = dict(cloudformation_json["Properties"])
        target = properties.get("RedrivePolicy", {}).get("deadLetterTargetArn", new_resource_name)
        if target.endswith(".fifo") != new_resource_name.endswith(".fifo"):
            # raise the error: moto repeats a failed step after the other steps
            raise InvalidParameterValue(f"{target} is a dead-letter queue of the other kind")
        if new_resource_name != original_resource.name:
            made = stock.create_from_cloudformation_json(
                new_resource_name, cloudformation_json, account_id, region_name
            )
            backend.delete_queue(original_resource.name)
            return made
        queue = backend.get_queue(original_resource.name)
        for name in ("QueueName", "Tags"):
            properties.pop(name, None)
        queue._set_attributes({"Policy": queue.policy, **properties})  # noqa: SLF001 - as in moto's own method
        return queue

    replacements.put(stock, "update_from_cloudformation_json", classmethod(update))


def set_clock(replacements: Replacements, clock: Clock) -> None:
    """Run visibility, delay and retention of the queues on a clock that can be moved."""
    replacements.put(models, "unix_time", lambda _moment=None: clock())
    replacements.put(models, "unix_time_millis", lambda _moment=None: clock() * 1000.0)


class IndexedQueue(models.Queue):  # type: ignore[misc]  # moto is not typed for mypy here
    """A queue that keeps its messages in an index.

    Of a FIFO queue, two sends within 5 minutes with the same id are one message, and both get the same answer.
    """

    clock: Clock
    listener: Listener
    index: Any

    @property
    def _messages(self) -> list[Any]:
        return list(self.index)

    @_messages.setter
    def _messages(self, _messages: list[Any]) -> None:
        """Remove all messages. moto sets this attribute only to an empty list."""
        if "index" not in vars(self):
            self.index = FifoIndex() if self.name.endswith(".fifo") else MessageIndex()
        self.index.clear()

    def now(self) -> float:
        """Return milliseconds since the epoch, on the clock of the queues."""
        return type(self).clock() * 1000.0

    def add_message(self, message: Any) -> None:
        """Add a message that was sent, unless it is a duplicate in a FIFO queue."""
        if isinstance(self.index, FifoIndex):
            first = self.index.first(message, self.deduplication_scope == "messageGroup")
            message.id, message.sequence_number = first.id, first.sequence_number
            if first is not message:
                return
        self.put(message)

    def put(self, message: Any) -> None:
        """Add a message and call the listener."""
        self.index.add(message, self.now())
        type(self).listener(self.name)

    def delete_message(self, receipt_handle: str) -> None:
        """Delete the message that any receive returned with this handle; the next one of its group may be due then.

        Raises ReceiptHandleIsInvalid for an unknown handle.
        """
        if not self.index.delete(receipt_handle):
            raise ReceiptHandleIsInvalid
        if isinstance(self.index, FifoIndex):
            type(self).listener(self.name)

    def take(self, count: int, visibility_seconds: int, attribute_names: list[str]) -> list[Any]:
        """Receive up to `count` messages.

        Messages that were received too often move to the dead-letter queue; expired messages are deleted.
        """
        now = self.now()
        taken, dead = list[Any](), list[Any]()
        while len(taken) < count and (message := self.index.pop_due(now)) is not None:
            if message.sent_timestamp + self.message_retention_period * 1000 <= now:
                self.index.remove(message)
            elif self._received_too_often(message):
                self.index.remove(message)
                dead.append(message)
            else:
                message.mark_received(visibility_timeout=visibility_seconds)
                taken.append(message)
        for message in taken:
            self.index.put_back(message, now)
        for message in dead:
            self.dead_letter_queue.put(message)
        return [_received(message, attribute_names) for message in taken]

    def change_visibility(self, receipt_handle: str, seconds: int) -> None:
        """Let a message be due in `seconds`. Raises ReceiptHandleIsInvalid, InvalidParameterValue past 12 hours."""
        message, now = self.index.find(receipt_handle), self.now()
        if message is None:
            raise ReceiptHandleIsInvalid
        if now + seconds * 1000 - message.sent_timestamp > TOTAL_VISIBILITY_SECONDS * 1000:
            raise InvalidParameterValue(
                f"Value {seconds} for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout "
                f"for the message is beyond the limit [{TOTAL_VISIBILITY_SECONDS} seconds]"
            )
        message.change_visibility(seconds)
        self.index.put_back(message, now)
        type(self).listener(self.name)

    def _received_too_often(self, message: Any) -> bool:
        if self.dead_letter_queue is None or not self.redrive_policy:
            return False
        return bool(message.approximate_receive_count >= self.redrive_policy["maxReceiveCount"])

    # GetQueueAttributes reads the numbers of messages that are due, in flight, and delayed.
    approximate_number_of_messages = property(lambda self: self.index.counts(self.now())[0])
    approximate_number_of_messages_not_visible = property(lambda self: self.index.counts(self.now())[1])
    approximate_number_of_messages_delayed = property(lambda self: self.index.counts(self.now())[2])


def _receive_and_change_by_the_index(replacements: Replacements) -> None:
    """Replace moto's calls on a queue.

    moto makes deep copies of messages, reads all attributes of the queue to know its retention, sleeps while the queue
    is empty (here, other code waits), and searches the whole queue.
    """
    backend_class = models.SQSBackend

    def receive_message(backend: Any, queue_name: str, count: int, _: int, visibility: int, names: Any = None) -> Any:
        return backend.get_queue(queue_name).take(count, visibility, names or [])

    def change_message_visibility(backend: Any, queue_name: str, receipt_handle: str, visibility_timeout: int) -> None:
        backend.get_queue(queue_name).change_visibility(receipt_handle, int(visibility_timeout))

    replacements.put(backend_class, "receive_message", receive_message)
    replacements.put(backend_class, "change_message_visibility", change_message_visibility)


def _received(message: Any, attribute_names: list[str]) -> Any:
    received = copy.copy(message)
    models._filter_message_attributes(received, attribute_names)  # noqa: SLF001 - gives the copy another dictionary
    return received
