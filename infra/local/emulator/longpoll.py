"""SQS long polls: a receive that found nothing waits here, outside of moto, until a message may be there."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from .server import Reply


@dataclass(slots=True, eq=False)
class _Poll:
    queue: str
    ends_at: float
    receive: Callable[[], Reply]
    answer: asyncio.Future[Reply]


class LongPolls:
    """The receives now waiting, oldest first. Used on the event loop only.

    `due_in` gives the seconds until the next message of a queue is due, None if none is on its way; `is_empty` tells
    an answer without messages.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        due_in: Callable[[str], float | None],
        is_empty: Callable[[Reply], bool],
    ) -> None:
        self._loop = loop
        self._due_in = due_in
        self._is_empty = is_empty
        self._polls: dict[str, list[_Poll]] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def wait(self, queue: str, seconds: float, receive: Callable[[], Reply]) -> asyncio.Future[Reply]:
        """Return the future answer of a receive on `queue` that found nothing: the first that finds something, or the
        last empty one once `seconds` are over."""
        poll = _Poll(queue, self._loop.time() + seconds, receive, self._loop.create_future())
        self._polls.setdefault(queue, []).append(poll)
        self._set_timer(queue)
        return poll.answer

    def wake(self, queue: str) -> None:
        """A message of `queue` may be due: try its receives again, once the request at hand is answered."""
        if queue in self._polls:
            self._loop.call_soon(self._retry, queue)

    def wake_all(self) -> None:
        """The clock moved: try them all."""
        for queue in self._polls:
            self.wake(queue)

    def abandon(self) -> None:
        """Answer all waiting receives as they stand: their queues are about to go."""
        for polls in self._polls.values():
            for poll in polls:
                poll.answer.cancel()
        self._polls.clear()

    def _retry(self, queue: str) -> None:
        now = self._loop.time()
        waiting = [poll for poll in self._polls.pop(queue, []) if not poll.answer.done()]
        left = [poll for poll in waiting if not self._answered(poll, now)]
        if left:
            self._polls[queue] = left
            self._set_timer(queue)

    def _answered(self, poll: _Poll, now: float) -> bool:
        try:
            reply = poll.receive()
        except Exception as error:
            poll.answer.set_exception(error)
            return True
        if self._is_empty(reply) and now < poll.ends_at:
            return False
        poll.answer.set_result(reply)
        return True

    def _set_timer(self, queue: str) -> None:
        timer = self._timers.pop(queue, None)
        if timer is not None:
            timer.cancel()
        moment = min(poll.ends_at for poll in self._polls[queue])
        due_in = self._due_in(queue)
        if due_in is not None:
            moment = min(moment, self._loop.time() + due_in)
        self._timers[queue] = self._loop.call_at(moment, self._retry, queue)
