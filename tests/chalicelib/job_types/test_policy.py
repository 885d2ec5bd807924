"""Test a type's retry policy: its waits, when it gives up, and its effects on the queue."""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from chalicelib.errors import ConfigurationError, PermanentError, Retry, RetryLater, SecretUnavailable
from chalicelib.job_types import jobtype
from chalicelib.job_types.constants import LONGEST_WAIT, SPARE_RECEIVES
from chalicelib.job_types.function import Function
from chalicelib.job_types.jobtype import job
from chalicelib.job_types.rate import Rate
from chalicelib.job_types.retry import (
    STANDARD,
    Backoff,
    ByClass,
    Delays,
    Fail,
    Following,
    GiveUp,
    Later,
    TryAgain,
    decide,
    following,
    message_age,
    no_jitter,
    receives,
)
from chalicelib.jobs.constants import DAY
from tests.chalicelib.job_types.test_jobtype import Note, _nothing

NIGHTLY = Delays((5, 60, 3600))


@pytest.fixture(autouse=True)
def the_types_of_before() -> Any:
    before = dict(jobtype.registered)
    yield
    jobtype.registered.clear()
    jobtype.registered.update(before)


def test_each_attempt_that_is_left_follows_within_its_jitter() -> None:
    curve = Backoff(first=10, factor=3, longest=100, jitter="equal")
    left = [Following(2, 5, 10), Following(3, 15, 30), Following(4, 45, 90), Following(5, 50, 100)]
    assert following(curve, 1, 5) == left
    assert following(curve, 0, 5) == left, "before its first attempt a job has the same ones left"
    assert following(curve, 3, 5) == left[2:]
    assert following(curve, 5, 5) == []
    assert following(curve, 3, 5, no_jitter) == [Following(4, 90, 90), Following(5, 100, 100)]
    assert NIGHTLY.delay(29) == 3600
    assert [Delays((1, 2.5)).delay(n) for n in (1, 2)] == [1, 3], "whole seconds, and never less than declared"
    assert [message_age(NIGHTLY, most, 30) for most in (1, 9)] == [900 + 30, 900 + 5 + 60 + 900 + 4 * 30]
    assert following(NIGHTLY, 1, 4) == [Following(2, 5, 5), Following(3, 60, 60), Following(4, 3600, 3600)]


@pytest.mark.parametrize(
    ("declared", "attempts"),
    [({}, 3), ({"retry": Delays((5, 60, 3600))}, 4), ({"retry": Delays([5]), "max_attempts": 30}, 30)],
)
def test_there_is_an_attempt_more_than_waits(declared: dict[str, Any], attempts: int) -> None:
    assert job("test.note", **declared)(_nothing).max_attempts == attempts


