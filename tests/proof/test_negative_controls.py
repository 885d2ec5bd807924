"""Check that the proof reports a broken promise: one part neglects one duty, and the invariant for it must fail.

The part is in front of a port of the memory ground, or is a public function. Without the neglected duty, the same
scenario breaks nothing.
"""

import random
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from chalicelib.bulk.memory import MemoryBulkActions
from chalicelib.bulk.port import BulkAction
from chalicelib.errors import MoveRefused, StoreUnavailable
from chalicelib.job_types.rate import Rate
from chalicelib.jobs import transitions
from chalicelib.jobs.change import Change
from chalicelib.jobs.job import CLAIM, FAIL, JSON, POSTPONE, REPLACE, REQUEUE, SUSPEND, TAKE_OVER, Attempt, Job, Status
from chalicelib.jobs.port import Depth, JobQueue, JobStore, KeyLock, Message, Overdue, Search
from chalicelib.jobs.step import Step
from chalicelib.limits.port import Turns
from chalicelib.limits.serial import InOrder
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.operating.operations import Operations
from chalicelib.operating.posting import Posting
from chalicelib.pausing.circuit_breaker import CircuitBreaker
from chalicelib.pausing.constants import ROW_FRESH
from chalicelib.producing.submission import Submission
from chalicelib.watchdog import rule
from chalicelib.watchdog.waiters import Waiters
from chalicelib.worker import consume, settle
from chalicelib.worker.consume import Worker
from chalicelib.worker.context import WorkerContext
from chalicelib.worker.steps import Steps
from tests.proof.enumeration import Case, execute, visit
from tests.proof.games.machine import machine_on
from tests.proof.grounds.aws import on_aws
from tests.proof.grounds.ground import Ground, Stand
from tests.proof.grounds.memory import MemoryGround, in_memory
from tests.proof.months import month
from tests.proof.months.liveness import Liveness
from tests.proof.months.month import episode
from tests.proof.months.weather import Weather
from tests.proof.roles.by_itself import Switch
from tests.proof.roles.composed import WAIT
from tests.proof.roles.script import forget, silence
from tests.proof.stories.composing import live
from tests.proof.stories.pauses import fail_until_paused
from tests.proof.stories.scenario import DEAD, DONE
from tests.proof.stories.scenarios import SCENARIOS, Scenario
from tests.proof.world import World
from tests.support import Clock

SEED = 20_261_129
OF_KEYS = 4
"""A month with this seed has a type whose jobs have keys."""
Neglect = Callable[[Ground], None]
"""Replaces a part of the ground by one that neglects its duty."""
Edit = Callable[[Change], Change]


@pytest.fixture(autouse=True)
def registry() -> Iterator[None]:
    """Remove the proof's job types afterwards."""
    yield
    forget()


class Behind:
    """A port that passes everything on; its subclasses neglect a duty."""

    def __init__(self, port: object) -> None:
        self.port: Any = port

    def __getattr__(self, name: str) -> Any:
        return getattr(self.port, name)


def store(part: Callable[[object], object]) -> Neglect:
    """Put another store in front of the ground's store."""

    def neglect(ground: Ground) -> None:
        ground.store = cast("JobStore", part(ground.store))

    return neglect


def queue(part: Callable[[object], object]) -> Neglect:
    """Put another queue in front of the ground's queue."""

    def neglect(ground: Ground) -> None:
        ground.queue = cast("JobQueue", part(ground.queue))

    return neglect


def turns(part: Callable[[object], object]) -> Neglect:
    """Put another plan of starts in front of the ground's plan."""

    def neglect(ground: Ground) -> None:
        ground.turns = cast("Turns", part(ground.turns))

    return neglect


def writes(edit: Edit) -> Neglect:
    """Let the store write something other than it was asked to."""

    class Store(Behind):
        def apply(self, job_id: str, change: Change) -> Job:
            written: Job = self.port.apply(job_id, edit(change))
            return written

    return store(Store)


