"""Estimate a sliding window from two fixed windows. Pure; times in seconds.

Of the previous window's requests, only a share counts: as much as the share of the previous window that is within the
last `length` seconds (Cloudflare, "How we built rate limiting capable of scaling to millions of domains").
"""

import math
from dataclasses import replace

from chalicelib.access.port import Window

NOISE = 1e-6
"""Largest error of an estimate: a float holds today's time with a precision of a fifth of a microsecond."""


def start_of(now: float, length: int) -> int:
    """Return when the fixed window of `now` began (windows are aligned to the epoch)."""
    return int(now // length) * length


def estimate(window: Window, now: float, length: int) -> float:
    """Return the requests of the last `length` seconds, assuming that the previous window was evenly filled."""
    return window.previous * _share(now - window.start, length) + window.count


def admitted(window: Window, now: float, length: int, limit: int) -> bool:
    """Return True if the last request that is counted in `window` is allowed."""
    return estimate(_capped(window, limit), now, length) <= limit + NOISE


def retry_after(window: Window, now: float, length: int, limit: int) -> int:
    """Return the whole seconds (at least 1) from `now` until another request is accepted, if no other request comes.

    The count of `window` also contains refused requests. The number of accepted requests is therefore estimated:
    because the last request was refused, the accepted requests are as many as the limit allows.
    """
    window = _capped(window, limit)
    elapsed = now - window.start
    inside = max(0, min(window.count - 1, math.floor(limit - window.previous * _share(elapsed, length) + NOISE)))
    for begin, before, counted in ((0, window.previous, inside), (length, inside, 0)):
        at = _room_at(before, counted, length, limit)
        if at is not None:
            return max(1, math.ceil(begin + at - elapsed))
    return max(1, math.ceil(2 * length - elapsed))


def roll(window: Window | None, start: int, length: int, by: int = 1) -> Window:
    """Return the window with `by` more requests; start a new window at `start` if an older one has ended."""
    if window is None or window.start < start - length:
        return Window(start, by, 0)
    if window.start < start:
        return Window(start, by, window.count)
    return replace(window, count=window.count + by)


def _room_at(before: int, counted: int, length: int, limit: int) -> float | None:
    """Return how many seconds after its start a window has capacity for one more request; None: never.

    `before`: the requests of the window before. `counted`: the requests of this window.
    """
    spare = limit - counted - 1
    if spare < 0:
        return None
    if before <= spare:
        return 0.0
    return length * (before - spare) / before


def _share(elapsed: float, length: int) -> float:
    return min(1.0, max(0.0, 1 - elapsed / length))


def _capped(window: Window, limit: int) -> Window:
    # At most `limit` requests of the previous window were accepted. Any others were refused, and were subtracted only
    # after that window had ended.
    return Window(window.start, window.count, min(window.previous, limit))
