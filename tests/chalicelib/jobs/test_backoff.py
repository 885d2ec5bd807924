"""What follows from a failed attempt."""

import pytest

from chalicelib.errors import PermanentError
from chalicelib.jobs.backoff import CAP, Fail, GiveUp, Retry, backoff, decide, no_jitter


def test_without_jitter_the_backoff_is_two_to_the_attempts_up_to_the_cap() -> None:
    assert [backoff(n, no_jitter) for n in range(1, 11)] == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    assert backoff(10_000, no_jitter) == CAP


def test_full_jitter_draws_from_nothing_to_the_ceiling_and_waits_at_least_a_second() -> None:
    asked: list[tuple[float, float]] = []

    def lowest(low: float, high: float) -> float:
        asked.append((low, high))
        return low

    assert [backoff(n, lowest) for n in (1, 4, 9)] == [1, 1, 1]
    assert asked == [(0, 2), (0, 16), (0, 300)]
    assert backoff(4, lambda _low, _high: 7.2) == 8, "whole seconds, never less than drawn"


@pytest.mark.parametrize(
    ("attempts", "error", "decision"),
    [
        (1, ValueError(), Retry(2)),
        (2, ValueError(), Retry(4)),
        (3, ValueError(), GiveUp()),
        (4, ValueError(), GiveUp()),
        (1, PermanentError(), Fail()),
        (3, PermanentError(), Fail()),
    ],
)
def test_attempts_decide_between_another_try_and_the_dead_letter_queue(
    attempts: int, error: Exception, decision: object
) -> None:
    assert decide(attempts=attempts, max_attempts=3, error=error, jitter=no_jitter) == decision
