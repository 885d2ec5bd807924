"""Simulate some days with every fault.

`make proof` simulates half a year, `make proof HOURS=…` the given number of hours.
"""

import random
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import nullcontext

import pytest

from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.job_types.at_most import AtMost
from chalicelib.job_types.rate import Rate
from chalicelib.jobs.job import BLOCK_AGAIN, Job
from chalicelib.jobs.port import Message
from chalicelib.limits.memory import MemoryPlaces
from chalicelib.limits.places import Limit
from chalicelib.operating.lines import Lines
from chalicelib.operating.tried import Tried
from chalicelib.pausing.port import ToTry
from chalicelib.watchdog.pulse import Pulse
from tests.proof.coverage import COLUMNS, FAULTS, IMPOSSIBLE, empty, table
from tests.proof.grounds.faults import Faults, ReplyLost, Throttled
from tests.proof.grounds.ground import TYPES
from tests.proof.grounds.memory import MemoryGround
from tests.proof.months import month
from tests.proof.months.liveness import MESSAGES_A_JOB, Liveness
from tests.proof.months.month import EPISODE, HOUR, LIMITED_TYPES, URGENT, WEEK, Report, episode, episodes
from tests.proof.months.weather import COUNTED, EXPIRED, LONG_PAUSE, PAUSED
from tests.proof.roles.batching import Batching
from tests.proof.roles.script import TIMEOUT, forget
from tests.proof.world import World
from tests.support import Clock


@pytest.fixture(autouse=True)
def registry() -> Iterator[None]:
    """Remove the proof's job types afterwards."""
    yield
    forget()


def test_days_with_every_fault_break_nothing(whole: bool) -> None:
    seeds = range(54, 62) if whole else range(58, 61)
    reports = [episode(seed, EPISODE if whole else EPISODE / 2) for seed in seeds]
    assert [line for report in reports for line in report.broken] == []
    assert sum(report.jobs for report in reports) > 75 * len(reports)
    assert sum(report.judged for report in reports) > 0
    assert any(report.keyed > 20 for report in reports)
    assert any(report.probes for report in reports)


def test_an_episode_is_repeated_by_its_seed() -> None:
    first, again = episode(7, hours=12), episode(7, hours=12)
    assert (first.jobs, first.struck, first.broken) == (again.jobs, again.struck, again.broken)
    assert episode(8, hours=12).struck != first.struck


def test_hours_are_played_as_episodes_of_three_days_and_one_in_six_of_a_week() -> None:
    assert episodes(5, WEEK + EPISODE + 6) == [(5, EPISODE), (6, WEEK), (7, 6)]


def test_a_week_begins_with_a_pause_that_outlasts_the_messages() -> None:
    played = episode(36, LONG_PAUSE / HOUR + 1)
    assert (played.broken, played.came[PAUSED] > 0, played.came[EXPIRED] > 0) == ([], True, True)


def test_workers_that_are_few_leave_a_backlog_of_days_that_nobody_feeds() -> None:
    played = episode(6, hours=48)
    assert (played.broken, played.job_hours > 600) == ([], True)


def lacking() -> list[str]:
    """Return what is told of a job that could not be sent behind a backlog, while the counters lag by an hour."""
    clock = Clock()
    world = World(MemoryGround(clock, 6 * TIMEOUT, TYPES), clock, random.Random(1))
    liveness, faults = Liveness(world), world.ground.faults
    for number in range(5):
        world.submit(f"waits {number}")
    clock.advance(60)
    world.watch()
    world.counting.lag = HOUR
    faults.fail = lambda name: Throttled(name) if name.startswith("send") else None
    world.submit("unsent")
    faults.calm()
    for _ in range(45):
        clock.advance(60)
        world.watch()
        liveness.look()
    assert liveness.judged > 0
    return liveness.broken


