"""Let the tenants of `fair_by` take turns in the lines of limits: customers with very many jobs, and with one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from chalicelib import AtMost, JobContext, Rate, RetryLater
from chalicelib.errors import ConfigurationError
from chalicelib.job_types.at_most import AnyLimit, check_turns
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.priority import LOW, NORMAL
from chalicelib.jobs.transitions import waited_limit
from chalicelib.limits.constants import APART
from chalicelib.limits.places import Limit
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.operating.lines import Lines
from chalicelib.operating.long_blocked import first_rows
from jobflow.testing import WorkerGone
from tests.chalicelib.worker import test_at_most, test_shared_limits
from tests.chalicelib.worker.test_at_most import TYPE
from tests.chalicelib.worker.test_shared_limits import CHAT, IMAGE, ONE

MINE = Limit(f"1.{TYPE}", 1)
ALL, EACH = AtMost(1, shared="openai"), AtMost(1, shared="openai", by="customer")
FAIR = {"fair_by": "customer"}
ACME, BETA, GAMMA = "acme", "beta", "gamma"


@pytest.fixture
def fair() -> Iterator[test_at_most.Stage]:
    yield from test_at_most.stage_of([AtMost(1)], fair_by="customer")


@pytest.fixture
def shared() -> Iterator[test_shared_limits.Stage]:
    yield from test_shared_limits.stage_of(test_shared_limits.sharing(1), chat_answer=FAIR, image_draw=FAIR)


def hold(stage: test_at_most.Stage, *acts: Callable[[JobContext], object]) -> None:
    """Let a job of a customer run that is nobody else's; the acts follow while it runs."""
    stage.at(0, *acts)
    stage.submit(0, customer="first")
    stage.platform.run()


def behind(stage: test_at_most.Stage, *wanted: tuple[int, str | None], **asked: Any) -> list[Job]:
    """Block jobs of customers, one after the other, behind one whose worker dies."""
    hold(stage, lambda ctx: (_ for _ in ()).throw(WorkerGone()))
    made = []
    for number, customer in wanted:
        stage.platform.clock.advance(0.2)  # first positions differ by tenths of a second
        made += stage.submit(number, customer=customer, **asked)
    stage.platform.run()
    assert {stage.status(one) for one in made} == {Status.BLOCKED}
    return made


def began(stage: test_at_most.Stage) -> list[int]:
    """Return the numbers of the jobs in the order in which they began, after both attempts of the first job."""
    stage.minutes(15)
    return [number for number in stage.sends.begun if number]


def test_a_customer_with_many_jobs_delays_the_job_of_another_by_one(fair: test_at_most.Stage) -> None:
    behind(fair, *((number, ACME) for number in range(1, 31)), (99, BETA))
    order = began(fair)
    assert order.index(99) == 1
    assert sorted(order) == [*range(1, 31), 99]


def test_customers_take_turns_and_each_ones_jobs_keep_their_order(fair: test_at_most.Stage) -> None:
    behind(fair, *((n, ACME) for n in (1, 2, 3)), *((n, BETA) for n in (11, 12, 13)), *((n, GAMMA) for n in (21, 22)))
    assert began(fair) == [1, 11, 21, 2, 12, 22, 3, 13]


def test_who_comes_late_begins_with_those_that_are_served_now(fair: test_at_most.Stage) -> None:
    """While the third job of a customer runs, another one comes: it does not get the turns that it did not wait for."""
    behind(fair, *((number, ACME) for number in range(1, 7)))
    fair.at(3, lambda _: (fair.submit(11, 12, 13, customer=BETA), fair.platform.run()))
    order = began(fair)
    assert order[:3] == [1, 2, 3]
    assert {*order[3:5]} == {4, 11}
    assert {*order[5:7]} == {5, 12}
    assert {*order[7:]} == {6, 13}


def test_priorities_go_before_turns_and_a_backlog_of_low_jobs_costs_no_turn_of_normal_ones(
    fair: test_at_most.Stage,
) -> None:
    hold(fair, lambda ctx: (_ for _ in ()).throw(WorkerGone()))
    for number in range(1, 6):
        fair.submit(number, customer=ACME, priority="low")
    fair.submit(11, 12, customer=BETA)
    fair.platform.clock.advance(1)
    fair.submit(21, customer=ACME)
    fair.submit(31, customer=BETA, priority="high")
    fair.platform.run()
    assert began(fair) == [31, 11, 21, 12, 1, 2, 3, 4, 5]


