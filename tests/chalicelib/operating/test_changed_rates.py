"""Change rates while jobs start and wait: a lower number, none, a higher one, and the number of the code again."""

import uuid
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib import AtMost, Rate
from chalicelib.errors import InvalidRequest
from chalicelib.job_types.at_most import AnyLimit
from chalicelib.job_types.rate import with_number
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.listing import iso
from chalicelib.limits.at_most import AtMostPlaces
from chalicelib.limits.changed import Changed
from chalicelib.limits.ids import declared_limit
from chalicelib.limits.memory import MemoryPlaces
from chalicelib.limits.places import Limit, LimitedJob, Runs, Standing
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.operating.limits import Limits
from tests.chalicelib.worker.test_rates import Stage, most_in, stage_of
from tests.chalicelib.worker.test_shared_limits import CHAT, IMAGE, reader_of
from tests.support import T0

TEN = Rate(10, per=60, shared="openai")
OPENAI = "3-rate.openai"
SLOW = Rate(5, per=3600)
ONLY = f"1-rate.{CHAT}"


def limits(stage: Stage) -> Limits:
    own = stage.platform
    return Limits(Dispatcher(own.store, own.queue, own.clock), own.workers.places, own.clock)


@pytest.fixture
def shared() -> Iterator[Stage]:
    """Two types share 10 a minute."""
    yield from stage_of({CHAT: [TEN], IMAGE: [TEN]})


@pytest.fixture
def slow() -> Iterator[Stage]:
    """A type has 5 an hour."""
    yield from stage_of({CHAT: [SLOW]})


def why(stage: Stage, job: Job) -> str:
    return reader_of(stage).explained(job.id)[1] or ""  # type: ignore[arg-type]


def test_a_lower_number_is_kept_in_each_window_from_then_on_and_used(shared: Stage) -> None:
    made = [*shared.submit(CHAT, 20), *shared.submit(IMAGE, 20)]
    shared.platform.advance(seconds=60)
    limits(shared).change(OPENAI, 3, "ops", "the provider says so")
    at = shared.platform.clock()
    shared.platform.advance(minutes=14)
    assert shared.statuses(made) == {Status.COMPLETED}
    later = [one for one in shared.all_starts() if one > at]
    assert len(later) > 20
    assert most_in(later, 60) <= 3
    assert most_in(shared.all_starts(), 60) <= 10
    assert later[-1] - later[0] < len(later) * with_number(TEN, 3).apart + 10
    found = shared.places(OPENAI)
    assert (found.held, found.waits) == ({}, False)


def test_a_higher_number_is_used_at_once_also_by_a_job_whose_turn_was_far_away(slow: Stage) -> None:
    made = slow.submit(CHAT, 40)
    slow.platform.run()
    assert len(slow.all_starts()) == 1
    assert slow.statuses(made[1:2]) == {Status.QUEUED}, "its turn is in twelve minutes"
    limits(slow).change(ONLY, 180_000, "ops", "")
    slow.platform.advance(seconds=15)
    assert slow.statuses(made) == {Status.COMPLETED}
    assert slow.numbers == sorted(slow.numbers)


def test_a_single_job_with_a_turn_far_away_starts_when_the_number_is_raised(slow: Stage) -> None:
    made = slow.submit(CHAT, 2)
    slow.platform.run()
    limits(slow).change(ONLY, 3600, "ops", "")
    slow.platform.advance(seconds=5)
    assert slow.statuses(made) == {Status.COMPLETED}


def test_a_turn_far_away_is_found_by_the_watchdog_if_the_request_died_before_it_looked(slow: Stage) -> None:
    made = slow.submit(CHAT, 3)
    slow.platform.run()
    slow.platform.workers.places.change(Changed(ONLY, 3600, "ops", "", 0.0))
    slow.platform.advance(minutes=2)
    assert slow.statuses(made) == {Status.COMPLETED}


