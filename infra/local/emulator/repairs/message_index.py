"""The messages of one queue, found by receipt handle and by who is due, in time that does not grow with the queue."""

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Any

REMEMBERED_DELETIONS = 50_000


@dataclass(slots=True)
class _Place:
    """Where a message stands in the queue. A heap entry holds only while it carries the current ticket."""

    number: int
    message: Any
    ticket: int = 0
    invisible: bool = False
    delayed: bool = False


class MessageIndex:
    """moto's messages, in order of arrival; a message is due once its `visible_at` and `delayed_until` have come.

    All times are milliseconds since the epoch. `examined` counts the messages looked at, for tests of cost.
    """

    def __init__(self) -> None:
        self.examined = 0
        self._next_number = 0
        self._places: dict[int, _Place] = {}
        self._place_of: dict[int, _Place] = {}
        self._by_handle: dict[str, _Place] = {}
        self._ready: list[tuple[int, int]] = []
        self._waiting: list[tuple[float, int, int]] = []
        self._invisible = 0
        self._delayed = 0
        self._deleted: dict[str, None] = {}

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[Any]:
        return (place.message for place in self._places.values())

    def add(self, message: Any, now: float) -> None:
        """Put a message at the end of the queue."""
        place = _Place(self._next_number, message)
        self._next_number += 1
        self._places[place.number] = place
        self._place_of[id(message)] = place
        for handle in filter(None, message.all_receipt_handles):
            self._by_handle[handle] = place
        self._enter(place, now)

    def pop_due(self, now: float) -> Any | None:
        """Take the first due message out of the line. Follow it by `put_back` or `remove`."""
        self._settle(now)
        while self._ready:
            number, ticket = heappop(self._ready)
            self.examined += 1
            place = self._places.get(number)
            if place is not None and place.ticket == ticket:
                place.ticket += 1
                return place.message
        return None

    def put_back(self, message: Any, now: float) -> None:
        """Let a message stand in the line again, after its times or its receipt handle changed."""
        place = self._place_of[id(message)]
        if message.receipt_handle is not None:
            self._by_handle[message.receipt_handle] = place
        self._leave(place)
        self._enter(place, now)

    def remove(self, message: Any) -> None:
        """Take a message out of the queue; its handles stay known as those of a message that is gone."""
        place = self._place_of.pop(id(message))
        del self._places[place.number]
        self._leave(place)
        for handle in filter(None, message.all_receipt_handles):
            self._by_handle.pop(handle, None)
            self._deleted[handle] = None
        while len(self._deleted) > REMEMBERED_DELETIONS:
            del self._deleted[next(iter(self._deleted))]

    def delete(self, handle: str) -> bool:
        """Delete the message received with `handle`; deleting it again is fine. False for a handle never given."""
        place = self._by_handle.get(handle)
        if place is None:
            return handle in self._deleted
        self.remove(place.message)
        return True

    def clear(self) -> None:
        """Remove every message, as a purge does; deleting one of them afterwards is fine, as in SQS."""
        for message in list(self):
            self.remove(message)

    def find(self, handle: str) -> Any | None:
        """Return the message that was received with `handle`, last or earlier; None if there is none."""
        place = self._by_handle.get(handle)
        return place.message if place else None

    def next_due(self, now: float) -> float | None:
        """When the next message is due: not after `now` if one is due already, None if none is waiting."""
        self._settle(now)
        if len(self._places) > self._invisible + self._delayed:
            return now
        return self._waiting[0][0] if self._waiting else None

    def counts(self, now: float) -> tuple[int, int, int]:
        """Return how many messages are due, invisible and delayed."""
        self._settle(now)
        return len(self._places) - self._invisible - self._delayed, self._invisible, self._delayed

    def _enter(self, place: _Place, now: float) -> None:
        message = place.message
        due = max(message.visible_at, message.delayed_until)
        if due <= now:
            heappush(self._ready, (place.number, place.ticket))
            return
        heappush(self._waiting, (due, place.number, place.ticket))
        if message.delayed_until > now:
            place.delayed = True
            self._delayed += 1
        else:
            place.invisible = True
            self._invisible += 1

    def _leave(self, place: _Place) -> None:
        place.ticket += 1
        self._delayed -= place.delayed
        self._invisible -= place.invisible
        place.delayed = place.invisible = False

    def _settle(self, now: float) -> None:
        while self._waiting:
            due, number, ticket = self._waiting[0]
            place = self._places.get(number)
            current = place is not None and place.ticket == ticket
            if current and due > now:
                return
            heappop(self._waiting)
            self.examined += 1
            if place is not None and current:
                self._leave(place)
                self._enter(place, now)
