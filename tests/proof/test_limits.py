"""Test every order in which jobs take, wait for, leave and hand on the places of their limits, and neglected duties."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.jobs.priority import HIGH, LOW
from chalicelib.limits.at_most import AtMostPlaces
from chalicelib.limits.places import Full, Limit, LimitedJob, Places, Waiter
from tests.proof import limits
from tests.proof.limits import Explored, Rules, explore

TWO, THREE = {"a": "X", "b": "X"}, {"a": "X", "b": "X", "c": "X"}
ONE_PLACE = {"X": 1}
BOTH = {"X": 1, "Y": 1}
SHARED_BY_TWO = {"a": ("3.s",), "b": ("3.s",)}
ONE_SHARED = {"3.s": 1}
ALL = {"X": 1, "Y": 1, "Z": 1}
PROBED: Any = {"other_type": "b", "pauses": 1, "probed": True}
SMALL = {
    "crash": Rules(TWO, ONE_PLACE, crashes=1, ends=True),
    "copy": Rules(TWO, ONE_PLACE, duplicates=1, ends=True),
    "cancel": Rules(TWO, ONE_PLACE, cancels=1, ends=True),
    "failure": Rules(TWO, ONE_PLACE, failures=1, ends=True),
    "lost answer": Rules(TWO, ONE_PLACE, lost=1, ends=True),
    "two limits, cancel": Rules({"a": "XY", "b": "Y"}, {"X": 1, "Y": 1}, cancels=1, ends=True),
    "three limits": Rules({"a": "XYZ", "b": "XYZ"}, ALL, ends=True),
    "three limits, crosswise": Rules({"a": "XY", "b": "YZ", "c": "XZ"}, ALL),
    "a paused type": Rules(SHARED_BY_TWO, ONE_SHARED, other_type="b", pauses=1, failures=1),
    "a paused type, lost answer": Rules(SHARED_BY_TWO, ONE_SHARED, other_type="b", pauses=1, lost=1),
    "a type that is resumed at any moment": Rules(
        SHARED_BY_TWO, ONE_SHARED, other_type="b", pauses=1, resumes=True, looks=1, woken="b", workers=1
    ),
    "a probe": Rules(SHARED_BY_TWO, ONE_SHARED, **PROBED, ends=True),
    "a probe that needs two places": Rules({"a": ("3.s",), "b": ("2.c", "3.s")}, {"2.c": 1, "3.s": 1}, **PROBED),
    "a probe that fails": Rules(SHARED_BY_TWO, ONE_SHARED, **PROBED, probes=1, failures=1, woken="a", workers=1),
    "a probe, lost answer": Rules(SHARED_BY_TWO, ONE_SHARED, **PROBED, probes=1, lost=1, woken="a", workers=1),
    "a probe of a woken job": Rules(SHARED_BY_TWO, ONE_SHARED, **PROBED, probes=1, woken="b"),
    "a probe, and a type that is resumed at any moment": Rules(
        SHARED_BY_TWO, ONE_SHARED, **PROBED, probes=1, resumes=True, woken="a", workers=1
    ),
    "a probe in the line of one type": Rules(
        {"a": ("1.o",), "b": ("1.o",)}, {"1.o": 1}, other_type="ab", pauses=1, probed=True, woken="a"
    ),
    "two types": Rules(TWO, ONE_PLACE, other_type="b", crashes=1, ends=True),
    "a low and a high job, crash": Rules(TWO, ONE_PLACE, ranks={"a": LOW, "b": HIGH}, crashes=1, ends=True),
    "tenants that take turns, cancel": Rules(TWO, ONE_PLACE, positions={"a": 200, "b": 100}, cancels=1, ends=True),
    "fewer places": Rules(TWO, {"X": 2}, changes=(1,), watchdog=False, remembers=False),
    "no places, and one again": Rules(TWO, ONE_PLACE, changes=(0, 1), workers=1, watchdog=False),
    "no places, and one again, crash": Rules({"a": "X"}, ONE_PLACE, changes=(0, 1), crashes=1, workers=1),
}
LARGE = {
    "more places": Rules(TWO, ONE_PLACE, changes=(2,), watchdog=False, remembers=False),
    "three limits, crash": Rules({"a": "XYZ", "b": "XZ"}, ALL, crashes=1),
    "a paused type with two limits, three jobs": Rules(
        {"a": ("3.s",), "b": ("0.b", "3.s"), "c": ("0.b", "3.s")}, {"0.b": 1, "3.s": 1}, other_type="bc", pauses=1
    ),
    "a type that is resumed at any moment, failure": Rules(
        SHARED_BY_TWO, ONE_SHARED, other_type="b", pauses=1, resumes=True, failures=1
    ),
    "a type that is resumed at any moment, two workers": Rules(
        SHARED_BY_TWO, ONE_SHARED, other_type="b", pauses=1, resumes=True, looks=1, woken="b"
    ),
    "a paused type, crash": Rules(SHARED_BY_TWO, ONE_SHARED, other_type="b", pauses=1, crashes=1),
    "a paused type, watchdog": Rules(SHARED_BY_TWO, ONE_SHARED, other_type="b", pauses=1, looks=1),
    "a paused type, cancel": Rules(SHARED_BY_TWO, ONE_SHARED, other_type="b", pauses=1, cancels=1),
    "a paused type, three jobs": Rules(
        {"a": ("3.s",), "b": ("3.s",), "c": ("3.s",)}, ONE_SHARED, other_type="b", pauses=1
    ),
    "a paused type with two limits": Rules(
        {"a": ("3.s",), "b": ("0.b", "3.s")}, {"0.b": 1, "3.s": 1}, other_type="b", pauses=1
    ),
    "a probe, crash": Rules(SHARED_BY_TWO, ONE_SHARED, **PROBED, probes=1, crashes=1, woken="a", workers=1),
    "a probe that fails, two workers": Rules(SHARED_BY_TWO, ONE_SHARED, **PROBED, failures=1),
    "a probe beside two workers": Rules(SHARED_BY_TWO, ONE_SHARED, **PROBED, probes=1, woken="a"),
    "two runs of the watchdog that look for a probe": Rules(
        SHARED_BY_TWO, ONE_SHARED, **PROBED, probes=2, woken="a", workers=1
    ),
    "watchdog": Rules(TWO, ONE_PLACE, looks=1, ends=True),
    "two limits, a cancel that dies": Rules(
        {"a": "XY", "b": "Y"}, {"X": 1, "Y": 1}, crashes=1, cancels=1, mortal=("operator",)
    ),
    "crash, lost answer": Rules(TWO, ONE_PLACE, crashes=1, lost=1),
    "two crashes": Rules(TWO, ONE_PLACE, crashes=2),
    "crash, copy": Rules(TWO, ONE_PLACE, crashes=1, duplicates=1),
    "crash, cancel": Rules(TWO, ONE_PLACE, crashes=1, cancels=1),
    "crash, failure": Rules(TWO, ONE_PLACE, crashes=1, failures=1),
    "a watchdog that dies": Rules(TWO, ONE_PLACE, crashes=1, looks=1, mortal=("watchdog",)),
    "three jobs": Rules(THREE, ONE_PLACE),
    "three jobs of three priorities": Rules(THREE, ONE_PLACE, ranks={"a": LOW, "c": HIGH}, failures=1),
    "a low job that keeps a place from a high one, a watchdog that dies": Rules(
        {"a": "XY", "b": "XY"}, BOTH, ranks={"a": LOW, "b": HIGH}, looks=1, crashes=1, mortal=("watchdog",)
    ),
    "a low job that keeps a place from a high one, tenants that take turns": Rules(
        {"a": "XY", "b": "XY"},
        BOTH,
        ranks={"a": LOW, "b": HIGH},
        positions={"a": 900, "b": 100},
        looks=1,
        crashes=1,
        mortal=("watchdog",),
    ),
    "three jobs, two places": Rules(THREE, {"X": 2}, workers=3),
}


@pytest.mark.parametrize("rules", SMALL.values(), ids=SMALL)
def test_no_order_exceeds_a_limit_loses_a_place_or_forgets_a_job(rules: Rules) -> None:
    """Two jobs share one place, and one misfortune happens at any moment."""
    found = explore(rules)
    assert found.bad == []
    assert found.states > 2_000


@pytest.mark.parametrize("rules", LARGE.values(), ids=LARGE)
def test_no_order_of_more_misfortunes_or_jobs_does_so_either(rules: Rules, whole: bool) -> None:
    if not whole:
        pytest.skip("takes minutes: `make whole` explores it")
    assert explore(rules).bad == []


def test_without_a_crash_nobody_needs_the_watchdog(whole: bool) -> None:
    for jobs in (TWO, THREE) if whole else (TWO,):
        assert explore(Rules(jobs, ONE_PLACE, failures=1, watchdog=False)).bad == []
    assert explore(Rules(TWO, ONE_PLACE, lost=1, watchdog=False)).bad == []


def test_a_worker_whose_message_comes_again_goes_on_without_the_watchdog() -> None:
    assert explore(Rules(TWO, ONE_PLACE, crashes=1, watchdog=False)).bad == []


def test_jobs_that_take_two_limits_in_one_order_do_not_block_each_other(whole: bool) -> None:
    assert explore(Rules({"a": "XY", "b": "XY"}, BOTH)).bad == []
    assert explore(Rules({"a": "XY", "b": "Y"}, BOTH, crashes=1)).bad == []
    if whole:
        assert explore(Rules({"a": "XY", "b": "XY"}, BOTH, crashes=1)).bad == []
        for jobs in ({"a": "XZ", "b": "YZ", "c": "Z"}, {"a": "XY", "b": "XY", "c": "Y"}):
            assert explore(Rules(jobs, ALL)).bad == []


def test_places_in_the_code_that_count_as_one_reach_the_same_states(whole: bool) -> None:
    """The explorer compares the variables of the processes instead of their histories."""
    if not whole:
        pytest.skip("takes a quarter of a minute: `make whole` explores it")
    rules = Rules(TWO, ONE_PLACE, worlds=True)
    assert explore(rules).worlds == explore(rules, merge=False).worlds


# negative controls


def bad(rules: Rules) -> str:
    found: Explored = explore(rules)
    return found.bad[0] if found.bad else ""


def test_limits_that_are_taken_in_two_orders_are_found() -> None:
    assert "for ever" in bad(Rules({"a": "XY", "b": "YX"}, BOTH))


def test_a_message_that_is_acknowledged_before_the_job_stands_in_the_line_is_found() -> None:
    assert "for ever" in bad(Rules(TWO, ONE_PLACE, crashes=1, acknowledges_last=False))


def test_a_line_that_is_read_through_an_index_is_found() -> None:
    assert "for ever" in bad(Rules(TWO, ONE_PLACE, index=True))


def test_a_line_without_the_number_of_the_wait_is_found() -> None:
    """A slow process removes the row of a later wait."""
    assert "for ever" in bad(Rules(TWO, ONE_PLACE, failures=2, numbered=False, watchdog=False))


def test_places_that_are_given_back_in_order_to_wait_are_found(whole: bool) -> None:
    if not whole:
        pytest.skip("takes half a minute: `make whole` explores it")
    jobs = {"a": "XY", "b": "XY", "c": "Y"}
    assert "waited twice" in bad(Rules(jobs, BOTH, keeps=False))


def test_a_job_that_is_woken_without_a_place_is_found() -> None:
    class Wakes(AtMostPlaces):
        def _hand_over(self, limit: Limit, first: Waiter, job: LimitedJob | None, found: Places) -> bool:
            return super()._hand_over(limit, first, job, replace(found, held={**found.held, first.job: first.name}))

    assert "waited twice" in bad(Rules(TWO, ONE_PLACE, failures=1, code=Wakes))


def test_a_message_that_is_given_back_again_and_again_is_found() -> None:
    class Always(AtMostPlaces):
        def wait(self, job: LimitedJob, limit: Limit, holds: Sequence[Limit] = (), *, again: bool = False) -> bool:
            return True

    assert "no end" in bad(Rules(TWO, ONE_PLACE, code=Always, ends=True))


def test_a_line_of_another_type_that_nobody_asks_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """For example, by an older version of the code, which does not know the type."""
    only = frozenset({limits.TYPE})
    monkeypatch.setattr(limits.Store, "first", lambda store, limit, _, *more: store.ask("first", limit.id, only, *more))
    assert "for ever" in bad(Rules(TWO, ONE_PLACE, other_type="b"))


def test_a_line_that_is_served_from_its_end_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    class Backwards(AtMostPlaces):
        def _serve(self, limit: Limit, found: Places, line: Sequence[Waiter], after: Waiter | None) -> Waiter | None:
            return super()._serve(limit, found, tuple(reversed(line)), after)

    monkeypatch.setattr(
        limits.Store, "first", lambda store, limit, types, *_: store.ask("first", limit.id, frozenset(types), 25)
    )
    assert "before one of a higher rank" in bad(Rules(THREE, ONE_PLACE, ranks={"a": LOW, "c": HIGH}, code=Backwards))


def test_a_place_of_a_narrower_limit_that_nobody_leaves_is_found() -> None:
    """The job waited for the wider one, an operator cancelled it, and the API's process died."""

    class Forgets(AtMostPlaces):
        def _judge_all(self, limits: Sequence[Limit]) -> None:
            pass

    assert "lost a place" in bad(Rules({"a": "XY", "b": "Y"}, BOTH, crashes=1, cancels=1, code=Forgets))