@pytest.mark.parametrize("after", [1, 30])
@pytest.mark.parametrize(("n", "per"), [(6, 3600), (10, 3600), (20, 3600), (50, 3600), (2, 60), (4, 60), (10, 60)])
def test_after_any_higher_number_the_next_job_starts_when_its_slot_is_there_and_is_not_claimed_again_and_again(
    n: int, per: float, after: float
) -> None:
    declared = Rate(5 if per == 3600 else 1, per=per)
    faster = with_number(declared, n)
    for stage in stage_of({CHAT: [declared]}):
        made = stage.submit(CHAT, 4)
        stage.platform.run()
        stage.platform.advance(seconds=after)
        limits(stage).change(ONLY, n, "ops", "")
        at = stage.platform.clock()
        for _ in range(40):
            stage.platform.advance(seconds=faster.apart / 8)
        _, *later = stage.all_starts()
        assert later[0] <= at + faster.apart + 5
        assert len(later) == 3
        assert later[-1] <= at + 3 * faster.apart + 5
        assert max(stage.platform.job(one).claims for one in made) <= 4


def test_a_turn_far_away_is_found_although_no_job_waits_in_the_line_any_more() -> None:
    """Two types share the rate: each has a turn, the second one 24 minutes away, and nobody else waits."""
    rate = Rate(5, per=3600, by="customer", shared="openai")
    for stage in stage_of({CHAT: [rate], IMAGE: [rate]}):
        made = [*stage.submit(CHAT, 2), *stage.submit(IMAGE, 1)]
        stage.platform.run()
        for _ in range(15):
            stage.platform.advance(minutes=1)
        assert len(stage.all_starts()) == 2
        limits(stage).change("2-rate.openai", 180_000, "ops", "")
        stage.platform.advance(minutes=1)
        assert stage.statuses(made) == {Status.COMPLETED}


def test_with_0_no_job_starts_and_no_job_is_claimed_again_and_again(shared: Stage) -> None:
    made = [*shared.submit(CHAT, 10), *shared.submit(IMAGE, 10)]
    shared.platform.run()
    begun = len(shared.all_starts())
    limits(shared).change(OPENAI, 0, "ops", "an outage")
    shared.platform.advance(minutes=30)
    left = [one for one in made if shared.platform.job(one).status is not Status.COMPLETED]
    assert len(shared.all_starts()) == begun
    assert shared.statuses(left) == {Status.BLOCKED}
    assert max(shared.platform.job(one).claims for one in left) <= 4
    limits(shared).reset(OPENAI)
    shared.platform.advance(minutes=3)
    assert shared.statuses(made) == {Status.COMPLETED}


@pytest.mark.parametrize("name", [ONLY, "3-rate.openai"])
def test_jobs_with_more_turns_than_there_are_now_leave_them_when_they_come(name: str) -> None:
    """Otherwise all of them would come for each slot."""
    store, limit, woken = MemoryPlaces(), Limit(name, 9, Rate(50, per=60)), list[str]()
    runs = {CHAT: Runs(1, frozenset((CHAT,)))}

    def wake(job: LimitedJob, *_: object, **__: object) -> bool:
        woken.append(job.id)
        return True

    jobs: Any = SimpleNamespace(wake=wake, usable=lambda *_: runs, find=lambda _: ())
    waiting = [LimitedJob(str(uuid.UUID(int=one)), CHAT, T0 + one, 1, 2, 1, Standing.BLOCKED, name) for one in range(9)]
    for one in waiting:
        store.stand(limit, one.waiter)
        store.mark(limit, CHAT)
        assert store.grant(limit, one.waiter)
    store.change(Changed(name, 5, "ops", "", T0))
    came = [AtMostPlaces(store, jobs).wait(one, limit) for one in waiting]
    assert came == [False] * 8 + [True]
    assert [*store.read(limit).held] == woken == [waiting[-1].id]
    store.change(Changed(name, 0, "ops", "", T0))
    assert not AtMostPlaces(store, jobs).wait(waiting[-1], limit)
    assert store.read(limit).held == {}