RANGE = "between 1 and 7776000 seconds"


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: job("test.note", retry=5)(_nothing), r"test.note: retry is Backoff\(…\) or Delays\(…\), not 5"),  # type: ignore[arg-type]
        (lambda: job("test.note", give_up_after=0.5)(_nothing), f"test.note: give_up_after must be {RANGE}"),
        (lambda: job("test.note", give_up_after=91 * DAY)(_nothing), f"test.note: give_up_after must be {RANGE}"),
        (
            lambda: job("test.note", retry=Delays((LONGEST_WAIT,)))(_nothing),
            "test.note: 30 attempts have 203 days of waits, and a run may take 90; set give_up_after",
        ),
        (lambda: Delays((5, 0)), "retry: each of waits must be between 1 and 604800 seconds"),
        (lambda: Delays((5,) * 30), "retry: the number of waits must be between 1 and 29"),
        (lambda: Delays(()), "retry: the number of waits must be between 1 and 29"),
        (lambda: Delays(5), r"retry: waits must be a list of seconds, such as \(5, 60, 3600\)"),  # type: ignore[arg-type]
        (lambda: Backoff(first=0), "retry: first must be between 1 and 604800 seconds"),
        (lambda: Backoff(factor=11), "retry: factor must be between 1 and 10"),
        (lambda: Backoff(jitter="some"), 'retry: jitter must be "full", "equal" or "none"'),  # type: ignore[arg-type]
    ],
)
def test_a_policy_that_cannot_be_kept_is_refused(make: Callable[[], object], told: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{told}"):
        make()


def test_the_longest_waits_are_allowed_with_a_time_to_give_up() -> None:
    kind = job("test.note", retry=Delays((LONGEST_WAIT,)), give_up_after=20 * DAY)(_nothing)
    assert kind.give_up_at(100.0) == 100 + 20 * DAY
    assert jobtype.give_up_at("test.note", 100.0) == 100 + 20 * DAY
    assert jobtype.give_up_at("no.such", 100.0) is None


@pytest.mark.parametrize(
    ("curve", "attempts", "most"),
    [
        (STANDARD, 3, 3),
        (STANDARD, 30, 30),
        (Backoff(first=2, factor=4, longest=6 * 3600, jitter="none"), 30, 6),
        (Delays((900,)), 5, 5),
        (Delays((901,)), 5, 1),
        (Delays((60, 901, 60, 60, 901)), 6, 3),
    ],
)
def test_a_message_is_received_until_a_wait_that_surely_parks(
    curve: Backoff | Delays, attempts: int, most: int
) -> None:
    assert receives(curve, attempts) == most
    kind: Any = jobtype.JobType("test.note", _nothing, Note, max_attempts=attempts, retry=curve)
    assert kind.max_receives == most + SPARE_RECEIVES


@pytest.mark.parametrize(
    ("left", "error", "decided"),
    [
        (None, ValueError(), TryAgain(60)),
        (60.5, ValueError(), TryAgain(60)),
        (60.0, ValueError(), GiveUp(out_of_time=True)),
        (-5.0, ValueError(), GiveUp(out_of_time=True)),
        (30.0, RetryLater(29), Later(29)),
        (30.0, RetryLater(30), GiveUp(out_of_time=True)),
    ],
)
def test_no_attempt_follows_that_would_begin_after_its_time(
    left: float | None, error: BaseException, decided: object
) -> None:
    curve = Delays((60,))
    assert decide(attempts=1, max_attempts=9, error=error, backoff=curve, chance=no_jitter, left=left) == decided
    spent = decide(attempts=9, max_attempts=9, error=ValueError(), backoff=curve, left=left)
    assert spent == GiveUp(), "an attempt that was the last one anyway is no matter of time"


@pytest.mark.parametrize(
    ("rate", "timeout", "expected"),
    [(None, 60, 20), (Rate(14), 60, 20), (Rate(2, per=60), 60, 2), (Rate(6, per=60), 90, 9), (Rate(1, per=3600), 30, 2),
     (Rate(1), 6, 6)],
)  # fmt: skip
def test_a_rate_keeps_so_many_functions_busy_and_no_more_run_by_default(
    rate: Rate | None, timeout: int, expected: int
) -> None:
    job("test.paced", rate=rate, timeout=timeout)(_nothing)
    job("test.told", rate=rate, timeout=timeout, function=Function(concurrency=7))(_nothing)
    assert jobtype.registered["test.paced"].concurrency == expected
    assert jobtype.registered["test.told"].concurrency == 7


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
        (1, ValueError(), TryAgain(2)),
        (2, ValueError(), TryAgain(4)),
        (3, ValueError(), GiveUp()),
        (4, ValueError(), GiveUp()),
        (1, SystemExit(3), TryAgain(2)),
        (1, PermanentError(), Fail()),
        (3, PermanentError(), Fail()),
        (1, RetryLater(7.2), Later(8)),
        (3, RetryLater(60), Later(60)),
        (3, RetryLater(-1), Later(1)),
        (3, RetryLater(1e12), Later(LONGEST_WAIT)),
        (1, RetryLater(Decimal("7.2")), Later(8)),  # type: ignore[arg-type]
        (1, Retry(after=Fraction(15, 2)), TryAgain(8)),  # type: ignore[arg-type]
    ],
)
def test_attempts_decide_between_another_try_and_the_dead_letter_queue(
    attempts: int, error: BaseException, decision: object
) -> None:
    assert decide(attempts=attempts, max_attempts=3, error=error, backoff=STANDARD, chance=no_jitter) == decision


