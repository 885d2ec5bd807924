"""Test steps that are tried again automatically: the waits, the last try, and the attempts of the job."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chalicelib import Backoff, Delays, JobContext, PermanentError, Retry, RetryLater, StepFailed
from chalicelib.job_types.jobtype import registered
from chalicelib.jobs.job import Status
from jobflow.testing.single import run
from jobflow.testing.workers import WorkerGone
from tests.chalicelib.worker.test_steps import TYPE, Shop

SHORT = Backoff(first=2, factor=1, jitter="none")
LONG = Delays((60, 3600))


@pytest.fixture
def shop() -> Iterator[Shop]:
    yield Shop()
    registered.pop(TYPE, None)


def failing(shop: Shop, *errors: Exception) -> Callable[[], str]:
    """Return a function that raises these errors, one at each call, and then returns."""
    left = list(errors)

    def ship() -> str:
        shop.did.append("ship")
        if left:
            raise left.pop(0)
        return "shipped"

    return ship


def test_a_step_is_tried_again_within_the_invocation_and_charges_no_attempt(shop: Shop) -> None:
    ship = failing(shop, ValueError("1"), ValueError("2"), ValueError("3"))
    shop.act = lambda ctx: ctx.step("ship", ship, tries=4, retry=SHORT)
    began = shop.platform.clock.now
    made = shop.start()
    assert (made.status, made.result, made.attempts, made.claims) == (Status.COMPLETED, "shipped", 1, 1)
    assert shop.did == ["ship"] * 4
    assert shop.platform.clock.now - began >= 6
    assert not shop.platform.attempts(made)


def test_a_long_wait_between_two_tries_needs_no_worker(shop: Shop) -> None:
    ship = failing(shop, ValueError("1"), ValueError("2"))
    shop.act = lambda ctx: [ctx.step("pay", shop.do("pay")), ctx.step("ship", ship, retry=LONG)]
    made = shop.start()
    assert (made.status, made.waits, shop.did) == (Status.SUSPENDED, "time", ["pay", "ship"])
    shop.platform.advance(61)
    assert (shop.now(made).status, shop.did) == (Status.SUSPENDED, ["pay", "ship", "ship"])
    shop.platform.advance(3601)
    assert (shop.now(made).result, shop.now(made).attempts) == (["pay", "shipped"], 1)
    assert not shop.platform.attempts(made)


def test_the_last_try_fails_the_job_with_the_error_and_a_retry_by_hand_has_all_tries_again(shop: Shop) -> None:
    ship = failing(shop, *[ValueError("no truck")] * 3)
    shop.act = lambda ctx: [ctx.step("pay", shop.do("pay")), ctx.step("ship", ship, tries=3, retry=SHORT)]
    made = shop.start()
    assert (made.status, made.error_class) == (Status.FAILED, "StepFailed")
    assert "ship failed 3 times, at last with ValueError: no truck" in (made.error_message or "")
    shop.platform.retry(made)
    shop.platform.run()
    assert (shop.now(made).result, shop.did) == (["pay", "shipped"], ["pay", *["ship"] * 4])


def test_a_caught_failure_stays_for_the_run_and_after_a_retry_by_hand(shop: Shop) -> None:
    fails, told = [ValueError("no")] * 3, list[Any]()

    def act(ctx: JobContext) -> str:
        try:
            ctx.step("ship", failing(shop, *[ValueError("no truck")] * 9), tries=2, retry=SHORT)
        except StepFailed as failed:
            told.append((failed.name, failed.tries, failed.error))
            ctx.step("refund", shop.do("refund"))
        ctx.sleep(3600)
        if fails:
            raise fails.pop()
        return "refunded"

    shop.act = act
    made = shop.start()
    shop.platform.advance(hours=2)
    assert (shop.now(made).status, shop.did) == (Status.DEAD_LETTER, ["ship", "ship", "refund"])
    shop.platform.retry(made)
    shop.platform.run()
    assert (shop.now(made).result, shop.did) == ("refunded", ["ship", "ship", "refund"])
    assert set(told) == {("ship", 2, "ValueError: no truck")}


def test_attempts_and_tries_are_counted_apart(shop: Shop) -> None:
    """The tries of a step that failed twice continue after an attempt that failed in another place."""
    ship = failing(shop, ValueError("1"), ValueError("2"))
    elsewhere = [OSError("elsewhere")]

    def act(ctx: JobContext) -> Any:
        found = ctx.step("ship", ship, retry=Delays((5, 3600)))
        if elsewhere:
            raise elsewhere.pop()
        return found

    shop.act = act
    made = shop.start()
    assert (made.status, shop.did) == (Status.SUSPENDED, ["ship", "ship"])
    shop.platform.advance(hours=2)
    assert (shop.now(made).result, shop.now(made).attempts, shop.did) == ("shipped", 2, ["ship"] * 3)


def test_a_worker_that_dies_in_a_try_uses_up_an_attempt_and_no_try(shop: Shop) -> None:
    def act(ctx: JobContext) -> Any:
        def ship() -> str:
            shop.did.append("ship")
            if len(shop.did) == 2:
                raise WorkerGone
            if len(shop.did) < 5:
                raise ValueError("no")
            return "shipped"

        return ctx.step("ship", ship, tries=4, retry=SHORT)

    shop.act = act
    made = shop.start()
    shop.platform.advance(hours=1)
    assert (shop.now(made).result, shop.did) == ("shipped", ["ship"] * 5)


@pytest.mark.parametrize(
    ("options", "error"),
    [({"fail_on": KeyError}, KeyError("no")), ({"retry_on": OSError}, ValueError("no")), ({}, PermanentError("never"))],
)
def test_an_error_that_the_type_does_not_retry_ends_the_tries(options: Any, error: Exception) -> None:
    shop = Shop(**options)
    try:
        ship = failing(shop, error)
        shop.act = lambda ctx: ctx.step("ship", ship, tries=5, retry=SHORT)
        made = shop.start()
        assert (made.status, made.error_class, shop.did) == (Status.FAILED, "StepFailed", ["ship"])
    finally:
        registered.pop(TYPE, None)


def test_an_error_can_say_when_the_next_try_is(shop: Shop) -> None:
    ship = failing(shop, Retry(after=100))
    shop.act = lambda ctx: ctx.step("ship", ship, tries=2, retry=SHORT)
    made = shop.start()
    assert made.status is Status.SUSPENDED
    shop.platform.advance(101)
    assert shop.now(made).result == "shipped"


def test_retry_later_waits_as_it_does_without_tries(shop: Shop) -> None:
    ship = failing(shop, RetryLater(100), RetryLater(100))
    shop.act = lambda ctx: ctx.step("ship", ship, tries=1)
    made = shop.start()
    assert (made.status, made.error_class) == (Status.RETRYING, "RetryLater")
    shop.platform.advance(300)
    assert (shop.now(made).result, shop.now(made).attempts) == ("shipped", 1)


def test_a_try_that_has_used_names_may_use_them_again(shop: Shop) -> None:
    fails = [ValueError("no")]

    def act(ctx: JobContext) -> Any:
        def outer() -> str:
            ctx.step("inner", shop.do("inner"))
            key = str(ctx.uuid())
            if fails:
                raise fails.pop()
            return key

        return [ctx.step("outer", outer, tries=2, retry=SHORT), str(ctx.uuid())]

    shop.act = act
    made = shop.start()
    assert (made.status, shop.did) == (Status.COMPLETED, ["inner"])
    assert made.result[0] != made.result[1]


@pytest.mark.parametrize("wrong", [{"tries": 0}, {"tries": 31}, {"tries": True}, {"tries": 2, "retry": 5}])
def test_wrong_tries_are_refused_before_the_step_runs(shop: Shop, wrong: Any) -> None:
    shop.act = lambda ctx: ctx.step("ship", shop.do("ship"), **wrong)
    made = shop.start()
    assert (made.error_class, shop.did) == ("ConfigurationError", [])


def test_a_type_that_runs_one_at_a_time_has_no_tries() -> None:
    shop = Shop(serial_by="id")
    try:
        shop.act = lambda ctx: ctx.step("ship", shop.do("ship"), tries=2)
        assert (shop.start().error_class, shop.did) == ("ConfigurationError", [])
    finally:
        registered.pop(TYPE, None)


def test_one_run_of_the_test_kit_tries_again(shop: Shop) -> None:
    ship = failing(shop, ValueError("1"), ValueError("2"))
    shop.act = lambda ctx: ctx.step("ship", ship, retry=LONG)
    assert run(TYPE, {"id": "o-1"}, clock=shop.platform.clock).value == "shipped"


def test_no_try_follows_later_than_90_days_after_the_first_step(shop: Shop) -> None:
    ship, week = failing(shop, *[ValueError("no truck")] * 30), 7 * 86_400
    shop.act = lambda ctx: [ctx.step("pay", shop.do("pay")), ctx.step("ship", ship, tries=30, retry=Delays((week,)))]
    made = shop.start()
    for _ in range(14):
        shop.platform.clock.now += week
        shop.platform.advance(minutes=2)
    assert (shop.now(made).status, shop.now(made).error_class) == (Status.FAILED, "StepFailed")
    assert shop.did.count("ship") == 1 + 90 // 7
