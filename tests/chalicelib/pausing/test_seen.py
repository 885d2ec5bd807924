"""Check that an automatic pause is shown from its first to its last second, whenever the watchdog runs."""

from dataclasses import replace

import pytest

from chalicelib.adapters.memory.counters import MemoryCounters
from chalicelib.counters.port import Pause
from chalicelib.pausing.memory import MemoryAutoPauses
from chalicelib.pausing.rule import AutoPause, Decide, idle, resumed
from chalicelib.pausing.seen import BY, PausesSeen, told
from tests.support import T0

NAME = "test.note"
OPEN = AutoPause("f1", "Timeout", (T0 - 9, T0), since=T0, cooldown=60.0, probe_at=T0 + 60)
BY_ADA = Pause(T0 - 5, "ada", "a migration")


class Shown:
    """Compare what readers get with what the watchdog has written."""

    def __init__(self) -> None:
        self.counters, self.rows = MemoryCounters(), MemoryAutoPauses()
        self.seen = PausesSeen(self.counters, lambda: self.rows, lambda: [NAME])

    def row(self, new: AutoPause) -> None:
        assert self.rows.replace(NAME, self.rows.read(NAME), new) is not None

    @property
    def pause(self) -> Pause | None:
        return self.seen.standing().paused.get(NAME)


@pytest.fixture
def shown() -> Shown:
    return Shown()


def test_a_pause_that_the_watchdog_has_not_seen_yet_is_shown(shown: Shown) -> None:
    shown.row(OPEN)
    assert shown.pause == Pause(T0, BY, "2 attempts in a row failed with Timeout", T0 + 60)
    assert shown.pause.by_itself


@pytest.mark.parametrize("end", [idle(T0 + 70), resumed], ids=["its probe completed", "an operator resumed it"])
def test_one_that_has_ended_is_not_shown_any_more(shown: Shown, end: Decide) -> None:
    shown.counters.pause(NAME, told(OPEN))
    after = end(OPEN)
    assert after is not None
    shown.row(after)
    assert shown.pause is None


def test_the_next_probe_is_the_one_that_comes(shown: Shown) -> None:
    shown.counters.pause(NAME, told(OPEN))
    shown.row(replace(OPEN, probe_at=T0 + 190))
    assert shown.pause is not None
    assert shown.pause.probe_at == T0 + 190


def test_a_pause_by_an_operator_stays_whatever_the_row_says(shown: Shown) -> None:
    shown.counters.pause(NAME, BY_ADA)
    assert shown.pause == BY_ADA
    shown.row(OPEN)
    assert shown.pause == BY_ADA
