"""Check which retries a task gets, wherever it asks for them, and how long it waits."""

from collections.abc import Iterator
from functools import wraps
from typing import Any

import pytest

from jobflow.celery import AsyncResult, Ignore, MaxRetriesExceededError, current_task, shared_task
from jobflow.celery.worker import queue
from jobflow.testing import Platform, eager
from tests.chalicelib.api.support import only_types

CALLS: list[Any] = []


class Busy(Exception):
    """A service is busy."""


@pytest.fixture(autouse=True)
def platform() -> Iterator[Platform]:
    CALLS.clear()
    with only_types(), eager(queue()(lambda: None)) as made:
        yield made


def job_of(platform: Platform, result: AsyncResult) -> Any:
    [job] = [one for one in platform.jobs() if result.id in (one.id, one.idempotency_key)]
    return platform.job(job)


def retries_if_busy(function: Any) -> Any:
    """Ask for a retry, in a decorator."""

    @wraps(function)
    def wrapper(self: Any, *args: Any) -> Any:
        try:
            return function(self, *args)
        except Busy as error:
            raise self.retry(exc=error, countdown=1) from None

    return wrapper


def again() -> None:
    """Ask for a retry, in a function of the application."""
    CALLS.append(current_task.request.retries)
    current_task.retry(countdown=1)


def busy_twice() -> str:
    CALLS.append("call")
    if len(CALLS) < 3:
        raise Busy
    return "done"


@shared_task(bind=True)
@retries_if_busy
def decorated(self: Any) -> str:
    """Call a service."""
    return busy_twice()


@shared_task
def undeclared() -> None:
    """Ask for a retry in another function."""
    again()


@shared_task(max_retries=2)
def declared() -> None:
    """Ask for a retry in another function."""
    again()


@shared_task(bind=True, max_retries=9)
def catches(self: Any) -> str:
    """Notice that no retry is left."""
    CALLS.append(self.request.retries)
    try:
        self.retry(countdown=1)
    except MaxRetriesExceededError:
        return "gave up"
    return ""


def test_a_decorator_of_a_bound_task_may_ask_for_a_retry() -> None:
    assert decorated.delay().get() == "done"


def test_another_function_may_ask_for_the_retries_that_the_task_declares(platform: Platform) -> None:
    job = job_of(platform, declared.delay())
    assert (CALLS, job.status, job.error_class) == ([0, 1, 2], "failed", "MaxRetriesExceededError")


def test_a_task_that_declares_no_retries_says_what_to_declare_when_another_function_asks(platform: Platform) -> None:
    job = job_of(platform, undeclared.delay())
    assert (CALLS, job.status, job.error_class) == ([0], "failed", "MaxRetriesExceededError")
    assert "declare max_retries= on the task" in job.error_message


def test_a_job_that_a_person_makes_ends_its_retries_with_its_attempts(platform: Platform) -> None:
    job = platform.finish(platform.submit("celery.default", {"task": catches.name}))
    assert (CALLS, job.result) == ([0, 1, 2, 3], "gave up")


@shared_task(bind=True, max_retries=2)
def keeps_the_retry(self: Any, how: str) -> str:
    """Ask for a retry without an exception, and go on."""
    CALLS.append(self.request.retries)
    if len(CALLS) < 3:
        asked = self.retry(countdown=9, exc=Busy("no"), throw=False)
        assert asked.after == 9
        if how == "raises":
            raise LookupError("no such order")
        if how == "ignores":
            raise Ignore
    return "done"


@pytest.mark.parametrize(
    ("how", "error"), [("returns", "Busy: no"), ("raises", "LookupError: no such order"), ("ignores", "Busy: no")]
)
def test_a_retry_without_an_exception_follows_when_the_task_has_ended(platform: Platform, how: str, error: str) -> None:
    job = job_of(platform, keeps_the_retry.delay(how))
    assert (CALLS, job.result) == ([0, 1, 2], "done")
    attempts = platform.attempts(job)[:2]
    assert [(f"{one.error_class}: {one.error_message}", one.retry_delay_s) for one in attempts] == [(error, 9)] * 2


@shared_task(
    autoretry_for=(Busy,), default_retry_delay=None, retry_kwargs={"max_retries": None}, retry_backoff_max=None
)
def not_set() -> None:
    """Fail, with options that are not set."""
    raise Busy


@shared_task(autoretry_for=(Busy,), retry_backoff=400, retry_backoff_max=None, retry_jitter=False, max_retries=2)
def longest_not_set() -> None:
    """Fail, with options that are not set."""
    raise Busy


@shared_task(bind=True, autoretry_for=(Busy,), retry_kwargs={"max_retries": 1, "countdown": 5})
def both_ways(self: Any, how: str) -> None:
    """Fail, or ask for a retry."""
    CALLS.append(how)
    if how == "asks":
        self.retry(countdown=7)
    raise Busy


@shared_task(bind=True)
def long_wait(self: Any) -> None:
    """Ask for a retry after the longest possible wait."""
    self.retry(countdown=8 * 86_400)


def waits(platform: Platform, result: AsyncResult) -> list[float | None]:
    return [one.retry_delay_s for one in platform.attempts(job_of(platform, result))]


def test_none_means_that_an_option_is_not_set(platform: Platform) -> None:
    assert waits(platform, not_set.delay()) == [180, 180, 180, None]
    assert waits(platform, longest_not_set.delay()) == [400, 600, None]


def test_the_number_in_retry_kwargs_is_of_autoretry_only(platform: Platform) -> None:
    assert waits(platform, both_ways.delay("fails")) == [5, None]
    assert waits(platform, both_ways.delay("asks")) == [7, 7, 7, None]


def test_a_longer_wait_than_the_platform_has_is_refused_and_not_shortened(platform: Platform) -> None:
    job = job_of(platform, long_wait.delay())
    assert (job.status, job.error_class) == ("failed", "ValueError")
    assert "a retry waits at most 7 days" in job.error_message
