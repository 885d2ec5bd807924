"""Let jobs start at rates of a customer and of several types, together with places: in turn, and never too many."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib import AtMost, Changes, JobContext, JobType, Rate, job
from chalicelib.errors import ConfigurationError, JobConflict
from chalicelib.job_types.at_most import check_shared
from chalicelib.jobs.constants import LEASE_SLACK
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.step import Step
from chalicelib.limits.at_most import AtMostPlaces
from chalicelib.limits.changed import Changed
from chalicelib.limits.constants import WOKEN_AHEAD
from chalicelib.limits.ids import declared_limit, limits_of
from chalicelib.limits.memory import MemoryPlaces
from chalicelib.limits.places import Limit, LimitedJob, Runs, Standing, turns_of
from chalicelib.limits.slots import Slots
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.operating.lines import Lines
from jobflow.testing import Platform, WorkerGone
from tests.chalicelib.api.support import only_types
from tests.chalicelib.worker.test_shared_limits import CHAT, IMAGE, Ask, reader_of
from tests.support import T0

FIFTY = Rate(50, per=60, shared="openai")
SLOW = Rate(5, per=3600)


@dataclass
class Stage:
    """A platform whose jobs note when they start; `sleeps` is how long each one runs."""

    platform: Platform
    starts: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    numbers: list[int] = field(default_factory=list)
    sleeps: float = 0.0

    def run(self, payload: Ask, ctx: JobContext) -> None:
        self.starts[payload.customer].append(self.platform.clock())
        self.numbers.append(payload.number)
        self.platform.clock.advance(self.sleeps)

    def submit(self, name: str, count: int, customer: str = "acme") -> list[Job]:
        made = []
        for number in range(count):
            self.platform.clock.advance(0.001)  # jobs wait in the order in which they were due
            made.append(self.platform.submit(name, {"number": number, "customer": customer}))
        return made

    def all_starts(self) -> list[float]:
        return sorted(at for found in self.starts.values() for at in found)

    def statuses(self, jobs: list[Job]) -> set[Status]:
        return {self.platform.job(one).status for one in jobs}

    def places(self, limit: str) -> Any:
        found = declared_limit(limit)
        assert found is not None
        return self.platform.workers.places.read(found)


def stage_of(limits: dict[str, list[Any]], **settings: Any) -> Iterator[Stage]:
    with only_types():
        stages: list[Stage] = []

        def run(payload: Ask, ctx: JobContext) -> None:
            stages[0].run(payload, ctx)

        kinds: list[JobType[Any, Any]] = [job(name, limits=of, **settings)(run) for name, of in limits.items()]
        stages.append(Stage(Platform(*kinds)))
        yield stages[0]


@pytest.fixture
def stage() -> Iterator[Stage]:
    """Two types share a rate."""
    yield from stage_of({CHAT: [FIFTY], IMAGE: [FIFTY]})


def most_in(starts: list[float], seconds: float) -> int:
    return max(sum(first <= one < first + seconds for one in starts) for first in starts)


def test_two_types_keep_their_shared_rate_and_use_all_of_it(stage: Stage) -> None:
    made = [*stage.submit(CHAT, 60), *stage.submit(IMAGE, 60)]
    stage.platform.advance(minutes=5)
    assert stage.statuses(made) == {Status.COMPLETED}
    found = stage.all_starts()
    assert most_in(found, 60) <= 50
    assert found[-1] - found[0] < 120 * FIFTY.apart + 10
    assert (stage.places("3-rate.openai").held, stage.places("3-rate.openai").waits) == ({}, False)


def test_a_waiting_job_has_no_message_and_no_worker() -> None:
    for stage in stage_of({CHAT: [SLOW]}):
        first, second, third, fourth = stage.submit(CHAT, 4)
        stage.platform.run()
        assert [stage.statuses([one]) for one in (first, second)] == [{Status.COMPLETED}, {Status.QUEUED}]
        assert stage.statuses([third, fourth]) == {Status.BLOCKED}
        assert not any(stage.platform.job(one).sent for one in (third, fourth))
        said = [reader_of(stage).explained(one.id)[1] or "" for one in (second, fourth)]  # type: ignore[arg-type]
        assert "It waits for its turn; it starts at about" in said[0]
        assert said[1] == f"It waits for its turn of {CHAT}: 5 an hour; 1 job is before it."


def test_jobs_start_in_the_order_in_which_they_were_due(stage: Stage) -> None:
    for number in range(30):
        stage.platform.clock.advance(0.01)
        stage.platform.submit(CHAT, {"number": number})
    stage.platform.advance(minutes=2)
    assert stage.numbers[10:] == sorted(stage.numbers[10:])


def test_a_rate_of_each_customer_delays_no_other_customer() -> None:
    for stage in stage_of({CHAT: [Rate(1, per=10, by="customer")]}):
        stage.submit(CHAT, 50)
        stage.platform.advance(seconds=60)
        at = stage.platform.clock()
        (other,) = stage.submit(CHAT, 1, "globex")
        stage.platform.run()
        assert stage.statuses([other]) == {Status.COMPLETED}
        assert stage.starts["globex"][0] - at < 2
        stage.platform.advance(minutes=12)
        assert len(stage.starts["acme"]) == 50
        assert most_in(stage.starts["acme"], 10) == 1


def test_rates_and_places_of_several_ranks_go_together() -> None:
    limits = [Rate(2, per=1, by="customer"), AtMost(3, by="customer"), Rate(5, per=1, shared="openai")]
    for stage in stage_of({CHAT: limits, IMAGE: limits[2:]}):
        made = [*stage.submit(CHAT, 30), *stage.submit(IMAGE, 30), *stage.submit(CHAT, 30, "globex")]
        stage.platform.advance(minutes=3)
        assert stage.statuses(made) == {Status.COMPLETED}
        assert most_in(stage.all_starts(), 1) <= 5
        for limit in ("0-rate.chat.answer.acme", "0.chat.answer.acme", "3-rate.openai"):
            assert not stage.places(limit).held


def test_one_customers_flood_takes_no_places_of_others() -> None:
    """A job that waits for its customer's turn has no place of the wide limit."""
    limits = [Rate(1, per=60, by="customer"), AtMost(2, shared="openai")]
    for stage in stage_of({CHAT: limits}):
        stage.submit(CHAT, 20)
        stage.platform.advance(seconds=30)
        assert not stage.places("3.openai").held
        (other,) = stage.submit(CHAT, 1, "globex")
        stage.platform.run()
        assert stage.statuses([other]) == {Status.COMPLETED}


