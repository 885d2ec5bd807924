"""Test automatic pauses of types with limits: one job is tried although the others of its type are blocked."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

import pytest
from pydantic import BaseModel, Field

from chalicelib import AtMost, Changes, Function, JobContext, JobType, Rate, job
from chalicelib.counters.port import Pause
from chalicelib.job_types.constants import LONGEST_TURN_WAIT
from chalicelib.job_types.failing import Failing
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.port import Message
from chalicelib.limits.constants import KEPT_SOON
from chalicelib.limits.ids import limits_of
from chalicelib.limits.memory import MemoryPlaces
from chalicelib.limits.places import Limit
from chalicelib.operating.tried import Tried
from chalicelib.pausing.constants import LONGEST_PROBE_WAIT
from chalicelib.pausing.port import ToTry
from chalicelib.pausing.rule import resumed
from chalicelib.pausing.switch import change
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
    failing: Collection[str] = (CALL,)
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
            if name in self.failing and self.down:
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
def stage_of(
    *limits: AtMost | Rate, other: Sequence[AtMost | Rate] = (), both: bool = False, **settings: Any
) -> Iterator[Stage]:
    """Yield a platform. `both`: the other type calls the provider, too."""
    with only_types():
        stage = Stage(failing=(CALL, OTHER) if both else (CALL,))

        def call(payload: Ask, _: JobContext) -> None:
            stage.run(CALL, payload)

        def answer(payload: Ask, _: JobContext) -> None:
            stage.run(OTHER, payload)

        kinds: list[JobType[Any, Any]] = [
            job(CALL, limits=limits, pause_when=RULE, timeout=800, max_attempts=20, **settings)(call),
            job(
                OTHER,
                limits=other,
                timeout=800,
                max_attempts=20,
                fair_by=settings.get("fair_by"),
                pause_when=RULE if both else None,
            )(answer),
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


@dataclass
class Between:
    """See InLines. `act` is called before and after slots are kept."""

    lines: Any
    act: Callable[[], object]

    def look(self, types: Collection[str], order: str) -> ToTry:
        return self.lines.look(types, order)  # type: ignore[no-any-return]

    def needs_slots(self, job: Job) -> bool:
        return self.lines.needs_slots(job)  # type: ignore[no-any-return]

    def keep_slots(self, job: Job, most: float) -> float | None:
        self.act()
        wait = self.lines.keep_slots(job, most)
        self.act()
        return wait  # type: ignore[no-any-return]


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

    pausing.in_lines, pausing.sleep = Between(pausing.in_lines, take), between(pausing.sleep)
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


def starts_an_hour(stage: Stage, name: str = OTHER) -> int:
    """Return how many jobs of a type start in the next hour."""
    began = len(stage.began)
    stage.platform.advance(hours=1)
    return sum(one == name for one, *_ in stage.began[began:])


@pytest.mark.parametrize(
    ("rate", "least"),
    [
        (Rate(5, per=3600, shared="openai"), 3),
        (Rate(1, per=60, shared="openai"), 50),
        (Rate(1, per=30, shared="openai"), 100),
    ],
    ids=str,
)
def test_a_worker_that_never_comes_for_its_slot_takes_few_from_the_other_type(rate: Rate, least: int) -> None:
    with stage_of(rate, other=[rate]) as stage:
        stage.pause(1, 2, 3)
        stage.platform.workers.probe = lambda message: None  # type: ignore[method-assign]
        stage.platform.advance(hours=1)
        stage.submit(OTHER, *range(1000, 1000 + int(2 * 3600 / rate.apart)))
        assert starts_an_hour(stage) >= least


def test_a_worker_that_never_comes_for_its_place_keeps_it_rarely_from_the_other_type() -> None:
    with stage_of(SHARED, other=[SHARED]) as stage:
        stage.pause(1, 2, 3)
        stage.platform.workers.probe = lambda message: None  # type: ignore[method-assign]
        stage.platform.advance(hours=1)
        kept = 0
        for _ in range(120):
            stage.platform.advance(minutes=1)
            kept += bool(stage.platform.workers.places.read(ONE).held)
        assert 1 <= kept <= 20


def test_of_two_paused_types_one_is_tried_although_the_worker_of_the_other_never_comes() -> None:
    rate = Rate(10, per=60, shared="openai")
    with stage_of(rate, other=[rate], both=True) as stage:
        stage.submit(OTHER, *range(10, 14))
        jobs = stage.pause(1, 2, 3)
        pauses, probe = stage.platform.workers.pauses, stage.platform.workers.probe
        stage.minutes_until(lambda: pauses.read(OTHER).since is not None)

        def only_other(message: Message) -> None:
            if message.type == OTHER:
                probe(message)

        stage.platform.workers.probe = only_other  # type: ignore[method-assign]
        stage.down = False
        assert stage.minutes_until(lambda: pauses.read(OTHER).since is None) <= 60
        assert stage.paused
        stage.platform.workers.probe = probe  # type: ignore[method-assign]
        assert stage.minutes_until(lambda: not stage.paused) <= 65
        stage.minutes_until(lambda: all(one is Status.COMPLETED for one in stage.statuses(jobs)))
        assert set(stage.statuses(jobs)) == {Status.COMPLETED}


def test_two_paused_types_of_one_rate_are_both_tried() -> None:
    rate = Rate(10, per=60, shared="openai")
    with stage_of(rate, other=[rate], both=True) as stage:
        stage.submit(OTHER, *range(10, 14))
        stage.pause(1, 2, 3)
        pauses = stage.platform.workers.pauses
        stage.minutes_until(lambda: pauses.read(OTHER).since is not None)
        stage.down = False
        assert stage.minutes_until(lambda: not stage.paused and pauses.read(OTHER).since is None) <= 30


@pytest.mark.parametrize("per", [30, 120])
def test_no_slot_of_one_rate_is_kept_while_the_other_one_lets_no_job_start(per: int) -> None:
    narrow, wide = Rate(1, per=per, by="customer", shared="crm"), Rate(50, per=60, shared="openai")
    with stage_of(narrow, wide, other=[narrow]) as stage:
        stage.pause(1, 2, 3)
        stage.platform.set_limit("3-rate.openai", 0)
        stage.submit(OTHER, *range(1000, 1300))
        stage.platform.advance(minutes=10)
        assert starts_an_hour(stage) >= 0.9 * 3600 / narrow.apart
        stage.down = False
        stage.platform.reset_limit("3-rate.openai")
        assert stage.minutes_until(lambda: not stage.paused) <= 30


def test_slots_of_one_rate_are_not_kept_again_and_again_until_the_far_slot_of_another_one() -> None:
    narrow, wide = Rate(5, per=3600, by="customer", shared="crm"), Rate(10, per=60, shared="openai")
    with stage_of(narrow, wide, other=[wide]) as stage:
        stage.pause(1, 2, 3)
        stage.submit(OTHER, *range(1000, 1300))
        calls, began, since = stage.calls(), len(stage.began), stage.platform.clock.now
        assert 5 <= stage.minutes_until(lambda: stage.calls() > calls) <= 26
        others = sum(name == OTHER for name, *_ in stage.began[began:])
        assert others * wide.apart >= 0.95 * (stage.platform.clock.now - since)


def test_no_near_slot_is_kept_while_the_far_slot_of_another_rate_is_awaited() -> None:
    narrow, wide = Rate(5, per=3600, by="customer", shared="crm"), Rate(10, per=60, shared="openai")
    with stage_of(narrow, wide, other=[narrow]) as stage:
        stage.pause(1, 2, 3)
        stage.submit(OTHER, *range(10, 14))
        pausing, places, kept = stage.platform._pausing, stage.platform.workers.places, list[float]()
        limit = limits_of(CALL, [wide], {})[0]

        def note() -> None:
            found = places.read(limit).kept
            kept.append(0.0 if found is None else found.until)

        beside_workers_that_take_all_slots(stage, narrow)
        pausing.in_lines, calls = Between(pausing.in_lines, note), stage.calls()
        assert 5 <= stage.minutes_until(lambda: stage.calls() > calls) <= 26
        assert len(kept) > 10
        assert len({*kept} - {0.0}) == 1, "in the run that sends the job"


def test_a_slot_whose_time_is_nearly_over_is_kept_anew() -> None:
    rate = Rate(10, per=60, shared="openai")
    with stage_of(rate, other=[rate]) as stage:
        stage.pause(1, 2, 3)
        stage.submit(OTHER, *range(1000, 1100))
        stage.platform.workers.probe = lambda message: None  # type: ignore[method-assign]
        limit, platform = limits_of(CALL, [rate], {})[0], stage.platform
        stage.minutes_until(lambda: platform.workers.places.read(limit).kept is not None)
        kept = platform.workers.places.read(limit).kept
        assert kept is not None
        platform.clock.advance(kept.until - 2 - platform.clock.now)
        lines = platform._pausing.in_lines
        assert lines is not None
        assert lines.keep_slots(platform.store.get(kept.job), 10) is not None
        after = platform.workers.places.read(limit).kept
        assert after is not None
        assert after.until > kept.until + 5


def rates_apart(*seconds: int) -> list[Rate]:
    """Return shared rates with so many seconds between two starts, the narrowest first."""
    first, *wider = seconds
    narrow = Rate(1, per=first, by="customer", shared="crm")
    return [narrow, *(Rate(1, per=per, shared=f"p{number}") for number, per in enumerate(wider))]


@pytest.mark.parametrize("phase", [0, 13, 29, 47])
@pytest.mark.parametrize(
    ("rates", "busy"),
    [
        (rates_apart(10, 60), 1),
        (rates_apart(60, 10), 2),
        (rates_apart(30, 300), 2),
        (rates_apart(6, 20, 120), 3),
        (rates_apart(20, 20, 20), 3),
        (rates_apart(10, 60, 300), 3),
    ],
    ids=str,
)
def test_a_job_gets_slots_of_all_its_rates_at_once(rates: list[Rate], busy: int, phase: int) -> None:
    with stage_of(*rates, other=rates[:busy]) as stage:
        stage.pause(1, 2, 3)
        stage.submit(OTHER, 10, 11)
        stage.platform.advance(seconds=phase)
        beside_workers_that_take_all_slots(stage, *rates[:busy])
        stage.down = False
        slowest = max(rate.apart for rate in rates)
        assert stage.minutes_until(lambda: not stage.paused) <= 12 + 3 * slowest / 60


def test_a_slot_is_kept_for_a_job_whose_field_was_renamed() -> None:
    """Its stored payload has no value for the limit: `upgrade` gives it one."""
    rate = Rate(10, per=60, by="customer", shared="crm")

    def upgrade(payload: dict[str, Any]) -> dict[str, Any]:
        return {"number": payload["number"], "customer": payload.get("client") or payload["customer"]}

    with stage_of(rate, other=[rate], changes=Changes(upgrade=upgrade)) as stage:
        store, jobs = stage.platform.store, stage.pause(1, 2, 3)
        for one in jobs:
            found = store.get(one.id)
            store._jobs[one.id] = replace(found, payload={"number": 1, "client": "acme"})
        stage.submit(OTHER, 10, 11)
        beside_workers_that_take_all_slots(stage, rate)
        stage.down = False
        assert stage.minutes_until(lambda: not stage.paused) <= 20


def test_a_type_that_an_operator_pauses_while_its_slot_is_awaited_is_not_tried() -> None:
    rate = Rate(10, per=60, shared="openai")
    with stage_of(rate, other=[rate]) as stage:
        stage.pause(1, 2, 3)
        stage.submit(OTHER, *range(1000, 1100))
        pausing, clock = stage.platform._pausing, stage.platform.clock

        def sleep(seconds: float) -> None:
            clock.advance(seconds)
            pausing.pauses.pause(CALL, Pause(clock.now, "ada", ""))

        pausing.sleep = sleep
        stage.down, calls = False, stage.calls()
        stage.platform.advance(minutes=20)
        assert (stage.calls(), stage.paused) == (calls, True)


def test_a_run_waits_for_slots_no_longer_than_it_may() -> None:
    one, two = Rate(1, per=12, shared="openai"), Rate(1, per=12, shared="crm")
    with stage_of(one, other=[two], both=True) as stage:
        stage.submit(OTHER, *range(10, 14))
        stage.pause(1, 2, 3)
        stage.minutes_until(lambda: stage.platform.workers.pauses.read(OTHER).since is not None)
        stage.platform.advance(minutes=3)
        beside_workers_that_take_all_slots(stage, one, two)
        pausing, clock, waits = stage.platform._pausing, stage.platform.clock, list[float]()
        for spare in (60.0, 60.0, 60.0, 4.0, 0.0, -5.0) * 20:
            slept = list[float]()
            pausing.sleep = slept.append
            clock.advance(59)
            pausing.run(spare)
            assert sum(slept) <= max(0.0, min(spare, LONGEST_PROBE_WAIT))
            waits += slept
        assert sum(wait > LONGEST_PROBE_WAIT / 2 for wait in waits) > 1


def test_a_job_comes_only_when_a_far_slot_that_is_kept_begins() -> None:
    rate = Rate(5, per=3600, shared="openai")
    with stage_of(rate, other=[rate]) as stage:
        stage.pause(1, 2, 3)
        came, probe = list[float](), stage.platform.workers.probe
        limit = limits_of(CALL, [rate], {})[0]

        def late(message: Message) -> None:
            kept = stage.platform.workers.places.read(limit).kept
            came.append(0.0 if kept is None else stage.platform.clock.now - kept.at)
            probe(message)

        stage.submit(OTHER, 10, 11)
        beside_workers_that_take_all_slots(stage, rate)
        stage.platform.workers.probe = late  # type: ignore[method-assign]
        calls = stage.calls()
        stage.minutes_until(lambda: stage.calls() > calls)
        assert [-LONGEST_TURN_WAIT <= one <= 75 for one in came] == [True], came


@pytest.mark.parametrize("n", [5, 10])
def test_a_job_whose_slot_was_lost_is_not_claimed_again_and_again(n: int) -> None:
    rate = Rate(30, per=3600, shared="openai")
    with stage_of(rate, other=[rate]) as stage:
        jobs = stage.pause(1, 2, 3)
        stage.platform.workers.probe = lambda message: None  # type: ignore[method-assign]
        stage.submit(OTHER, *range(10, 40))
        limit = limits_of(CALL, [rate], {})[0]
        stage.minutes_until(lambda: stage.platform.workers.places.read(limit).kept is not None)
        stage.platform.set_limit(limit.id, n)
        claims = sum(stage.platform.job(one).claims for one in jobs)
        stage.down = False
        change(stage.platform.workers.pauses, CALL, resumed)
        for _ in range(120):
            stage.platform.clock.advance(1)
            stage.platform.run()
        assert sum(stage.platform.job(one).claims for one in jobs) - claims <= 8


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
