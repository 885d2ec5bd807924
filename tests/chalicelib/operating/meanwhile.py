"""Provide stores and queues that other processes change in between, and a request for a job."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.jobs.change import Change
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.port import Message
from chalicelib.producing.submission import Submission
from tests.chalicelib.api.support import Clock

PAYLOAD = {"to": ["a"]}


@dataclass
class Crowded(MemoryJobStore):
    """A store in which another process changes the job before each change."""

    meanwhile: Callable[[MemoryJobStore, str], None] | None = None
    times: int = 1

    def __post_init__(self) -> None:
        super().__init__(Clock())

    def apply(self, job_id: str, change: Change) -> Job:
        if self.meanwhile and self.times:
            self.times -= 1
            self.meanwhile(self, job_id)
        return super().apply(job_id, change)


class Deaf(MemoryJobQueue):
    """A queue that accepts no message until a test allows it."""

    deaf = True

    def send(self, message: Message, delay: int = 0) -> None:
        if self.deaf:
            raise ConnectionError
        super().send(message, delay)


def asked(**more: Any) -> Submission:
    return replace(Submission("test.note", PAYLOAD, correlation_id="c"), **more)


def status_of(status: Status) -> Callable[[MemoryJobStore, str], None]:
    def set_status(store: MemoryJobStore, job_id: str) -> None:
        store._jobs[job_id] = replace(store._jobs[job_id], status=status)

    return set_status
