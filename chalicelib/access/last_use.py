"""Store when a token was last used: about once an hour and process, beside the request."""

import threading
from collections.abc import Callable

from chalicelib.access.constants import LAST_USE_EVERY, MOST_TOKENS_REMEMBERED
from chalicelib.access.tokens import TokenStore
from chalicelib.side_by_side import Beside, if_a_thread_is_free
from chalicelib.telemetry import request_events


class LastUses:
    """Store the last use of tokens. A write that fails is not repeated within the hour, and no request waits for it.

    Without a free thread, the write is dropped.
    """

    def __init__(self, store: TokenStore, clock: Callable[[], float], beside: Beside = if_a_thread_is_free) -> None:
        self._store, self._clock, self._beside = store, clock, beside
        self._lock = threading.Lock()
        self._next: dict[str, float] = {}

    def used(self, token_id: str) -> None:
        """Note that a request had this token."""
        now = self._clock()
        if now < self._next.get(token_id, 0.0):
            return
        with self._lock:
            if now < self._next.get(token_id, 0.0):
                return
            if len(self._next) >= MOST_TOKENS_REMEMBERED:
                self._next.clear()
            self._next[token_id] = now + LAST_USE_EVERY
        self._beside(lambda: self._write(token_id, now))

    def _write(self, token_id: str, now: float) -> None:
        try:
            self._store.used(token_id, now)
        except Exception as error:
            request_events.use_not_stored(token_id, error)
