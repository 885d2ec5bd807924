"""Find the limits for whose places jobs have waited for over an hour."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from chalicelib import AtMost, Rate
from chalicelib.counters.health import Kind, LongBlocked, findings
from chalicelib.counters.port import Standing
from chalicelib.jobs.job import Status
from chalicelib.jobs.priority import HIGH
from chalicelib.limits.places import Limit
from chalicelib.operating.long_blocked import LongBlockedJobs
from tests.chalicelib.operating.test_limits import TYPE, Stage, stage_of

HOUR = 3600


@pytest.fixture
def stage() -> Iterator[Stage]:
    yield from stage_of([AtMost(1, by="customer")])


def looking(stage: Stage) -> LongBlockedJobs:
    own = stage.platform
    return LongBlockedJobs(own.store, lambda: own.workers.places, own.clock)


def standing(stage: Stage) -> Standing:
    return Standing(stage.platform.store.totals())


def test_a_job_that_is_blocked_for_over_an_hour_is_found_with_its_limit_and_without_the_value(stage: Stage) -> None:
    stage.limits.change(f"0.{TYPE}", 0, "ops", "")
    stage.submit(1, 2)
    since = stage.platform.clock()
    stage.run()
    stage.platform.clock.advance(HOUR - 60)
    assert looking(stage).look(standing(stage)) == {}
    stage.platform.clock.advance(120)
    found = looking(stage).look(standing(stage))
    assert found == {TYPE: LongBlocked(f"0.{TYPE}", pytest.approx(since, abs=1))}  # type: ignore[arg-type]
    [told] = findings(standing(stage), {TYPE: []}, [], {}, stage.platform.clock(), blocked=found)
    assert (told.kind, told.number, told.limit) == (Kind.BLOCKED, 2, f"0.{TYPE}")
    assert told.which is not None
    assert told.which.status is Status.BLOCKED


@pytest.mark.parametrize(("rate", "jobs"), [(Rate(5, per=HOUR), 20), (Rate(120, per=24 * HOUR, burst=120), 150)])
def test_a_line_of_a_slow_rate_is_found_only_if_no_job_starts(rate: Rate, jobs: int) -> None:
    for stage in stage_of([rate]):
        stage.submit(*range(jobs))
        stage.platform.advance(seconds=2 * HOUR)
        assert looking(stage).look(standing(stage)) == {}
        stage.platform.workers.off.add(TYPE)
        stage.platform.clock.advance(2 * HOUR)
        assert TYPE in looking(stage).look(standing(stage))


def test_nothing_is_read_while_no_job_is_blocked_and_at_most_once_a_minute(stage: Stage) -> None:
    def nobody() -> None:
        raise AssertionError("nothing is to be read")

    own = stage.platform
    assert LongBlockedJobs(own.store, nobody, own.clock).look(standing(stage)) == {}  # type: ignore[arg-type]
    stage.limits.change(f"0.{TYPE}", 0, "ops", "", "acme")
    stage.submit(1)
    stage.run()
    looks = looking(stage)
    assert looks.look(standing(stage)) == {}
    own.clock.advance(59)
    looks.places = nobody  # type: ignore[assignment]
    assert looks.look(standing(stage)) == {}


def test_a_job_that_others_of_higher_priority_pass_for_over_an_hour_is_found(stage: Stage) -> None:
    stage.limits.change(f"0.{TYPE}", 0, "ops", "")
    platform = stage.platform
    platform.submit(TYPE, {"number": 1}, priority="low")
    platform.submit(TYPE, {"number": 1})
    since = platform.clock()
    stage.run()
    platform.clock.advance(HOUR + 60)
    for number in (2, 3, 4):
        platform.submit(TYPE, {"number": number}, priority="high")
    platform.submit(TYPE, {"number": 5})
    stage.run()
    assert looking(stage).look(standing(stage)) == {TYPE: LongBlocked(f"0.{TYPE}", pytest.approx(since, abs=1))}  # type: ignore[arg-type]
    for job in [one for one in platform.jobs() if one.priority == "normal"]:
        platform.cancel(job)
    found = looking(stage).look(standing(stage))
    assert found == {TYPE: LongBlocked(f"0.{TYPE}", pytest.approx(since, abs=1))}  # type: ignore[arg-type]


def test_a_row_of_a_job_that_does_not_wait_any_more_hides_no_other(stage: Stage) -> None:
    stage.limits.change(f"0.{TYPE}", 0, "ops", "")
    ended, waits = stage.submit(1, 2)
    stage.run()
    places, limit = stage.platform.workers.places, Limit(f"0.{TYPE}.acme", 1)
    row = next(iter(places.first(limit, {TYPE})))
    stage.platform.cancel(ended)
    places.stand(limit, replace(row, rank=HIGH))  # its process died, or it had the rank of another job
    stage.platform.clock.advance(HOUR + 60)
    assert [*looking(stage).look(standing(stage))] == [TYPE]
    assert stage.status(waits) == [Status.BLOCKED]
