"""What follows from a failed attempt."""

import pytest

from chalicelib.errors import PermanentError, RetryLater
from chalicelib.job_types.retry import LONGEST_WAIT, STANDARD, Backoff, Fail, GiveUp, Later, Retry, decide, no_jitter


def test_without_jitter_the_standard_curve_doubles_from_two_seconds_to_an_hour() -> None:
    waits = [STANDARD.delay(attempt, no_jitter) for attempt in range(1, 14)]
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 3600, 3600]
    assert STANDARD.delay(10_000, no_jitter) == 3600
    assert Backoff(first=60, factor=4, longest=6 * 3600).latest(5) == 15_360


def test_jitter_draws_between_its_share_and_the_whole_and_waits_at_least_a_second() -> None:
    asked: list[tuple[float, float]] = []

    def lowest(low: float, high: float) -> float:
        asked.append((low, high))
        return low

    assert [STANDARD.delay(n, lowest) for n in (1, 4, 9)] == [1, 1, 1]
    assert [Backoff(jitter="equal").delay(n, lowest) for n in (1, 4)] == [1, 8]
    assert [Backoff(jitter="none").delay(n, lowest) for n in (1, 4)] == [2, 16]
    assert asked == [(0, 2), (0, 16), (0, 512), (1, 2), (8, 16), (2, 2), (16, 16)]
    assert STANDARD.delay(4, lambda _low, _high: 7.2) == 8, "whole seconds, never less than drawn"
    assert [Backoff(jitter="equal").earliest(n) for n in (1, 4)] == [1, 8]
    assert STANDARD.earliest(9) == 1


@pytest.mark.parametrize(
    ("attempts", "error", "decision"),
    [
        (1, ValueError(), Retry(2)),
        (2, ValueError(), Retry(4)),
        (3, ValueError(), GiveUp()),
        (4, ValueError(), GiveUp()),
        (1, SystemExit(3), Retry(2)),
        (1, PermanentError(), Fail()),
        (3, PermanentError(), Fail()),
        (1, RetryLater(7.2), Later(8)),
        (3, RetryLater(60), Later(60)),
        (3, RetryLater(-1), Later(1)),
        (3, RetryLater(1e12), Later(LONGEST_WAIT)),
    ],
)
def test_attempts_decide_between_another_try_and_the_dead_letter_queue(
    attempts: int, error: BaseException, decision: object
) -> None:
    assert decide(attempts=attempts, max_attempts=3, error=error, backoff=STANDARD, chance=no_jitter) == decision
