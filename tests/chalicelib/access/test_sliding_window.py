"""Test the arithmetic of the rate limit, at its limits and over random histories."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.access.port import Window
from chalicelib.access.sliding_window import NOISE, admitted, retry_after, roll, start_of

LENGTH = 60


@pytest.mark.parametrize(
    ("previous", "count", "elapsed", "wait"),
    [
        # the window is full: the next request must wait for the whole window, and then until one request of sixty has
        # expired
        (0, 61, 0, 61), (0, 61, 59.5, 2), (0, 200, 0, 61),
        # the previous window's share decreases by one a second
        (60, 1, 0, 1), (60, 31, 30, 1), (60, 31, 30.5, 1),
    ],
)  # fmt: skip
def test_how_long_to_wait(previous: int, count: int, elapsed: float, wait: int) -> None:
    assert retry_after(Window(600, count, previous), 600 + elapsed, LENGTH, 60) == wait


@given(
    limit=st.integers(1, 200), length=st.integers(1, 3600), previous=st.integers(0, 250), extra=st.integers(1, 300),
    share=st.floats(0, 0.999),
)  # fmt: skip
def test_after_the_wait_one_is_let_in_and_a_second_earlier_none(
    limit: int, length: int, previous: int, extra: int, share: float
) -> None:
    start, now = 7 * length, 7 * length + share * length
    faded = min(previous, limit) * (1 - share)
    let_in = max(0, math.floor(limit - faded + NOISE))
    refused = Window(start, let_in + extra, previous)
    if admitted(refused, now, length, limit):
        return  # a request that is accepted because `share` is rounded is not an error

    wait = retry_after(refused, now, length, limit)

    def let_in_at(moment: float) -> bool:
        settled = Window(start, refused.count - extra, previous)
        return admitted(roll(settled, start_of(moment, length), length), moment, length, limit)

    assert let_in_at(now + wait)
    assert wait == 1 or not let_in_at(now + wait - 1.01)


@given(st.lists(st.floats(0, 20), min_size=1, max_size=300), st.integers(1, 20))
def test_no_window_of_the_fixed_kind_ever_holds_more_than_the_limit(gaps: list[float], limit: int) -> None:
    window, now = Window(0, 0, 0), 0.0
    let_in: dict[int, int] = {}
    for gap in gaps:
        now += gap
        window = roll(window, start_of(now, LENGTH), LENGTH)
        if admitted(window, now, LENGTH, limit):
            let_in[window.start] = let_in.get(window.start, 0) + 1
        else:
            window = Window(window.start, window.count - 1, window.previous)
    assert max(let_in.values(), default=0) <= limit
    assert admitted(Window(600, 1, 9000), 601, LENGTH, 60), "one that was refused very often is let in as any other"
