"""Let jobs of high and low priority wait in the lines of limits, alone and with places of other limits."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from chalicelib import AtMost, Cron, JobContext
from chalicelib.errors import IdempotencyMismatch, InvalidRequest, RowsUnreadable
from chalicelib.job_types.jobtype import registered
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.transitions import waited_limit
from chalicelib.limits.places import Limit, Waiter
from chalicelib.operating.limits import Limits
from chalicelib.operating.lines import Lines
from chalicelib.schedules.schedule import Schedule
from jobflow.testing import Platform, WorkerGone
from tests.chalicelib.worker import test_at_most, test_shared_limits
from tests.chalicelib.worker.test_at_most import TYPE
from tests.chalicelib.worker.test_shared_limits import CHAT, IMAGE, ONE

SHARED, EACH = AtMost(1, shared="openai"), AtMost(1, by="customer")


@pytest.fixture
def single() -> Iterator[test_at_most.Stage]:
    yield from test_at_most.stage_of([AtMost(1)])


@pytest.fixture
def unlimited() -> Iterator[test_at_most.Stage]:
    yield from test_at_most.stage_of([])


@pytest.fixture
def several() -> Iterator[test_shared_limits.Stage]:
    yield from test_shared_limits.stage_of({CHAT: [SHARED, EACH], IMAGE: [SHARED]})


def waiting(stage: test_at_most.Stage, *priorities: str) -> list[Job]:
    """Block a job of each of these priorities, one after the other, behind a job whose worker dies."""
    stage.at(0, lambda ctx: (_ for _ in ()).throw(WorkerGone()))
    stage.submit(0)
    stage.platform.run()
    made = [stage.submit(number, priority=one)[0] for number, one in enumerate(priorities, 1)]
    stage.platform.run()
    assert {stage.status(one) for one in made} == {Status.BLOCKED}
    return made


def test_a_line_is_ordered_by_priority_and_then_by_when_its_jobs_were_due(single: test_at_most.Stage) -> None:
    made = waiting(single, "low", "normal", "high", "low", "normal", "high")
    single.minutes(10)
    assert {single.status(one) for one in made} == {Status.COMPLETED}
    assert single.sends.begun[2:] == [3, 6, 2, 5, 1, 4]  # after both attempts of the first job
    assert single.held(Limit(f"1.{TYPE}", 1)) == []


def test_a_waiting_job_says_its_priority_and_how_many_are_before_it(single: test_at_most.Stage) -> None:
    low, normal, high = waiting(single, "low", "normal", "high")
    platform = single.platform
    reader = test_shared_limits.reader_of(test_shared_limits.Stage(platform))
    assert [reader.explained(one.id)[1] for one in (low, normal, high)] == [
        f"1 of 1 places of {TYPE} are taken; 2 jobs are before it; its priority is low.",
        f"1 of 1 places of {TYPE} are taken; 1 job is before it.",
        f"1 of 1 places of {TYPE} are taken; it is the next one; its priority is high.",
    ]


def test_a_cancelled_job_of_low_priority_leaves_the_line(single: test_at_most.Stage) -> None:
    (low,) = waiting(single, "low")
    single.platform.cancel(low)
    assert list(single.platform.workers.places.first(Limit(f"1.{TYPE}", 1), {TYPE})) == []


def flood(stage: test_shared_limits.Stage) -> tuple[Job, list[Job]]:
    """Block two jobs of IMAGE behind a job whose worker dies, and a low one of CHAT that keeps its customer's place."""
    platform = stage.platform
    stage.submit(IMAGE, 0)
    platform.fail(IMAGE, WorkerGone())
    platform.run()
    low = platform.submit(CHAT, {"number": 1}, priority="low")
    platform.run()
    platform.clock.advance(1)
    others = stage.submit(IMAGE, 2, 3)
    platform.run()
    assert (waited_limit(platform.job(low)), stage.held(Limit(f"0.{CHAT}.acme", 1))) == (ONE.id, {low.id})
    return low, others


