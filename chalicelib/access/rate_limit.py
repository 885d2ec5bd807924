"""So many requests per address and window, counted where every process sees it."""

import math
import threading
import time
from collections.abc import Callable

from chalicelib.access.address import counted_as
from chalicelib.access.port import RateWindows
from chalicelib.access.sliding_window import admitted, retry_after, start_of
from chalicelib.errors import RateLimited
from chalicelib.telemetry import request_events

MOST_REMEMBERED = 10_000
"""Blocked addresses kept in one process; more than that are asked for in the table again."""


class RateLimiter:
    """At most `limit` requests in any `window` seconds from one address; a limit of 0 lets everything in.

    Every request is one atomic write. A refused one is taken out of the count again, so that refusals never keep an
    address out, and the process remembers it until its time has come, so that insisting costs no write.
    """

    def __init__(
        self, windows: RateWindows, limit: int = 60, window: int = 60, clock: Callable[[], float] = time.time
    ) -> None:
        self._windows = windows
        self._limit = limit
        self._window = window
        self._clock = clock
        self._lock = threading.Lock()
        self._blocked: dict[str, float] = {}

    def check(self, address: str) -> None:
        """Count one request; raises RateLimited. Lets everything in while the table does not answer.

        Addresses of one IPv6 network of 64 bits count as one.
        """
        if self._limit == 0:
            return
        now, address = self._clock(), counted_as(address)
        self._refuse_if_blocked(address, now)
        try:
            wait = self._ask(address, now)
        except Exception as error:
            # An outage of the control table must not become an outage of the API: it is counted, and alarmed on.
            request_events.rate_limiter_down(error)
            return
        if wait:
            self._block(address, now, wait)
            raise self._refusal(wait)

    def _ask(self, address: str, now: float) -> int:
        start = start_of(now, self._window)
        counted = self._windows.hit(address, start, self._window)
        if admitted(counted, now, self._window, self._limit):
            return 0
        self._forgive(address, counted.start)
        return retry_after(counted, now, self._window, self._limit)

    def _forgive(self, address: str, start: int) -> None:
        try:
            self._windows.forgive(address, start)
        except Exception as error:
            request_events.rate_limiter_down(error)

    def _refuse_if_blocked(self, address: str, now: float) -> None:
        until = self._blocked.get(address)
        if until is None:
            return
        if until <= now:
            with self._lock:
                self._blocked.pop(address, None)
            return
        raise self._refusal(math.ceil(until - now))

    def _block(self, address: str, now: float, wait: int) -> None:
        with self._lock:
            if len(self._blocked) >= MOST_REMEMBERED:
                self._blocked.clear()
            self._blocked[address] = now + wait

    def _refusal(self, wait: int) -> RateLimited:
        return RateLimited(self._limit, self._window, wait)
