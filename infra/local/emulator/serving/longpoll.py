"""Hold SQS long polls: a receive that found nothing waits here, outside of moto, until there may be a message."""

import asyncio
from collections.abc import Callable

from .server import Reply

# the shortest wait; it is needed because in a FIFO queue a message can be due but blocked by its group
RETRY_SECONDS = 0.02


class LongPolls:
    """The waiting receives, oldest first. Use it only on the event loop.

    `due_in` gives the seconds until the next message of a queue is due; None if no message waits. `is_empty` says
    whether an answer contains no messages.
    """

    def __init__(self, due_in: Callable[[str], float | None], is_empty: Callable[[Reply], bool]) -> None:
        self._due_in = due_in
        self._is_empty = is_empty
        self._changes: dict[str, asyncio.Future[bool]] = {}
        self._waiting = 0

    def __len__(self) -> int:
        return self._waiting

    async def receive(self, queue: str, seconds: float, receive: Callable[[], Reply]) -> Reply:
        """Return the first answer with messages, or the last empty one after `seconds`."""
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + seconds
        while self._is_empty(reply := receive()) and (left := ends_at - loop.time()) > 0:
            change, due_in = self._changes.setdefault(queue, loop.create_future()), self._due_in(queue)
            self._waiting += 1
            try:
                await asyncio.wait([change], timeout=left if due_in is None else min(left, max(due_in, RETRY_SECONDS)))
            finally:
                self._waiting -= 1
            if change.done() and not change.result():
                break
        return reply

    def wake(self, queue: str, *, again: bool = True) -> None:
        """Try the receives of `queue` again, because a message may be due; or end them if not `again`."""
        change = self._changes.pop(queue, None)
        if change is not None:
            change.set_result(again)

    def wake_all(self, *, again: bool = True) -> None:
        """Do the same for all queues, after the clock was moved, or before they are deleted."""
        for queue in tuple(self._changes):
            self.wake(queue, again=again)
