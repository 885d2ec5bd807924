"""Find the messages of a queue by receipt handle and by due time. The cost hardly grows with the queue's depth."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from sortedcontainers import SortedDict

REMEMBERED_HANDLES = 50_000
REMEMBERED_MS = 300_000
"""Milliseconds for which SQS ignores another message with the same deduplication id."""


@dataclass(slots=True)
class Group:
    """A message group: its due messages by number, its place among the groups (None: no turn), its number in flight."""

    line: Any = field(default_factory=SortedDict)
    turn: int | None = None
    flying: int = 0


@dataclass(slots=True)
class Place:
    """The place of a message. `due`: when a waiting message is due, and its number; None in the line of its group."""

    number: int
    message: Any
    due: tuple[float, int] | None = None
    delayed: bool = False


class MessageIndex:
    """moto's messages, in order of arrival; a message is due once its `visible_at` and `delayed_until` have come.

    If many of the messages in flight belong to one tenant, SQS first delivers the messages of other tenants. A laptop
    runs too few jobs at once for that, so here message groups take turns from the first message. Messages without a
    group are one group. All times are milliseconds since the epoch. `examined` counts the messages that were read, so
    that tests can check the cost of operations.
    """

    def __init__(self) -> None:
        self.examined = 0
        self._numbers = count()
        self._places: dict[int, Place] = {}
        self._by_handle: dict[str, Place] = {}
        self._gone: dict[str, None] = {}
        self._groups: dict[str | None, Group] = {}
        self._turns: Any = SortedDict()
        self._waiting: Any = SortedDict()

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
        if not self._turns:
            return None
        _, name = self._turns.popitem(0)
        group = self._groups[name]
        group.turn = None
        _, place = group.line.popitem(0)
        self._show(name)
        self.examined += 1
        return place.message

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
        """Return when the next message may be received; a time up to `now` if one may be received now; None: never."""
        self._settle(now)
        if self._turns:
            return now
        return self._waiting.keys()[0][0] if self._waiting else None

    def counts(self, now: float) -> tuple[int, int, int]:
        """Return how many messages are due, invisible and delayed."""
        self._settle(now)
        delayed = sum(place.delayed for place in self._waiting.values())
        return len(self._places) - len(self._waiting), len(self._waiting) - delayed, delayed

    def _turn(self, group: Group) -> int | None:
        """Return the place of a group with due messages among the groups. The other groups come before a new one."""
        return next(self._numbers) if group.turn is None else group.turn

    def _show(self, name: str | None) -> None:
        """Sort a group among the others after its messages have changed; remove it if it is empty."""
        group = self._groups[name]
        turn = self._turn(group) if group.line else None
        if turn != group.turn:
            if group.turn is not None:
                del self._turns[group.turn]
            if turn is not None:
                self._turns[turn] = name
            group.turn = turn
        if not group.line and not group.flying:
            del self._groups[name]

    def _enter(self, place: Place, now: float) -> None:
        name, due = place.message.group_id, max(place.message.visible_at, place.message.delayed_until)
        group = self._groups.setdefault(name, Group())
        if due <= now:
            group.line[place.number] = place
        else:
            place.due, place.delayed = (due, place.number), place.message.delayed_until > now
            self._waiting[place.due] = place
            group.flying += not place.delayed
        self._show(name)

    def _leave(self, place: Place) -> None:
        name = place.message.group_id
        group = self._groups.setdefault(name, Group())
        if place.due is None:
            group.line.pop(place.number, None)
        else:
            del self._waiting[place.due]
            group.flying -= not place.delayed
        place.due = None
        self._show(name)

    def _settle(self, now: float) -> None:
        """Put the messages that have become due into the lines of their groups."""
        while self._waiting and self._waiting.keys()[0][0] <= now:
            place = self._waiting.values()[0]
            self.examined += 1
            self._leave(place)
            self._enter(place, now)


class FifoIndex(MessageIndex):
    """The messages of a FIFO queue.

    The group whose first message is the oldest is served first, but no group of which a message is in flight. Messages
    of one group may be taken by one receive, in order.
    """

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[tuple[str | None, str], Any] = {}

    def first(self, message: Any, of_group: bool) -> Any:
        """Return the first message with this deduplication id within 5 minutes: this message, or an earlier one.

        `of_group`: messages of other groups may have the same id.
        """
        known, now = self._known, message.sent_timestamp
        while known and now - next(iter(known.values())).sent_timestamp >= REMEMBERED_MS:
            del known[next(iter(known))]
        return known.setdefault((message.group_id if of_group else None, message.deduplication_id), message)

    def _turn(self, group: Group) -> int | None:
        first: int = group.line.keys()[0]
        return None if group.flying else first


def _handles(message: Any) -> Iterable[str]:
    return filter(None, message.all_receipt_handles)