def test_jobs_without_a_customer_take_turns_as_one_more(fair: test_at_most.Stage) -> None:
    behind(fair, (1, ACME), (2, ACME), (11, None), (12, None), (3, ACME))
    assert began(fair) == [1, 11, 2, 12, 3]


def test_jobs_that_come_again_wait_for_a_new_turn(fair: test_at_most.Stage) -> None:
    """Otherwise the jobs of a customer that all come again would delay the others by all of them."""

    def later(_: JobContext) -> None:
        raise RetryLater(20)

    for number in range(1, 21):
        fair.at(number, later)
    behind(fair, *((number, ACME) for number in range(1, 21)))
    while len({number for number in fair.sends.begun if number}) < 20:
        fair.platform.advance(seconds=5)
    fair.sends.begun.clear()

    def all_come(_: JobContext) -> None:
        fair.platform.clock.advance(25)
        fair.platform.run()
        fair.submit(99, customer=BETA)
        fair.platform.run()

    fair.at(50, all_come)
    fair.submit(50, customer=GAMMA)
    fair.platform.run()
    order = [number for number in began(fair) if number != 50]
    assert order.index(99) <= 2
    assert sorted({*order}) == [*range(1, 21), 99]


def test_a_job_that_an_operator_retries_gets_a_new_position(fair: test_at_most.Stage) -> None:
    (one,) = behind(fair, (1, ACME))
    assert fair.platform.job(one).position is not None
    fair.platform.cancel(one)
    fair.platform.retry(one)
    assert fair.platform.job(one).position is None


def test_a_cancelled_backlog_is_forgotten_when_nobody_waits(fair: test_at_most.Stage) -> None:
    made = behind(fair, *((number, ACME) for number in range(1, 21)))
    for one in made:
        fair.platform.cancel(one)
    assert list(fair.platform.workers.places.first(MINE, {TYPE})) == []
    fair.minutes(15)
    assert not fair.platform.workers.places.read(MINE).waits
    fair.sends.begun.clear()
    behind(fair, (41, ACME), (51, BETA), (42, ACME), (52, BETA))
    assert began(fair) == [41, 51, 42, 52]


def test_without_a_backlog_no_job_has_a_position(fair: test_at_most.Stage) -> None:
    (one,) = fair.submit(1)
    fair.platform.run()
    assert (fair.status(one), fair.platform.job(one).position) == (Status.COMPLETED, None)


def test_a_limit_for_each_customer_has_no_turns() -> None:
    with contextmanager(test_at_most.stage_of)([AtMost(1, by="customer")], fair_by="customer") as stage:
        two, three = behind(stage, (2, "first"), (3, "first"))
        assert [stage.platform.job(one).position for one in (two, three)] == [None, None]
        assert began(stage) == [2, 3]


def test_health_names_a_line_in_which_tenants_take_turns(fair: test_at_most.Stage) -> None:
    behind(fair, (1, ACME), (2, BETA), (3, ACME))
    fair.submit(4, customer=ACME, priority="low")
    fair.platform.run()
    places = fair.platform.workers.places
    found = first_rows(places, MINE, TYPE)
    assert [one.rank for one in found] == [NORMAL, NORMAL, LOW]


def test_customers_take_turns_in_a_wide_line_also_with_a_narrower_limit(shared: test_shared_limits.Stage) -> None:
    limits = {CHAT: [ALL, AtMost(50)], IMAGE: [ALL]}
    with contextmanager(test_shared_limits.stage_of)(limits, chat_answer=FAIR, image_draw=FAIR) as stage:
        stage.submit(IMAGE, 0, customer="first")
        stage.platform.fail(IMAGE, WorkerGone())
        stage.platform.run()
        stage.submit(CHAT, *range(1, 21), customer=ACME)
        stage.platform.run()
        stage.submit(CHAT, 99, customer=BETA)
        stage.platform.advance(minutes=30)
        assert [number for number in stage.begun if number].index(99) == 1


