"""What is read with a job to explain why it waits."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from pydantic import BaseModel

from chalicelib import JobContext, job
from chalicelib.adapters.memory.counters import MemoryCounters
from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.job_types import jobtype
from chalicelib.jobs.job import Job, Status
from chalicelib.limits.serial_rule import lock_of_attempt, row_of
from chalicelib.operating.reading import JobReader
from tests.support import T0, Clock, a_job

NAME = "test.ordered"


class Account(BaseModel):
    account: str


@pytest.fixture(autouse=True)
def serial_type() -> Iterator[None]:
    @job(NAME, serial_by="account")
    def run(payload: Account, ctx: JobContext) -> None: ...

    yield
    del jobtype.registered[NAME]


class Line:
    """Jobs of one key, of which the first one holds it."""

    def __init__(self) -> None:
        self.store = MemoryJobStore(Clock(T0))
        self.first = self.add("first", status=Status.PROCESSING, attempts=1, claims=1, lease_until=T0 + 60)
        assert self.store.acquire(row_of(NAME, "acme"), None, lock_of_attempt(self.first))

    def add(self, job_id: str, **fields: Any) -> Job:
        made = a_job(**{"id": job_id, "type": NAME, "sent": True, "tags": ("tenant=acme",), **fields})
        self.store.add(made)
        return made

    def why(self, of: Job) -> str:
        return JobReader(self.store, MemoryCounters(), lambda: T0).explained(of.id)[1] or ""


def test_the_job_that_holds_the_key_is_named_while_it_runs() -> None:
    line = Line()
    assert "Job first of the same key runs" in line.why(line.add("second"))
    assert line.why(line.add("alone", tags=())) == f"Next in the {NAME} queue; waiting for a worker."
    assert "No deployment declares the type test.gone" in line.why(line.add("orphan", type="test.gone"))
    line.store._jobs["first"] = replace(line.first, status=Status.COMPLETED)
    assert "first" not in line.why(line.add("third"))