def test_a_low_job_that_has_a_place_of_its_customer_does_not_pass_others_in_the_shared_line(
    several: test_shared_limits.Stage,
) -> None:
    low, others = flood(several)
    several.platform.advance(minutes=10)
    assert set(several.statuses([low, *others])) == {Status.COMPLETED}
    assert [number for number in several.begun if number] == [2, 3, 1]


def test_a_low_job_that_keeps_a_place_from_a_high_one_waits_as_high(several: test_shared_limits.Stage) -> None:
    low, others = flood(several)
    platform, places = several.platform, several.platform.workers.places
    high = platform.submit(CHAT, {"number": 4}, priority="high")
    platform.run()
    assert waited_limit(platform.job(high)) == f"0.{CHAT}.acme"
    platform.advance(minutes=10)
    assert set(several.statuses([low, *others, high])) == {Status.COMPLETED}
    assert next(number for number in several.begun if number) == 1
    assert (several.most, several.held(), list(places.first(ONE, {CHAT, IMAGE}))) == (1, set(), [])


def test_a_low_job_is_not_raised_for_a_job_whose_wait_has_ended(several: test_shared_limits.Stage) -> None:
    low, others = flood(several)
    platform, narrow = several.platform, Limit(f"0.{CHAT}.acme", 1)
    high = platform.submit(CHAT, {"number": 4}, priority="high")
    platform.run()
    (row,) = platform.workers.places.first(narrow, {CHAT})
    platform.cancel(high)
    platform.workers.places.stand(narrow, row)  # it was cancelled by a process that died
    platform.advance(minutes=10)
    assert [number for number in several.begun if number] == [2, 3, 1]
    assert set(several.statuses([low, *others])) == {Status.COMPLETED}


def raised(stage: test_shared_limits.Stage) -> tuple[Job, Job]:
    """Block a high job for the place that a low one keeps, so that the low one waits as high; return both."""
    low, _others = flood(stage)
    high = stage.platform.submit(CHAT, {"number": 4}, priority="high")
    stage.platform.advance(minutes=1)
    assert [(one.job, one.rank) for one in stage.platform.workers.places.first(ONE, {CHAT}, 9)] == [
        (low.id, 0), (low.id, 2),
    ]  # fmt: skip
    return low, high


def test_a_raised_job_says_how_it_waits_and_is_listed_once(several: test_shared_limits.Stage) -> None:
    low, _high = raised(several)
    platform = several.platform
    said = test_shared_limits.reader_of(several).explained(low.id)[1] or ""
    assert "it is the next one; its priority is low" in said
    assert "it waits as high" in said
    found = Limits(platform.service.dispatcher, platform.workers.places, platform.clock).detail(ONE.id)
    lines = {line.type: [(one.job, one.rank) for one in line.first] for line in found.lines}
    assert (lines[CHAT], {line.type: line.waiting for line in found.lines}) == ([(low.id, 0)], {CHAT: 1, IMAGE: 2})
    assert found.shown.waiting == 3


def test_a_raised_job_that_is_cancelled_leaves_no_row(several: test_shared_limits.Stage) -> None:
    low, _high = raised(several)
    several.platform.cancel(low)
    assert list(several.platform.workers.places.first(ONE, {CHAT}, 9)) == []


def test_a_raised_job_that_has_got_its_place_leaves_no_row(several: test_shared_limits.Stage) -> None:
    low, _high = raised(several)
    rows = list[Waiter]()
    several.during[1] = lambda _: rows.extend(several.platform.workers.places.first(ONE, {CHAT}, 9))
    several.platform.advance(minutes=10)
    assert (several.status(low), rows) == (Status.COMPLETED, [])


