"""Find the messages of a FIFO queue.

Messages of a group are found in order, and none while another message of the group is in flight.
"""

from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Any

from infra.local.emulator.message_index import MessageIndex, Place

REMEMBERED_MS = 300_000
"""Milliseconds for which SQS ignores another message with the same deduplication id."""


@dataclass(slots=True)
class _Group:
    """The due messages of a group, in order of arrival, and the number in flight."""

    line: list[tuple[int, int, Place]] = field(default_factory=list)
    flying: int = 0


class FifoLines:
    """Due messages: a line for each message group. The group whose first message is the oldest is served first."""

    def __init__(self) -> None:
        self._groups: dict[str, _Group] = {}
        self._first: list[tuple[int, str]] = []

    def put(self, place: Place) -> None:
        """Put a message into the line of its group, at the place where it arrived."""
        name = place.message.group_id
        heappush(self._groups.setdefault(name, _Group()).line, (place.number, place.ticket, place))
        self.show(name)

    def take(self) -> tuple[int, Place] | None:
        """Take the first message of the first group that has none in flight; return the message and its ticket."""
        while self._first:
            number, name = heappop(self._first)
            head = self._head(name)
            if head is not None and head[0] == number:
                heappop(self._groups[name].line)
                self.show(name)
                return head[1], head[2]
        return None

    def any(self) -> bool:
        """Return whether a message can be taken."""
        while self._first:
            number, name = self._first[0]
            head = self._head(name)
            if head is not None and head[0] == number:
                return True
            heappop(self._first)
        return False

    def fly(self, name: str, count: int) -> None:
        """Add `count` (1 or -1) to the messages of a group in flight; after -1, its next message may be available."""
        self._groups.setdefault(name, _Group()).flying += count
        self.show(name)

    def show(self, name: str) -> None:
        """Sort the group by its new first message; remove the group if it is empty."""
        head = self._head(name)
        if head is not None:
            heappush(self._first, (head[0], name))
        elif name in self._groups and not self._groups[name].line and not self._groups[name].flying:
            del self._groups[name]

    def _head(self, name: str) -> tuple[int, int, Place] | None:
        """Return the first entry of a group's line; None while a message of the group is in flight."""
        group = self._groups.get(name, _Group())
        while group.line and group.line[0][1] != group.line[0][2].ticket:
            heappop(group.line)
        return group.line[0] if group.line and not group.flying else None


class FifoIndex(MessageIndex):
    """The messages of a FIFO queue. Messages of one group may be taken by one receive, in order."""

    def __init__(self) -> None:
        super().__init__()
        self._ready = self._lines = FifoLines()
        self._known: dict[tuple[str | None, str], Any] = {}

    def first(self, message: Any, of_group: bool) -> Any:
        """Return the first message with this deduplication id within 5 minutes: this message, or an earlier one.

        `of_group`: messages of other groups may have the same id.
        """
        known, now = self._known, message.sent_timestamp
        while known and now - next(iter(known.values())).sent_timestamp >= REMEMBERED_MS:
            del known[next(iter(known))]
        return known.setdefault((message.group_id if of_group else None, message.deduplication_id), message)

    def next_due(self, now: float) -> float | None:
        """Return when the next message may be received; a time up to `now` if one may be received now."""
        self._settle(now)
        if self._lines.any():
            return now
        return self._waiting[0][0] if self._waiting else None

    def _enter(self, place: Place, now: float) -> None:
        super()._enter(place, now)
        if place.invisible:
            self._lines.fly(place.message.group_id, 1)

    def _leave(self, place: Place) -> None:
        flew = place.invisible
        super()._leave(place)
        self._lines.fly(place.message.group_id, -1 if flew else 0)
