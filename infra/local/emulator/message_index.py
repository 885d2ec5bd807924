"""Find the messages of a queue by receipt handle and by due time. The cost does not grow with the queue's depth."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count
from typing import Any

REMEMBERED_HANDLES = 50_000


@dataclass(slots=True)
class Place:
    """The place of a message in the queue. An entry of a heap is valid only while its ticket is the current one."""

    number: int
    message: Any
    ticket: int = 0
    invisible: bool = False
    delayed: bool = False


class _Lines:
    """Due messages: a line for each message group, in order of arrival. The lines are served in turn.

    If many of the messages in flight belong to one tenant, SQS first delivers the messages of other tenants. A laptop
    runs too few jobs at once for that, so here tenants take turns from the first message. Messages without a group form
    one line.
    """

    def __init__(self) -> None:
        self._lines: OrderedDict[str | None, list[tuple[int, int, Place]]] = OrderedDict()

    def put(self, place: Place) -> None:
        """Put a message into the line of its group. A group that had no waiting message is served last."""
        heappush(self._lines.setdefault(place.message.group_id, []), (place.number, place.ticket, place))

    def take(self) -> tuple[int, Place] | None:
        """Take the first entry of the line whose turn it is; return it with its ticket, or None without an entry."""
        if not self._lines:
            return None
        group, line = self._lines.popitem(last=False)
        _number, ticket, place = heappop(line)
        if line:
            self._lines[group] = line
        return ticket, place


class MessageIndex:
    """moto's messages, in order of arrival; a message is due once its `visible_at` and `delayed_until` have come.

    All times are milliseconds since the epoch. `examined` counts the messages that were read, so that tests can check
    the cost of operations.
    """

    def __init__(self) -> None:
        self.examined = 0
        self._numbers = count()
        self._places: dict[int, Place] = {}
        self._by_handle: dict[str, Place] = {}
        self._gone: dict[str, None] = {}
        self._ready: Any = _Lines()
        self._waiting: list[tuple[float, int, int, Place]] = []
        self._invisible = self._delayed = 0

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[Any]:
        return (place.message for place in self._places.values())

    def add(self, message: Any, now: float) -> None:
        """Put a message at the end of the queue."""
        place = self._places[id(message)] = Place(next(self._numbers), message)
        self._by_handle.update(dict.fromkeys(_handles(message), place))
        self._enter(place, now)

    def pop_due(self, now: float) -> Any | None:
        """Take out the first due message of the group whose turn it is.

        The caller then calls `put_back` or `remove`.
        """
        self._settle(now)
        while (first := self._ready.take()) is not None:
            ticket, place = first
            self.examined += 1
            if place.ticket == ticket:
                place.ticket += 1
                return place.message
        return None

    def put_back(self, message: Any, now: float) -> None:
        """Put a message into the line again, after its times or its receipt handle changed."""
        place = self._places[id(message)]
        if message.receipt_handle is not None:
            self._by_handle[message.receipt_handle] = place
        self._leave(place)
        self._enter(place, now)

    def remove(self, message: Any) -> None:
        """Take a message out of the queue. Its handles are kept, so that a later delete with them succeeds."""
        self._leave(self._places.pop(id(message)))
        for handle in _handles(message):
            self._by_handle.pop(handle, None)
            self._gone[handle] = None
        while len(self._gone) > REMEMBERED_HANDLES:
            del self._gone[next(iter(self._gone))]

    def clear(self) -> None:
        """Take every message out of the queue."""
        for message in list(self):
            self.remove(message)

    def delete(self, handle: str) -> bool:
        """Delete the message that was received with `handle`, if it is still there.

        Return False if no message ever had the handle.
        """
        message = self.find(handle)
        if message is None:
            return handle in self._gone
        self.remove(message)
        return True

    def find(self, handle: str) -> Any | None:
        """Return the message whose last or earlier receipt handle is `handle`; None if there is none."""
        place = self._by_handle.get(handle)
        return place.message if place else None

    def next_due(self, now: float) -> float | None:
        """Return when the next message is due: a time up to `now` if one is due now; None if no message waits."""
        if self.counts(now)[0]:
            return now
        return self._waiting[0][0] if self._waiting else None

    def counts(self, now: float) -> tuple[int, int, int]:
        """Return how many messages are due, invisible and delayed."""
        self._settle(now)
        return len(self._places) - self._invisible - self._delayed, self._invisible, self._delayed

    def _enter(self, place: Place, now: float) -> None:
        due = max(place.message.visible_at, place.message.delayed_until)
        if due <= now:
            self._ready.put(place)
            return
        heappush(self._waiting, (due, place.number, place.ticket, place))
        place.delayed = place.message.delayed_until > now
        place.invisible = not place.delayed
        self._delayed += place.delayed
        self._invisible += place.invisible

    def _leave(self, place: Place) -> None:
        place.ticket += 1
        self._delayed -= place.delayed
        self._invisible -= place.invisible
        place.delayed = place.invisible = False

    def _settle(self, now: float) -> None:
        """Move the messages that have become due from the waiting messages to the ready messages."""
        while self._waiting and (self._waiting[0][0] <= now or self._waiting[0][2] != self._waiting[0][3].ticket):
            _due, _number, ticket, place = heappop(self._waiting)
            self.examined += 1
            if place.ticket == ticket:
                self._leave(place)
                self._enter(place, now)


def _handles(message: Any) -> Iterable[str]:
    return filter(None, message.all_receipt_handles)