class Forgetful(Behind):
    """Reports that a job is stored, but stores none."""

    def add(self, job: Job) -> None:
        """See JobStore."""


class Unplanned(Behind):
    """Reports that the job of a firing is stored, but stores none."""

    def add(self, job: Job) -> None:
        """See JobStore."""
        if job.schedule is None:
            self.port.add(job)


class Blind(Behind):
    """Finds no overdue job."""

    def overdue(self, search: Search, now: float, limit: int) -> Sequence[Overdue]:
        """See JobStore."""
        return []


class Impatient(Behind):
    """Treats every lease as ended."""

    def apply(self, job_id: str, change: Change) -> Job:
        """See JobStore."""
        tests = tuple(test for test in change.tests if test.field != "lease_until")
        try:
            written: Job = self.port.apply(job_id, replace(change, tests=tests))
        except MoveRefused as refused:
            if refused.current is None:
                raise
            raise MoveRefused(change.move.name, replace(refused.current, lease_until=1.0)) from refused
        return written


class Silent(Behind):
    """Stores no history."""

    def record(self, job_id: str, attempt: Attempt) -> None:
        """See JobStore."""


class Stalling(Behind):
    """Returns each job as one that the platform has not been able to run for years."""

    def get_many(self, ids: Sequence[str]) -> Sequence[Job]:
        """See JobStore."""
        return [replace(job, stalled_since=1.0) for job in self.port.get_many(ids)]


class Open(Behind):
    """Returns each key as free, and gives it to every attempt."""

    def key_lock(self, key: str) -> KeyLock | None:
        """See JobStore."""
        return None

    def acquire(self, key: str, seen: KeyLock | None, new: KeyLock) -> bool:
        """See JobStore."""
        return True


class Amnesiac(Behind):
    """Returns no kept step."""

    def kept_steps(self, job: Job) -> Sequence[Step]:
        """See JobStore."""
        return []


class Overwriting(Behind):
    """Stores no end of a wait, so that the event may come after it."""

    def keep_step(self, job: Job, step: Step) -> Step:
        """See JobStore."""
        kept: Step = step if step.timed_out else self.port.keep_step(job, step)
        return kept


class Losing(Behind):
    """Reports that it accepted a message, but loses it."""

    def send(self, message: Message, delay: int = 0) -> None:
        """See JobQueue."""

    def send_many(self, messages: Sequence[Message], delays: Mapping[str, int] | None = None) -> Sequence[Message]:
        """See JobQueue."""
        return []


class Hiding(Behind):
    """Hides a message for a month that should be visible again in seconds."""

    def set_visibility(self, job_type: str, receipts: Sequence[str], seconds: int) -> None:
        """See JobQueue."""
        self.port.set_visibility(job_type, receipts, 30 * 86_400)


class Unsorted(Behind):
    """Sends every message without its group."""

    def send(self, message: Message, delay: int = 0) -> None:
        """See JobQueue."""
        self.port.send(replace(message, group=None), delay)

    def send_many(self, messages: Sequence[Message], delays: Mapping[str, int] | None = None) -> Sequence[Message]:
        """See JobQueue."""
        unsent: Sequence[Message] = self.port.send_many([replace(one, group=None) for one in messages], delays)
        return unsent


class Shallow(Behind):
    """Reports that no message waits in it."""

    def depth(self, job_type: str) -> Depth:
        """See JobQueue."""
        return Depth()


class Generous(Behind):
    """Gives the present moment to each request for a slot."""

    def slots(self, job_type: str, rate: Rate, count: int, now: float, until: float) -> Sequence[float]:
        """See Turns."""
        return [now] * count


def unconditional(change: Change) -> Change:
    """Remove the conditions on the job."""
    return replace(change, tests=())


def from_any_status(change: Change) -> Change:
    """Remove the table of moves as well."""
    return replace(change, tests=(), move=replace(change.move, source=frozenset(Status)))


