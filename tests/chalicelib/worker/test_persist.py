"""A finished attempt is written down although AWS refuses for a while; the invocation's end bounds the tries."""

from collections.abc import Callable

import pytest

from chalicelib.errors import JobNotFound, MoveRefused
from chalicelib.worker.persist import Persistence
from tests.support import Clock, a_job


def failing(times: int, error: Exception) -> Callable[[], str]:
    """A write that fails so many times."""
    errors = iter([error] * times)

    def write() -> str:
        refused = next(errors, None)
        if refused is not None:
            raise refused
        return "written"

    return write


def test_a_write_is_repeated_with_growing_pauses_until_it_succeeds() -> None:
    clock, slept = Clock(), list[float]()

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock.advance(seconds)

    end = clock.now + 60
    assert Persistence(lambda: end - clock.now, sleep).write(a_job(), failing(7, ConnectionError())) == "written"
    assert slept == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]


def test_it_gives_up_shortly_before_the_invocation_ends() -> None:
    clock = Clock()
    end = clock.now + 60
    with pytest.raises(ConnectionError):
        Persistence(lambda: end - clock.now, clock.advance).write(a_job(), failing(10_000, ConnectionError()))
    assert 3.0 <= end - clock.now <= 8.0


@pytest.mark.parametrize("error", [MoveRefused("complete", None), JobNotFound("j")])
def test_what_a_repeat_cannot_change_is_raised_at_once(error: Exception) -> None:
    def sleep(_: float) -> None:
        raise AssertionError("no second try")

    with pytest.raises(type(error)):
        Persistence(lambda: 60.0, sleep).write(a_job(), failing(1, error))
