"""Why a job of a type with a rate waits."""

import pytest

from chalicelib.job_types.rate import Rate
from chalicelib.jobs.job import Job, Status
from chalicelib.operating.why_waiting import QueueState, why
from tests.support import T0, a_job

PACED = QueueState(rate=Rate(14).said)


def waits(turn: float, status: Status = Status.QUEUED) -> Job:
    return a_job(status=status, sent=True, turn_at=turn, next_attempt_at=turn)


@pytest.mark.parametrize("status", [Status.QUEUED, Status.SCHEDULED])
def test_a_turn_that_comes_names_the_rate_and_the_start(status: Status) -> None:
    expected = "It waits for its turn: 14 a second; it starts at about 2027-01-15T08:01:30.000Z."
    assert why(waits(T0 + 90, status), PACED, T0) == expected


def test_a_turn_that_has_come_names_the_rate_alone() -> None:
    assert why(waits(T0 - 1), PACED, T0) == "It waits for its turn: 14 a second."


def test_a_type_that_has_no_rate_any_more_names_none() -> None:
    assert why(waits(T0 - 1), QueueState(), T0) == "It waits for its turn."
