"""Limit the read units of a request, and of a token in a window, so that no token uses up the tables' capacity."""

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from chalicelib.access.constants import MOST_BLOCKED_REMEMBERED, READS_SHARE
from chalicelib.access.port import RateWindows
from chalicelib.access.sliding_window import admitted, retry_after, start_of
from chalicelib.errors import FieldError, InvalidRequest, ReadsLimited
from chalicelib.telemetry import request_events


@dataclass(slots=True)
class Spent:
    """Count the read units of one request; `most` is the limit."""

    most: float
    units: float = 0.0


_spent: ContextVar[Spent | None] = ContextVar("spent", default=None)


@contextmanager
def counting(most: float) -> Iterator[Spent]:
    """Count reads within the block, in this thread and in threads that run in a copy of its context."""
    spent = Spent(most)
    before = _spent.set(spent)
    try:
        yield spent
    finally:
        _spent.reset(before)


def spend(units: float) -> None:
    """Count a read. Raises InvalidRequest when the request has read more than it may."""
    spent = _spent.get()
    if spent is None:
        return
    spent.units += units
    if spent.units > spent.most:
        where = [FieldError(("query",), "ask for one job type, for fewer jobs or for less time")]
        raise InvalidRequest("This request would read more than a single request may read.", where)


class ReadLimiter:
    """Allow at most `limit` read units in any `window` seconds for one token; a limit of 0 allows everything.

    Each process stores a token's reads when they reach 2 % of the limit, and remembers how long the token is refused.
    Each process can therefore exceed the limit by 2 % and one request.
    """

    def __init__(
        self,
        windows: RateWindows,
        limit: int,
        window: int = 60,
        clock: Callable[[], float] = time.time,
        setting: str = "",
    ) -> None:
        self._windows = windows
        self._limit = limit
        self._window = window
        self._setting = setting
        self._clock = clock
        self._lock = threading.Lock()
        self._pending: dict[str, float] = {}
        self._blocked: dict[str, float] = {}

    def check(self, token: str) -> None:
        """Raise ReadsLimited while the token has read too much."""
        until = self._blocked.get(token, 0.0)
        if until > (now := self._clock()):
            raise ReadsLimited(self._limit, self._window, math.ceil(until - now), self._setting)

    def spent(self, token: str, units: float) -> None:
        """Count the reads of a token's request. Count nothing while the table does not answer."""
        if self._limit == 0 or (owed := self._owed(token, units)) == 0:
            return
        now = self._clock()
        try:
            counted = self._windows.hit(f"token:{token}", start_of(now, self._window), self._window, owed)
        except Exception as error:
            request_events.rate_limiter_down(error)
            return
        if not admitted(counted, now, self._window, self._limit):
            with self._lock:
                _keep(self._blocked, token, now + retry_after(counted, now, self._window, self._limit))

    def _owed(self, token: str, units: float) -> int:
        """Return how many reads to store for the token; 0 while there are too few."""
        with self._lock:
            pending = self._pending.pop(token, 0.0) + units
            if pending * READS_SHARE >= self._limit:
                return math.ceil(pending)
            _keep(self._pending, token, pending)
            return 0


def _keep(kept: dict[str, float], token: str, value: float) -> None:
    if len(kept) >= MOST_BLOCKED_REMEMBERED:
        kept.clear()
    kept[token] = value
