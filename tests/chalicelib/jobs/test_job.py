"""Where the moves lead: a finished job is left alone by machines, and every job can end."""

from dataclasses import replace

from chalicelib.jobs import transitions
from chalicelib.jobs.job import ACTIVE, MOVES, NOTES, TERMINAL, Attempt, Status
from chalicelib.jobs.run_identity import run_name
from tests.support import T0, a_job


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


def test_a_run_has_one_name_whatever_becomes_of_its_attempts() -> None:
    first = a_job(attempts=1)
    later = replace(first, attempts=2, claims=5, status=Status.RETRYING, updated_at=T0 + 9, sent=True)
    assert run_name(first) == run_name(later) == f"{first.id}:1:{round(T0 * 1000):x}"


def test_a_retry_is_another_run_of_the_same_job() -> None:
    failed = a_job(status=Status.FAILED)
    again = transitions.requeue(failed, now=T0 + 86_400).applied(failed)
    assert run_name(again) == run_name(failed).replace(":1:", ":2:")


def test_two_lives_of_one_id_are_told_apart_by_a_millisecond() -> None:
    assert run_name(a_job(id="a", created_at=T0)) != run_name(a_job(id="a", created_at=T0 + 0.001))