def test_a_job_that_leaves_only_one_of_its_places_is_found() -> None:
    class LeavesOne(AtMostPlaces):
        def leave(self, job: LimitedJob, limits: Sequence[Limit]) -> None:
            super().leave(job, limits[-1:])

    assert "lost a place" in bad(Rules({"a": "XY", "b": "Y"}, BOTH, code=LeavesOne))


def test_a_cancelled_job_that_leaves_only_the_place_that_it_waited_for_is_found() -> None:
    class LeavesWaited(AtMostPlaces):
        def leave_ended(
            self, ended: LimitedJob, limits: Sequence[Limit], waited: Limit | None = None, *, raised: bool = False
        ) -> None:
            super().leave_ended(ended, limits if waited is None else (waited,), waited, raised=raised)

    assert "lost a place" in bad(Rules({"a": "XY", "b": "Y"}, BOTH, cancels=1, code=LeavesWaited))


def test_a_wide_place_that_is_taken_before_the_narrow_one_is_free_is_found() -> None:
    """The function runs, although the narrow limit is full."""

    class TakesTheRest(AtMostPlaces):
        def take_all(self, job: LimitedJob, limits: Sequence[Limit]) -> Full | None:
            return super().take_all(job, limits[-1:])

    assert "more than 1" in bad(Rules({"a": "XY", "b": "XY"}, {"X": 1, "Y": 2}, code=TakesTheRest))