def test_a_watchdog_that_does_not_notice_late_counters_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert lacking() == []
    monkeypatch.setattr(Pulse, "behind", lambda *_: False)
    assert [line.split()[0] for line in lacking()] == ["I16"]


OF_BATCHES = 40


def test_rounds_of_batches_end_once_with_every_fault() -> None:
    assert episode(OF_BATCHES, hours=36).broken == []


def test_a_round_that_ends_before_its_last_member_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "chalicelib.batches.batches.has_ended",
        lambda found: found.total is not None and found.done >= found.total - 1,
    )
    assert any(" is told before the end of " in line for line in episode(OF_BATCHES, hours=24).broken)


def test_a_retried_member_that_stays_in_its_round_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Batching, "moved", lambda *_: nullcontext(1))
    assert any("I41 " in line and " counts " in line for line in episode(OF_BATCHES, hours=36).broken)


OF_LIMITS = 6


def test_jobs_wait_for_places_with_every_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    waited = list[int]()
    takes = World.takes_place

    def noted(world: World, job: Job, ends: float) -> None:
        takes(world, job, ends)
        waited.append(world.blocked)

    monkeypatch.setattr(World, "takes_place", noted)
    assert episode(OF_LIMITS, hours=36).broken == []
    assert waited[-1] > 30


@pytest.mark.parametrize("seed", [5, 7])
def test_tenants_take_turns_in_lines_with_every_fault(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = list[int]()
    position = MemoryPlaces.position

    def noted(places: MemoryPlaces, limit: Limit, tenant: str, rank: int) -> int:
        drawn.append(position(places, limit, tenant, rank))
        return drawn[-1]

    monkeypatch.setattr(MemoryPlaces, "position", noted)
    assert episode(seed, hours=36).broken == []
    assert len(drawn) > 10


def test_jobs_pass_backlogs_and_are_woken_in_urgent_queues_with_every_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    urgent = Counter[str]()
    send = MemoryJobQueue.send

    def noted(queue: MemoryJobQueue, message: Message, delay: int = 0) -> None:
        send(queue, message, delay)
        urgent[message.type] += message.urgent

    monkeypatch.setattr(MemoryJobQueue, "send", noted)
    assert episode(URGENT, hours=36).broken == []
    assert all(urgent[kind] > 30 for kind in LIMITED_TYPES), urgent
    assert not urgent[TYPES[0]], "only types that declare it have such a queue"


RATES: Sequence[tuple[AtMost | Rate, ...]] = (
    (Rate(6, per=600, shared="proof"),), (Rate(2, per=60), AtMost(1)),
    (Rate(20, per=3600, by="ballast"), AtMost(2, shared="proof"), Rate(30, per=600, shared="proof")),
)  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
def test_jobs_wait_for_turns_with_every_fault(seed: int, monkeypatch: pytest.MonkeyPatch, whole: bool) -> None:
    if seed and not whole:
        pytest.skip("takes half a minute each: `make whole` plays them")
    monkeypatch.setattr(month, "LIMITS", RATES)
    assert episode(seed, hours=24).broken == []


def test_starts_that_are_too_early_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(month, "LIMITS", RATES)
    monkeypatch.setattr(Lines, "start", lambda *_: None)
    assert any("I42 " in line for line in episode(1, hours=24).broken)


def test_an_attempt_without_a_place_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Lines, "take", lambda *_: None)
    assert any("I42 " in line for line in episode(OF_LIMITS, hours=24).broken)


def waiting_beside_a_free_place() -> list[str]:
    """Return what is told of a job whose place was left by a worker that died before it handed the place on."""
    clock = Clock()
    world = World(MemoryGround(clock, 6 * TIMEOUT, TYPES), clock, random.Random(1))
    world.limit(AtMost(1))
    liveness, faults = Liveness(world), world.ground.faults
    world.script["a"] = ["nested then ok"]
    world.nested = world.poll
    for name in ("a", "b"):
        world.submit(name)
    faults.lose = lambda name: ReplyLost(name) if name == "leave" else None
    world.process(world.poll)
    faults.calm()
    world.lose_messages()
    for _ in range(60):
        clock.advance(60)
        world.watch()
        liveness.look()
    return liveness.broken


