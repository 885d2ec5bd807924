"""Limit the requests per address or token and window; all processes share the counts."""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.access.address import counted_as
from chalicelib.access.constants import MOST_BLOCKED_REMEMBERED, RATE_SECONDS
from chalicelib.access.port import RateWindows
from chalicelib.access.sliding_window import admitted, retry_after, start_of
from chalicelib.errors import RateLimited
from chalicelib.telemetry import request_events

ADDRESS = "from one address"
OWN_LIMIT = " Give the token its own limit (`token issue --rate 6000`), or raise the limit of an address: "


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `requests` requests in any `window` seconds.

    `of` is the last part of the refusal's first sentence; `remedy` says how the limit is raised.
    """

    requests: int
    window: int
    of: str
    remedy: str = ""

    def refusal(self, wait: int) -> RateLimited:
        """Return the error for a refusal; `wait` in seconds."""
        return RateLimited(self.requests, self.window, wait, self.of, self.remedy)


class RateLimiter:
    """Allow at most `limit` requests in any `window` seconds from one address; a limit of 0 allows everything.

    The requests of a token with its own rate are counted for the token, over a minute, and not for the address.

    Every request is counted with one atomic write. A refused request is subtracted again, so refusals never extend a
    block. The process remembers a blocked address until its time is over, so repeated requests cost no write.
    `setting` is where this stage sets the limit, for the refusal.
    """

    def __init__(
        self,
        windows: RateWindows,
        limit: int = 60,
        window: int = 60,
        clock: Callable[[], float] = time.time,
        setting: str = "",
    ) -> None:
        self._windows = windows
        self._limit = Limit(limit, window, ADDRESS, f"{OWN_LIMIT}{setting}." if setting else "")
        self._clock = clock
        self._lock = threading.Lock()
        self._blocked: dict[str, float] = {}

    def check(self, address: str, token: str = "", rate: int = 0) -> None:
        """Count one request; raises RateLimited. Accept everything while the table does not answer.

        Addresses of one IPv6 network of 64 bits count as one. `rate` is the token's own limit per minute; 0: none.
        """
        if rate:
            self._count(f"writes:{token}", Limit(rate, RATE_SECONDS, "for this token"))
        elif self._limit.requests:
            self._count(counted_as(address), self._limit)

    def _count(self, who: str, limit: Limit) -> None:
        now = self._clock()
        self._refuse_if_blocked(who, now, limit)
        try:
            wait = self._ask(who, now, limit)
        except Exception as error:
            # Accept the request: an outage of the control table must not become an outage of the API. A metric counts
            # these requests and raises an alarm.
            request_events.rate_limiter_down(error)
            return
        if wait:
            self._block(who, now, wait)
            raise limit.refusal(wait)

    def _ask(self, who: str, now: float, limit: Limit) -> int:
        start = start_of(now, limit.window)
        counted = self._windows.hit(who, start, limit.window)
        if admitted(counted, now, limit.window, limit.requests):
            return 0
        self._forgive(who, counted.start)
        return retry_after(counted, now, limit.window, limit.requests)

    def _forgive(self, who: str, start: int) -> None:
        try:
            self._windows.forgive(who, start)
        except Exception as error:
            request_events.rate_limiter_down(error)

    def _refuse_if_blocked(self, who: str, now: float, limit: Limit) -> None:
        until = self._blocked.get(who)
        if until is None:
            return
        if until <= now:
            with self._lock:
                self._blocked.pop(who, None)
            return
        raise limit.refusal(math.ceil(until - now))

    def _block(self, who: str, now: float, wait: int) -> None:
        with self._lock:
            if len(self._blocked) >= MOST_BLOCKED_REMEMBERED:
                self._blocked.clear()
            self._blocked[who] = now + wait