def uncounted(field: str) -> Edit:
    """Do not charge the claims up to this number."""

    def edit(change: Change) -> Change:
        added = {name: more for name, more in change.increments.items() if name != field or more < 0}
        return replace(change, increments=added)

    return edit


def short_leases(change: Change) -> Change:
    """Let each lease end a second after it began."""
    ends = {"lease_until": change.values["started_at"] + 1} if change.move in (CLAIM, TAKE_OVER) else {}
    return replace(change, values={**change.values, **ends})


def in_the_same_generation(change: Change) -> Change:
    """Run a finished job again as the same run."""
    return _unset("gen", change) if change.move is REQUEUE else change


def as_first_asked(change: Change) -> Change:
    """Let the first request determine the payload."""
    return _unset("payload", change) if change.move is REPLACE else change


def with_its_lease(change: Change) -> Change:
    """Let a job that waits keep its worker's lease."""
    return _unset("lease_until", change) if change.move is SUSPEND else change


def forgiving(change: Change) -> Change:
    """Count each attempt after a crash as the first one, also if no new step was kept."""
    if change.move is not TAKE_OVER:
        return change
    return replace(change, values={**change.values, "attempts": 1}, increments={"claims": 1})


def fails_at_once(change: Change) -> Change:
    """End a job that should be tried again."""
    return replace(change, move=FAIL) if change.move is POSTPONE else change


def queued_again(change: Change) -> Change:
    """Put a job that should be tried again among the new ones."""
    return replace(change, move=replace(POSTPONE, target=Status.QUEUED)) if change.move is POSTPONE else change


def _unset(field: str, change: Change) -> Change:
    return replace(change, values={name: value for name, value in change.values.items() if name != field})


def where(neglect: Neglect) -> Stand:
    """Return the memory ground with one part that neglects its duty."""

    @contextmanager
    def stand(clock: Callable[[], float]) -> Iterator[Ground]:
        with in_memory(clock) as ground:
            neglect(ground)
            yield ground

    return stand


def story(name: str) -> Scenario:
    """Return one of the proof's scenarios."""
    return next(one for one in SCENARIOS if one.name == name)


def fails_for_ever(world: World) -> None:
    """Let a job fail however often it is tried."""
    world.script["a"] = ["err"] * 20
    world.submit("a")


def fails_too_late(world: World) -> None:
    """Let an attempt fail after another one has completed the job."""
    world.script["a"] = ["stall then err"]
    world.nested = world.poll
    world.submit("a")


def asks_twice(world: World) -> None:
    """Let a client repeat its request."""
    world.submit("a")
    world.submit("a")


def posts_too_late(world: World) -> None:
    """Let an event come when its wait has timed out, and the function sleeps."""
    world.always["a"] = "wait then nap then ok"
    world.submit("a")
    live(world, WAIT + 15)
    world.post_event("a")


def comes_while_paused(world: World) -> None:
    """Let a message come after its type was paused automatically."""
    fail_until_paused(world, more="c")
    world.clock.advance(ROW_FRESH + 5)
    world.poll()


@dataclass(frozen=True)
class Control:
    """A scenario, the neglected duty, and what the proof must report."""

    neglected: str
    says: str
    story: Scenario
    neglect: Neglect

    def __str__(self) -> str:
        return f"{self.says}: {self.neglected}"