def test_each_customer_has_the_number_of_all_unless_it_has_its_own() -> None:
    name = f"0-rate.{CHAT}"
    for stage in stage_of({CHAT: [Rate(1, per=60, by="customer")]}):
        limits(stage).change(name, 0, "ops", "")
        limits(stage).change(name, 600, "ops", "they pay for it", "acme")
        made = [*stage.submit(CHAT, 20), *stage.submit(CHAT, 20, "globex")]
        stage.platform.advance(seconds=10)
        assert [len(stage.starts[one]) for one in ("acme", "globex")] == [20, 0]
        found = limits(stage).detail(name)
        assert [(one.id, one.n) for one in found.values] == [(f"{name}.acme", 600), (f"{name}.globex", 0)]
        limits(stage).change(name, 600, "ops", "")
        stage.platform.advance(seconds=10)
        assert stage.statuses(made) == {Status.COMPLETED}


@pytest.mark.parametrize(
    "declared",
    [[Rate(20), Rate(50, per=60, shared="openai")], [Rate(50, per=60, shared="openai"), AtMost(2, shared="x")]],
)
def test_a_rate_beside_other_limits_is_changed_too(declared: Sequence[AnyLimit]) -> None:
    for stage in stage_of({CHAT: list(declared)}):
        made = stage.submit(CHAT, 60)
        limits(stage).change(OPENAI, 0, "ops", "")
        stage.platform.advance(minutes=2)
        assert stage.all_starts() == []
        limits(stage).change(OPENAI, 3000, "ops", "")
        stage.platform.advance(minutes=1)
        assert stage.statuses(made) == {Status.COMPLETED}


def test_a_job_that_waits_says_who_has_changed_the_rate(slow: Stage) -> None:
    *_, last = slow.submit(CHAT, 3)
    slow.platform.run()
    limits(slow).change(ONLY, 6, "ops", "")
    at = iso(slow.platform.clock())
    slow.platform.run()
    assert why(slow, last) == (
        f"It waits for its turn of {CHAT}: 6 an hour instead of 5 (an operator changed it at {at}); it is the next one."
    )
    limits(slow).change(ONLY, 0, "ops", "")
    assert why(slow, last).startswith(f"An operator set this limit, {CHAT}, to 0 at {at}, so no job starts")


@pytest.mark.parametrize(
    ("rate", "n", "told"),
    [
        (Rate(50, per=60), 3001, "0, or from 1 to 3,000 a minute"),
        (Rate(50, per=60, burst=7), 6, "0, or from 7 to 3,000 a minute (its burst is 7)"),
        (Rate(200, per=86400), 119, "0, or from 120 to 4,320,000 a day"),
    ],
)
def test_an_impossible_rate_is_refused_with_what_is_right(rate: Rate, n: int, told: str) -> None:
    for stage in stage_of({CHAT: [rate]}):
        with pytest.raises(InvalidRequest) as refused:
            limits(stage).change(ONLY, n, "ops", "")
        assert [(one.loc, one.msg) for one in refused.value.errors] == [(("n",), f"the limit may have {told}")]
        assert limits(stage).detail(ONLY).shown.changed is None


def test_a_limit_of_the_code_is_in_the_list_as_a_rate(shared: Stage) -> None:
    [shown] = limits(shared).all()[0]
    assert shown.declared is not None
    assert (shown.id, shown.n, shown.declared.numbers) == (OPENAI, 10, (1, 3000))
    assert shown.declared.said(10) == "10 a minute"
    limit = declared_limit(OPENAI)
    assert limit is not None
    shared.submit(CHAT, 5)
    shared.platform.run()
    found = limits(shared).detail(OPENAI)
    assert [(line.type, line.waiting) for line in found.lines] == [(CHAT, 3)]
    assert len(found.holders) == limit.n == 1
