"""What a recount may call drift: what no job in motion explains."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.counters.recounting.drift import Drift, compare, sure
from tests.support import T0


def test_finer_times_than_hours_are_no_drift() -> None:
    assert compare("a.b", {}, {f"w#s{int(T0 // 5)}": 4, f"w#m{int(T0 // 60)}": 4, "other": 1, "n#unknown": 2}, 0) == ()


@pytest.mark.parametrize(
    ("difference", "moved", "expected"), [(5, 0, 5), (5, 3, 2), (5, 5, 0), (5, 9, 0), (-5, 3, -2), (-5, 9, 0)]
)
def test_what_jobs_in_motion_explain_is_not_sure(difference: int, moved: int, expected: int) -> None:
    drift = Drift("a.b", "n#queued", 10, 10 + difference, moved)
    assert drift.sure == expected
    assert sure([drift]) == ({"a.b": {"n#queued": expected}} if expected else {})


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
