"""Add to the memory ports what AWS does: messages expire, depths are estimates, and an index is late."""

from collections.abc import Callable, Sequence
from typing import Any

from chalicelib.adapters.memory.queue import HeldMessage, MemoryJobQueue
from chalicelib.job_types.queue import urgent_key
from chalicelib.jobs.port import DeadMessage, Depth, JobStore, Overdue, Search

DAY = 86_400.0
KEEP, KEEP_DEAD = 4 * DAY, 14 * DAY
"""Retention of messages and of dead letters. A dead letter's age counts from when it was first sent, as in SQS:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html"""


class HonestQueue(MemoryJobQueue):
    """A memory queue with retention; `estimate` changes the answer about its depth."""

    def __init__(self, clock: Callable[[], float], visibility: float) -> None:
        super().__init__(clock, visibility)
        self._now = clock
        self.expired = 0
        self.estimate: Callable[[str, Depth], Depth] = lambda _, depth: depth

    def depth(self, job_type: str) -> Depth:
        """See JobQueue."""
        self._expire(job_type)
        self._expire(urgent_key(job_type))
        return self.estimate(job_type, super().depth(job_type))

    def receive(self, job_type: str, most: int = 10, job_id: str | None = None) -> list[HeldMessage]:
        """See MemoryJobQueue."""
        self._expire(job_type)
        return super().receive(job_type, most, job_id)

    def peek_dead(self, job_type: str, most: int) -> Sequence[DeadMessage]:
        """See JobQueue."""
        self._expire(job_type)
        return super().peek_dead(job_type, most)

    def _expire(self, job_type: str) -> None:
        for lines, keep in ((self.messages, KEEP), (self.dead, KEEP_DEAD)):
            line = lines.get(job_type)
            if not line:
                continue
            kept = [message for message in line if self._now() - message.sent_at < keep]
            if len(kept) < len(line):
                self.expired += len(line) - len(kept)
                lines[job_type] = kept


class LaggingIndex:
    """A store whose sparse index answers as it was when `frozen` was made; None: as it is now."""

    def __init__(self, store: JobStore) -> None:
        self._store = store
        self.frozen: JobStore | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def overdue(self, search: Search, now: float, limit: int) -> Sequence[Overdue]:
        """See JobStore. The request is made all the same, because it may fail."""
        answer = self._store.overdue(search, now, limit)
        return answer if self.frozen is None else self.frozen.overdue(search, now, limit)
