"""Test every promise of PastPauses, in memory and on DynamoDB."""

from concurrent.futures import ThreadPoolExecutor

from chalicelib.adapters.dynamo.control.acknowledgements import DynamoAcknowledgements
from chalicelib.adapters.memory.counters import MemoryAcknowledgements
from chalicelib.counters.constants import MOST_DEPLOYS
from chalicelib.counters.port import Acknowledged, Acknowledgements, Deploy, Pause
from chalicelib.counters.troubles import Condition, Troubles, written
from chalicelib.pausing.dynamo import DynamoPastPauses
from chalicelib.pausing.memory import MemoryPastPauses
from chalicelib.pausing.port import PastPause, PastPauses
from tests.contract.conftest import Rows, either
from tests.support import T0

ended = either(MemoryPastPauses, DynamoPastPauses)


def a_pause(since: float, until: float, resumed_by: str = "bob") -> PastPause:
    return PastPause(Pause(since, "ada", "The provider is down"), until, resumed_by)


def test_the_newest_pauses_of_a_type_are_told_first_and_only_so_many(ended: PastPauses) -> None:
    assert list(ended.newest("a.b", 5)) == []
    pauses = [a_pause(T0 + n * 100 + 0.123, T0 + n * 100 + 50) for n in range(4)]
    for one in (pauses[2], pauses[0], pauses[3], pauses[1]):
        ended.add("a.b", one)
    ended.add("a.c", a_pause(T0, T0 + 1))
    assert list(ended.newest("a.b", 3)) == [pauses[3], pauses[2], pauses[1]]


def test_the_same_pause_again_replaces_what_a_resume_that_was_cut_short_had_written(ended: PastPauses) -> None:
    ended.add("a.b", a_pause(T0, T0 + 10))
    ended.add("a.b", a_pause(T0, T0 + 60.5, "eve"))
    assert list(ended.newest("a.b", 5)) == [a_pause(T0, T0 + 60.5, "eve")]


def test_nobody_needs_to_have_told_a_name_or_a_reason(ended: PastPauses) -> None:
    bare = PastPause(Pause(T0), T0 + 1, "")
    ended.add("a.b", bare)
    assert list(ended.newest("a.b", 5)) == [bare]


marks = either(MemoryAcknowledgements, DynamoAcknowledgements)


def test_a_mark_tells_who_and_when_and_a_later_one_replaces_it(marks: Acknowledgements) -> None:
    assert marks.acknowledged() == {}
    marks.acknowledge("f1", "ada", T0)
    marks.acknowledge("f2", "ada", T0)
    marks.acknowledge("f1", "bob", T0 + 1.5)
    assert marks.acknowledged() == {"f1": Acknowledged("bob", T0 + 1.5), "f2": Acknowledged("ada", T0)}


def test_a_mark_is_taken_away_and_set_again(marks: Acknowledgements) -> None:
    marks.acknowledge("f1", "ada", T0)
    marks.reopen("f1", T0 + 1)
    marks.reopen("f2", T0 + 1)
    assert marks.acknowledged() == {}
    marks.acknowledge("f1", "bob", T0 + 2)
    assert marks.acknowledged() == {"f1": Acknowledged("bob", T0 + 2)}


def test_a_mark_may_say_that_the_error_is_resolved(marks: Acknowledgements) -> None:
    marks.acknowledge("f1", "ada", T0, resolved=True)
    assert marks.acknowledged() == {"f1": Acknowledged("ada", T0, resolved=True)}
    marks.acknowledge("f1", "bob", T0 + 1)
    assert marks.acknowledged() == {"f1": Acknowledged("bob", T0 + 1)}


def test_deployments_are_told_with_the_totals_oldest_first(rows: Rows) -> None:
    assert list(rows.standing().deploys) == []
    rows.deployed("v1", T0)
    rows.deployed("v2", T0 + 60.5)
    assert list(rows.standing().deploys) == [Deploy(T0, "v1"), Deploy(T0 + 60.5, "v2")]


def test_types_in_trouble_are_told_with_the_totals_and_replaced_only_by_who_has_seen_them(rows: Rows) -> None:
    before = rows.standing().troubles
    assert before == Troubles()
    trouble = (Condition.PAUSED, "mail.send")
    first, second = (written({trouble: at}, frozenset()) for at in (T0, T0 + 60))
    assert rows.replace_troubles(before, first)
    assert rows.standing().troubles == first
    assert not rows.replace_troubles(before, second), "another run was faster"
    assert rows.replace_troubles(rows.standing().troubles, second)
    assert rows.standing().troubles == second


def test_only_the_last_ones_are_kept_and_long_names_are_cut(rows: Rows) -> None:
    for number in range(MOST_DEPLOYS + 3):
        rows.deployed(f"{number:02}" + "x" * 200, T0 + number)
    told = rows.standing().deploys
    assert [one.version[:2] for one in told] == [f"{number:02}" for number in range(3, MOST_DEPLOYS + 3)]
    assert {len(one.version) for one in told} == {40}


def test_two_deployments_at_the_same_time_are_both_kept(rows: Rows) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: rows.deployed(str(number), T0 + number), range(8)))
    assert sorted(one.version for one in rows.standing().deploys) == [str(number) for number in range(8)]
