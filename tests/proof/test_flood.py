"""Check that another customer's job starts while one customer's jobs wait: a part of `python -m tests.proof.flood`."""

import pytest

from tests.proof.flood import CASES, DYNAMODB, MEMORY, Case, flood

NARROW = {name: case for name, case in CASES.items() if len(case.limits) > 1}
ALONE = CASES["a slow shared rate alone"]


@pytest.mark.parametrize("case", NARROW.values(), ids=NARROW)
def test_a_job_of_another_customer_starts_soon_if_each_customer_has_a_narrower_limit(case: Case, whole: bool) -> None:
    told = flood(case, 20_000 if whole else 500)
    assert told.waiting >= 450
    assert told.longest is not None


@pytest.mark.parametrize(
    ("name", "jobs"), [("a slow shared rate with fair_by", 300), ("a shared limit with fair_by", 500)]
)
def test_it_does_so_if_the_customers_take_turns(name: str, jobs: int) -> None:
    """At a rate, the turns of the next seven seconds are given already."""
    told = flood(CASES[name], jobs)
    assert told.longest is not None
    assert told.messages < 2


def test_it_does_so_in_dynamodb() -> None:
    assert flood(NARROW["a shared limit, and a narrower limit of each customer"], 40, DYNAMODB).longest is not None


def test_a_job_that_waits_behind_all_jobs_of_another_customer_is_found() -> None:
    assert flood(ALONE, 300, MEMORY, 20.0).longest is None