def test_turns_of_a_slow_rate_are_exact() -> None:
    for stage in stage_of({CHAT: [SLOW]}):
        made = stage.submit(CHAT, 4)
        stage.platform.advance(minutes=40)
        assert stage.statuses(made) == {Status.COMPLETED}
        found = stage.all_starts()
        apart = [later - earlier - SLOW.apart for earlier, later in pairwise(found)]
        assert [one for one in apart if not -0.001 <= one < 2] == []


def test_a_job_with_a_turn_is_not_run_before_it() -> None:
    for stage in stage_of({CHAT: [SLOW]}):
        made = stage.submit(CHAT, 2)
        stage.platform.run()
        assert stage.statuses(made[1:]) == {Status.QUEUED}
        with pytest.raises(JobConflict, match="has its turn at"):
            stage.platform.run_now(made[1])


def test_a_job_starts_although_the_next_one_cannot_be_woken() -> None:
    """The row of the next job cannot be read, for example."""
    store, limit = MemoryPlaces(), Limit("3-rate.openai", 9, FIFTY)

    def lost(*_: object) -> Any:
        raise OSError

    jobs: Any = SimpleNamespace(find=lost, usable=lambda limit, types, paused: {CHAT: Runs(9, frozenset((CHAT,)))})
    job = LimitedJob(str(uuid.UUID(int=1)), CHAT, T0, 1, 2, 1, Standing.RUNS)
    store.stand(limit, replace(job.waiter, job=str(uuid.UUID(int=2))))
    store.mark(limit, CHAT)
    assert store.grant(limit, job.waiter)
    told = list[Exception]()
    slots = Slots(AtMostPlaces(store, jobs), lambda: T0, lambda _: None, 5, T0 + 50, told.append)
    assert slots.take(job, (limit,)) is None
    assert [type(one) for one in told] == [OSError]