CONTROLS = (
    Control("a job is stored before it is answered", "I1", story("ok"), store(Forgetful)),
    Control("a message that was taken is kept", "ended as dead_letter", story("ok"), queue(Losing)),
    Control("the watchdog finds lost messages", "I1", story("message lost in the queue"), store(Blind)),
    Control("a lease is waited for", "I2", story("duplicate in flight"), store(Impatient)),
    Control("a lease outlives its invocation", "I2", story("ok"), writes(short_leases)),
    Control("each claim has a token", "I2", story("error, ok"), writes(uncounted("claims"))),
    Control(
        "a finished job stays as it is", "I3", Scenario("fails too late", fails_too_late, DONE),
        writes(from_any_status),
    ),
    Control("a retry is a new run", "I3", story("failed then retried"), writes(in_the_same_generation)),
    Control(
        "each claim spends an attempt", "I4", Scenario("fails for ever", fails_for_ever, DEAD),
        writes(uncounted("attempts")),
    ),
    Control(
        "only the holder ends an attempt", "I5", story("late finisher while another holds the job"),
        writes(unconditional),
    ),
    Control("a write is a move of the table", "I10", story("error, ok"), writes(queued_again)),
    Control("a message comes again when it was told to", "I12", story("error, ok"), queue(Hiding)),
    Control("an end follows from what the function did", "I13", story("error, ok"), writes(fails_at_once)),
    Control("a failed attempt is on record", "I14", story("error, ok"), store(Silent)),
    Control("nobody is given up before its time", "I15", story("not claimed for two hours"), store(Stalling)),
    Control("requests for one thing make one job", "I17", story("two requests for one thing"), store(Open)),
    Control("the last request has the say", "I17", story("a debounced job is replaced twice"), writes(as_first_asked)),
    Control(
        "a message carries its job's tenant", "I18", story("each tenants job is sent under its tenant"),
        queue(Unsorted),
    ),
    Control(
        "a key is held by one job", "I19", story("the message is lost while a job of the key runs"), store(Open)
    ),
    Control("starts are apart", "and the rate is", story("one a minute"), turns(Generous)),
    Control("a step that was kept does not run", "I31", story("a step and a crash loop"), store(Amnesiac)),
    Control("a wait has one end", "I29", Scenario("posts too late", posts_too_late, DONE), store(Overwriting)),
    Control("a job that waits holds nothing", "I34", story("steps and sleeps"), writes(with_its_lease)),
    Control("a crash loop ends", "I2", story("a step and a crash loop"), writes(forgiving)),
)  # fmt: skip


def told(played: Scenario, stand: Stand = in_memory) -> str:
    """Run a scenario without crashes, and return the broken invariants as lines."""
    return "\n".join(execute(Case(played), stand, SEED).broken)


@pytest.mark.parametrize("control", CONTROLS, ids=str)
def test_a_duty_that_is_neglected_is_told(control: Control) -> None:
    assert told(control.story) == ""
    assert f" {control.says} " in told(control.story, where(control.neglect))


def test_a_crash_point_shows_what_the_undisturbed_story_does_not() -> None:
    [played] = chosen = [story("failed then retried")]

    def with_crashes(stand: Stand) -> list[str]:
        found = visit(stand, SEED, scenarios=chosen, duplicates=[False])
        return [line for one in found for line in one.broken]

    blind = where(store(Blind))
    assert (told(played, blind), with_crashes(in_memory)) == ("", [])
    assert any(" I1 " in line for line in with_crashes(blind))


def wakes_nobody(_: Dispatcher, job: Job) -> Job:
    """Wake no job that waits, as if another process had been faster."""
    raise MoveRefused("wake", job)


def test_a_sleep_that_ends_too_soon_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    played = story("steps and sleeps")
    assert told(played) == ""
    monkeypatch.setattr(Steps, "sleep", lambda *_: None)
    assert " I35 " in told(played)


def test_a_job_that_nobody_wakes_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    played = story("an event after its wait")
    assert told(played) == ""
    monkeypatch.setattr(Dispatcher, "wake", wakes_nobody)
    assert " I30 " not in told(played), "its spare message wakes it"
    monkeypatch.setattr(Dispatcher, "send_anew", lambda *_: True)
    assert " I30 " in told(played)


