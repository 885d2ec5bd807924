"""Count refused requests per minute, caller and reason, with a bounded number of writes."""

import threading
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from chalicelib.audit import events
from chalicelib.audit.constants import MOST_REFUSAL_WRITES, REFUSAL_MINUTE, REFUSAL_WRITES_OF_ONE
from chalicelib.audit.port import AuditLog
from chalicelib.audit.rule import Refused

MOST_OF_EACH = MOST_REFUSAL_WRITES // 2
OTHERS = "others"
"""The caller under which refusals are counted in a minute in which this process has refused too many callers."""


class Key(NamedTuple):
    """Name what one number counts; `known`: the caller has, or had, a token."""

    minute: int
    who: str
    why: str
    known: bool


class Refusals:
    """Count refusals. A number is stored when it has doubled, so 1,000 refusals of one caller are 10 writes.

    A process makes at most MOST_REFUSAL_WRITES writes a minute, and counts as many callers by name: half of both are
    for callers with a token. After a write that failed, it makes no more in this minute. What is not stored when the
    minute is over is stored at the next refusals. The stored numbers are therefore smaller than the real ones, by less
    than half below the limits. Never raises: a refusal stays a refusal.
    """

    def __init__(self, log: AuditLog, clock: Callable[[], float]) -> None:
        self._log, self._clock = log, clock
        self._lock = threading.Lock()
        self._waiting: dict[Key, int] = {}
        self._stored: dict[Key, int] = {}
        self._minute, self._writes = 0, Counter[bool]()

    def count(self, who: str, why: str, *, known: bool = False) -> None:
        """Count a refusal."""
        minute = int(self._clock() // REFUSAL_MINUTE) * REFUSAL_MINUTE
        with self._lock:
            taken = self._taken(self._begun(Key(minute, who, why, known)))
            self._forget(minute)
        for key, number in taken:
            try:
                self._log.add_refusals(Refused(key.minute, key.who, key.why, number))
            except Exception as error:
                events.refusals_not_counted(number, error)
                # each further try could take a second of an answer
                self._writes.update(dict.fromkeys((True, False), MOST_REFUSAL_WRITES))
                return

    def _taken(self, key: Key) -> list[tuple[Key, int]]:
        """Count, and return the numbers that are to be stored now."""
        self._waiting[key] = self._waiting.get(key, 0) + 1
        over = [one for one in self._waiting if one.minute < key.minute]
        due = [*([key] if self._waiting[key] >= self._stored.get(key, 1) else []), *over]
        taken = list[tuple[Key, int]]()
        for one in due:
            if len(taken) < REFUSAL_WRITES_OF_ONE and self._writes[one.known] < MOST_OF_EACH:
                self._writes[one.known] += 1
                number = self._waiting.pop(one)
                self._stored[one] = self._stored.get(one, 0) + number
                taken.append((one, number))
        return taken

    def _begun(self, key: Key) -> Key:
        """Return the key of a refusal; begin the minute if it is another one."""
        if key.minute != self._minute:
            self._minute, self._writes = key.minute, Counter()
        alike = {
            one for one in (*self._waiting, *self._stored) if one.minute == key.minute and one.known == key.known
        }  # fmt: skip
        return key if key in alike or len(alike) < MOST_OF_EACH else key._replace(who=OTHERS)

    def _forget(self, minute: int) -> None:
        """Forget what belongs to minutes before the last one: their numbers could never be stored."""
        for numbers in (self._waiting, self._stored):
            for key in [one for one in numbers if one.minute < minute - REFUSAL_MINUTE]:
                del numbers[key]
