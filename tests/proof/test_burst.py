"""Check that jobs that are due at one moment can start then: a part of `python -m tests.proof.burst`."""

import pytest

from chalicelib.watchdog.constants import JOBS_OF_HELPER, MOST_HELPERS
from tests.proof.burst import AWS, MEMORY, burst


@pytest.mark.parametrize(("over", "jobs"), [(MEMORY, 15_000), (AWS, 60)])
def test_jobs_due_at_one_instant_are_visible_within_two_seconds_of_it(over: str, jobs: int) -> None:
    played = burst(jobs, over)
    assert played.in_time == jobs == sum(played.late.values())
    assert max(played.sent) <= JOBS_OF_HELPER * (1 + MOST_HELPERS)
