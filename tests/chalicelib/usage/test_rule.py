"""Test what attempts, jobs and days cost, beside the numbers of `make cost`."""

from dataclasses import replace

import pytest
from pydantic import BaseModel

from chalicelib.job_types.at_most import AtMost
from chalicelib.job_types.failing import Failing
from chalicelib.job_types.function import Function
from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.rate import Rate
from chalicelib.job_types.unique import Unique
from chalicelib.jobs.job import Attempt, Status
from chalicelib.usage.constants import STEP_UNITS
from chalicelib.usage.rule import Shape, Used, attempt_cost, cost, job_cost
from infra.cloud.cost.calculation import ALONE, Load, kept, per_million, total
from infra.cloud.cost.extras import extras
from infra.cloud.cost.steps import CALL_UNITS, SLEEP_UNITS, WAIT_UNITS
from tests.support import T0, a_job

NANO = 1_000_000_000
PLAIN = Shape(memory=512)
ONCE = Used(jobs=1, attempts=1, completed=1, writes=1)


class Asked(BaseModel):
    customer: str = ""


def dollars(shape: Shape, used: Used) -> float:
    """Return the dollars of a million times this use."""
    return cost(shape, used).whole * 1_000_000 / NANO


def test_a_job_without_run_time_costs_what_make_cost_says() -> None:
    assert dollars(PLAIN, ONCE) == pytest.approx(total(per_million(ALONE.of_one_job())) + total(kept()), rel=0.01)


def test_full_batches_share_the_requests_of_an_invocation() -> None:
    load = Load("ten", 1, 10, 1)
    expected = total(per_million(load.of_one_job())) + total(kept())
    assert dollars(replace(PLAIN, batch=10), ONCE) == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize(
    "options",
    [{"serial_by": "customer"}, {"fair_by": "customer"}, {"rate": Rate(14)}, {"pause_when": Failing()},
     {"unique": Unique(seconds=60)}],
)  # fmt: skip
def test_an_option_costs_what_make_cost_says(options: dict[str, object]) -> None:
    kind: JobType[Asked, None] = JobType("a.b", lambda _payload, _ctx: None, Asked, **options)  # type: ignore[arg-type]
    assert dollars(Shape.of(kind), ONCE) - dollars(PLAIN, ONCE) == pytest.approx(total(extras(kind, ALONE)), abs=0.01)


def test_time_costs_by_memory() -> None:
    def second(memory: int) -> float:
        return dollars(Shape(memory), replace(ONCE, run_ms=1_000)) - dollars(Shape(memory), ONCE)

    assert second(1_024) == pytest.approx(13.3334, abs=0.01)
    assert second(10_240) == pytest.approx(133.334, abs=0.01)


def test_waits_and_steps_cost_the_units_of_the_ledger() -> None:
    assert {SLEEP_UNITS, WAIT_UNITS, CALL_UNITS} == {SLEEP_UNITS}
    waits = replace(ONCE, attempts=2, suspended=1)
    more = cost(replace(PLAIN, sqs=0.0), waits).requests - cost(replace(PLAIN, sqs=0.0), ONCE).requests
    attempt = cost(replace(PLAIN, sqs=0.0), Used(attempts=1)).requests
    assert more - attempt == pytest.approx((SLEEP_UNITS - 4) * 625, abs=2)
    assert cost(PLAIN, Used(steps=3)).whole == pytest.approx(3 * STEP_UNITS * 625, abs=1)


def an_attempt(number: int, outcome: str, seconds: float | None, delay: float | None = None) -> Attempt:
    end = None if seconds is None else T0 + seconds
    return Attempt(1, number, outcome, T0, end, retry_delay_s=delay, claim=number)


def test_a_job_costs_its_attempts_and_what_it_took_to_store_it() -> None:
    shape = Shape(memory=1_024)
    attempts = [an_attempt(1, "error", 10, 5), an_attempt(2, "completed", 20)]
    each = [attempt_cost(shape, one) or 0 for one in attempts]
    used = Used(jobs=1, attempts=2, completed=1, retried=1, run_ms=30_000)
    job = replace(a_job(status=Status.COMPLETED), claims=2, attempts=2)
    assert job_cost(shape, job, attempts) == pytest.approx(cost(shape, used).whole, abs=4)
    assert sum(each) == pytest.approx(cost(shape, used).run + cost(shape, used).requests, abs=4)
    assert each[1] > each[0] > 10 * 13_333


def test_a_job_of_another_job_costs_no_request() -> None:
    own, made = a_job(), replace(a_job(), parent="0" * 36)
    assert job_cost(PLAIN, own, []) - job_cost(PLAIN, made, []) == pytest.approx(2_270, abs=150)


def test_a_running_attempt_and_a_lost_one_without_an_end_have_no_cost() -> None:
    assert attempt_cost(PLAIN, an_attempt(1, "running", None)) is None
    assert attempt_cost(PLAIN, an_attempt(1, "lost", None)) is None


def test_a_wait_that_is_not_listed_is_counted_unless_the_list_is_cut() -> None:
    job = replace(a_job(), claims=3)
    listed = [an_attempt(3, "completed", 1)]
    assert job_cost(PLAIN, job, listed) > job_cost(PLAIN, job, listed, older=True)


def test_a_claim_that_found_no_place_of_a_limit_is_not_charged_as_a_wait() -> None:
    kind: JobType[Asked, None] = JobType("a.b", lambda _payload, _ctx: None, Asked, limits=(AtMost(2),))
    shape, listed = Shape.of(kind), [an_attempt(3, "completed", 1)]
    once = job_cost(shape, replace(a_job(), claims=1), listed)
    assert job_cost(shape, replace(a_job(), claims=3), listed) == once


def test_a_type_is_priced_as_it_is_declared() -> None:
    kind: JobType[Asked, None] = JobType(
        "a.b", lambda _payload, _ctx: None, Asked, function=Function(memory=2_048, batch_size=5)
    )
    assert Shape.of(kind) == Shape(memory=2_048, batch=5)


def test_jobs_that_run_at_the_same_time_share_the_time_of_their_invocation() -> None:
    function = Function(batch_size=10, threads=4)
    kind: JobType[Asked, None] = JobType("a.b", lambda _payload, _ctx: None, Asked, function=function)
    alone = cost(Shape(memory=512, batch=10), replace(ONCE, run_ms=100_000)).run
    # ten jobs in three rounds of four threads take three times as long as one
    assert cost(Shape.of(kind), replace(ONCE, run_ms=100_000)).run == pytest.approx(0.3 * alone, abs=2)
