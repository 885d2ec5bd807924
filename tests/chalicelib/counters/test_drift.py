"""What a recount may call drift: what no job in motion explains."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.counters.port import Seen
from chalicelib.counters.recounting.drift import Drift, compare, jobs_in, moves_in, named, sure, tally
from chalicelib.jobs.job import Status
from tests.support import T0


def test_jobs_are_counted_by_type_and_status_and_the_queued_ones_by_hour() -> None:
    found = tally([Seen("a.b", Status.QUEUED, T0), Seen("a.b", Status.FAILED, T0), Seen("c.d", Status.FAILED, T0)], T0)
    assert found == {
        "a.b": {"n#queued": 1, "n#failed": 1, f"w#h{int(T0 // 3600)}": 1},
        "c.d": {"n#failed": 1},
    }
    assert jobs_in(found) == 3


def test_every_difference_is_reported_by_status() -> None:
    [drift] = compare("a.b", {"n#queued": 5, "n#failed": 1}, {"n#queued": 7, "n#failed": 1}, 0)
    assert (drift.job_type, drift.status, drift.difference, drift.sure) == ("a.b", Status.QUEUED, -2, -2)


def test_what_is_counted_and_not_there_any_more_is_drift_too() -> None:
    [drift] = compare("a.b", {}, {"n#completed": 3}, 0)
    assert drift.sure == -3


def test_finer_times_than_hours_are_no_drift() -> None:
    assert compare("a.b", {}, {f"w#s{int(T0 // 5)}": 4, f"w#m{int(T0 // 60)}": 4, "other": 1, "n#unknown": 2}, 0) == ()


@pytest.mark.parametrize(
    ("difference", "moved", "expected"), [(5, 0, 5), (5, 3, 2), (5, 5, 0), (5, 9, 0), (-5, 3, -2), (-5, 9, 0)]
)
def test_what_jobs_in_motion_explain_is_not_sure(difference: int, moved: int, expected: int) -> None:
    drift = Drift("a.b", "n#queued", 10, 10 + difference, moved)
    assert drift.sure == expected
    assert sure([drift]) == ({"a.b": {"n#queued": expected}} if expected else {})
    assert named(sure([drift])) == ({"a.b#queued": expected} if expected else {})


def test_moves_are_all_events_and_no_durations() -> None:
    bucket = {"created": 2, "completed": 1, "wait12": 1, "run30": 1, "total40": 1}
    assert moves_in([bucket, {"cancelled": 3, "removed": 2}]) == 9


@given(st.lists(st.tuples(st.sampled_from(["queued", "completed"]), st.booleans(), st.booleans()), max_size=30))
def test_jobs_that_move_meanwhile_are_never_sure_to_be_wrong(moves: list[tuple[str, bool, bool]]) -> None:
    """Each move may or may not have been seen by the recount, and by the counters: its bucket always has it."""
    found, counted = Counter({"n#queued": 50, "n#completed": 50}), Counter({"n#queued": 50, "n#completed": 50})
    for target, seen, told in moves:
        source = "completed" if target == "queued" else "queued"
        step = Counter({f"n#{target}": 1, f"n#{source}": -1})
        found.update(step if seen else {})
        counted.update(step if told else {})
    assert sure(compare("t", found, counted, len(moves))) == {}
