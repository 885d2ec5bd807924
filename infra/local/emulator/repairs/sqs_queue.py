"""moto's standard queues on an index: their cost no longer grows with their depth.

moto looks at every message, with slow clock calls, to send one, and again for each one received: 5 s for a receive of
10 from a queue of 10,000. FIFO queues are left as they are.
"""

import base64
import copy
import random
from collections.abc import Callable
from typing import Any

from moto.sqs import models
from moto.sqs.exceptions import InvalidParameterValue, ReceiptHandleIsInvalid

from .message_index import MessageIndex
from .patching import Replacements

TOTAL_VISIBILITY_SECONDS = 43_200
Clock = Callable[[], float]
Listener = Callable[[str], None]


class IndexedQueue(models.Queue):  # type: ignore[misc]  # moto is not typed for mypy here
    """A queue whose messages stand in a `MessageIndex`, unless it is a FIFO queue."""

    clock: Clock
    listener: Listener

    @property
    def _messages(self) -> list[Any]:
        return self._fifo_messages if self.fifo_queue else list(self.index)

    @_messages.setter
    def _messages(self, messages: list[Any]) -> None:
        self._fifo_messages = messages
        # A purge sets this, too: the handles of what is gone stay known, because SQS lets them be deleted again.
        if "index" not in self.__dict__:
            self.index = MessageIndex()
        self.index.clear()
        for message in messages:
            self.index.add(message, self.now())

    def now(self) -> float:
        """Milliseconds since the epoch, on the clock of the queues."""
        return type(self).clock() * 1000.0

    def add_message(self, message: Any) -> None:
        """Add a message and tell whoever waits for one."""
        if self.fifo_queue or self.lambda_event_source_mappings:
            super().add_message(message)
        else:
            self.index.add(message, self.now())
        type(self).listener(self.name)

    def delete_message(self, receipt_handle: str) -> None:
        """Delete by any handle the message ever had. Raises ReceiptHandleIsInvalid for a handle never given."""
        if self.fifo_queue:
            super().delete_message(receipt_handle)
        elif not self.index.delete(receipt_handle):
            raise ReceiptHandleIsInvalid

    def take(self, count: int, visibility_seconds: int, attribute_names: list[str]) -> list[Any]:
        """Receive up to `count` messages; those received too often go to the dead-letter queue, the expired go."""
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
            self.dead_letter_queue.add_message(message)
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

    def next_due(self) -> float | None:
        """When the next message can be received, in seconds since the epoch; None if none is on its way."""
        if self.fifo_queue:
            moments = [max(message.visible_at, message.delayed_until) for message in self._fifo_messages]
            return min(moments) / 1000 if moments else None
        due = self.index.next_due(self.now())
        return None if due is None else due / 1000

    def _received_too_often(self, message: Any) -> bool:
        if self.dead_letter_queue is None or not self.redrive_policy:
            return False
        return bool(message.approximate_receive_count >= self.redrive_policy["maxReceiveCount"])

    @property
    def approximate_number_of_messages(self) -> int:
        """Messages that a receive could return now."""
        return len(self.messages) if self.fifo_queue else self.index.counts(self.now())[0]

    @property
    def approximate_number_of_messages_not_visible(self) -> int:
        """Messages in flight."""
        if self.fifo_queue:
            return int(super().approximate_number_of_messages_not_visible)
        return self.index.counts(self.now())[1]

    @property
    def approximate_number_of_messages_delayed(self) -> int:
        """Messages not yet let in."""
        if self.fifo_queue:
            return int(super().approximate_number_of_messages_delayed)
        return self.index.counts(self.now())[2]


def repair(replacements: Replacements, clock: Clock, listener: Listener) -> None:
    """Make every queue an `IndexedQueue` on `clock` (seconds); `listener` hears the name of a queue where a message
    was added or made visible."""
    queue_class = type("Queue", (IndexedQueue,), {"clock": staticmethod(clock), "listener": staticmethod(listener)})
    replacements.put(models, "Queue", queue_class)
    replacements.put(models, "generate_receipt_handle", _receipt_handle)
    _count_the_last_instant_as_over(replacements, clock)
    _receive_from_the_index(replacements)
    _change_visibility_in_the_index(replacements)
    _list_attributes_once(replacements)


def _receive_from_the_index(replacements: Replacements) -> None:
    """moto copies each message in depth, reads all attributes of the queue for its retention, and sleeps while the
    queue is empty; the waiting is done outside here, so that nobody else waits."""

    def receive_message(
        backend: Any, queue_name: str, count: int, wait: int, visibility: int, names: Any = None
    ) -> Any:
        queue = backend.get_queue(queue_name)
        if queue.fifo_queue:
            return stock(backend, queue_name, count, wait, visibility, names)
        return queue.take(count, visibility, names or [])

    stock = replacements.put(models.SQSBackend, "receive_message", receive_message)


def _change_visibility_in_the_index(replacements: Replacements) -> None:
    """moto searches the whole queue for the handle."""

    def change_message_visibility(backend: Any, queue_name: str, receipt_handle: str, visibility_timeout: int) -> None:
        queue = backend.get_queue(queue_name)
        if queue.fifo_queue:
            stock(backend, queue_name, receipt_handle, visibility_timeout)
        else:
            queue.change_visibility(receipt_handle, int(visibility_timeout))

    stock = replacements.put(models.SQSBackend, "change_message_visibility", change_message_visibility)


def _list_attributes_once(replacements: Replacements) -> None:
    """moto works out all attributes of a queue twice for each one asked for."""

    def get_queue_attributes(backend: Any, queue_name: str, attribute_names: list[str]) -> dict[str, Any]:
        if not attribute_names or "All" in attribute_names:
            return dict(stock(backend, queue_name, attribute_names))
        found = stock(backend, queue_name, [*attribute_names, "All"])
        return {name: found[name] for name in attribute_names if found.get(name) is not None}

    stock = replacements.put(models.SQSBackend, "get_queue_attributes", get_queue_attributes)


def _count_the_last_instant_as_over(replacements: Replacements, clock: Clock) -> None:
    """moto keeps a message invisible at the very instant its timeout ends, which on a clock that stands still is for
    ever: a message given back with timeout 0 would never come again."""

    def visible(message: Any) -> bool:
        return bool(clock() * 1000.0 >= message.visible_at)

    replacements.put(models.Message, "visible", property(visible))


def _received(message: Any, attribute_names: list[str]) -> Any:
    received = copy.copy(message)
    models._filter_message_attributes(received, attribute_names)  # noqa: SLF001 - replaces its dictionary, not its values
    return received


def _receipt_handle() -> str:
    """moto draws 185 letters one by one."""
    return base64.b64encode(random.randbytes(138)).decode()
