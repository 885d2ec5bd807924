"""Answers that do not arrive, and requests that are refused, spend no attempt without a run."""

from collections.abc import Iterator

import pytest

from chalicelib.jobs.job import Status
from tests.proof.months.answers import SHARES, Answers, played
from tests.proof.roles.script import forget

JOBS = 60
SEED = 20_261_129


@pytest.fixture(autouse=True)
def registry() -> Iterator[None]:
    """The proof's job types do not stay behind."""
    yield
    forget()


@pytest.mark.parametrize("overlap", [False, True], ids=["plain", "overlap=skip"])
@pytest.mark.parametrize("answers", SHARES, ids=str)
def test_no_job_with_one_attempt_ends_without_a_run(answers: Answers, *, overlap: bool) -> None:
    ended = played(answers, JOBS, 1, SEED, overlap=overlap)
    assert ended.broken == []
    assert ended.states == {Status.COMPLETED: JOBS + 1}
