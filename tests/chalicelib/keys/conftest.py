"""Provide a service with a plain and a unique type."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.unique import Unique
from chalicelib.jobs import transitions
from chalicelib.jobs.change import Claimant
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.port import Filter
from chalicelib.keys.rule import Debounce, Outcome
from chalicelib.producing.service import JobService
from chalicelib.producing.submission import Submission
from tests.chalicelib.api.support import Note, only_types
from tests.support import Clock

PLAIN: JobType[Note, None] = JobType("test.plain", lambda _payload, _ctx: None, Note)
UNIQUE: JobType[Note, None] = replace(PLAIN, name="test.unique", unique=Unique(by=("to",), seconds=3600))


@contextmanager
def two_types() -> Iterator[JobService]:
    clock = Clock()
    with only_types(PLAIN, UNIQUE):
        yield JobService(MemoryJobStore(clock), MemoryJobQueue(clock), clock=clock, sleep=clock.advance)


@pytest.fixture
def service() -> Iterator[JobService]:
    with two_types() as made:
        yield made


def keyed(key: str) -> dict[str, Any]:
    return {"idempotency_key": key, "principal": "p"}


def unique(service: JobService, to: str = "ada", **asked: Any) -> tuple[Job, Outcome]:
    text = asked.pop("text", "hello")
    made = service.submit(Submission("test.unique", {"to": [to], "text": text}, **asked))
    return made.job, made.outcome


def debounced(service: JobService, text: str, seconds: int = 30, key: str = "k", **asked: Any) -> tuple[Job, Outcome]:
    payload = {"to": ["ada"], "text": text}
    made = service.submit(Submission("test.plain", payload, debounce=Debounce(key, seconds), **asked))
    return made.job, made.outcome


def clock_of(service: JobService) -> Clock:
    assert isinstance(service.clock, Clock)
    return service.clock


def jobs(service: JobService) -> list[Job]:
    return list(service.store.page(Filter(), 100).jobs)


def claim(service: JobService, job: Job) -> Job:
    now = service.now()
    change = transitions.claim(job.gen, now=now, lease_until=now + 65, by=Claimant("r"), job_type=job.type)
    return service.store.apply(job.id, change)


def ended(service: JobService, job: Job, status: Status) -> None:
    store = service.store
    assert isinstance(store, MemoryJobStore)
    store._jobs[job.id] = replace(store.get(job.id), status=status)


def told(answer: tuple[Job, Outcome]) -> tuple[str, Outcome]:
    return answer[0].id, answer[1]


def dying(service: JobService, call: str, work: Callable[[], object]) -> None:
    """Let a process die at this call of the store."""
    kept = getattr(service.store, call)
    setattr(service.store, call, die)
    with pytest.raises(KeyboardInterrupt):
        work()
    setattr(service.store, call, kept)


def die(*_: object, **__: object) -> None:
    raise KeyboardInterrupt
