"""SQS long polls: a receive that found nothing waits here, outside of moto, and is tried again when something moved."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from .http import Reply

TICK_SECONDS = 0.1


@dataclass(slots=True, eq=False)
class _Poll:
    queue: str
    ends_at: float
    receive: Callable[[], Reply]
    is_empty: Callable[[Reply], bool]
    answer: asyncio.Future[Reply]


class LongPolls:
    """The receives now waiting, oldest first. Used on the event loop only."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._polls: list[_Poll] = []
        self._timer: asyncio.TimerHandle | None = None

    def wait(
        self, queue: str, seconds: float, receive: Callable[[], Reply], is_empty: Callable[[Reply], bool]
    ) -> asyncio.Future[Reply]:
        """Return the future answer of a receive on `queue` that found nothing: the first one that finds something,
        or the last empty one once `seconds` are over."""
        answer = self._loop.create_future()
        self._polls.append(_Poll(queue, self._loop.time() + seconds, receive, is_empty, answer))
        self._schedule()
        return answer

    def wake(self, queue: str | None = None) -> None:
        """Try every waiting receive of `queue` (all queues if None) again, once the request at hand is answered."""
        if self._polls:
            self._loop.call_soon(self._retry, queue)

    def abandon(self) -> None:
        """Forget all waiting receives: their queues are gone."""
        for poll in self._polls:
            poll.answer.cancel()
        self._polls.clear()

    def _retry(self, queue: str | None) -> None:
        now = self._loop.time()
        for poll in list(self._polls):
            if poll.answer.done():
                self._polls.remove(poll)
            elif queue is None or poll.queue == queue:
                self._try(poll, now)

    def _try(self, poll: _Poll, now: float) -> None:
        try:
            reply = poll.receive()
        except Exception as error:
            self._polls.remove(poll)
            poll.answer.set_exception(error)
            return
        if not poll.is_empty(reply) or now >= poll.ends_at:
            self._polls.remove(poll)
            poll.answer.set_result(reply)

    def _schedule(self) -> None:
        if self._timer is None and self._polls:
            self._timer = self._loop.call_later(TICK_SECONDS, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self._retry(None)
        self._schedule()