def test_customers_take_turns_over_all_types_that_share_a_limit(shared: test_shared_limits.Stage) -> None:
    blocked = [(CHAT, n, ACME) for n in (1, 2, 3)] + [(IMAGE, n, ACME) for n in (4, 5, 6)] + [(IMAGE, 11, BETA)]
    shared.submit(CHAT, 0, customer="first")
    shared.platform.fail(CHAT, WorkerGone())
    shared.platform.run()
    made = []
    for name, number, customer in blocked:
        shared.platform.clock.advance(0.2)
        made += shared.submit(name, number, customer=customer)
    shared.platform.run()
    assert {waited_limit(shared.platform.job(one)) for one in made} == {ONE.id}
    shared.platform.advance(minutes=15)
    order = [number for number in shared.begun if number]
    assert order.index(11) <= 1
    assert sorted(order) == [1, 2, 3, 4, 5, 6, 11]


def test_a_low_job_that_keeps_a_place_from_a_high_one_passes_the_turns_of_that_priority() -> None:
    limits: dict[str, list[AtMost]] = {CHAT: [ALL, AtMost(1)], IMAGE: [ALL]}
    with contextmanager(test_shared_limits.stage_of)(limits, chat_answer=FAIR, image_draw=FAIR) as stage:
        platform, places = stage.platform, stage.platform.workers.places
        stage.submit(IMAGE, 0, customer="first")
        platform.fail(IMAGE, WorkerGone())
        platform.run()
        low = platform.submit(CHAT, {"number": 1}, priority="low")
        platform.run()
        assert waited_limit(platform.job(low)) == ONE.id
        for number in (2, 3, 4):
            platform.submit(IMAGE, {"number": number, "customer": f"customer {number}"}, priority="high")
        high = platform.submit(CHAT, {"number": 5, "customer": GAMMA}, priority="high")
        platform.run()
        assert waited_limit(platform.job(high)) == f"1.{CHAT}"
        for listed in places.listed():
            Lines(Dispatcher(platform.store, platform.queue, platform.clock), places).look_at(listed, lambda: True)
        why = test_shared_limits.reader_of(test_shared_limits.Stage(platform)).explained(low.id)[1]
        assert "it is the next one" in (why or "")
        platform.advance(minutes=15)
        order = [number for number in stage.begun if number]
        assert order[0] == 1, "the one that keeps the place of a high job is before the tenants of that priority"
        assert sorted(order) == [1, 2, 3, 4, 5]
        assert list(places.first(ONE, {CHAT, IMAGE})) == [], "also its second row is removed"


def test_turns_of_a_rate_go_round_the_customers() -> None:
    with contextmanager(test_at_most.stage_of)([Rate(1, per=60)], fair_by="customer") as stage:  # type: ignore[list-item]
        stage.submit(0, customer="first")
        stage.platform.run()
        stage.submit(*range(1, 9), customer=ACME)
        stage.submit(21, customer=BETA)
        stage.minutes(20)
        order = [number for number in stage.sends.begun if number]
        assert sorted(order) == [*range(1, 9), 21]
        assert order.index(21) <= 2, "the turn of the first one, and one that was given before it came"


def test_tenants_that_come_new_all_the_time_do_not_keep_back_one_that_waits(fair: test_at_most.Stage) -> None:
    def next_one(number: int) -> Callable[[JobContext], object]:
        def act(_: JobContext) -> None:
            if 2 not in fair.sends.begun:
                fair.at(number + 1, next_one(number + 1))
                fair.submit(number + 1, customer=f"customer {number + 1}")
                fair.platform.run()

        return act

    behind(fair, (1, ACME), (2, ACME))
    fair.at(1, next_one(1_000))
    fair.minutes(15)
    assert fair.sends.begun.count(2) == 1
    assert max(fair.sends.begun) < 1_000 + APART


@pytest.mark.parametrize(
    ("first", "second", "refused"),
    [
        (("customer", ALL), (None, ALL), True),
        (("customer", ALL), ("account", ALL), False),
        (("customer", EACH), (None, EACH), False),
        ((None, ALL), (None, ALL), False),
        (("customer", Rate(1, shared="openai")), (None, ALL), False),
    ],
)  # fmt: skip
def test_tenants_take_turns_in_all_types_that_share_a_limit_or_in_none(
    first: tuple[str | None, AnyLimit], second: tuple[str | None, AnyLimit], *, refused: bool
) -> None:
    types = {"a.one": (first[0], [first[1]]), "b.two": (second[0], [second[1]])}
    if refused:
        with pytest.raises(ConfigurationError, match=r"only in a\.one tenants take turns"):
            check_turns(types)
    else:
        check_turns(types)
