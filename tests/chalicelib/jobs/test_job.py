"""Check the states to which moves lead: programs never change a finished job, and every job can end."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.jobs import acts, transitions
from chalicelib.jobs.history import Act
from chalicelib.jobs.job import ACTIVE, MOVES, NOTES, TERMINAL, Status
from chalicelib.jobs.run_identity import run_name
from tests.support import T0, a_job


def reachable(start: set[Status], actors: set[str]) -> set[Status]:
    """Return the states that moves by these actors can reach."""
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


NAMES = st.sampled_from(sorted(acts.LETTERS))
TIMES = st.floats(0, 4e9).map(lambda at: round(at, 3))
PEOPLE = st.text(st.characters(codec="utf-8"), max_size=15)


@given(NAMES, TIMES, PEOPLE, st.integers(1, 9999), st.booleans())
def test_an_act_is_read_as_it_was_written(name: str, at: float, by: str, gen: int, in_bulk: bool) -> None:
    act = Act(name, at, by, gen, in_bulk)
    assert acts.last(a_job(gen=3, acted=acts.written(act))) == act


def test_its_text_is_short_whoever_it_was() -> None:
    assert acts.written(Act(acts.RETRY, T0, "ada", 2)) == f"r2:{T0:.3f}|ada"
    assert len(acts.written(Act(acts.EDIT, T0, "漢" * 80, 9999, in_bulk=True)).encode()) <= 81


def test_an_act_of_a_newer_version_is_left_out() -> None:
    assert acts.last(a_job(acted=f"z1:{T0:.3f}|ada")) is None
    assert acts.last(a_job(acted="another shape")) is None
    assert acts.last(a_job()) is None


def test_a_change_is_refused_when_another_operator_has_acted_meanwhile() -> None:
    found = a_job(status=Status.PROCESSING, claims=1)
    asked = acts.by_operator(transitions.ask_to_stop(found, now=T0), found, Act(acts.CANCEL, T0, "ada", 1))
    assert asked.allowed(found)
    after = asked.applied(found)
    assert acts.last(after) == Act(acts.CANCEL, T0, "ada", 1)
    assert not asked.allowed(after)