def test_a_resumed_run_reads_its_steps_before_it_takes_its_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise it starts later than a start may be, so that a window may have too many."""
    starts, rate = list[float](), Rate(5)

    def run(payload: Ask, ctx: JobContext) -> None:
        starts.append(platform.clock())
        ctx.step("one", int)
        ctx.sleep(60)

    with only_types():
        platform = Platform(job(CHAT, limits=[rate])(run))
        platform.submit(CHAT, {"number": 1, "customer": "acme"})
        platform.run()
        read = platform.store.kept_steps

        def slowly(found: Job) -> Any:
            platform.clock.advance(0.2)
            return read(found)

        monkeypatch.setattr(platform.store, "kept_steps", slowly)
        platform.advance(seconds=70)
        limit = declared_limit(f"1-rate.{CHAT}")
        assert limit is not None
        slot = platform.workers.places.read(limit).slots_to - rate.apart
        assert len(starts) == 2
        assert starts[1] <= slot + rate.late


@pytest.mark.parametrize("limits", [[Rate(5)], [Rate(5), Rate(10, shared="openai")]])
def test_a_new_run_keeps_its_version_before_its_start_is_judged_as_late(
    limits: list[AtMost | Rate], monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the write is slow, the job takes another slot: otherwise a window may have too many."""
    starts, late = list[float](), list[float]()

    def run(payload: Ask, ctx: JobContext) -> str:
        starts.append(platform.clock())
        return ctx.version

    with only_types():
        platform = Platform(job(CHAT, limits=limits, changes=Changes(version="2"))(run))
        keep = platform.store.keep_step

        def slowly(found: Job, step: Step) -> Step:
            late.append(platform.clock())
            if len(late) == 3:
                platform.clock.advance(0.2)
            return keep(found, step)

        monkeypatch.setattr(platform.store, "keep_step", slowly)
        made = [platform.submit(CHAT, {"number": number, "customer": "acme"}) for number in range(12)]
        platform.advance(seconds=60)
        assert [platform.job(one).result for one in made] == ["2"] * 12
        assert most_in(starts, 1) <= 5


def test_a_job_that_waits_for_its_turn_is_bound_to_no_version() -> None:
    for stage in stage_of({CHAT: [SLOW]}, changes=Changes(version="2")):
        made = stage.submit(CHAT, 4)
        stage.platform.run()
        assert [len(stage.platform.store.kept_steps(stage.platform.job(one))) for one in made] == [1, 0, 0, 0]


def test_a_version_that_cannot_be_kept_is_no_fault_of_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(found: Job, step: Step) -> Step:
        raise TimeoutError

    for stage in stage_of({CHAT: [SLOW]}, changes=Changes(version="2")):
        monkeypatch.setattr(stage.platform.store, "keep_step", fails)
        (made,) = stage.submit(CHAT, 1)
        stage.platform.run()
        found = stage.platform.job(made)
        assert (found.attempts, found.error_class) == (0, "StoreUnavailable")


@pytest.mark.parametrize(("left", "starts"), [(2.5, False), (4.0, True)])
def test_a_job_waits_for_its_slot_only_while_its_budget_is_left(left: float, starts: bool) -> None:
    """Otherwise the function would be killed by the end of the invocation, and that counts as an attempt."""
    with only_types():
        kind = job(CHAT, limits=[Rate(20, per=60)], timeout=60)(_nothing)
        platform = Platform(kind)
        lines = Lines(Dispatcher(platform.store, platform.queue, platform.clock), platform.workers.places)
        (limit,) = limits_of(CHAT, kind.limits, {})
        one, two = (platform.submit(CHAT, {"number": number, "customer": "acme"}) for number in (1, 2))
        until = platform.clock() + kind.job_budget + LEASE_SLACK
        assert lines.start(replace(one, lease_until=until), [limit], platform.clock.advance, kind) is None
        full = lines.start(replace(two, lease_until=until + left), [limit], platform.clock.advance, kind)
        assert (full is None) == starts


def test_jobs_of_a_type_with_a_short_timeout_get_their_slots() -> None:
    """A tenth of the timeout is less than the second that a job comes before its slot."""
    for stage in stage_of({CHAT: [Rate(50, per=60)]}, timeout=7):
        made = stage.submit(CHAT, 30)
        stage.platform.advance(minutes=2)
        found = stage.all_starts()
        assert stage.statuses(made) == {Status.COMPLETED}
        assert found[-1] - found[0] < 30 * FIFTY.apart + 5
        assert max(stage.platform.job(one).claims for one in made) <= 2


def test_a_job_that_comes_too_late_for_its_slot_gets_the_next_one() -> None:
    """Jobs behind it in the line do not pass it."""
    for stage in stage_of({CHAT: [SLOW]}):
        stage.submit(CHAT, 4)
        stage.platform.run()
        (limit,) = limits_of(CHAT, [SLOW], {})
        slots, now = stage.platform.workers.places, stage.platform.clock() + SLOW.apart
        assert slots.slot(limit, "another", "", now=now, until=now, turn=False, again=True) is not None
        stage.platform.advance(seconds=2.1 * SLOW.apart)
        assert stage.numbers == [0, 1]
        stage.platform.advance(seconds=SLOW.apart)
        assert stage.numbers == [0, 1, 2]


