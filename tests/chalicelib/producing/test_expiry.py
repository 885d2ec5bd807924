"""Test when a job expires: by its own setting or that of its schedule or type, counted from its due time."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from pydantic import BaseModel

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.errors import ConfigurationError
from chalicelib.job_types import jobtype
from chalicelib.job_types.context import JobContext
from chalicelib.job_types.jobtype import job
from chalicelib.job_types.schedule import Cron
from chalicelib.keys.rule import Debounce
from chalicelib.producing.service import JobService
from chalicelib.producing.submission import Submission
from tests.support import T0, Clock


class Note(BaseModel):
    text: str = ""


def note(payload: Note, ctx: JobContext) -> None:
    """Do nothing."""


@pytest.fixture(autouse=True)
def types() -> Iterator[None]:
    before = dict(jobtype.registered)
    job("test.plain")(note)
    job("test.brief", expires=60)(note)
    yield
    jobtype.registered.clear()
    jobtype.registered.update(before)


@pytest.fixture
def service() -> JobService:
    clock = Clock()
    return JobService(MemoryJobStore(clock), MemoryJobQueue(clock), clock=clock)


@pytest.mark.parametrize(
    ("job_type", "asked", "start_by"),
    [
        ("test.plain", {}, None),
        ("test.plain", {"expires_seconds": 30}, T0 + 30),
        ("test.plain", {"expires_seconds": 30, "delay_seconds": 100}, T0 + 130),
        ("test.plain", {"expires_seconds": 30, "run_at": T0 + 50}, T0 + 80),
        ("test.plain", {"expires_seconds": 30, "run_at": T0 - 50}, T0 + 30),
        ("test.plain", {"expires_seconds": 30, "run_at": T0 - 50, "fires_at": T0 - 50}, T0 - 20),
        ("test.plain", {"expires_seconds": 30, "debounce": Debounce("key", 10)}, T0 + 40),
        ("test.brief", {}, T0 + 60),
        ("test.brief", {"expires_seconds": 600}, T0 + 600),
    ],
)
def test_a_job_expires_so_long_after_its_time(
    service: JobService, job_type: str, asked: dict[str, Any], start_by: float | None
) -> None:
    assert service.submit(Submission(job_type, {}, **asked)).job.start_by == start_by


def test_a_later_request_gives_a_debounced_job_a_new_time(service: JobService) -> None:
    asked = Submission("test.plain", {}, debounce=Debounce("key", 10), expires_seconds=30)
    first = service.submit(asked).job
    later = service.submit(replace(asked, expires_seconds=5)).job
    assert (first.id, later.start_by) == (later.id, T0 + 15)


def test_a_repeated_request_may_compute_its_expiry_anew(service: JobService) -> None:
    asked = Submission("test.plain", {}, idempotency_key="key", expires_seconds=60)
    first, again = service.submit(asked), service.submit(replace(asked, expires_seconds=57))
    assert (again.job.id, again.job.start_by) == (first.job.id, T0 + 60)


@pytest.mark.parametrize("seconds", [0, 0.5, 366 * 86_400, "60"])
def test_a_time_that_is_no_time_is_refused(seconds: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"test\.wrong: expires must be between 1 and 31536000 seconds"):
        job("test.wrong", expires=seconds)(note)
    with pytest.raises(ConfigurationError, match=r"test\.wrong: the schedule 'default': expires must be"):
        job("test.wrong", schedule=Cron("@daily", expires=seconds))(note)


def test_a_type_knows_the_shortest_of_its_times() -> None:
    job("test.both", expires=600, schedule=(Cron("@daily", expires=60), Cron("@hourly", name="often")))(note)
    assert [jobtype.shortest_expiry(name) for name in ("test.both", "test.plain", "test.gone")] == [60, None, None]