def test_a_place_that_was_given_but_never_handed_over_is_found() -> None:
    class Leaves(AtMostPlaces):
        def _finish(self, limit: Limit, found: Places, jobs: Sequence[LimitedJob]) -> None:
            pass

    assert "for ever" in bad(Rules(TWO, ONE_PLACE, crashes=1, looks=1, code=Leaves))


def test_a_mark_that_is_removed_in_one_write_is_found() -> None:
    class AtOnce(AtMostPlaces):
        def _unmark(self, limit: Limit) -> bool:
            self.store.unmark(limit, "")
            return False

    assert "for ever" in bad(Rules(TWO, ONE_PLACE, failures=1, code=AtOnce, closes=False))


def test_a_waiter_that_does_not_look_is_found() -> None:
    class Blind(AtMostPlaces):
        def wait(self, job: LimitedJob, limit: Limit, holds: Sequence[Limit] = (), *, again: bool = False) -> bool:
            self.store.stand(limit, job.waiter)
            self.store.mark(limit, job.type)
            self.store.enlist(limit)
            return False

    assert "for ever" in bad(Rules(TWO, ONE_PLACE, code=Blind, watchdog=False))


def test_a_change_whose_free_places_nobody_gives_to_the_jobs_that_wait_is_found() -> None:
    changed = Rules(TWO, ONE_PLACE, changes=(0, 1), workers=1, watchdog=False, pumps=False)
    assert "for ever" in bad(changed)