def test_a_low_job_is_raised_although_a_row_of_an_ended_wait_is_before_the_high_one(
    several: test_shared_limits.Stage,
) -> None:
    flood(several)
    platform, narrow, places = several.platform, Limit(f"0.{CHAT}.acme", 1), several.platform.workers.places
    cancelled = platform.submit(CHAT, {"number": 4}, priority="high")
    platform.run()
    (row,) = places.first(narrow, {CHAT})
    platform.cancel(cancelled)
    places.stand(narrow, row)  # it was cancelled by a process that died, or of the version before
    platform.clock.advance(1)
    high = platform.submit(CHAT, {"number": 5}, priority="high")
    platform.run()
    platform.advance(minutes=10)
    assert several.status(high) is Status.COMPLETED
    assert next(number for number in several.begun if number) == 1  # the low one, before all others
    assert list(places.first(narrow, {CHAT})) == []


def test_a_low_job_is_raised_although_the_first_row_cannot_be_read(several: test_shared_limits.Stage) -> None:
    flood(several)
    platform, narrow, places = several.platform, Limit(f"0.{CHAT}.acme", 1), several.platform.workers.places
    unreadable = platform.submit(CHAT, {"number": 4}, priority="high")
    platform.run()
    platform.clock.advance(1)
    high = platform.submit(CHAT, {"number": 5}, priority="high")
    platform.run()
    store, read_all = platform.store, platform.store.read_all

    def reads(ids: Sequence[str], *, strict: bool = False) -> Sequence[Job]:
        found = [job for job in read_all(ids) if job.id != unreadable.id]
        if strict and unreadable.id in ids:
            raise RowsUnreadable([unreadable.id], found)
        return found

    store.read_all = reads  # type: ignore[method-assign]
    platform.advance(minutes=10)
    assert several.status(high) is Status.COMPLETED
    assert next(number for number in several.begun if number) == 1
    assert [one.job for one in places.first(narrow, {CHAT})] == [unreadable.id]


def test_a_job_that_stands_in_a_line_twice_gets_one_place(single: test_at_most.Stage) -> None:
    """A version without priorities has put it into the line too."""
    low, normal = waiting(single, "low", "normal")
    places, limit = single.platform.workers.places, Limit(f"1.{TYPE}", 1)
    row = next(one for one in places.first(limit, {TYPE}, 9) if one.job == low.id)
    places.stand(limit, replace(row, rank=1))
    single.minutes(10)
    assert {single.status(one) for one in (low, normal)} == {Status.COMPLETED}
    assert (single.sends.most, single.held(limit), list(places.first(limit, {TYPE}))) == (1, [], [])


def test_a_watchdog_lines_a_job_up_again_with_its_priority(single: test_at_most.Stage) -> None:
    (high,) = waiting(single, "high")
    places, limit = single.platform.workers.places, Limit(f"1.{TYPE}", 1)
    (row,) = places.first(limit, {TYPE})
    places.step_out(limit, row)
    Lines(single.platform.service.dispatcher, places).line_up(single.platform.job(high))
    assert list(places.first(limit, {TYPE})) == [row]


