"""Test an application's own tests: the jobs that it submits run in their process."""

import builtins
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from pydantic import BaseModel, Field

import jobflow
from chalicelib import Delays, JobContext, JobType, PermanentError, job
from jobflow import ApiError, JobFlow, NewJob, problems
from jobflow.testing import Platform, WorkerGone, eager
from tests.chalicelib.api.support import only_types

Kind = JobType[Any, Any]


class Order(BaseModel):
    """A payload."""

    number: int = Field(7, examples=[7])


def mail(payload: Order, ctx: JobContext) -> int:
    """Send a mail."""
    return payload.number


def place(payload: Order, ctx: JobContext) -> int:
    """Place an order; code deep in the application makes another job."""
    if payload.number < 0:
        raise PermanentError("no such order")
    JobFlow().submit("mail.order", {"number": payload.number + 1})
    return payload.number


@pytest.fixture
def orders() -> Iterator[Kind]:
    with only_types():
        job("mail.order")(mail)
        yield job("order.place", enqueues=("mail.order",), retry=Delays((5, 7200)))(place)


@pytest.fixture
def platform(orders: Kind) -> Iterator[Platform]:
    with eager(orders, job("mail.order")(mail)) as made:
        yield made


def test_what_is_submitted_has_run_to_its_end_and_what_it_makes_too(orders: Kind, platform: Platform) -> None:
    done = JobFlow().submit("order.place", Order(number=3))
    assert (done.status, done.result) == ("completed", 3)
    assert [made.result for made in platform.made_by(done.id)] == [4]
    assert orders.delay(number=5).result == 5
    with pytest.raises(LookupError):
        jobflow.current()


def test_a_client_with_a_target_and_a_delay_runs_at_once_too(orders: Kind, platform: Platform) -> None:
    began = platform.clock.now
    with JobFlow("https://jobs.example.com", "jf_token") as client:
        done = client.submit(orders, {}, delay=timedelta(days=3), expires=60)
        many = client.batch([NewJob(orders, {"number": n}) for n in (1, 2)])
    assert (done.status, round(platform.clock.now - began)) == ("completed", 3 * 86_400)
    assert [one.job.result for one in many if one.job] == [1, 2]


def test_failed_attempts_are_retried_and_the_end_is_told(orders: Kind, platform: Platform) -> None:
    platform.fail(orders, ConnectionError("busy"), WorkerGone())
    done = JobFlow().submit(orders, {"number": 1})
    assert (done.status, done.attempts) == ("completed", 3)
    assert [attempt.outcome for attempt in platform.attempts(done.id)] == ["error", "lost"]
    failed = JobFlow().submit(orders, {"number": -1})
    assert (failed.status, failed.error_class, failed.error_message) == ("failed", "PermanentError", "no such order")
    platform.fail(orders, *[ConnectionError("busy")] * 3)
    assert JobFlow().submit(orders, {"number": 1}).status == "dead_letter"


@pytest.mark.parametrize(
    ("type", "payload", "key", "error", "told"),
    [
        ("order.place", {"number": "many"}, None, problems.InvalidPayload, "payload.number: Input should be a valid"),
        ("order.palce", {}, None, problems.UnknownJobType, "order.palce"),
        ("order.place", {"number": 8}, "order-1", problems.IdempotencyMismatch, "use a new key"),
    ],
)
def test_a_refused_request_raises_the_error_of_the_client(
    platform: Platform, type: str, payload: dict[str, Any], key: str | None, error: builtins.type[ApiError], told: str
) -> None:
    JobFlow().submit("order.place", {}, key="order-1")
    before = platform.jobs()
    with pytest.raises(error, match=told) as refused:
        JobFlow().submit(type, payload, key=key)
    assert str(refused.value).count(told) == 1
    assert (refused.value.status, platform.jobs()) == (422, before)


def test_a_refused_job_of_a_batch_is_told_in_its_result(orders: Kind, platform: Platform) -> None:
    first, refused, last = JobFlow().batch([NewJob(orders, {"number": n}, key=f"o-{n}") for n in (1, "many", 3)])
    assert [one.job.result for one in (first, last) if one.job] == [1, 3]
    assert refused.problem
    assert (refused.status, refused.job, refused.key) == (422, None, "o-many")
    assert refused.problem.type == "urn:jobflow:problem:invalid-payload"
