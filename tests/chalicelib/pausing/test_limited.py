"""Test automatic pauses of types with limits: one job is tried although the others of its type are blocked."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from pydantic import BaseModel, Field

from chalicelib import AtMost, Function, JobContext, JobType, Rate, job
from chalicelib.counters.port import Pause
from chalicelib.job_types.constants import LONGEST_TURN_WAIT
from chalicelib.job_types.failing import Failing
from chalicelib.jobs.job import Job, Status
from chalicelib.limits.constants import KEPT_SOON
from chalicelib.limits.ids import limits_of
from chalicelib.limits.memory import MemoryPlaces
from chalicelib.limits.places import Limit
from chalicelib.operating.tried import Tried
from jobflow.testing import Platform
from tests.chalicelib.api.support import only_types
from tests.chalicelib.worker.test_shared_limits import submitted

CALL, OTHER = "provider.call", "chat.answer"
RULE = Failing(of=2, within=3000)
SHARED = AtMost(1, shared="openai")
ONE = Limit("3.openai", 1)


class Ask(BaseModel):
    """A payload."""

    number: int = Field(examples=[1])
    customer: str = Field("acme", examples=["acme"])


def call(payload: Ask, ctx: JobContext) -> None:
    """Do nothing."""


class Down(ConnectionError):
    """The provider does not answer."""


@dataclass
class Stage:
    """A platform with a type that calls a provider, and another one. `during` is called while a job runs, once."""

    platform: Platform = None  # type: ignore[assignment]
    down: bool = True
    during: dict[int, Callable[[], object]] = field(default_factory=dict)
    began: list[tuple[str, int, float]] = field(default_factory=list)
    running: int = 0
    most: int = 0

    def run(self, name: str, payload: Ask) -> None:
        self.began.append((name, payload.number, self.platform.clock.now))
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            if act := self.during.pop(payload.number, None):
                act()
            if name == CALL and self.down:
                raise Down
        finally:
            self.running -= 1

    def submit(self, name: str, *numbers: int, **payload: Any) -> list[Job]:
        return submitted(self.platform, name, numbers, **payload)

    def statuses(self, jobs: Sequence[Job]) -> list[Status]:
        return [self.platform.job(one).status for one in jobs]

    def calls(self) -> int:
        return sum(name == CALL for name, _, _ in self.began)

    @property
    def paused(self) -> bool:
        return self.platform.workers.pauses.read(CALL).since is not None

    def pause(self, *numbers: int, **payload: Any) -> list[Job]:
        """Let the others wait while the first job runs, and let jobs fail until the type is paused; return all."""
        others: list[Job] = []

        def wait() -> None:
            others.extend(self.submit(CALL, *numbers, **payload))
            self.platform.run()

        self.during[-1] = wait
        failed = self.submit(CALL, -1, **payload)
        while not self.paused:
            self.platform.advance(seconds=5)
        return [*failed, *others]

    def minutes_until(self, done: Callable[[], bool]) -> int:
        for minute in range(600):
            if done():
                return minute
            self.platform.advance(minutes=1)
        return 600


@contextmanager
def stage_of(*limits: AtMost | Rate, other: Sequence[AtMost | Rate] = (), **settings: Any) -> Iterator[Stage]:
    with only_types():
        stage = Stage()

        def call(payload: Ask, _: JobContext) -> None:
            stage.run(CALL, payload)

        def answer(payload: Ask, _: JobContext) -> None:
            stage.run(OTHER, payload)

        kinds: list[JobType[Any, Any]] = [
            job(CALL, limits=limits, pause_when=RULE, timeout=800, max_attempts=20, **settings)(call),
            job(OTHER, limits=other, timeout=800, fair_by=settings.get("fair_by"))(answer),
        ]
        stage.platform = Platform(*kinds)
        yield stage


OWN: dict[str, Sequence[AtMost | Rate]] = {
    "places": (AtMost(1),),
    "places for each value": (AtMost(1, by="customer"),),
    "two limits": (AtMost(1, by="customer"), AtMost(2)),
    "a rate": (Rate(2, per=60),),
    "a slow rate": (Rate(1, per=120),),
    "a rate and places": (Rate(6, per=60), AtMost(1)),
}


@pytest.mark.parametrize("limits", [*OWN.values(), (SHARED,), (AtMost(1, by="customer"), SHARED)], ids=str)
@pytest.mark.parametrize("urgent", [False, True])
def test_a_type_with_limits_pauses_spends_only_probes_and_goes_on(
    limits: Sequence[AtMost | Rate], *, urgent: bool
) -> None:
    more: dict[str, Any] = {"urgent": True, "function": Function(concurrency=10)} if urgent else {}
    with stage_of(*limits, other=[one for one in limits if one.shared is not None], **more) as stage:
        jobs = stage.pause(*range(20))
        spent = stage.calls()
        stage.platform.advance(hours=3)
        assert stage.paused
        assert Status.BLOCKED in stage.statuses(jobs)
        assert 2 <= stage.calls() - spent <= 9, "the probes come after growing waits"
        stage.down = False
        assert stage.minutes_until(lambda: not stage.paused) <= 75, "a probe comes within an hour"
        stage.minutes_until(lambda: all(one is Status.COMPLETED for one in stage.statuses(jobs)))
        assert set(stage.statuses(jobs)) == {Status.COMPLETED}
        assert stage.most == 1
        assert not stage.platform.workers.places.read(ONE).held


def test_a_pause_does_not_end_while_jobs_are_blocked_and_none_may_run() -> None:
    with stage_of(AtMost(1)) as stage:
        jobs = stage.pause(1, 2, 3, 4)
        stage.platform.set_limit(f"1.{CALL}", 0)
        for one in jobs:
            if stage.platform.job(one).status is not Status.BLOCKED:
                stage.platform.cancel(one)
        stage.platform.advance(hours=2)
        assert Status.BLOCKED in stage.statuses(jobs)
        assert stage.paused
        stage.down = False
        stage.platform.reset_limit(f"1.{CALL}")
        assert stage.minutes_until(lambda: not stage.paused) <= 5


@pytest.mark.parametrize("limits", [(AtMost(1),), (Rate(1, per=30),), (SHARED,)], ids=str)
def test_a_job_that_has_its_place_is_tried_before_those_that_would_have_to_wait(
    limits: Sequence[AtMost | Rate],
) -> None:
    with stage_of(*limits, other=[one for one in limits if one.shared is not None]) as stage:
        stage.pause(1, 2, 3, 4)
        stage.submit(CALL, *range(10, 110))
        # a sample of a long backlog has none of those that have a place
        stage.platform._pausing.choose = lambda ids, most: [one for one in ids if one not in early][:most]
        early = {job.id for job in stage.platform.jobs() if job.payload["number"] < 10}
        calls = stage.calls()
        assert stage.minutes_until(lambda: stage.calls() > calls) <= 4


def test_a_probe_that_needs_a_second_place_waits_for_that_one_next() -> None:
    with stage_of(AtMost(1, by="customer"), SHARED, other=[SHARED]) as stage:
        stage.pause(1, 2, 3)
        stage.minutes_until(lambda: stage.calls() > 2)
        held = stage.submit(OTHER, 99)
        stage.during[99] = lambda: stage.platform.advance(minutes=13.4)
        stage.down = False
        stage.platform.advance(minutes=18)
        assert stage.statuses(held) == [Status.COMPLETED]
        assert not stage.paused


class Busy:
    """The other type, whose jobs run without a gap: while one has the place, the next one waits for it."""

    def __init__(self, stage: Stage, jobs: int, minutes: float) -> None:
        self.stage, self.left, self.minutes = stage, jobs, minutes
        self._next(0)

    def _next(self, number: int) -> None:
        if number < self.left:
            self.stage.during[number] = lambda: self._run(number)
            self.stage.submit(OTHER, number)

    def _run(self, number: int) -> None:
        self._next(number + 1)
        self.stage.platform.advance(minutes=self.minutes)


def beside_a_busy_type(stage: Stage) -> list[str]:
    """Let the first probe fail, and then the other type run without a gap; return the types of the jobs in order."""
    stage.minutes_until(lambda: stage.calls() > 2)
    began = len(stage.began)
    Busy(stage, 12, 3.5)
    stage.down = False
    stage.platform.advance(minutes=60)
    return [name for name, *_ in stage.began[began:]]


@pytest.mark.parametrize("settings", [{}, {"fair_by": "customer"}], ids=["", "tenants take turns"])
def test_a_type_that_never_leaves_a_place_free_gives_one_to_a_probe(settings: dict[str, Any]) -> None:
    with stage_of(SHARED, other=[SHARED], **settings) as stage:
        jobs = stage.pause(1, 2, 3)
        order = beside_a_busy_type(stage)
        assert 0 < order.index(CALL) <= 5, "the next probe is due after 800 s, which the first one could have taken"
        assert order.count(OTHER) == 12
        assert (stage.most, set(stage.statuses(jobs))) == (1, {Status.COMPLETED})


def test_without_the_request_for_a_place_such_a_probe_would_starve(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MemoryPlaces, "ask_for", lambda *_: None)
    with stage_of(SHARED, other=[SHARED]) as stage:
        stage.pause(1, 2, 3)
        assert beside_a_busy_type(stage)[:12] == [OTHER] * 12


def test_a_place_that_was_given_for_a_probe_that_does_not_come_is_free_again_after_minutes() -> None:
    with stage_of(SHARED, other=[SHARED]) as stage:
        jobs = stage.pause(1, 2, 3)
        stage.platform.advance(minutes=4)
        stage.platform.workers.probe = lambda message: None  # type: ignore[method-assign]
        busy = stage.submit(OTHER, *range(20))
        stage.platform.advance(minutes=30)
        assert set(stage.statuses(busy)) == {Status.COMPLETED}
        assert stage.statuses(jobs).count(Status.COMPLETED) == 0


def test_one_job_at_a_time_has_a_place_in_order_to_be_tried() -> None:
    with stage_of(SHARED, other=[SHARED]) as stage:
        jobs = stage.pause(*range(10))
        places, most = stage.platform.workers.places, 0
        stage.platform.set_limit(ONE.id, 0)  # all of them give their places back
        stage.platform.workers.probe = lambda message: None  # type: ignore[method-assign]
        stage.platform.advance(minutes=5)
        assert not places.read(ONE).held
        stage.platform.set_limit(ONE.id, 3)
        for _ in range(30):
            stage.platform.advance(seconds=50)
            most = max(most, len(places.read(ONE).held))
        assert (most, stage.paused) == (1, True)
        assert Status.BLOCKED in stage.statuses(jobs)


def test_a_type_that_an_operator_paused_gets_no_place() -> None:
    with stage_of(SHARED, other=[SHARED]) as stage:
        jobs = stage.pause(1, 2, 3)
        stage.platform._pausing.pauses.pause(CALL, Pause(stage.platform.clock.now, "ada", ""))
        stage.down, calls = False, stage.calls()
        stage.platform.advance(hours=3)
        assert (stage.calls(), stage.paused) == (calls, True)
        assert not stage.platform.workers.places.read(ONE).held
        assert Status.BLOCKED in stage.statuses(jobs)


SHARED_RATES = [
    Rate(2, shared="openai"), Rate(10, per=60, shared="openai"),
    Rate(10, per=60, burst=10, shared="openai"), Rate(3, per=60, by="customer", shared="openai"),
    Rate(1, per=120, shared="openai"), Rate(5, per=3600, shared="openai"),
]  # fmt: skip


def starts_in_a_window(stage: Stage, rate: Rate) -> int:
    """Return the most jobs that began in one period of the rate."""
    times = sorted(at for _, _, at in stage.began)
    return max(sum(0 <= one - first <= rate.per for one in times) for first in times)


@pytest.mark.parametrize("rate", SHARED_RATES, ids=str)
def test_a_probe_gets_a_slot_beside_a_type_that_takes_them_all(rate: Rate) -> None:
    with stage_of(rate, other=[rate]) as stage:
        jobs = stage.pause(1, 2, 3)
        stage.submit(OTHER, *range(1000, 1000 + min(600, int(4 * 3600 / rate.apart))))
        calls = stage.calls()
        wait = 3 + 2 * rate.apart / 60
        assert stage.minutes_until(lambda: stage.calls() > calls) <= wait, "the first probe"
        stage.down = False
        assert stage.minutes_until(lambda: not stage.paused) <= 14 + wait, "the first one could have taken 800 s"
        stage.minutes_until(lambda: all(one is Status.COMPLETED for one in stage.statuses(jobs)))
        assert starts_in_a_window(stage, rate) <= rate.n + rate.burst


def beside_workers_that_take_all_slots(stage: Stage, *rates: Rate) -> list[float]:
    """Let all slots be taken as soon as they may be, 5 seconds before them; return their times, which grow."""
    limits, platform = limits_of(CALL, rates, {"customer": "acme"}), stage.platform
    pausing, places, times = platform._pausing, platform.workers.places, list[float]()

    def take() -> None:
        until = platform.clock.now + LONGEST_TURN_WAIT
        more: dict[str, Any] = {"now": platform.clock.now, "until": until, "turn": False, "again": True}
        for limit in limits:
            while slot := places.slot(limit, str(uuid4()), "", **more):
                times.append(slot.at)

    def between(act: Callable[..., Any]) -> Callable[..., Any]:
        def call(*about: Any) -> Any:
            take()
            answer = act(*about)
            take()
            return answer

        return call

    pausing.keep_slots, pausing.sleep = between(pausing.keep_slots), between(pausing.sleep)
    platform.workers.probe = between(platform.workers.probe)  # type: ignore[method-assign]
    return times


@pytest.mark.parametrize("rate", SHARED_RATES, ids=str)
def test_a_probe_gets_a_slot_beside_workers_that_take_each_one_before_it_begins(rate: Rate) -> None:
    with stage_of(rate, other=[rate]) as stage:
        stage.pause(1, 2, 3)
        stage.submit(OTHER, 10, 11)
        times, calls = beside_workers_that_take_all_slots(stage, rate), stage.calls()
        assert stage.minutes_until(lambda: stage.calls() > calls) <= 3 + 2 * rate.apart / 60
        stage.down = False
        assert stage.minutes_until(lambda: not stage.paused) <= 16 + 2 * rate.apart / 60
        times += [at for _, _, at in stage.began]
        for first in times:
            assert sum(0 <= at - first < rate.per - 0.001 for at in times) <= rate.n + rate.burst


TWO_RATES = Rate(10, per=60, by="customer", shared="crm"), Rate(50, per=60, shared="openai")


@pytest.mark.parametrize("places", [(), (AtMost(1, shared="gpu"),), (AtMost(1, by="customer"),)], ids=str)
def test_a_probe_gets_slots_of_two_rates(places: Sequence[AtMost]) -> None:
    with stage_of(*TWO_RATES, *places, other=TWO_RATES) as stage:
        jobs = stage.pause(1, 2, 3)
        stage.submit(OTHER, 10, 11)
        calls = stage.calls()
        beside_workers_that_take_all_slots(stage, *TWO_RATES)
        stage.down = False
        assert stage.minutes_until(lambda: stage.calls() > calls) <= 10
        assert not stage.paused
        assert Status.COMPLETED in stage.statuses(jobs)


@pytest.mark.parametrize("rate", [Rate(2, shared="openai"), Rate(10, per=60, shared="openai")], ids=str)
def test_without_a_slot_that_is_kept_such_a_probe_would_starve(rate: Rate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Tried, "keep_slots", lambda *_: 0.0)
    with stage_of(rate, other=[rate]) as stage:
        stage.pause(1, 2, 3)
        stage.submit(OTHER, 10, 11)
        beside_workers_that_take_all_slots(stage, rate)
        calls = stage.calls()
        stage.platform.advance(hours=2)
        assert stage.calls() == calls


@pytest.mark.parametrize("rate", SHARED_RATES[1:3], ids=str)
def test_the_other_type_has_nearly_the_whole_rate_while_jobs_are_tried(rate: Rate) -> None:
    with stage_of(rate, other=[rate]) as stage:
        stage.pause(1, 2, 3)
        stage.submit(OTHER, *range(1000, 1500))
        began, since = len(stage.began), stage.platform.clock.now
        stage.platform.advance(minutes=30)
        others = [at - since for name, _, at in stage.began[began:] if name == OTHER]
        tries = len(stage.began) - began - len(others)
        assert tries > 0
        assert others[-1] - (len(others) - rate.burst) * rate.apart < tries * (KEPT_SOON + rate.apart)


def test_a_pause_ends_soon_although_very_many_values_of_other_types_wait() -> None:
    each = AtMost(1, by="customer", shared="openai")
    with stage_of(each, other=[each]) as stage:
        platform = stage.platform
        jobs = stage.pause(1, 2, 3, customer="mine")
        platform.set_limit("2.openai", 0, value="mine")
        jobs += stage.submit(CALL, 10, 11, customer="mine")
        for number in range(60):
            platform.set_limit("2.openai", 0, value=f"customer {number}")
            stage.submit(OTHER, 1000 + number, customer=f"customer {number}")
        platform.run()
        platform.advance(minutes=30)
        for one in jobs:
            if platform.job(one).status is not Status.BLOCKED:
                platform.cancel(one)
        assert Status.BLOCKED in stage.statuses(jobs), "only such a job can be tried"
        stage.down = False
        platform.reset_limit("2.openai", value="mine")
        assert stage.minutes_until(lambda: not stage.paused) <= 10


def test_a_pause_without_a_job_ends_although_jobs_of_other_types_wait() -> None:
    each = AtMost(1, by="customer", shared="openai")
    with stage_of(each, other=[each]) as stage:
        for one in stage.pause(1, customer="mine"):
            stage.platform.cancel(one)
        for number in range(15):
            stage.platform.set_limit("2.openai", 0, value=f"customer {number}")
            stage.submit(OTHER, 1000 + number, customer=f"customer {number}")
        assert stage.minutes_until(lambda: not stage.paused) <= 10


def test_jobs_that_are_tried_do_not_take_the_places_of_other_types_while_a_wider_limit_is_full() -> None:
    """Each of them would keep its narrower place."""
    crm = AtMost(3, by="customer", shared="crm")
    with stage_of(crm, SHARED, other=[crm]) as stage:
        stage.pause(*range(20))
        stage.platform.set_limit(ONE.id, 0)
        others: list[Job] = []
        for number in range(120):
            others += stage.submit(OTHER, 1000 + number)
            stage.platform.advance(minutes=1)
        assert Status.COMPLETED in stage.statuses(others[-5:])
        assert len(stage.platform.workers.places.read(Limit("2.crm.acme", 3)).held) <= 1
