"""Provide a worker of a type whose jobs make jobs of two other types, one of which is retired."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.job_types.changes import Changes
from chalicelib.job_types.context import JobContext
from chalicelib.job_types.jobtype import JobType
from chalicelib.jobs.job import Job
from chalicelib.jobs.port import Filter
from chalicelib.producing.service import JobService
from tests.chalicelib.api.support import Note, only_types
from tests.chalicelib.worker.one_type import OneType

PAYLOAD = {"to": ["ada@example.com"]}
MAIL: JobType[Note, None] = JobType("test.mail", lambda _payload, _ctx: None, Note)
GONE: JobType[Note, None] = JobType("test.gone", lambda _payload, _ctx: None, Note, changes=Changes(retired=True))


@pytest.fixture
def world() -> Iterator[OneType]:
    bench = OneType()
    bench.kind = replace(bench.kind, enqueues=("test.mail", "test.gone"))
    service = JobService(bench.store, bench.queue, clock=bench.clock)
    bench.worker = replace(bench.worker, kind=bench.kind, service=service)
    with only_types(bench.kind, MAIL, GONE):
        yield bench


def making(**asked: Any) -> Callable[[JobContext], object]:
    """Return an attempt that makes an e-mail job and returns its id."""
    return lambda ctx: ctx.enqueue("test.mail", PAYLOAD, **{"key": "receipt", **asked})


def children(world: OneType, parent: str = "job-1") -> list[Job]:
    return list(world.store.page(Filter(parent=parent), 100).jobs)
