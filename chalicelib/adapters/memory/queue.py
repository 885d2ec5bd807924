"""Implement the queues in memory; the contract tests of SQS check them too."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from chalicelib.adapters.constants import DEAD_HIDDEN
from chalicelib.job_types import jobtype
from chalicelib.job_types.queue import first_key, urgent_key
from chalicelib.jobs.constants import MOST_MESSAGES
from chalicelib.jobs.port import DeadMessage, Depth, Message


@dataclass
class HeldMessage:
    """A message in a memory queue; `visible_at` and `sent_at` on the queue's clock."""

    message: Message
    receipt: str
    visible_at: float
    receive_count: int = 0
    group: str | None = None
    sent_at: float = 0.0


class MemoryJobQueue:
    """Queues as lists, with visibility timeouts and redrive, on a clock that the test controls."""

    def __init__(
        self,
        clock: Callable[[], float] = time.time,
        visibility_timeout: float = 360.0,
        max_receives: int = 5,
        serial: Callable[[str], bool] = jobtype.serial,
    ) -> None:
        self._clock, self._serial = clock, serial
        self.most_receives = max_receives
        self.receives: dict[str, int] = {}
        """The maximum receives of a message, for queues that differ from the others."""
        self._visibility = visibility_timeout
        self._lock = threading.RLock()
        self._receipts = 0
        self.messages: dict[str, list[HeldMessage]] = {}
        self.dead: dict[str, list[HeldMessage]] = {}

    def send(self, message: Message, delay: int = 0) -> None:
        """See JobQueue."""
        with self._lock:
            self._receipts += 1
            told, group, now = replace(message, group=None), message.group, self._clock()
            if self._serial(message.type):
                delay, group = 0, group or message.id
            held = HeldMessage(told, f"r{self._receipts}", now + delay, group=group, sent_at=now)
            key = jobtype.queue_of(message.type)
            self.messages.setdefault(urgent_key(key) if message.urgent else key, []).append(held)

    def send_many(self, messages: Sequence[Message], delays: Mapping[str, int] | None = None) -> Sequence[Message]:
        """See JobQueue."""
        if len(messages) > MOST_MESSAGES:
            raise ValueError(f"{len(messages)} messages in one request")
        for message in messages:
            self.send(message, (delays or {}).get(message.id, 0))
        return []

    def set_visibility(self, key: str, receipts: Sequence[str], seconds: int) -> None:
        """See JobQueue."""
        with self._lock:
            for message in self.messages.get(jobtype.queue_of(key), []):
                if message.receipt in receipts:
                    message.visible_at = self._clock() + seconds

    def depth(self, job_type: str) -> Depth:
        """See JobQueue."""
        now, job_type = self._clock(), jobtype.queue_of(job_type)
        visible, delayed, flying = self._counts(job_type, now)
        if jobtype.urgent(job_type):
            more, later, there = self._counts(urgent_key(job_type), now)
            visible, delayed, flying = visible + more, delayed + later, flying + there
        return Depth(visible, delayed, flying, len(self.dead.get(job_type, [])))

    def _counts(self, key: str, now: float) -> tuple[int, int, int]:
        """Return the numbers of visible, delayed and in-flight messages."""
        waiting = self.messages.get(key, [])
        visible = sum(m.visible_at <= now for m in waiting)
        flying = sum(m.visible_at > now and m.receive_count > 0 for m in waiting)
        return visible, len(waiting) - visible - flying, flying

    def peek_dead(self, job_type: str, most: int) -> Sequence[DeadMessage]:
        """See JobQueue."""
        with self._lock:
            now = self._clock()
            found = self._visible(jobtype.queue_of(job_type), self.dead, now)[:most]
            for message in found:
                self._receipts += 1
                message.receipt, message.visible_at = f"r{self._receipts}", now + DEAD_HIDDEN
            return [DeadMessage(message.receipt, message.message) for message in found]

    def delete_dead(self, job_type: str, receipts: Sequence[str]) -> None:
        """See JobQueue."""
        with self._lock:
            job_type = jobtype.queue_of(job_type)
            self.dead[job_type] = [m for m in self.dead.get(job_type, []) if m.receipt not in receipts]

    def receive(self, job_type: str, most: int = 10, job_id: str | None = None) -> list[HeldMessage]:
        """Return the visible messages, or only those of one job, for a test that runs this job and no other.

        A message that was received too often is moved to the dead-letter list.
        """
        with self._lock:
            now, taken, job_type = self._clock(), list[HeldMessage](), jobtype.queue_of(job_type)
            first = first_key(job_type)
            for message in self._receivable(job_type, now, job_id):
                if len(taken) == most:
                    break
                if message.receive_count >= self.receives.get(first, self.most_receives):
                    self.messages[job_type].remove(message)
                    self.dead.setdefault(first, []).append(message)
                    continue
                self._receipts += 1
                message.receipt, message.receive_count = f"r{self._receipts}", message.receive_count + 1
                message.visible_at = now + self._visibility
                taken.append(replace(message))
            return taken

    def _receivable(self, job_type: str, now: float, job_id: str | None) -> list[HeldMessage]:
        visible = self._visible(job_type, self.messages, now)
        if job_id is None:
            return visible
        first = {message.group: message for message in reversed(visible)} if self._serial(job_type) else {}
        return [m for m in visible if m.message.id == job_id and first.get(m.group, m) is m]

    def _visible(self, job_type: str, queues: Mapping[str, list[HeldMessage]], now: float) -> list[HeldMessage]:
        """Return the receivable messages; in a FIFO queue, none of a group that has a message in flight."""
        held = queues.get(job_type, [])
        flying = {m.group for m in held if m.visible_at > now} if self._serial(job_type) else set()
        return [m for m in held if m.visible_at <= now and m.group not in flying]

    def delete(self, job_type: str, receipt: str) -> None:
        """Acknowledge a received message."""
        with self._lock:
            job_type = jobtype.queue_of(job_type)
            self.messages[job_type] = [m for m in self.messages.get(job_type, []) if m.receipt != receipt]
