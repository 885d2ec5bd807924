"""What a recount may call drift: what no job in motion explains, and what two recounts agree on."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.counters.drift import Drift, compare, confirmed, moves_in, numbers_of, sure
from chalicelib.jobs.job import Status
from chalicelib.jobs.ports import Seen

T0 = 1_800_000_000.0


def test_jobs_are_counted_by_type_and_status_and_the_queued_ones_by_age() -> None:
    jobs = [Seen("a.b", Status.QUEUED, T0), Seen("a.b", Status.FAILED, T0), Seen("c.d", Status.FAILED, T0)]
    numbers = numbers_of(jobs)
    assert {k: n for k, n in numbers.items() if k.startswith("n#")} == {
        "n#a.b#queued": 1, "n#a.b#failed": 1, "n#c.d#failed": 1}  # fmt: skip
    assert sorted(k[:7] for k in numbers if k.startswith("w#")) == ["w#a.b#h", "w#a.b#m", "w#a.b#s"]


def test_every_difference_is_reported_by_type_and_status() -> None:
    [drift] = compare({"n#a.b#queued": 5, "n#a.b#failed": 1}, {"n#a.b#queued": 7, "n#a.b#failed": 1}, {}, T0)
    assert (drift.job_type, drift.status, drift.difference, drift.sure) == ("a.b", Status.QUEUED, -2, -2)


def test_what_is_counted_and_not_there_any_more_is_drift_too() -> None:
    [drift] = compare({}, {"n#a.b#completed": 3}, {}, T0)
    assert drift.sure == -3


def test_times_that_nobody_reads_are_no_drift() -> None:
    long_ago = f"w#a.b#s{int((T0 - 9_000) // 5)}"
    assert compare({}, {long_ago: 4, "other": 1}, {}, T0) == ()


@pytest.mark.parametrize(
    ("difference", "moved", "expected"), [(5, 0, 5), (5, 3, 2), (5, 5, 0), (5, 9, 0), (-5, 3, -2), (-5, 9, 0)]
)
def test_what_jobs_in_motion_explain_is_not_sure(difference: int, moved: int, expected: int) -> None:
    drift = Drift("n#a.b#queued", 10, 10 + difference, moved)
    assert drift.sure == expected
    assert sure([drift]) == ({drift.name: expected} if expected else {})


def test_moves_are_all_events_and_no_durations() -> None:
    bucket = {"created": 2, "completed": 1, "wait12": 1, "run30": 1, "total40": 1}
    assert moves_in([bucket, {"cancelled": 3}]) == 7


@pytest.mark.parametrize(
    ("earlier", "later", "expected"),
    [(3, 3, 3), (3, 5, 3), (5, 3, 3), (-2, -4, -2), (3, -3, None), (None, 4, None), (4, None, None)],
)
def test_two_recounts_agree_on_the_smaller_part(earlier: int | None, later: int | None, expected: int | None) -> None:
    def found(n: int | None) -> dict[str, int]:
        return {} if n is None else {"n": n}

    assert confirmed(found(earlier), found(later)) == found(expected)


@given(st.lists(st.tuples(st.sampled_from(["queued", "completed"]), st.booleans(), st.booleans()), max_size=30))
def test_counters_that_only_lag_are_never_sure_to_be_wrong(moves: list[tuple[str, bool, bool]]) -> None:
    """Each move may or may not have been seen by the recount, and by the counters: its bucket always has it."""
    found, counted = Counter({"n#t#queued": 50, "n#t#completed": 50}), Counter({"n#t#queued": 50, "n#t#completed": 50})
    for target, seen, told in moves:
        source = "completed" if target == "queued" else "queued"
        step = Counter({f"n#t#{target}": 1, f"n#t#{source}": -1})
        found.update(step if seen else {})
        counted.update(step if told else {})
    assert sure(compare(found, counted, {"t": len(moves)}, T0)) == {}