@pytest.mark.parametrize("priority", ["high", "low"])
def test_a_priority_without_an_effect_is_refused_where_a_person_says_it(
    unlimited: test_at_most.Stage, priority: Any
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        unlimited.submit(1, priority=priority)
    assert [error.loc for error in refused.value.errors] == [("priority",)]
    assert "has no limits=" in refused.value.told()
    assert unlimited.submit(1, priority="normal")[0].priority == "normal"


def test_the_same_key_with_another_priority_is_another_request(single: test_at_most.Stage) -> None:
    (first,) = single.submit(1, key="one")
    assert single.submit(1, key="one", priority="normal")[0].id == first.id
    with pytest.raises(IdempotencyMismatch):
        single.submit(1, key="one", priority="high")


def test_the_last_request_of_a_debounced_job_decides_its_priority(single: test_at_most.Stage) -> None:
    found = [
        single.submit(1, debounce=("doc", 60), priority=one)[0].priority for one in ("high", "low", "low", "normal")
    ]
    assert found == ["high", "low", "low", "normal"]
    assert [job.priority for job in single.platform.jobs()] == ["normal"]


def test_a_child_has_the_priority_that_its_parent_gives(single: test_at_most.Stage) -> None:
    def makes(ctx: JobContext) -> None:
        ctx.enqueue(TYPE, {"number": 2}, key="2", priority="high")
        ctx.enqueue_many(TYPE, [{"number": 3}], priority="low")
        with pytest.raises(InvalidRequest, match="cannot be created"):
            ctx.enqueue(TYPE, {"number": 4}, key="4", priority="urgent")  # type: ignore[arg-type]

    single.at(1, makes)
    for stage in test_at_most.stage_of([AtMost(1)], enqueues=[TYPE]):
        stage.at(1, makes)
        stage.submit(1)
        stage.platform.run()
        assert sorted(one.priority for one in stage.platform.jobs()) == ["high", "low", "normal"]


def test_a_parent_goes_on_when_a_deploy_removes_the_limits_of_its_children(single: test_at_most.Stage) -> None:
    def makes(ctx: JobContext) -> None:
        ctx.enqueue(TYPE, {"number": 2}, key="2", priority="low")
        ctx.enqueue(TYPE, {"number": 3}, key="3", priority="high")
        if ctx.attempt > 1:
            ctx.enqueue(TYPE, {"number": 4}, key="4", priority="high")
            ctx.enqueue_many(TYPE, [{"number": 5}], priority="low")
            return
        registered[TYPE] = replace(registered[TYPE], limits=())
        raise RuntimeError("it fails, and a deploy removes the limits")

    for stage in test_at_most.stage_of([AtMost(1)], enqueues=[TYPE]):
        stage.at(1, makes, makes)
        (parent,) = stage.submit(1)
        stage.minutes(10)
        assert stage.status(parent) is Status.COMPLETED
        made = {one.payload["number"]: one.priority for one in stage.platform.jobs()}
        assert made == {1: "normal", 2: "low", 3: "high", 4: "normal", 5: "normal"}
        assert len(stage.platform.jobs()) == 5


def test_called_jobs_have_the_priority_of_their_call() -> None:
    def calls(ctx: JobContext) -> None:
        ctx.call(TYPE, {"number": 2}, priority="high")
        ctx.gather(TYPE, [{"number": 3}, {"number": 4}], name="more", priority="low")

    for stage in test_at_most.stage_of([AtMost(1)], calls=[TYPE]):
        stage.at(1, calls, calls, calls)
        (parent,) = stage.submit(1)
        stage.minutes(2)
        assert stage.status(parent) is Status.COMPLETED
        made = {one.payload["number"]: one.priority for one in stage.platform.jobs()}
        assert made == {1: "normal", 2: "high", 3: "low", 4: "low"}


def test_a_schedule_gives_its_jobs_a_priority() -> None:
    for stage in test_at_most.stage_of([AtMost(1)], schedule=Cron("* * * * *", payload={"number": 1}, priority="low")):
        stage.minutes(3)
        made = stage.platform.jobs()
        assert made
        assert {one.priority for one in made} == {"low"}


def test_a_schedule_goes_on_when_a_deployment_removes_the_limits_of_its_type(unlimited: test_at_most.Stage) -> None:
    platform: Platform = unlimited.platform
    now = platform.clock.now
    stored = Schedule(
        "often", TYPE, "* * * * *", "UTC", {"number": 1}, priority="low", created_at=now, updated_at=now,
        next_at=(now // 60 + 1) * 60,
    )  # fmt: skip
    platform.schedules.add(stored)
    platform.advance(minutes=3)
    assert platform.jobs()
    assert {one.priority for one in platform.jobs()} == {"normal"}
    assert platform.schedules.get("often").problem is None
