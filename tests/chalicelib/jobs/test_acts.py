"""What an operator did to a job is one short text of it, and a change that names its operator loses no act before."""

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.jobs import acts, transitions
from chalicelib.jobs.history import Act
from chalicelib.jobs.job import Status
from tests.support import T0, a_job

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
