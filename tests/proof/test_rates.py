"""Test every order in which jobs get turns, take slots and wait for both and for places, and neglected duties."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from chalicelib.jobs.priority import HIGH, LOW
from chalicelib.limits.at_most import AtMostPlaces
from chalicelib.limits.places import Full, Limit, LimitedJob
from chalicelib.limits.slots import Slots
from tests.proof.limits import Rules, explore

TWO, ONE = {"a": "R", "b": "R"}, {"R": 1}
"""Two jobs with a rate, of which one has a turn at a time."""
BEFORE_PLACES, AFTER_PLACES = {"a": "RX", "b": "RX"}, {"a": "XR", "b": "XR"}
BOTH = {"R": 1, "X": 1}
SHARED = "3-rate.s"
SMALL = {
    "too late, or too far away": Rules(TWO, ONE, rates="R", misses=1, ends=True),
    "a slow rate, failure": Rules(TWO, ONE, rates="R", slow=True, misses=1, failures=1),
    "a slow rate before places": Rules(BEFORE_PLACES, BOTH, rates="R", slow=True, misses=1, ends=True),
    "copy": Rules(TWO, ONE, rates="R", duplicates=1),
    "before places": Rules(BEFORE_PLACES, BOTH, rates="R", ends=True),
    "after places": Rules(AFTER_PLACES, BOTH, rates="R", misses=1, ends=True),
    "two rates": Rules({"a": "RS", "b": "RS"}, {"R": 1, "S": 1}, rates="RS", misses=1, ends=True),
    "a place between two rates": Rules({"a": "RXS", "b": "XS"}, {"R": 1, "X": 1, "S": 1}, rates="RS"),
    "three jobs": Rules({"a": "R", "b": "R", "c": "R"}, ONE, rates="R", woken="a"),
    "a low and a high job": Rules(TWO, ONE, rates="R", ranks={"a": LOW, "b": HIGH}, misses=1, ends=True),
    "a paused type": Rules(
        {"a": (SHARED,), "b": (SHARED,)}, {SHARED: 1}, rates=(SHARED,), other_type="b", pauses=1, woken="b"
    ),
}
STUCK = Rules(
    {"a": (SHARED, "3.x"), "b": (SHARED, "3.x"), "c": ("3.x",)}, {SHARED: 1, "3.x": 1}, rates=(SHARED,), other_type="b",
    pauses=1,
)  # fmt: skip
"""The job of the paused type may have the turn, and wait for the place."""
LARGE = {
    "lost answer": Rules(TWO, ONE, rates="R", misses=1, lost=1),
    "failure": Rules(TWO, ONE, rates="R", misses=1, failures=1),
    "crash": Rules(TWO, ONE, rates="R", misses=1, crashes=1),
    "a slow rate, crash": Rules(TWO, ONE, rates="R", slow=True, misses=1, crashes=1),
    "cancel": Rules(TWO, ONE, rates="R", misses=1, cancels=1),
    "before places, too late": Rules(BEFORE_PLACES, BOTH, rates="R", misses=1),
    "before places, too late twice": Rules(BEFORE_PLACES, BOTH, rates="R", misses=2),
    "before places, crash": Rules(BEFORE_PLACES, BOTH, rates="R", crashes=1),
    "a paused type whose job has the turn and waits for a place": STUCK,
    "a low job that keeps its turn from a high one": Rules(
        BEFORE_PLACES, BOTH, rates="R", ranks={"a": LOW, "b": HIGH}, looks=1
    ),
    "three jobs, two turns": Rules({"a": "RX", "b": "RX", "c": "RX"}, {"R": 2, "X": 1}, rates="R"),
}


@pytest.mark.parametrize("rules", SMALL.values(), ids=SMALL)
def test_no_order_starts_a_job_without_its_slots_loses_a_turn_or_forgets_a_job(rules: Rules) -> None:
    assert explore(rules).bad == []


@pytest.mark.parametrize("rules", LARGE.values(), ids=LARGE)
def test_no_order_of_more_misfortunes_does_so_either(rules: Rules, whole: bool) -> None:
    if not whole:
        pytest.skip("takes minutes: `make whole` explores it")
    assert explore(rules).bad == []


def test_without_a_crash_nobody_needs_the_watchdog() -> None:
    assert explore(Rules(TWO, ONE, rates="R", misses=1, watchdog=False)).bad == []
    for slow in (True, False):
        assert explore(Rules(BEFORE_PLACES, BOTH, rates="R", slow=slow, watchdog=False)).bad == []


# negative controls


def bad(rules: Rules) -> str:
    found = explore(rules)
    return found.bad[0] if found.bad else ""


def test_a_job_that_starts_without_a_slot_is_found() -> None:
    class Starts(Slots):
        def take(self, job: LimitedJob, limits: Sequence[Limit]) -> Full | None:
            return None

    assert "without a slot" in bad(Rules(TWO, ONE, rates="R", slots=Starts))


def test_a_job_that_is_too_late_for_its_slot_and_starts_is_found() -> None:
    class Late(Slots):
        def take(self, job: LimitedJob, limits: Sequence[Limit]) -> Full | None:
            at = self._slot(job, limits, 0, 0.0, 0.0, again=False)
            return self.places.without_slot(job, limits, 0) if at is None else None

    assert "without a slot" in bad(Rules(TWO, ONE, rates="R", misses=1, slots=Late))


def test_a_job_that_takes_only_one_of_its_slots_is_found() -> None:
    class TakesOne(Slots):
        def take(self, job: LimitedJob, limits: Sequence[Limit]) -> Full | None:
            return super().take(job, limits[-1:])

    assert "without a slot" in bad(Rules({"a": "RS", "b": "RS"}, {"R": 1, "S": 1}, rates="RS", slots=TakesOne))


def test_a_turn_that_nobody_gives_to_the_next_job_is_found() -> None:
    """A job that was woken leaves its turn once more at its end, and looks then; one that was not woken does not."""

    class Silent(Slots):
        def _give(self, limit: Limit, until: float, starts: LimitedJob | None = None) -> None:
            pass

    assert "for ever" in bad(Rules(BEFORE_PLACES, BOTH, rates="R", watchdog=False, slots=Silent))


def test_a_job_that_looks_for_waiting_jobs_only_before_its_slot_is_found() -> None:
    """Another job begins to wait between this look and the write that takes the slot."""

    class Before(Slots):
        def _give(self, limit: Limit, until: float, starts: LimitedJob | None = None) -> None:
            if starts is not None:
                super()._give(limit, until, starts)

    assert "for ever" in bad(Rules(BEFORE_PLACES, BOTH, rates="R", watchdog=False, slots=Before))


def test_more_turns_than_one_beyond_the_number_are_found() -> None:
    class TwoMore(Slots):
        def _give(self, limit: Limit, until: float, starts: LimitedJob | None = None) -> None:
            self.places.pump(replace(limit, n=limit.n + 2))

    assert "beyond" in bad(Rules({"a": "R", "b": "R", "c": "R"}, ONE, rates="R", woken="a", slots=TwoMore))


def test_a_type_without_a_right_to_a_turn_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The paused type has the only turn."""
    monkeypatch.setattr(Limit, "divided", False)
    assert "until the other type is resumed" in bad(STUCK)


def test_a_job_without_a_slot_that_keeps_its_wider_places_is_found() -> None:
    """It waits for its turn, and the job that has the turn waits for its place."""

    class Keeps(AtMostPlaces):
        def without_slot(self, job: LimitedJob, limits: Sequence[Limit], number: int) -> Full:
            return Full(limits[number], tuple(limits[:number]))

    assert "for ever" in bad(Rules(BEFORE_PLACES, BOTH, rates="R", misses=2, code=Keeps))
