"""Check that the proof reports an end that makes two jobs or none.

One part neglects its duty, and the invariant fails.
"""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.ends import maker, rule
from chalicelib.job_types.lineage import Lineage
from chalicelib.jobs.job import Status
from tests.proof.enumeration import Case, execute
from tests.proof.grounds.ground import Stand
from tests.proof.grounds.memory import in_memory
from tests.proof.roles.script import forget
from tests.proof.roles.telling import Telling
from tests.proof.stories.scenarios import SCENARIOS

SEED = 20_261_129
OF_ENDS = [one for one in SCENARIOS if one.name.startswith(("told", "ended and told"))]


@pytest.fixture(autouse=True)
def registry() -> Iterator[None]:
    """Remove the proof's job types afterwards."""
    yield
    forget()


def broken(stand: Stand = in_memory) -> set[str]:
    """Return the names of the scenarios in which an end did not make exactly one job."""
    told = [(one.name, line) for one in OF_ENDS for line in execute(Case(one), stand, SEED).broken]
    return {name for name, line in told if "I28" in line}


def test_each_end_is_told_once_in_every_story() -> None:
    assert broken() == set()
    assert len(OF_ENDS) == 8


def test_a_job_whose_id_is_not_made_from_the_end_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = itertools.count()
    monkeypatch.setattr(rule, "_key", lambda _job: f"{next(numbers)}")
    assert "told by a stream that delivers everything again" in broken()


def test_an_end_that_is_left_out_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = rule.has_ended
    monkeypatch.setattr(
        maker, "has_ended", lambda change: ended(change) and change.after.status is not Status.CANCELLED
    )
    assert broken() == {"told of a cancellation and of an expiry"}


def test_a_retry_that_is_taken_for_the_same_end_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rule, "end_id", lambda job: job.id)
    monkeypatch.setattr(Lineage, "child_id", lambda self, *_: f"end of {self.parent}")
    assert "told of a failure and of the retry after it" in broken()


@pytest.mark.parametrize(("method", "nothing"), [("repair", lambda _self: None), ("follow", Telling.lose)])
def test_a_reader_of_the_stream_or_a_check_that_does_nothing_is_found(
    monkeypatch: pytest.MonkeyPatch, method: str, nothing: Any
) -> None:
    monkeypatch.setattr(Telling, method, nothing)
    by_check = {"told by the nightly check after the stream has lost it"}
    assert broken() == (by_check if method == "repair" else {one.name for one in OF_ENDS} - by_check)
