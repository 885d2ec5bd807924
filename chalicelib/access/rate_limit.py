"""Limit the requests per address or token and window; all processes share the counts."""

import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass

from chalicelib.access.address import counted_as
from chalicelib.access.constants import MOST_BLOCKED_REMEMBERED, RATE_SECONDS
from chalicelib.access.port import RateWindows
from chalicelib.access.sliding_window import admitted, retry_after, start_of
from chalicelib.errors import RateLimited
from chalicelib.telemetry import request_events

ADDRESS, TOKEN = "from one address", "for this token"
MOST_COUNTED_AT_ONCE = 32
"""Maximum requests that one process counts at the same time. A Lambda function serves one at a time."""
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
        self._at_limit: dict[str, float] = {}
        """By caller, until when each request is counted before anything else is done for it."""
        self._threads = ThreadPoolExecutor(MOST_COUNTED_AT_ONCE, "rate-limit")

    def check(self, address: str, token: str = "", rate: int = 0, of: str = TOKEN) -> None:
        """Count one request; raises RateLimited. Accept everything while the table does not answer.

        Addresses of one IPv6 network of 64 bits count as one. `rate` is the token's own limit per minute; 0: none.
        `of` says in the refusal whose limit `rate` is, if what is counted is no token.
        """
        who, limit = self._counted(address, token, rate, of)
        if limit.requests:
            self._count(who, limit)

    def begin(self, address: str, token: str = "", rate: int = 0) -> Callable[[], None]:
        """Begin to count one request, in a thread; return a function that waits for the count and raises as `check`.

        The function may be called several times. An address or token that is known to be blocked is refused at once.
        If the process has refused it within the last window, the request is counted before this method returns:
        otherwise a producer that stays at its limit would let the API begin work for each refused request.
        """
        who, limit = self._counted(address, token, rate)
        if not limit.requests:
            return lambda: None
        now = self._clock()
        self._refuse_if_blocked(who, now, limit)
        if now < self._at_limit.get(who, 0.0):
            self._count(who, limit)
            return lambda: None
        return self._threads.submit(copy_context().run, self._count, who, limit).result

    def _counted(self, address: str, token: str, rate: int, of: str = TOKEN) -> tuple[str, Limit]:
        if rate:
            return f"writes:{token}", Limit(rate, RATE_SECONDS, of)
        return counted_as(address), self._limit

    def _count(self, who: str, limit: Limit) -> None:
        now = self._clock()
        self._refuse_if_blocked(who, now, limit)
        try:
            wait = self._ask(who, now, limit)
        except Exception as error:
            # Accept the request: a refused or slow write of a counter must not become an outage of the API. (If the
            # whole table refuses, the check of tokens refuses within ten seconds.) A metric counts these requests and
            # raises an alarm.
            request_events.rate_limiter_down(error)
            return
        if wait:
            self._block(who, now, wait, limit.window)
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

    def _block(self, who: str, now: float, wait: int, window: int) -> None:
        with self._lock:
            for known, until in ((self._blocked, now + wait), (self._at_limit, now + wait + window)):
                if len(known) >= MOST_BLOCKED_REMEMBERED:
                    known.clear()
                known[who] = until
