"""Where the moves lead: a finished job is left alone by machines, and every job can end."""

from chalicelib.jobs.job import ACTIVE, MOVES, NOTES, TERMINAL, Attempt, Status
from tests.support import T0


def reachable(start: set[Status], actors: set[str]) -> set[Status]:
    """The states that moves lead to, made by these actors."""
    found = set(start)
    while more := {m.target for m in MOVES if m.source & found and m.target and m.actor in actors} - found:
        found |= more
    return found


def test_every_job_can_end_without_an_operator_who_alone_moves_a_finished_one() -> None:
    for status in ACTIVE:
        assert reachable({status}, {"worker", "watchdog"}) & TERMINAL, status
    assert {move.actor for move in MOVES if move.source & TERMINAL} == {"operator"}
    assert not [note for note in NOTES if note.source & TERMINAL]
    for status in (Status.PROCESSING, Status.COMPLETED):
        assert {move.actor for move in MOVES if move.target is status} == {"worker"}


def test_an_attempt_takes_as_long_as_it_ran() -> None:
    assert Attempt(1, 1, "error", T0, T0 + 1.2346).duration_ms == 1235
    assert Attempt(1, 1, "lost", T0).duration_ms is None
