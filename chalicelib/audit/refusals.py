"""Count refused requests per minute, caller and reason, with a bounded number of writes."""

import threading
from collections.abc import Callable

from chalicelib.audit import events
from chalicelib.audit.constants import MOST_REFUSAL_WRITES, REFUSAL_MINUTE
from chalicelib.audit.port import AuditLog
from chalicelib.audit.rule import Refused

OTHERS = "others"
"""The caller under which refusals are counted in a minute in which this process has refused too many callers."""
Key = tuple[int, str, str]


class Refusals:
    """Count refusals. A number is stored when it has doubled, so 1,000 refusals of one caller are 10 writes.

    A process makes at most MOST_REFUSAL_WRITES writes a minute, and counts as many callers by name. What is not stored
    when the minute is over is stored at the next refusal. The stored numbers are therefore smaller than the real ones,
    by less than half below the limits. Never raises: a refusal stays a refusal.
    """

    def __init__(self, log: AuditLog, clock: Callable[[], float]) -> None:
        self._log, self._clock = log, clock
        self._lock = threading.Lock()
        self._waiting: dict[Key, int] = {}
        self._stored: dict[Key, int] = {}
        self._minute, self._writes = 0, 0

    def count(self, who: str, why: str) -> None:
        """Count a refusal."""
        minute = int(self._clock() // REFUSAL_MINUTE) * REFUSAL_MINUTE
        with self._lock:
            key = self._begun(minute, who, why)
            self._waiting[key] = self._waiting.get(key, 0) + 1
            over = [one for one in self._waiting if one[0] < minute]
            due = [*over, *([key] if self._waiting[key] >= self._stored.get(key, 1) else [])]
            taken = [(one, self._waiting.pop(one)) for one in due[: MOST_REFUSAL_WRITES - self._writes]]
            self._writes += len(taken)
            for one, number in taken:
                self._stored[one] = self._stored.get(one, 0) + number
            self._forget(minute)
        for (at, name, reason), number in taken:
            try:
                self._log.add_refusals(Refused(at, name, reason, number))
            except Exception as error:
                events.refusals_not_counted(number, error)

    def _begun(self, minute: int, who: str, why: str) -> Key:
        """Return the key of a refusal; begin the minute if it is another one."""
        if minute != self._minute:
            self._minute, self._writes = minute, 0
        key = (minute, who, why)
        mine = {one for one in (*self._waiting, *self._stored) if one[0] == minute}
        return key if key in mine or len(mine) < MOST_REFUSAL_WRITES else (minute, OTHERS, why)

    def _forget(self, minute: int) -> None:
        """Forget what belongs to minutes before the last one: their numbers could never be stored."""
        for known in (self._waiting, self._stored):
            for key in [one for one in known if one[0] < minute - REFUSAL_MINUTE]:
                del known[key]
