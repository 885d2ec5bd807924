"""Check that the time buckets show whether a job is finished, because depth and growth are computed from their sums."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib.counters import keys
from chalicelib.counters.changes import Image, JobChange
from chalicelib.counters.fold import fold, total
from chalicelib.counters.health import findings, growth
from chalicelib.counters.port import Standing
from chalicelib.counters.recounting.drift import compare, moves_in, sure
from chalicelib.counters.series import INTO, OUT_OF, depth, drain_eta, gather
from chalicelib.jobs.job import MOVES, NEW, TERMINAL, Move, Status
from tests.support import T0

NOW = T0 + 30


def image(status: Status, at: float = T0) -> Image:
    return Image("6a1de45f", "a.b", status, T0, at, started_at=at, error_class="E", error_message="no")


def minute(*changes: tuple[Status | None, Status], at: float = T0) -> Counter[str]:
    """Return the counts in the minute of these changes."""
    told = [
        JobChange(str(n), None if old is None else image(old), image(new, at), at)
        for n, (old, new) in enumerate(changes)
    ]
    found = fold(told, at)
    assert not found.skipped
    return Counter(total(found.by_row.get(keys.bucket("a.b", 60, at), [])).numbers)


@st.composite
def lives(draw: st.DrawFn) -> list[Status]:
    """Return the sequences of states of a job from its creation, by the table of moves."""
    states = [draw(st.sampled_from(sorted(NEW)))]
    for _ in range(draw(st.integers(0, 30))):
        targets = sorted({move.target for move in MOVES if states[-1] in move.source and move.target})
        if not targets:
            break
        states.append(draw(st.sampled_from(targets)))
    return states


@settings(max_examples=40)
@given(lives())
@example([Status.QUEUED, Status.PROCESSING, Status.DEAD_LETTER, Status.CANCELLED, Status.QUEUED])
def test_a_job_is_in_as_long_as_it_is_unfinished_and_out_once(states: Sequence[Status]) -> None:
    for end in range(1, len(states) + 1):
        seen = states[:end]
        numbers = minute((None, seen[0]), *pairwise(seen))
        left = sum(numbers[name] for name in INTO) - sum(numbers[name] for name in OUT_OF)
        assert left == (seen[-1] not in TERMINAL), seen
        assert numbers["suspended"] - numbers["resumed"] == (seen[-1] is Status.SUSPENDED), seen


def test_dead_letters_that_are_discarded_are_no_work_that_was_done() -> None:
    discarded = minute(*[(Status.DEAD_LETTER, Status.CANCELLED)] * 500, at=NOW - 60)
    buckets = [(T0 - 60, discarded)]
    steps = gather(buckets, NOW - 240, NOW, 60)
    assert {point["depth"] for point in depth(steps, 7)} == {7}
    assert (growth(buckets, NOW), drain_eta(buckets, 7, NOW)) == (0.0, None)
    assert findings(Standing({("a.b", Status.QUEUED): 7}), {"a.b": buckets}, [], {}, NOW) == []


@pytest.mark.parametrize("move", [move for move in MOVES if move.target], ids=lambda move: move.name)
def test_the_recount_knows_of_each_move_to_another_status(move: Move) -> None:
    """For example, a turn is given.

    Jobs of a backlog with a rate get turns all the time, which is not an error of the counters.
    """
    for source in sorted(move.source - {move.target}):
        assert move.target is not None
        assert moves_in([minute((source, move.target))]) >= 1, source


def test_the_recount_knows_of_each_discard() -> None:
    """A difference counts as an error unless the minutes contain that many moves."""
    assert moves_in([minute(*[(Status.FAILED, Status.CANCELLED)] * 3)]) == 3


def test_a_number_that_is_counted_beside_another_one_is_no_second_move() -> None:
    assert moves_in([{"retried": 3, "deferred": 2, "created": 1, "suspended": 1, "resumed": 1, "total": 9}]) == 4


def test_finer_times_than_hours_are_no_drift() -> None:
    assert compare("a.b", {}, {f"w#s{int(T0 // 5)}": 4, f"w#m{int(T0 // 60)}": 4, "other": 1, "n#unknown": 2}, 0) == ()


@given(st.lists(st.tuples(st.sampled_from(["queued", "completed"]), st.booleans(), st.booleans()), max_size=30))
def test_jobs_that_move_meanwhile_are_never_sure_to_be_wrong(moves: list[tuple[str, bool, bool]]) -> None:
    """The recount or the counters may miss a move, but its bucket always contains it."""
    found, counted = Counter({"n#queued": 50, "n#completed": 50}), Counter({"n#queued": 50, "n#completed": 50})
    for target, seen, told in moves:
        source = "completed" if target == "queued" else "queued"
        step = Counter({f"n#{target}": 1, f"n#{source}": -1})
        found.update(step if seen else {})
        counted.update(step if told else {})
    assert sure(compare("t", found, counted, len(moves))) == {}
