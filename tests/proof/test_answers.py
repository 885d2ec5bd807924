"""Check that lost answers and refused requests spend no attempt without a run."""

from collections.abc import Iterator

import pytest

from chalicelib.jobs.job import Status
from chalicelib.worker import claim
from tests.proof.months.answers import SHARES, Answers, played
from tests.proof.roles.script import forget

JOBS = 60
SEED = 20_261_129


@pytest.fixture(autouse=True)
def registry() -> Iterator[None]:
    """Remove the proof's job types afterwards."""
    yield
    forget()


@pytest.mark.parametrize("overlap", [False, True], ids=["plain", "overlap=skip"])
@pytest.mark.parametrize("answers", SHARES, ids=str)
def test_no_job_with_one_attempt_ends_without_a_run(answers: Answers, *, overlap: bool) -> None:
    ended = played(answers, JOBS, 1, SEED, overlap=overlap)
    assert ended.broken == []
    assert ended.states == {Status.COMPLETED: JOBS + 1}


def test_a_worker_that_forgets_a_claim_without_an_answer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claim, "CLAIM_PATIENCE", 0.0)
    ended = played(Answers(lost=0.5, minutes=5), JOBS, 1, SEED)
    assert any(line.startswith("I22 ") for line in ended.broken)
