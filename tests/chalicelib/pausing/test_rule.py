"""Test when a type pauses automatically, when it is probed, and when it continues."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import ConfigurationError
from chalicelib.job_types.failing import Failing
from chalicelib.pausing.constants import LONGEST_COOLDOWN
from chalicelib.pausing.rule import (
    AutoPause,
    Decide,
    completed,
    failed,
    next_probe,
    probing,
    resumed,
    sending,
    succeeded,
    untried,
)

RULE = Failing(of=3, within=60)


def after(row: AutoPause, *decisions: Decide) -> AutoPause:
    for decide in decisions:
        row = decide(row) or row
    return row


def boom(at: float, name: str = "f1") -> Decide:
    return failed(RULE, name, "SMTPServerDisconnected", at)


PAUSED = after(AutoPause(), boom(100), boom(110), boom(120))


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "ok"]), st.integers(0, 40)), max_size=40))
def test_it_is_paused_at_the_first_moment_at_which_the_rule_holds(told: list[tuple[str, int]]) -> None:
    row, now, last = AutoPause(), 1000.0, list[tuple[str, float]]()
    for what, later in told:
        now += later
        row = after(row, completed if what == "ok" else boom(now, what))
        last = [*last, (what, now)][-RULE.of :]
        alike = len(last) == RULE.of and len({name for name, _ in last}) == 1 and last[0][0] != "ok"
        holds = alike and now - last[0][1] < RULE.within
        assert (row.since is not None) == holds
        if holds:
            break


def test_what_began_before_the_pause_changes_nothing() -> None:
    assert boom(130)(PAUSED) is None
    assert completed(PAUSED) is None


def test_one_probe_at_a_time_and_each_waits_twice_as_long_up_to_an_hour() -> None:
    assert (PAUSED.since, PAUSED.probe_at, PAUSED.cooldown) == (120, 180, 60)
    assert probing("p1", 179, 60)(PAUSED) is None
    first = probing("p1", 180, 60)(PAUSED)
    assert first is not None
    assert (first.probe, first.probe_at, first.cooldown) == ("p1", 300, 120)
    assert probing("p2", 181, 60)(first) is None
    second = probing("p2", 300, 60)(first)
    assert second is not None
    assert second.probe_at == 540
    long = probing("p3", 540, 1000)(second)
    assert long is not None
    assert long.probe_at == 1540, "not while the probe before it may still run"
    row = long
    for number in range(12):
        row = after(row, probing(f"q{number}", row.probe_at, 60))
    assert row.cooldown == LONGEST_COOLDOWN == 3600


def test_a_probe_that_completes_ends_the_pause_and_no_other_does() -> None:
    row = after(PAUSED, probing("p1", 180, 60))
    assert succeeded("p0", 181)(row) is None
    ended = succeeded("p1", 181)(row)
    assert ended == AutoPause(ended_at=181, cooldown=120)
    assert succeeded("p1", 182)(AutoPause()) is None


def test_a_probe_that_ran_nothing_is_taken_back() -> None:
    row = after(PAUSED, probing("p1", 180, 60))
    back = untried("p1", 182)(row)
    assert back is not None
    assert (back.probe, back.probe_at, back.cooldown) == ("", 182, 60)
    assert untried("p0", 182)(row) is None


def test_a_pause_soon_after_another_one_begins_with_its_cooldown() -> None:
    ended = after(PAUSED, probing("p1", 180, 60), succeeded("p1", 181))
    assert after(ended, boom(200), boom(201), boom(202)).probe_at == 202 + 120
    assert after(ended, boom(4000), boom(4001), boom(4002)).probe_at == 4002 + 60


def test_an_operator_ends_it_and_it_is_forgotten() -> None:
    marked = replace(PAUSED, switched_at=130.0)
    assert resumed(marked) == AutoPause(switched_at=130.0), "the queue may be off: that is not forgotten"
    assert resumed(AutoPause(failures=(1.0,))) is None


@pytest.mark.parametrize(("of", "within"), [(1, 60), (51, 60), (2.5, 60), (3, 9), (3, 86_401)])
def test_a_rule_out_of_range_is_refused(of: int, within: float) -> None:
    with pytest.raises(ConfigurationError, match="pause_when"):
        Failing(of, within)


def test_each_wait_for_a_probe_that_no_worker_takes_is_twice_as_long_up_to_an_hour() -> None:
    row, now, waits = PAUSED, PAUSED.probe_at, list[float]()
    for _ in range(12):
        assert next_probe(row) <= now
        row = sending(row, now)
        waits.append(next_probe(row) - now)
        now = next_probe(row)
    assert waits[:4] == [60, 120, 240, 480]
    assert waits[-1] == 3600
    taken = probing("p", now, 10)(row)
    assert taken is not None
    assert next_probe(taken) == taken.probe_at
