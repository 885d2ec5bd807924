"""Every promise of PastPauses, on memory and on DynamoDB."""

from chalicelib.counters.port import Pause
from chalicelib.pausing.dynamo import DynamoPastPauses
from chalicelib.pausing.memory import MemoryPastPauses
from chalicelib.pausing.port import PastPause, PastPauses
from tests.contract.conftest import either
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