def test_a_cancelled_job_whose_step_nobody_undoes_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cancel ends the waiting job at once, although its function would undo its step."""
    played = story("a job that undoes its step")
    assert told(played) == ""
    monkeypatch.setattr(transitions, "compensate", transitions.cancel)
    assert " I32 " in told(played)


@pytest.mark.parametrize("what", ["event", "child", "time"])
def test_a_job_that_is_woken_later_than_at_once_is_told(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    """Something else wakes each of these jobs within two minutes: only the check of 2 s shows what is neglected."""
    names = {"event": "an event after its wait", "child": "a job calls two jobs", "time": "steps and sleeps"}
    played = story(names[what])
    assert told(played) == ""
    if what == "event":
        monkeypatch.setattr(Dispatcher, "wake", wakes_nobody)
    elif what == "child":
        monkeypatch.setattr(consume, "wake_caller", lambda *_: None)
    else:
        monkeypatch.setattr(rule, "LOOK_AHEAD", 0.0)
    assert {line.split(": ")[1].split(" ")[0] for line in told(played).splitlines()} == {"I37"}


def test_a_month_finds_jobs_whose_sleep_nobody_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Dispatcher, "send_many", lambda *_, **__: set())
    monkeypatch.setattr(month, "OUTCOMES", ("long nap",))
    monkeypatch.setattr(Weather, "change", lambda _: None)
    assert any(" I30 " in line for line in episode(1, hours=12).broken)


def test_a_month_finds_jobs_that_nobody_wakes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Dispatcher, "wake", wakes_nobody)
    monkeypatch.setattr(Dispatcher, "send_anew", lambda *_: True)
    monkeypatch.setattr(Waiters, "look", lambda *_: 0)
    monkeypatch.setattr(month, "OUTCOMES", ("wait",))
    monkeypatch.setattr(month, "OPERATED", {"wake": month.WAITS})
    monkeypatch.setattr(Weather, "change", lambda _: None)
    assert any(" I30 " in line for line in episode(1, hours=12).broken)


def test_a_wake_that_ends_another_wait_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    posted = Posting.post

    def post(posting: Posting, job_id: str, name: str, data: JSON = None) -> tuple[Job, bool]:
        answer = posted(posting, job_id, name, data)
        found = posting.dispatcher.store.get(job_id)
        if found.status is Status.SUSPENDED:
            posting.dispatcher.wake(found)
        return answer

    played = story("two waits and an event for the second")
    assert told(played) == ""
    monkeypatch.setattr(Posting, "post", post)
    assert " I36 " in told(played)


def test_a_message_that_is_acknowledged_before_the_look_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    played = story("an event between the read and the park")
    assert told(played) == ""
    monkeypatch.setattr(settle, "look", lambda *_, **__: None)
    assert " I33 " in told(played)


def test_a_repeated_request_that_makes_another_job_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    played = Scenario("asks twice", asks_twice, DONE)
    assert told(played) == ""
    monkeypatch.setattr(Submission, "new_id", lambda _: str(uuid.uuid4()))
    assert " I8 " in told(played)


def test_a_dead_letter_whose_message_was_acknowledged_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    played, work = story("error to the end"), Worker.work

    def acknowledge_all(worker: Worker, event: Any, context: Any) -> list[str]:
        work(worker, event, context)
        return []

    assert told(played) == ""
    monkeypatch.setattr(Worker, "work", acknowledge_all)
    assert " I6 " in told(played)


def test_an_attempt_that_is_given_back_although_nothing_was_refused_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    played, report = story("progress, ok"), WorkerContext.progress

    def report_and_give_up(ctx: WorkerContext, percent: float, note: str | None = None) -> None:
        report(ctx, percent, note)
        raise StoreUnavailable("nothing was refused")

    assert told(played) == ""
    monkeypatch.setattr(WorkerContext, "progress", report_and_give_up)
    assert " I13 " in told(played)


def test_a_job_that_starts_while_its_type_is_paused_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    played = Scenario("comes while paused", comes_while_paused, DONE)
    assert told(played) == ""
    monkeypatch.setattr(CircuitBreaker, "call", lambda _, handle: handle())
    assert " I20 a job was let through " in told(played)


def test_a_job_that_goes_on_behind_one_of_its_key_that_backs_off_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    played = story("a batch of one key whose first job fails")
    assert told(played) == ""
    monkeypatch.setattr(InOrder, "after", lambda _, delivery, end: None)
    assert " I23 " in told(played)


def test_a_month_finds_a_job_that_goes_on_behind_one_of_its_key_that_backs_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(InOrder, "after", lambda _, delivery, end: None)
    assert any(" I23 " in line for line in episode(OF_KEYS, hours=36).broken)


def test_a_month_finds_a_firing_that_begins_beside_an_earlier_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consume, "unfinished_before", lambda *_: None)
    assert any(" I24 " in line for line in episode(OF_KEYS, hours=24).broken)


@pytest.mark.parametrize("over", ["memory", "aws"])
def test_a_bulk_action_that_does_not_know_its_own_acts_again_is_told(
    monkeypatch: pytest.MonkeyPatch, over: str
) -> None:
    played = story("many jobs are retried and fail again")
    with on_aws() if over == "aws" else nullcontext(in_memory) as stand:
        assert told(played, stand) == ""
        monkeypatch.setattr(Operations, "did", lambda _, found: False)
        crashed = visit(stand, SEED, scenarios=[played], duplicates=[False])
        broken = next(one.broken for one in crashed if any(" acted 2 times on " in line for line in one.broken))
    assert any(" I26 one bulk action ran " in line for line in broken)


def test_a_queue_that_stays_off_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    played, switch = story("paused by itself until a probe completes"), Switch.switch
    assert told(played) == ""
    monkeypatch.setattr(Switch, "switch", lambda it, job_type, on: switch(it, job_type, on=False))
    assert " I20 proof.note is left paused: its queue is off" in told(played)


@pytest.mark.parametrize(
    ("neglect", "says", "delay"), [(store(Blind), "I16 ", 2000), (queue(Shallow), "I21 ", None)], ids=["I16", "I21"]
)
def test_a_watchdog_that_sends_nothing_or_too_much_is_told(neglect: Neglect, says: str, delay: int | None) -> None:
    def watched(stand: Stand) -> list[str]:
        clock = Clock()
        with silence(), stand(clock) as ground:
            world = World(ground, clock, random.Random(SEED))
            liveness = Liveness(world)
            world.submit("a", delay_seconds=delay)
            for _ in range(2 * 60):
                clock.advance(60)
                world.watch()
                liveness.look()
            liveness.count()
        return liveness.broken

    assert watched(in_memory) == []
    assert [line for line in watched(where(neglect)) if line.startswith(says)]


def test_a_game_finds_a_watchdog_that_sees_nothing() -> None:
    plan = settings(
        max_examples=30, stateful_step_count=50, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck), report_multiple_bugs=False,
    )  # fmt: skip
    with pytest.raises(AssertionError):
        run_state_machine_as_test(seed(SEED)(machine_on(where(store(Blind)))), settings=plan)


@pytest.mark.parametrize(("part", "says"), [(Silent, " I14 "), (Unplanned, " I25 ")], ids=["I14", "I25"])
def test_a_month_finds_a_history_that_lacks_attempts_and_a_firing_without_a_job(
    monkeypatch: pytest.MonkeyPatch, part: type[Behind], says: str
) -> None:
    def forgetful(*asked: Any) -> MemoryGround:
        ground = MemoryGround(*asked)
        store(part)(ground)
        return ground

    assert not any(says in line for line in episode(SEED, hours=6).broken)
    monkeypatch.setattr(month, "MemoryGround", forgetful)
    assert any(says in line for line in episode(SEED, hours=6).broken)


def test_a_bulk_action_that_tells_jobs_as_done_before_it_changes_them_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the end its report is true: only while it is at work does it tell more than it has done."""
    played, save = story("many jobs are retried and fail again"), MemoryBulkActions.save

    def early(rows: MemoryBulkActions, after: BulkAction) -> BulkAction | None:
        return save(rows, replace(after, done=after.done + 1) if after.open else after)

    assert told(played) == ""
    monkeypatch.setattr(MemoryBulkActions, "save", early)
    assert ", and has changed " in told(played)
