"""Hold SQS long polls: a receive that found nothing waits here, outside of moto, until there may be a message."""

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass

from .server import Reply

# the shortest wait; it is needed because in a FIFO queue a message can be due but blocked by its group
RETRY_SECONDS = 0.02


@dataclass(slots=True, eq=False)
class _Poll:
    queue: str
    ends_at: float
    receive: Callable[[], Reply]
    answer: asyncio.Future[Reply]


class LongPolls:
    """The waiting receives, oldest first. Use it only on the event loop.

    `due_in` gives the seconds until the next message of a queue is due; None if no message waits. `is_empty` says
    whether an answer contains no messages.
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

    def __len__(self) -> int:
        return sum(len(polls) for polls in self._polls.values())

    def wait(self, queue: str, seconds: float, receive: Callable[[], Reply]) -> asyncio.Future[Reply]:
        """Return a future with the answer to a receive on `queue` that found nothing at first.

        The answer is the first one with messages; after `seconds`, it is the last empty one.
        """
        poll = _Poll(queue, self._loop.time() + seconds, receive, self._loop.create_future())
        self._polls.setdefault(queue, []).append(poll)
        poll.answer.add_done_callback(lambda _answer: self._forget(poll))
        self._set_timer(queue)
        return poll.answer

    def wake(self, queue: str) -> None:
        """Try the receives of `queue` again when the current request is answered, because a message may be due."""
        if queue in self._polls:
            self._loop.call_soon(self._retry, queue)

    def wake_all(self) -> None:
        """Try all receives again, after the clock was moved."""
        for queue in self._polls:
            self.wake(queue)

    def answer_now(self, queue: str) -> None:
        """Answer the waiting receives of `queue`, also with no message."""
        for poll in list(self._polls.get(queue, ())):
            self._try(poll, math.inf)

    def answer_all(self) -> None:
        """Answer all waiting receives: their queues are about to be deleted."""
        for queue in list(self._polls):
            self.answer_now(queue)

    def _retry(self, queue: str) -> None:
        now = self._loop.time()
        for poll in list(self._polls.get(queue, ())):
            if not poll.answer.done():
                self._try(poll, now)
        if any(not poll.answer.done() for poll in self._polls.get(queue, ())):
            self._set_timer(queue)

    def _try(self, poll: _Poll, now: float) -> None:
        try:
            reply = poll.receive()
        except Exception as error:
            poll.answer.set_exception(error)
            return
        if now >= poll.ends_at or not self._is_empty(reply):
            poll.answer.set_result(reply)

    def _forget(self, poll: _Poll) -> None:
        """Remove a poll that was answered, or whose client has closed the connection."""
        polls = self._polls.get(poll.queue, [])
        if poll in polls:
            polls.remove(poll)
        if not polls:
            self._polls.pop(poll.queue, None)

    def _set_timer(self, queue: str) -> None:
        timer = self._timers.pop(queue, None)
        if timer is not None:
            timer.cancel()
        moment = min(poll.ends_at for poll in self._polls[queue])
        due_in = self._due_in(queue)
        if due_in is not None:
            moment = min(moment, self._loop.time() + max(due_in, RETRY_SECONDS))
        self._timers[queue] = self._loop.call_at(moment, self._retry, queue)
