"""Test how fast the jobs of a type come, start and end."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.counters.flow import flow
from chalicelib.counters.histogram import bucket, mean
from chalicelib.counters.series import Buckets
from tests.support import T0

NOW = T0 + 30


def every_minute(**numbers: int) -> Buckets:
    return [(T0 - 60 * n, numbers) for n in range(5, 0, -1)]


def test_a_type_whose_workers_are_too_slow_grows_by_what_comes_and_does_not_start() -> None:
    times = {f"run{bucket(1000)}": 120, f"wait{bucket(60_000)}": 120}
    minutes = every_minute(created=140, requeued=10, completed=118, dead_lettered=2, **times)
    found = flow(minutes, 500, NOW)
    assert (found.came, found.started, found.left, found.growth) == (150.0, 120.0, 120.0, 30.0)
    assert found.drain_eta is None
    assert found.run.mean == pytest.approx(1000, rel=0.1)


def test_the_minute_that_has_not_ended_and_those_before_the_last_five_do_not_change_the_speed() -> None:
    minutes = [(T0 - 360, {"created": 900}), *every_minute(created=5), (T0, {"created": 900})]
    assert flow(minutes, 0, NOW).came == 5.0


def test_the_hour_counts_what_the_speed_no_longer_sees() -> None:
    minutes = [(T0 - 1800, {"created": 7, "completed": 6, "failed": 1, f"run{bucket(400)}": 7})]
    found = flow(minutes, 0, NOW)
    assert found.hour == {
        "created": 7, "retried": 0, "deferred": 0, "completed": 6, "failed": 1, "dead_lettered": 0,
    }  # fmt: skip
    assert (found.started, found.run.count) == (0.0, 7)
    assert (sum(found.completed), found.completed[-31]) == (6, 6)


def test_a_type_without_jobs_has_no_times() -> None:
    found = flow([], 0, NOW)
    assert (found.came, found.growth, found.drain_eta, found.run.mean, found.wait.p95) == (0.0, 0.0, None, None, None)
    assert set(found.completed) == {0}


@given(st.dictionaries(st.integers(0, 100), st.integers(1, 50), min_size=1))
def test_a_mean_is_between_the_shortest_and_the_longest(counts: Mapping[int, int]) -> None:
    found = mean(counts)
    assert found is not None
    assert 0 < found <= 2 ** (max(counts) / 4) + 0.1