def test_a_job_starts_although_the_next_one_cannot_get_its_turn() -> None:
    for stage in stage_of({CHAT: [SLOW]}):
        made = stage.submit(CHAT, 3)
        stage.platform.run()
        find, places = MemoryPlaces.first, stage.platform.workers.places

        def fails(*_: Any, **__: Any) -> Any:
            raise TimeoutError

        places.first = fails  # type: ignore[method-assign]
        stage.platform.advance(seconds=SLOW.apart + 2)
        assert stage.numbers == [0, 1]
        places.first = partial(find, places)  # type: ignore[method-assign]
        stage.platform.advance(seconds=SLOW.apart + 62)
        assert stage.statuses(made) == {Status.COMPLETED}


def test_a_turn_that_is_further_away_than_a_message_can_be_delayed_is_punctual() -> None:
    """Each type of a shared slow rate has a slot of its own. The line is empty before the last message is sent."""
    rate = replace(SLOW, shared="openai")
    for stage in stage_of({CHAT: [rate], IMAGE: [rate], "video.make": [rate]}):
        made = [*stage.submit(CHAT, 2), *stage.submit(IMAGE, 1), *stage.submit("video.make", 1)]
        stage.platform.advance(minutes=40)
        assert stage.statuses(made) == {Status.COMPLETED}
        apart = [later - earlier - rate.apart for earlier, later in pairwise(stage.all_starts())]
        assert [one for one in apart if not -0.001 <= one < 2] == []


def test_a_cancelled_job_gives_its_turn_to_the_next_one() -> None:
    for stage in stage_of({CHAT: [SLOW]}):
        made = stage.submit(CHAT, 4)
        stage.platform.run()
        woken = [one for one in made if stage.platform.job(one).status is Status.QUEUED]
        assert len(woken) == 1
        stage.platform.cancel(woken[0])
        stage.platform.advance(seconds=SLOW.apart + 5)
        assert len(stage.all_starts()) == 2


def test_a_worker_that_dies_with_a_turn_does_not_stop_the_line(stage: Stage) -> None:
    stage.platform.fail(CHAT, WorkerGone(), WorkerGone())
    made = stage.submit(CHAT, 40)
    stage.platform.advance(minutes=20)
    assert stage.statuses(made) == {Status.COMPLETED}
    assert most_in(stage.all_starts(), 60) <= 50


def test_a_job_whose_waker_has_died_does_not_wait_for_the_slot_of_a_paused_type() -> None:
    """It has its turn, but no message. A job of the paused type has the turn before it."""
    rate, woken = Rate(10, per=60), list[float]()
    store, limit = MemoryPlaces(lambda: {IMAGE}), Limit("3-rate.openai", 1, rate)
    one = LimitedJob(str(uuid.UUID(int=1)), CHAT, T0, 1, 1, 1, Standing.BLOCKED, limit.id)
    other = replace(one, id=str(uuid.UUID(int=2)), type=IMAGE, standing=Standing.WOKEN)

    def usable(_: Limit, types: Iterable[str], paused: Collection[str]) -> dict[str, Runs]:
        return {name: Runs(1, frozenset((name,))) for name in types if name not in paused}

    def wake(_: LimitedJob, __: Limit, *, sent: bool, at: float) -> bool:
        assert not sent
        woken.append(at)
        return True

    def find(names: Collection[str]) -> list[LimitedJob]:
        return [found for found in (one, other) if found.id in names]

    jobs: Any = SimpleNamespace(find=find, usable=usable, wake=wake, send=lambda _: None)
    assert store.slot(limit, "a job that has started", "", now=T0, until=T0, turn=False) is not None
    for found in (other, one):
        store.stand(limit, found.waiter)
        store.mark(limit, found.type)
        assert store.grant(replace(limit, n=2), found.waiter)
    AtMostPlaces(store, jobs).judge(limit)
    assert woken == [T0 + rate.apart - WOKEN_AHEAD]


@pytest.mark.parametrize("rate", [FIFTY, Rate(10, per=60, shared="openai")])
def test_a_paused_type_does_not_hold_up_the_other_one(rate: Rate) -> None:
    for stage in stage_of({CHAT: [rate], IMAGE: [rate]}):
        paused = stage.submit(CHAT, 30)
        stage.platform.run()
        stage.platform.workers.off.add(CHAT)
        others = stage.submit(IMAGE, 43)
        stage.platform.advance(minutes=5)
        assert stage.statuses(others) == {Status.COMPLETED}
        stage.platform.workers.off.clear()
        stage.platform.advance(minutes=5)
        assert stage.statuses(paused) == {Status.COMPLETED}