def test_a_change_that_a_job_does_not_see_when_it_begins_to_wait_is_found() -> None:
    """Its process remembers the number of before, and the operator has already looked for jobs that wait."""
    changed = Rules(TWO, ONE_PLACE, changes=(0, 1), workers=1, watchdog=False, stamps=False)
    assert "for ever" in bad(changed)


def test_a_lowered_number_that_nobody_obeys_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """All processes use the number of the code for ever."""
    monkeypatch.setattr(limits.World, "_numbers", lambda world, state, what, name: [2])
    assert "beyond the larger number" in bad(Rules(TWO, {"X": 2}, changes=(0,), watchdog=False))


def test_a_paused_type_whose_jobs_get_places_is_found() -> None:
    class Ignores(AtMostPlaces):
        def _asked(self, limit: Limit, found: Places, paused: Collection[str]) -> frozenset[str]:
            return found.types

        def _put_back(self, limit: Limit, jobs: Sequence[LimitedJob]) -> None:
            pass

    paused = Rules(SHARED_BY_TWO, ONE_SHARED, other_type="b", pauses=1, failures=1, code=Ignores)
    assert "until the other type is resumed" in bad(paused)


def test_a_probe_for_which_nobody_asks_for_a_place_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits.Store, "ask_for", lambda *_: None)
    assert "the job b is blocked for ever" in bad(Rules(SHARED_BY_TWO, ONE_SHARED, **PROBED))


