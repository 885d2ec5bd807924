"""Test percentiles, series and error groups from counter rows."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.counters.histogram import bucket, percentile
from chalicelib.counters.port import ErrorHour
from chalicelib.counters.series import depth, drain_eta, durations, error_groups, gather, oldest, throughput
from tests.support import T0


@given(st.lists(st.floats(1.5, 10_000_000), min_size=1, max_size=60), st.sampled_from([0.5, 0.95, 0.99]))
def test_a_percentile_is_at_most_a_bucket_beside_the_true_one(values: list[float], fraction: float) -> None:
    true = sorted(values)[max(0, -(-len(values) * fraction // 1).__int__() - 1)]
    found = percentile(Counter(bucket(value) for value in values), fraction)
    assert found is not None
    assert true / 1.2 <= found <= true * 1.2


def test_percentiles_of_many_durations_are_close_and_not_the_edges_of_buckets() -> None:
    evenly = Counter(bucket(1000 + n / 2) for n in range(2000))
    for fraction in (0.1, 0.5, 0.9, 0.95, 0.99):
        assert percentile(evenly, fraction) == pytest.approx(1000 + 1000 * fraction, rel=0.03)
    p50, p95 = (percentile({bucket(300_000): 40}, fraction) for fraction in (0.5, 0.95))
    assert p50 is not None
    assert p95 is not None
    assert p50 < p95


def test_a_series_has_a_point_a_step_also_where_nothing_happened() -> None:
    steps = gather([(T0, {"created": 2}), (T0 + 120, {"completed": 1, f"run{bucket(100)}": 1})], T0, T0 + 179, 60)
    assert [(p["t"], p["created"], p["completed"]) for p in throughput(steps)] == [
        (T0, 2, 0), (T0 + 60, 0, 0), (T0 + 120, 0, 1)]  # fmt: skip
    assert [p["count"] for p in durations(steps, "run")] == [0, 0, 1]
    assert durations(steps, "run")[0]["p95"] is None
    assert [p["depth"] for p in depth(steps, 1)] == [2, 2, 1]


def test_a_backlog_drains_at_the_pace_of_the_last_minutes() -> None:
    now = T0 + 60
    assert drain_eta([(T0, {"completed": 120, "created": 60})], 30, now) == 60.0
    assert drain_eta([(T0, {"completed": 60, "created": 60})], 30, now) is None
    assert drain_eta([(T0, {"completed": 60})], 0, now) is None
    came, drains = (T0, {"created": 1000, "completed": 60}), [(T0 + 60 * n, {"completed": 120}) for n in range(1, 4)]
    assert drain_eta([came], 940, T0 + 30) is None
    assert drain_eta([came, *drains], 580, T0 + 240) == 290.0, "a crowd hides the pace for two minutes only"
    busy = [(T0 + 60 * n, {"completed": 30}) for n in range(3)]
    assert drain_eta(busy, 45, T0 + 480) == 300.0, "a lull is bridged by a longer look"


def test_errors_are_grouped_with_their_last_day_as_a_sparkline() -> None:
    facts = {"type": "a.b", "error_class": "E", "message": "no …", "job0": "j0", "first_seen": T0 - 20}
    hours = [
        ErrorHour(T0 - 3600, "f1", {**facts, "count": 2, "last_seen": T0 - 10}),
        ErrorHour(T0, "f1", {**facts, "count": 3, "last_seen": T0 + 10, "job1": "j1"}),
        ErrorHour(T0, "f2", {**facts, "type": "c.d", "count": 9, "last_seen": T0 + 5}),
    ]
    first, second = error_groups(hours, T0 + 60)
    assert (first["fingerprint"], second["fingerprint"]) == ("f2", "f1")
    assert (second["count"], second["sparkline"][-2:], second["sample_job_ids"]) == (5, [2, 3], ["j0", "j1"])
    assert [g["fingerprint"] for g in error_groups(hours, T0 + 60, "a.b")] == ["f1"]
    [_, late] = error_groups(hours, T0 + 60, since=T0)
    assert (late["count"], late["sparkline"][-2:]) == (3, [2, 3])
    assert error_groups(hours[:1], T0 + 60, since=T0) == []


def waits(*seconds: float) -> Counter[str]:
    return Counter(f"wait{bucket(1000 * one)}" for one in seconds)


def ages(*steps: Counter[str], since: float | None = None, now: float = 240.0) -> list[float | None]:
    return [point["oldest_s"] for point in oldest([(60.0 * n, one) for n, one in enumerate(steps)], 60, since, now)]


def test_a_job_that_started_late_is_seen_in_all_the_steps_in_which_it_waited() -> None:
    assert ages(waits(), waits(), waits(), waits(), since=70.0, now=200.0) == [None, 50.0, 110.0, 130.0], "and one now"
    assert ages(waits(), waits(2, 40), waits(1), waits(3), since=200.0)[1] == pytest.approx(40, rel=0.1), "the oldest"
    first, second, third, fourth = ages(waits(), waits(0.5), waits(), waits(150))
    assert first is None
    assert third == pytest.approx(90, rel=0.2)
    assert second == pytest.approx(30, abs=20)
    assert fourth == pytest.approx(150, rel=0.1)