def test_a_paused_type_whose_jobs_wait_for_a_wider_limit_does_not_hold_up_the_other_one() -> None:
    """Its jobs have turns, and wait for places."""
    maps: list[AtMost | Rate] = [Rate(50, per=60, shared="maps"), AtMost(20, shared="maps")]
    for stage in stage_of({CHAT: maps, IMAGE: maps}):
        store, limit = stage.platform.workers.places, declared_limit("3.maps")
        assert limit is not None
        running = [f"00000000-0000-4000-8000-{number:012}" for number in range(20)]
        assert all(store.take(limit, one, "x.1.1") for one in running)
        stage.submit(CHAT, 40)
        stage.platform.advance(seconds=20)
        assert len(stage.places("3-rate.maps").held) == turns_of(Rate(50, per=60))
        stage.platform.workers.off.add(CHAT)
        for one in running:
            store.leave(limit, one, "x.1.1")
        others = stage.submit(IMAGE, 20)
        stage.platform.advance(minutes=2)
        assert stage.statuses(others) == {Status.COMPLETED}


@pytest.mark.parametrize("rate", [Rate(5, per=60, shared="openai"), FIFTY, Rate(50, shared="openai")])
def test_a_type_that_waits_for_a_stopped_limit_does_not_hold_up_the_other_one(rate: Rate) -> None:
    for stage in stage_of({CHAT: [rate, AtMost(1, shared="x")], IMAGE: [rate]}):
        stage.platform.workers.places.change(Changed("3.x", 0, "op", "", 0.0))
        stage.submit(CHAT, 120)
        stage.platform.advance(minutes=1)
        others = stage.submit(IMAGE, 20)
        stage.platform.advance(seconds=45 * rate.apart + 60)  # about half of the rate is theirs
        assert stage.statuses(others) == {Status.COMPLETED}


def test_a_job_that_runs_long_has_no_turn_any_more() -> None:
    for stage in stage_of({CHAT: [SLOW]}):
        stage.sleeps = 50
        stage.submit(CHAT, 3)
        stage.platform.advance(minutes=30)
        assert len(stage.all_starts()) == 3


def test_the_rate_is_before_the_places_of_its_rank() -> None:
    limits: list[AtMost | Rate] = [
        AtMost(3, shared="a"), Rate(1, shared="b"), AtMost(1), Rate(9), Rate(2, by="customer"),
    ]  # fmt: skip
    found = [one.id for one in limits_of(CHAT, limits, {"customer": "acme"})]
    kind = CHAT
    assert found == [f"0-rate.{kind}.acme", f"1-rate.{kind}", f"1.{kind}", "3-rate.b", "3.a"]


def test_a_job_without_a_value_has_no_rate() -> None:
    assert limits_of(CHAT, [Rate(2, by="customer")], {}) == ()


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ([Rate(4, per=3600)], "from 5 an hour to 50 a second"),
        ([Rate(51)], "from 5 an hour to 50 a second"),
        ([Rate(2), Rate(3)], "one limit without by"),
        ([Rate(2, shared="a"), Rate(3, by="customer", shared="a")], "names a twice"),
        (Rate(2), "write limits="),
        ([Rate(2, by="nobody")], "nobody"),
    ],
)
def test_a_rate_that_cannot_be_kept_is_refused(limits: Any, said: str) -> None:
    with only_types(), pytest.raises(ConfigurationError, match=said):
        job(CHAT, limits=limits)(_nothing)


def test_rate_itself_has_no_field_and_is_not_shared() -> None:
    with only_types(), pytest.raises(ConfigurationError, match=r"write limits=\[Rate"):
        job(CHAT, rate=Rate(2, by="customer"))(_nothing)


def test_two_declarations_of_one_shared_rate_must_be_equal() -> None:
    check_shared({CHAT: [Rate(2, shared="a"), AtMost(3, shared="a")], IMAGE: [Rate(2, shared="a")]})
    with pytest.raises(ConfigurationError, match="differently"):
        check_shared({CHAT: [Rate(2, shared="a")], IMAGE: [Rate(2, per=2, shared="a")]})


def test_a_fast_rate_gives_more_turns_than_a_slow_one() -> None:
    assert [turns_of(one) for one in (Rate(50), Rate(50, per=60), SLOW)] == [99, 6, 1]
    assert Limit("3-rate.a", 1, SLOW).shared


def _nothing(payload: Ask, ctx: JobContext) -> None:
    """Do nothing."""