@pytest.mark.parametrize("wrong", [True, "60", None])
def test_a_wait_that_is_no_number_is_refused(wrong: Any) -> None:
    with pytest.raises(TypeError, match="RetryLater: seconds is a number"):
        RetryLater(wrong)
    with pytest.raises(TypeError, match="Retry: after is a number"):
        Retry(after=wrong)


class Overloaded(ConnectionError):
    """An error of a service that requests a wait in its own form."""


@pytest.mark.parametrize(
    ("declared", "error", "decision"),
    [
        ({"retry_on": (ConnectionError, TimeoutError)}, Overloaded(), TryAgain(2)),
        ({"retry_on": [ConnectionError, TimeoutError]}, TimeoutError(), TryAgain(2)),
        ({"retry_on": ConnectionError}, ValueError(), Fail()),
        ({"retry_on": ConnectionError}, SystemExit(3), Fail()),
        ({"fail_on": ValueError}, UnicodeError(), Fail()),
        ({"fail_on": ValueError}, KeyError(), TryAgain(2)),
        ({"retry_on": ConnectionError, "fail_on": Overloaded}, Overloaded(), Fail()),
        ({"retry_on": ConnectionError, "fail_on": Overloaded}, ConnectionResetError(), TryAgain(2)),
        ({"retry_on": ConnectionError}, Retry(after=30), TryAgain(30)),
        ({"retry_on": ConnectionError}, RetryLater(30), Later(30)),
        ({"retry_on": Exception}, PermanentError(), Fail()),
    ],
)
def test_the_class_of_an_error_decides_whether_it_is_retried(
    declared: dict[str, Any], error: BaseException, decision: object
) -> None:
    job("test.note", **declared)(_nothing)
    rule = jobtype.registered["test.note"].by_class
    decided = decide(attempts=1, max_attempts=3, error=error, backoff=STANDARD, chance=no_jitter, by_class=rule)
    assert decided == decision


@pytest.mark.parametrize(
    ("attempts", "left", "error", "decision"),
    [
        (1, None, Retry(after=30), TryAgain(30)),
        (2, None, Retry(after=0.5), TryAgain(1)),
        (1, None, Retry(after=1e12), TryAgain(LONGEST_WAIT)),
        (1, None, Retry(after=float("inf")), TryAgain(LONGEST_WAIT)),
        (3, None, Retry(after=30), GiveUp()),
        (1, 30.0, Retry(after=30), GiveUp(out_of_time=True)),
    ],
)
def test_a_function_that_asks_for_a_retry_waits_as_long_as_it_says_and_pays_for_it(
    attempts: int, left: float | None, error: BaseException, decision: object
) -> None:
    assert decide(attempts=attempts, max_attempts=3, error=error, backoff=STANDARD, left=left) == decision


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        ({"retry_on": ()}, "to retry no error, declare max_attempts=1"),
        ({"fail_on": ()}, "leave it out"),
        ({"retry_on": "ConnectionError"}, "a class of errors or a tuple of them"),
        ({"fail_on": (ValueError, ValueError())}, "a class of errors or a tuple of them"),
        ({"fail_on": int}, "a class of errors or a tuple of them"),
        ({"retry_on": RetryLater}, "RetryLater, which decides by itself"),
        ({"fail_on": SecretUnavailable}, "SecretUnavailable, which decides by itself"),
        ({"retry_on": Overloaded, "fail_on": ConnectionError}, "never be retried, because fail_on has ConnectionError"),
    ],
)
def test_classes_without_an_effect_are_refused(declared: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"test\.note: .*{told}"):
        job("test.note", **declared)(_nothing)
    assert ByClass.of("test.note", None, None) == ByClass()
