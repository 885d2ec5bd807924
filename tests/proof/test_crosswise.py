"""Play games of four types that share three limits crosswise, and games of code that neglects a duty."""

import math
from collections.abc import Sequence
from types import ModuleType

import pytest

from chalicelib.limits import memory, slots
from chalicelib.limits.at_most import AtMostPlaces
from chalicelib.limits.places import Full, Limit, LimitedJob
from chalicelib.limits.slots import Slots
from tests.proof import crosswise
from tests.proof.crosswise import USUAL, Process, Rules, broken

FEW, ALL = 300, 10_000


def test_no_game_exceeds_a_limit_leaves_a_place_unused_or_forgets_a_job(whole: bool) -> None:
    """Never over n, no window over n + burst, no circle, and no free place beside a job that could run.

    A job is claimed once, and once more for each limit, each slot that it missed, and each attempt that was lost.
    """
    assert [*broken(range(ALL if whole else FEW))] == []


def test_no_game_in_which_tenants_take_turns_does_so_either(whole: bool) -> None:
    assert [*broken(range(ALL if whole else FEW // 3), Rules(fair=True))] == []


# negative controls


def bad(rules: Rules = USUAL) -> str:
    return next(broken(range(FEW), rules), "")


def test_limits_that_a_type_takes_in_the_other_order_are_found() -> None:
    assert "wait for each other" in bad(Rules(reversed_type="b"))


def test_a_job_that_begins_to_wait_and_does_not_look_is_found() -> None:
    class Blind(AtMostPlaces):
        def wait(self, job: LimitedJob, limit: Limit, holds: Sequence[Limit] = (), *, again: bool = False) -> bool:
            self.store.stand(limit, job.waiter)
            self.store.mark(limit, job.type)
            self.store.enlist(limit)
            return False

    assert "is free, and" in bad(Rules(Blind))


def test_a_place_that_nobody_gives_to_the_next_job_is_found() -> None:
    class Silent(AtMostPlaces):
        def leave(self, job: LimitedJob, limits: Sequence[Limit]) -> None:
            for limit in limits:
                self.store.leave(limit, job.id, job.name)

    assert "is free, and" in bad(Rules(Silent))


def test_a_job_that_takes_only_its_widest_place_is_found() -> None:
    class TakesOne(AtMostPlaces):
        def take_all(self, job: LimitedJob, limits: Sequence[Limit]) -> Full | None:
            return super().take_all(job, limits[-1:])

    assert "runs without a place" in bad(Rules(TakesOne))


@pytest.mark.parametrize("narrowest", [0, 1], ids=["all", "all but the narrowest"])
def test_a_job_that_leaves_its_places_while_it_waits_is_found(narrowest: int) -> None:
    """It has to wait for these places again."""

    class GivesBack(AtMostPlaces):
        def take_all(self, job: LimitedJob, limits: Sequence[Limit]) -> Full | None:
            full = super().take_all(job, limits)
            if full is None:
                return None
            self.leave(job, [one for one in full.holds[narrowest:] if one.rate is None])
            return full

    assert "times instead of" in bad(Rules(GivesBack))


def test_a_job_that_is_late_for_its_slot_and_starts_is_found() -> None:
    class Late(Slots):
        def take(self, job: LimitedJob, limits: Sequence[Limit]) -> Full | None:
            rated = [number for number, limit in enumerate(limits) if limit.rate is not None]
            for number in rated:
                until = self.clock() + self.within
                at = self._slot(job, limits, number, until, until, again=False)
                if at is None:
                    return self.places.without_slot(job, limits, number)
                self._sleep_until(at)
            return None

    assert "starts of" in bad(Rules(slots=Late))


def test_a_process_that_does_not_learn_of_a_lower_number_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crosswise, "CHANGES_KEPT", math.inf)
    monkeypatch.setattr(Process, "_learn", lambda process: None)
    found = [*broken(range(FEW))]
    assert any("jobs have places of" in one for one in found)
    assert any("starts of" in one for one in found), "of a rate"


def test_a_higher_number_whose_places_nobody_gives_to_the_jobs_that_wait_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def change(process: Process, limit: Limit, n: int) -> None:
        process.request(lambda: process.game.numbers[limit.id].append((process.time.now, max(n, 1))))

    monkeypatch.setattr(Process, "change", change)
    assert "is free, and" in bad()


@pytest.mark.parametrize("module", [memory, slots], ids=["at its end", "when it starts at a slot"])
def test_a_name_that_a_dead_worker_has_left_is_found(module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """The job's next attempt ends before it asks for this place, or needs no turn."""
    monkeypatch.setattr(module, "is_earlier", lambda name, later: False)
    assert "has lost a place" in bad()
