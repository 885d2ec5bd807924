"""The table of moves is sound: every state can be reached, what is finished moves by no machine, tokens only rise."""

import pytest

from chalicelib.jobs.job import ACTIVE, MOVES, NOTES, RETRYABLE, TERMINAL, WAITING, Attempt, Status
from tests.support import T0, a_job

CREATED = {Status.QUEUED, Status.SCHEDULED}


def reachable(start: set[Status], actors: set[str] | None = None) -> set[Status]:
    """The states that moves lead to, made by these actors only if they are named."""
    found = set(start)
    while True:
        more = {m.target for m in MOVES if m.source & found and m.target and (actors is None or m.actor in actors)}
        if more <= found:
            return found
        found |= more


def test_the_states_are_waiting_processing_or_finished() -> None:
    assert WAITING | {Status.PROCESSING} == ACTIVE
    assert set(Status) == ACTIVE | TERMINAL
    assert not ACTIVE & TERMINAL
    assert {Status.COMPLETED} == TERMINAL - RETRYABLE


def test_every_state_can_be_reached_and_every_job_can_end() -> None:
    assert reachable(CREATED) == set(Status)
    for status in ACTIVE:
        assert reachable({status}, {"worker", "watchdog"}) & TERMINAL, status


def test_nothing_but_an_operator_moves_a_finished_job() -> None:
    assert {move.actor for move in MOVES if move.source & TERMINAL} == {"operator"}
    assert not [note for note in NOTES if note.source & TERMINAL]


def test_only_a_worker_begins_and_completes_work() -> None:
    for status in (Status.PROCESSING, Status.COMPLETED):
        assert {move.actor for move in MOVES if move.target is status} == {"worker"}


def test_moves_have_names_of_their_own_and_notes_no_target() -> None:
    assert len({move.name for move in (*MOVES, *NOTES)}) == len(MOVES) + len(NOTES)
    assert all(move.target is not None for move in MOVES)
    assert all(note.target is None for note in NOTES)


def test_the_token_is_the_run_and_the_claim() -> None:
    assert a_job(gen=2, attempts=1, claims=3).token == (2, 3)
    assert (1, 10) < (2, 0), "a later run outranks every claim of an earlier one"


@pytest.mark.parametrize("status", list(Status))
def test_finished_is_what_no_worker_will_touch(status: Status) -> None:
    assert a_job(status=status).terminal is (status in TERMINAL)


def test_an_attempt_takes_as_long_as_it_ran() -> None:
    assert Attempt(1, 1, "error", T0, T0 + 1.2346).duration_ms == 1235
    assert Attempt(1, 1, "lost", T0).duration_ms is None