def test_a_place_that_nobody_hands_on_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert waiting_beside_a_free_place() == []
    monkeypatch.setattr(Lines, "look_at", lambda *_: False)
    assert [line.split()[0] for line in waiting_beside_a_free_place()] == ["I43"]


def test_a_backlog_that_was_fed_is_told() -> None:
    clock = Clock()
    world = World(MemoryGround(clock, 6 * TIMEOUT, TYPES), clock, random.Random(1))
    liveness = Liveness(world)
    world.submit("a")
    for _ in range(2 * MESSAGES_A_JOB):
        [job] = world.ground.jobs()
        world.ground.queue.send(Message(job.id, job.gen, job.type, ""))
    liveness.count()
    assert liveness.broken == ["I21 9 messages of proof.note for 1 jobs"]


def test_a_fault_that_never_came_and_an_invariant_that_was_never_asked_are_named() -> None:
    assert Report(came=Counter(COUNTED), judged=1, woken=1).missed() == []
    [never, calm, woken] = Report(came=Counter(COUNTED) - Counter([EXPIRED])).missed()
    assert never == "'messages expire' never came"
    assert "never calm" in calm
    assert "I37" in woken


def full() -> Counter[tuple[str, str]]:
    return Counter({(fault, move): 3 for fault in FAULTS for move in COLUMNS if (fault, move) not in IMPOSSIBLE})


def test_a_cell_that_stayed_empty_is_named() -> None:
    struck = full()
    assert empty(struck) == []
    del struck["dies before", "claim"]
    assert empty(struck) == ["'dies before' never struck in claim"]


def test_a_rare_move_that_met_no_fault_is_named() -> None:
    struck = full()
    for fault in FAULTS[1:]:
        del struck[fault, BLOCK_AGAIN.name]
    assert empty(struck) == []
    del struck[FAULTS[0], BLOCK_AGAIN.name]
    assert empty(struck) == [f"no fault ever struck in {BLOCK_AGAIN.name}"]


def test_a_cell_that_is_said_to_be_impossible_must_stay_empty() -> None:
    for cell in IMPOSSIBLE:
        assert empty(full() + Counter([cell]))[0].startswith(f"{cell} was struck")


def test_the_table_shows_each_fault_with_its_numbers() -> None:
    lines = table(full()).splitlines()
    assert next(line for line in lines if line.startswith("dies before")).split()[2:] == ["3"] * len(COLUMNS)
    row = next(line for line in lines if line.startswith("the watchdog is down"))
    assert row.split().count("-") == 3


def test_a_fault_aimed_at_a_move_strikes_it_once() -> None:
    faults = Faults(aims={"claim": "reply lost", "fail": "refused"})
    for move in ("complete", "claim", "claim"):
        with faults.move(move):
            faults.before("apply")
            with nullcontext() if move == "complete" or faults.struck else pytest.raises(ReplyLost):
                faults.done("apply")
    assert faults.struck == {("reply lost", "claim"): 1}


@pytest.mark.parametrize("seed", [6, 22])
def test_blocked_jobs_are_tried_during_automatic_pauses_with_every_fault(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = Counter[str]()
    look = Tried.look

    def noted(self: Tried, types: Collection[str], order: str) -> ToTry:
        found = look(self, types, order)
        tried["found"] += bool(found.jobs)
        return found

    monkeypatch.setattr(Tried, "look", noted)
    monkeypatch.setattr(month, "OUTCOMES", ("err", "err", "err", "oom", "nested then err", "long"))
    monkeypatch.setattr(month, "LIMITED", 0.5)
    played = episode(seed, hours=36)
    assert played.broken == []
    assert played.probes > 2
    assert tried["found"] > 2