def test_a_woken_job_of_a_paused_type_that_keeps_its_place_is_found() -> None:
    class Keeps(AtMostPlaces):
        def _put_back(self, limit: Limit, jobs: Sequence[LimitedJob]) -> None:
            pass

    paused = Rules(SHARED_BY_TWO, ONE_SHARED, other_type="b", pauses=1, failures=1, code=Keeps)
    assert "until the other type is resumed" in bad(paused)


def test_a_job_that_waits_again_under_its_old_name_is_found() -> None:
    """The name is removed late, while the job runs again."""
    paused = Rules(SHARED_BY_TWO, ONE_SHARED, other_type="b", pauses=1, resumes=True, looks=1, woken="b", renames=False)
    assert "more than 1" in bad(paused)


def test_a_job_that_has_left_a_wide_place_and_waits_in_the_same_pass_is_found(whole: bool) -> None:
    """A slow process gives it the wide place again, while it waits for the narrow one."""
    if not whole:
        pytest.skip("takes a quarter of a minute: `make whole` explores it")

    class Same(AtMostPlaces):
        def take_all(self, job: LimitedJob, limits: Sequence[Limit]) -> Full | None:
            full = super().take_all(job, limits)
            return full and replace(full, anew=False)

    jobs = {"a": ("3.s",), "b": ("0.b", "3.s"), "c": ("0.b", "3.s")}
    assert "for ever" in bad(Rules(jobs, {"0.b": 1, "3.s": 1}, other_type="bc", pauses=1, code=Same))


def test_a_mark_that_is_removed_while_jobs_of_a_paused_type_wait_is_found() -> None:
    class Strikes(AtMostPlaces):
        def _others_wait(self, limit: Limit, found: Places, types: Collection[str]) -> bool:
            return False

        def _unmark(self, limit: Limit) -> bool:
            closing = self.store.close(limit)
            if closing is not None:
                self.store.unmark(limit, closing.closing or "")
            return False

    paused = Rules(SHARED_BY_TWO, ONE_SHARED, other_type="b", pauses=1, failures=1, code=Strikes)
    assert "for ever" in bad(paused)


def test_a_name_of_a_dead_process_that_nobody_removes_is_found() -> None:
    class Keeps(AtMostPlaces):
        def _remove(self, limit: Limit, dead: Sequence[tuple[str, str]]) -> bool:
            return False

    assert "lost a place" in bad(Rules(TWO, ONE_PLACE, crashes=1, code=Keeps))


def test_more_jobs_than_places_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Rules, "of", lambda rules, job: tuple(Limit(name, 1) for name in "X"))
    monkeypatch.setattr(AtMostPlaces, "take_all", lambda code, job, wanted: None)
    assert "more than 1" in bad(Rules(TWO, ONE_PLACE))
