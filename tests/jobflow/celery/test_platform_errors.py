"""Check what a task's job does when the platform, not the task, has a problem."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chalicelib.errors import JobCancelled, PermanentError, RetryLater, SecretUnavailable, StoreUnavailable
from jobflow.celery import AsyncResult, shared_task
from jobflow.celery.worker import queue
from jobflow.testing import Platform, eager
from tests.chalicelib.api.support import only_types


@pytest.fixture(autouse=True)
def platform() -> Iterator[Platform]:
    with only_types(), eager(queue()(lambda: None)) as made:
        yield made


def raising(*errors: Exception) -> Callable[[], int]:
    """Return a function that raises one of the errors at each call, and then returns the number of its calls."""
    calls: list[int] = []

    def act() -> int:
        calls.append(1)
        if len(calls) <= len(errors):
            raise errors[len(calls) - 1]
        return len(calls)

    return act


def job_of(platform: Platform, result: AsyncResult) -> Any:
    [job] = [one for one in platform.jobs() if result.id in (one.id, one.idempotency_key)]
    return platform.job(job)


@pytest.mark.parametrize("kind", [StoreUnavailable, SecretUnavailable])
def test_a_task_without_retries_runs_once_also_if_its_calls_are_refused(
    platform: Platform, kind: type[Exception]
) -> None:
    once = shared_task(name="shop.once")(raising(kind("The job cannot be made: ConnectTimeout")))
    job = job_of(platform, once.delay())
    assert (job.status, job.claims) == ("failed", 1)
    assert "The job cannot be made: ConnectTimeout" in job.error_message


@pytest.mark.parametrize("given", [{"acks_late": True}, {"max_retries": 2}, {"autoretry_for": (KeyError,)}])
def test_a_task_that_may_run_again_does_so_without_a_charge(platform: Platform, given: dict[str, Any]) -> None:
    again = shared_task(name="shop.again", **given)(raising(StoreUnavailable("The job cannot be made")))
    job = job_of(platform, again.delay())
    assert (job.status, job.result, job.attempts) == ("completed", 2, 1)


@pytest.mark.parametrize(
    ("error", "status", "attempts"),
    [
        (PermanentError("no"), "failed", 1),
        (RetryLater(5), "completed", 1),
        (StoreUnavailable("no"), "completed", 1),
        (JobCancelled("stop"), "cancelled", 1),
        (ValueError("no"), "completed", 2),
    ],
)
def test_autoretry_leaves_errors_that_decide_by_themselves(
    platform: Platform, error: Exception, status: str, attempts: int
) -> None:
    task = shared_task(name="shop.every", autoretry_for=(Exception,))(raising(error))
    job = job_of(platform, task.delay())
    assert (job.status, job.attempts) == (status, attempts)
