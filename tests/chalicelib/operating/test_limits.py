"""Change limits while jobs run and wait: fewer places, none, more again, for a value, and for all values of a field."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from pydantic import BaseModel, Field

from chalicelib import AtMost, JobContext, JobType, job
from chalicelib.adapters.memory.counters import MemoryCounters
from chalicelib.errors import InvalidRequest, LimitNotFound, TooManyChangedValues
from chalicelib.job_types.at_most import AnyLimit
from chalicelib.job_types.jobtype import registered
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.listing import iso
from chalicelib.limits.ids import name_and_value
from chalicelib.limits.places import Limit, Places
from chalicelib.operating.constants import MOST_CHANGED_VALUES
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.operating.limits import Limits, all_declared, changed_limits
from chalicelib.operating.reading import JobReader
from jobflow.testing import Platform, WorkerGone
from tests.chalicelib.api.support import only_types

TYPE = "report.render"
NAME = f"0.{TYPE}"


class Report(BaseModel):
    """A payload."""

    number: int = Field(examples=[1])
    customer: str = Field("acme", examples=["acme"])


@dataclass
class Stage:
    """A platform with the type. `during` is called while the job with that number runs, once."""

    platform: Platform
    during: dict[int, Callable[[], object]] = field(default_factory=dict)
    begun: list[int] = field(default_factory=list)

    @property
    def limits(self) -> Limits:
        """Return the limits, as a request sees them."""
        own = self.platform
        return Limits(Dispatcher(own.store, own.queue, own.clock), own.workers.places, own.clock)

    def submit(self, *numbers: int, customer: str = "acme", name: str = TYPE) -> list[Job]:
        made = []
        for number in numbers:
            self.platform.clock.advance(0.01)  # jobs wait in the order in which they were due
            made.append(self.platform.submit(name, {"number": number, "customer": customer}))
        return made

    def status(self, *jobs: Job) -> list[Status]:
        return [self.platform.job(job).status for job in jobs]

    def run(self) -> None:
        self.platform.run()


def stage_of(limits: Sequence[AnyLimit], *names: str) -> Iterator[Stage]:
    with only_types():
        stages: list[Stage] = []

        def run(payload: Report, ctx: JobContext) -> None:
            stages[0].begun.append(payload.number)
            stages[0].during.pop(payload.number, lambda: None)()

        kinds: list[JobType[Any, Any]] = [job(name, limits=limits)(run) for name in names or (TYPE,)]
        stages.append(Stage(Platform(*kinds)))
        yield stages[0]


@pytest.fixture
def single() -> Iterator[Stage]:
    yield from stage_of([AtMost(1)])


@pytest.fixture
def by_customer() -> Iterator[Stage]:
    yield from stage_of([AtMost(1, by="customer")])


ONLY = f"1.{TYPE}"


def test_with_zero_places_no_job_starts_until_the_number_is_raised(single: Stage) -> None:
    single.limits.change(ONLY, 0, "ops", "an outage")
    jobs = single.submit(1, 2)
    single.run()
    single.platform.advance(minutes=3)
    assert single.status(*jobs) == [Status.BLOCKED] * 2
    single.limits.change(ONLY, 2, "ops", "it is over")
    single.run()
    assert single.status(*jobs) == [Status.COMPLETED] * 2


def test_a_job_that_runs_goes_on_when_the_number_is_lowered_and_no_other_one_starts(single: Stage) -> None:
    single.limits.change(ONLY, 2, "ops", "")
    one, two, three, four = single.submit(1, 2, 3, 4)
    seen: list[list[Status]] = []

    def lower() -> None:
        single.limits.change(ONLY, 1, "ops", "")
        single.run()
        seen.append(single.status(one, two, three, four))

    single.during = {1: single.run, 2: lower}
    single.run()
    assert seen == [[Status.PROCESSING, Status.PROCESSING, Status.BLOCKED, Status.BLOCKED]]
    assert single.status(one, two, three, four) == [Status.COMPLETED] * 4
    assert single.begun == [1, 2, 3, 4]


def test_more_places_are_given_to_the_jobs_that_wait_while_another_one_runs(single: Stage) -> None:
    jobs = single.submit(1, 2, 3, 4)

    def more() -> None:
        single.run()
        assert single.status(*jobs[1:]) == [Status.BLOCKED] * 3
        single.limits.change(ONLY, 3, "ops", "")
        assert single.status(*jobs[1:]) == [Status.QUEUED, Status.QUEUED, Status.BLOCKED]
        single.run()
        assert single.status(*jobs[1:]) == [Status.COMPLETED] * 3

    single.during[1] = more
    single.run()
    assert single.status(*jobs) == [Status.COMPLETED] * 4


def test_a_reset_gives_as_many_places_as_the_code_says(single: Stage) -> None:
    single.limits.change(ONLY, 0, "ops", "")
    jobs = single.submit(1)
    single.run()
    shown = single.limits.reset(ONLY).shown
    assert (shown.n, shown.changed) == (1, None)
    single.run()
    assert single.status(*jobs) == [Status.COMPLETED]
    again = replace(shown, waits=False, places=single.limits.detail(ONLY).shown.places)
    assert single.limits.reset(ONLY).shown == again


def test_a_change_of_all_values_holds_for_each_one_and_one_of_a_value_goes_before_it(by_customer: Stage) -> None:
    by_customer.limits.change(NAME, 0, "ops", "")
    by_customer.limits.change(NAME, 1, "ops", "they pay for it", "acme")
    acme, other = by_customer.submit(1), by_customer.submit(2, customer="other")
    by_customer.run()
    assert by_customer.status(*acme, *other) == [Status.COMPLETED, Status.BLOCKED]
    by_customer.limits.reset(NAME, "acme")
    later = by_customer.submit(3)
    by_customer.run()
    assert by_customer.status(*later) == [Status.BLOCKED]
    by_customer.limits.reset(NAME)
    by_customer.run()
    assert by_customer.status(*later, *other) == [Status.COMPLETED] * 2


@pytest.mark.parametrize("value", ["a@b.c", "a?b", "a/b", "100%41", "*", "", "x" * 90, "é", "a.*", "~" + "0" * 32])
def test_any_text_is_a_value_and_is_meant_as_it_is(by_customer: Stage, value: str) -> None:
    by_customer.limits.change(NAME, 0, "ops", "", value)
    one, other = by_customer.submit(1, customer=value), by_customer.submit(2, customer=f"{value}-2")
    by_customer.run()
    assert by_customer.status(*one, *other) == [Status.BLOCKED, Status.COMPLETED]
    found = by_customer.limits.detail(NAME).values
    assert [name_and_value(row.id)[0] for row in found] == [NAME]
    again = name_and_value(found[0].id)[1]
    assert by_customer.limits.detail(NAME, again).shown.n == 0, "the value of an answer can be sent back"


def test_a_value_is_not_another_type_whose_name_begins_with_this_one(by_customer: Stage) -> None:
    registered[f"{TYPE}.pdf"] = replace(registered[TYPE], name=f"{TYPE}.pdf")
    by_customer.limits.change(NAME, 0, "ops", "", "pdf")
    assert by_customer.limits.detail(f"{NAME}.pdf").shown.n == 1
    by_customer.limits.change(f"{NAME}.pdf", 2, "ops", "")
    assert by_customer.limits.detail(NAME, "pdf").shown.n == 0
    assert by_customer.limits.reset(NAME, "pdf").shown.n == 1
    assert by_customer.limits.detail(f"{NAME}.pdf").shown.n == 2


def test_a_limit_without_a_field_has_no_values(single: Stage) -> None:
    with pytest.raises(InvalidRequest) as told:
        single.limits.change(ONLY, 0, "ops", "", "acme")
    assert [error.loc for error in told.value.errors] == [("query", "value")]


@pytest.mark.parametrize(
    "asked",
    ["", "1", f"1.{TYPE}", "0.other.acme", f"0.{TYPE}x", f"2.{TYPE}", "*", "0.report", f"{NAME}.*", f"{NAME}.acme"],
)
def test_a_limit_that_no_code_declares_is_not_found(by_customer: Stage, asked: str) -> None:
    with pytest.raises(LimitNotFound):
        by_customer.limits.change(asked, 1, "ops", "")
    with pytest.raises(LimitNotFound):
        by_customer.limits.detail(asked)


def test_the_list_has_all_limits_and_the_values_for_which_jobs_wait(by_customer: Stage) -> None:
    by_customer.submit(1, customer="never waits")
    by_customer.run()
    by_customer.limits.change(NAME, 5, "ops", "", "changed")
    by_customer.submit(2, 3)
    by_customer.platform.fail(TYPE, WorkerGone())
    by_customer.run()
    shown, more = by_customer.limits.all()
    assert not more
    assert [(one.id, one.n, one.waits, one.waiting, one.places and len(one.places.held)) for one in shown] == [
        (f"{NAME}.*", 1, True, None, None), (f"{NAME}.changed", 5, False, 0, 0), (f"{NAME}.acme", 1, True, 1, 1),
    ]  # fmt: skip


def test_the_detail_says_who_has_a_place_since_when_and_who_waits(single: Stage) -> None:
    one, two, three = single.submit(1, 2, 3)
    began: list[float] = []

    def look() -> None:
        began.append(single.platform.clock())
        single.platform.clock.advance(5)
        single.run()
        found = single.limits.detail(ONLY)
        assert [(held.id, held.stale, held.job and held.job.started_at) for held in found.holders] == [
            (one.id, False, began[0])
        ]
        assert [(line.type, line.waiting, line.more) for line in found.lines] == [(TYPE, 2, False)]
        assert [waiter.job for waiter in found.lines[0].first] == [two.id, three.id]

    single.during[1] = look
    single.run()
    assert single.limits.detail(ONLY).holders == []
    assert began


def test_a_shared_limit_is_one_row_of_all_its_types() -> None:
    for stage in stage_of([AtMost(1, shared="openai")], "chat.answer", "image.draw"):
        [shown] = stage.limits.all()[0]
        assert shown.declared is not None
        assert (shown.id, shown.declared.types) == ("3.openai", ("chat.answer", "image.draw"))
        stage.limits.change("3.openai", 0, "ops", "")
        jobs = stage.submit(1, name="chat.answer") + stage.submit(2, name="image.draw")
        stage.run()
        assert stage.status(*jobs) == [Status.BLOCKED] * 2
        assert [line.type for line in stage.limits.detail("3.openai").lines] == ["chat.answer", "image.draw"]


def test_jobs_go_on_if_the_code_does_not_declare_a_changed_limit_any_more(single: Stage) -> None:
    single.limits.change(ONLY, 0, "ops", "")
    jobs = single.submit(1, 2)
    single.run()
    registered[TYPE] = replace(registered[TYPE], limits=())
    [shown] = single.limits.all()[0]
    assert (shown.declared, shown.n, shown.waiting) == (None, None, 2)
    single.platform.advance(minutes=2)
    assert single.status(*jobs) == [Status.COMPLETED] * 2
    with pytest.raises(LimitNotFound):
        single.limits.change(ONLY, 3, "ops", "")
    assert single.limits.reset(ONLY).shown.changed is None


def test_a_change_that_finds_too_many_jobs_leaves_the_rest_to_the_watchdog(single: Stage) -> None:
    """A change whose hand-over fails is in force all the same."""

    class Broken(type(single.platform.workers.places)):  # type: ignore[misc]
        def stamp(self, limit: Limit) -> None:
            raise ConnectionError("throttled")

    single.limits.change(ONLY, 0, "ops", "")
    jobs = single.submit(1, 2)
    single.run()
    places = single.platform.workers.places
    places.__class__ = Broken
    assert single.limits.change(ONLY, 2, "ops", "").shown.n == 2
    single.run()
    assert single.status(*jobs) == [Status.BLOCKED] * 2
    single.platform.advance(minutes=2)
    assert single.status(*jobs) == [Status.COMPLETED] * 2


def stop_all(stage: Stage, customers: dict[str, int]) -> list[Job]:
    """Set all values to 0, and let so many jobs of each customer wait."""
    stage.limits.change(NAME, 0, "ops", "")
    jobs = [job for name, number in customers.items() for job in stage.submit(*range(number), customer=name)]
    stage.run()
    assert stage.status(*jobs) == [Status.BLOCKED] * len(jobs)
    return jobs


def test_a_request_looks_at_each_value_for_a_short_time_and_says_what_is_left_to_the_watchdog(
    by_customer: Stage,
) -> None:
    jobs = stop_all(by_customer, {f"c{number}": 1 for number in range(40)})
    own, limits = by_customer.platform, by_customer.limits
    looked: list[str] = []

    class Slow(type(own.workers.places)):  # type: ignore[misc]
        def stamp(self, limit: Limit) -> None:
            looked.append(limit.id)
            own.clock.advance(0.5)

    own.workers.places.__class__ = Slow
    left = limits.reset(NAME).left
    woken = [job for job in jobs if own.job(job).status is Status.QUEUED]
    assert (len(woken), left) == (15, 25)
    own.clock.advance(0.007)
    before = {*looked}
    by_customer.limits.reset(NAME)
    assert {*looked} > before, "a repeated request goes on"
    own.workers.places.__class__ = Slow.__mro__[1]
    own.advance(minutes=2)
    assert by_customer.status(*jobs) == [Status.COMPLETED] * 40


def test_a_value_with_many_jobs_does_not_use_up_the_time_of_the_others(by_customer: Stage) -> None:
    jobs = stop_all(by_customer, {"a": 60, "b": 1, "c": 1})
    own, limits = by_customer.platform, by_customer.limits

    class Slow(type(own.workers.places)):  # type: ignore[misc]
        def read(self, limit: Limit) -> Places:
            own.clock.advance(0.15)
            return super().read(limit)  # type: ignore[no-any-return]

    own.workers.places.__class__ = Slow
    assert limits.change(NAME, 100, "ops", "").left == 1
    assert by_customer.status(*jobs[-2:]) == [Status.QUEUED] * 2


def test_so_many_values_of_a_limit_have_a_number_of_their_own_and_no_more(by_customer: Stage) -> None:
    for number in range(MOST_CHANGED_VALUES):
        by_customer.limits.change(NAME, 2, "ops", "", f"c{number}")
    with pytest.raises(TooManyChangedValues, match=NAME):
        by_customer.limits.change(NAME, 2, "ops", "", "one more")
    assert by_customer.limits.change(NAME, 3, "ops", "", "c7").shown.n == 3
    assert by_customer.limits.change(NAME, 0, "ops", "").shown.n == 0
    by_customer.limits.reset(NAME, "c8")
    assert by_customer.limits.change(NAME, 2, "ops", "", "one more").shown.n == 2


def test_changed_values_are_shown_however_many_values_wait_and_requests_are_bounded(by_customer: Stage) -> None:
    places = by_customer.platform.workers.places
    for number in range(150):
        limit = Limit(f"{NAME}.c{number:03}", 1)
        places.enlist(limit)
        for job_type in ("a.a", "b.b", "c.c", "d.d"):
            places.mark(limit, job_type)
    by_customer.limits.change(NAME, 0, "ops", "", "zoe")
    made: list[str] = []

    class Counted(type(places)):  # type: ignore[misc]
        def read(self, limit: Limit) -> Places:
            made.append(limit.id)
            return super().read(limit)  # type: ignore[no-any-return]

        def waiting(self, limit: Limit, job_type: str, most: int) -> int:
            made.append(limit.id)
            return super().waiting(limit, job_type, most)  # type: ignore[no-any-return]

    places.__class__ = Counted
    shown, more = by_customer.limits.all()
    assert more
    assert [name_and_value(one.id)[1] for one in shown[:3]] == [None, "zoe", "c000"]
    assert len(shown) == 102
    assert len(made) < 210
    assert all(one.waits for one in shown if one.places is None)
    found = by_customer.limits.detail(NAME)
    assert found.more
    assert (found.values[0].n, found.values[0].id) == (0, f"{NAME}.zoe")
    assert len(made) < 420


def test_a_changed_limit_that_became_one_with_a_field_is_shown_as_not_declared(single: Stage) -> None:
    """The new limit has another name, so the change does nothing: an operator must see that."""
    single.limits.change(ONLY, 0, "ops", "an outage")
    registered[TYPE] = replace(registered[TYPE], limits=(AtMost(1, by="customer"),))
    [all_values, old] = single.limits.all()[0]
    assert (all_values.id, all_values.n, all_values.changed) == (f"{NAME}.*", 1, None)
    assert (old.id, old.declared, old.n, old.changed and old.changed.n) == (ONLY, None, None, 0)
    changed = changed_limits(single.limits.store.changes().values(), all_declared())
    assert [(one.limit, known) for one, known in changed] == [(ONLY, None)]
    single.limits.reset(ONLY)
    assert [one.id for one in single.limits.all()[0]] == [f"{NAME}.*"]


def test_a_blocked_job_says_that_an_operator_has_changed_its_limit(single: Stage) -> None:
    own = single.platform
    reader = JobReader(own.store, MemoryCounters(), own.clock, lambda: own.workers.places)
    single.limits.change(ONLY, 0, "ops", "an outage")
    _, two = single.submit(1, 2)
    single.run()
    since = iso(single.limits.detail(ONLY).shown.changed.at)  # type: ignore[union-attr]
    told = reader.explained(two.id)[1]
    assert told is not None
    assert told.startswith(f"An operator set this limit, {TYPE}, to 0 at {since}")
    assert told.endswith("1 job is before it.")


def test_a_blocked_job_says_whether_its_value_or_all_values_were_changed(by_customer: Stage) -> None:
    [job] = stop_all(by_customer, {"acme": 1})
    own = by_customer.platform
    reader = JobReader(own.store, MemoryCounters(), own.clock, lambda: own.workers.places)
    assert "for acme, to 0, as for all values, at " in str(reader.explained(job.id)[1])
    by_customer.limits.change(NAME, 0, "ops", "", "acme")
    assert "for acme, to 0 at " in str(reader.explained(job.id)[1])
