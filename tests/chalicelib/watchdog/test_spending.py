"""Test budgets: a type is reported and paused by what its jobs have cost today, and continues on the next day."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from pydantic import BaseModel

from chalicelib.adapters.memory.counters import MemoryCounters
from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.counters import keys
from chalicelib.counters.port import BY_BUDGET, Additions, Pause
from chalicelib.counters.troubles import Condition
from chalicelib.errors import ConfigurationError, JobConflict
from chalicelib.job_types.failing import Failing
from chalicelib.job_types.jobtype import JobType, job
from chalicelib.job_types.queue import Queue
from chalicelib.job_types.queues import queues_of
from chalicelib.job_types.spending import Spending
from chalicelib.jobs.constants import DAY
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.pausing.memory import MemoryAutoPauses, MemoryPastPauses
from chalicelib.pausing.switch import Pausing
from chalicelib.usage.days import UsageReader
from chalicelib.watchdog.run import Watchdog
from chalicelib.watchdog.spending import SpendingWatch
from chalicelib.watchdog.troubles import TroubleWatch
from tests.chalicelib.api.support import only_types
from tests.support import T0, Clock


class Asked(BaseModel):
    """A payload."""


def _nothing(payload: Asked, ctx: Any) -> None:
    """Do nothing."""


KIND: JobType[Asked, None] = JobType("a.b", _nothing, Asked, spending=Spending(per_day=5.0))
FREE: JobType[Asked, None] = JobType("c.d", _nothing, Asked)
DOLLAR_MS = round(1_000_000 / 13.3334 * 2 * 1000)
"""Milliseconds of a function with 512 MB that cost a dollar."""


class Switches:
    """Consumers that note each switch, and may fail."""

    def __init__(self) -> None:
        self.made: list[tuple[str, bool]] = []
        self.dies = False
        self.meanwhile: Callable[[], object] | None = None
        """What another process does just before the next switch."""

    def switch(self, job_type: str, *, on: bool) -> None:
        if self.dies:
            raise ConnectionError("killed")
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            meanwhile()
        self.made.append((job_type, on))


class Stage:
    """A watchdog over a type with a budget and one without."""

    def __init__(self) -> None:
        self.clock, self.counters, self.past, self.switches = Clock(), MemoryCounters(), MemoryPastPauses(), Switches()
        self.auto = MemoryAutoPauses()
        self.sent: list[str] = []
        self.sequence = 0
        self.pausing = Pausing(
            self.counters, self.switches, self.counters, self.past, self.clock, lambda _: self.auto
        )  # fmt: skip
        usage = UsageReader(self.counters, self.clock)
        spending = SpendingWatch([KIND], usage, self.pausing, self.past, self.clock)
        store = MemoryJobStore(self.clock)
        watch = TroubleWatch(
            queues_of([KIND, FREE]), store, self.counters, self.counters, self.clock, self, "stage", spending=spending
        )
        dispatcher = Dispatcher(store, MemoryJobQueue(self.clock), self.clock)
        self.watchdog = Watchdog(dispatcher, [KIND.name, FREE.name], standing=self.counters.standing, troubles=watch)

    def tell(self, subject: str, text: str) -> None:
        self.sent.append(text)

    def spend(self, dollars: float, name: str = KIND.name) -> None:
        self.sequence += 1
        used = Additions(Counter({keys.RUN_MS: round(dollars * DOLLAR_MS)}))
        place = f"{self.sequence:03}"
        self.counters.add(keys.bucket(name, 86_400, self.clock()), used, "s", place, place)

    def run(self, after: float = 60) -> None:
        self.clock.advance(after)
        self.watchdog.run(lambda: 50.0)

    @property
    def watch(self) -> SpendingWatch:
        assert self.watchdog.troubles is not None
        assert self.watchdog.troubles.spending is not None
        return self.watchdog.troubles.spending

    def deploy(self, per_day: float) -> None:
        assert self.watchdog.troubles is not None
        kind = replace(KIND, spending=Spending(per_day=per_day))
        self.watchdog.troubles.spending = replace(self.watch, kinds=[kind])

    @property
    def receives(self) -> bool:
        """Return whether the queue's messages are delivered."""
        return not self.switches.made or self.switches.made[-1][1]

    def pause(self) -> Pause | None:
        return self.counters.standing().paused.get(KIND.name)

    @property
    def reported(self) -> list[str]:
        return self.counters.standing().troubles.of(Condition.BUDGET)


@pytest.fixture
def stage() -> Iterator[Stage]:
    with only_types(KIND, FREE):
        yield Stage()


def test_nothing_happens_below_the_warning(stage: Stage) -> None:
    stage.spend(3.9)
    stage.spend(900, FREE.name)
    stage.run()
    assert (stage.pause(), stage.reported, stage.sent, stage.switches.made) == (None, [], [], [])


def test_a_type_is_reported_once_from_80_percent_on_and_still_runs(stage: Stage) -> None:
    stage.spend(4.1)
    stage.run()
    stage.run()
    assert (stage.pause(), stage.reported, len(stage.sent)) == (None, [KIND.name], 1)
    assert f"budget: {KIND.name}" in stage.sent[0]


def test_a_type_whose_budget_is_spent_is_paused_with_the_reason_until_midnight(stage: Stage) -> None:
    stage.spend(5.01)
    stage.run()
    pause = stage.pause()
    assert pause is not None
    assert pause.by == BY_BUDGET
    assert "$5.01" in pause.reason
    assert stage.switches.made[0] == (KIND.name, False)
    stage.run(DAY / 4)
    assert stage.pause() is not None
    stage.run(DAY - stage.clock.now % DAY)
    assert stage.pause() is None
    assert stage.switches.made[-1] == (KIND.name, True)
    [past] = stage.past.newest(KIND.name, 5)
    assert (past.pause.by, past.resumed_by) == (BY_BUDGET, BY_BUDGET)
    stage.spend(6)
    stage.run()
    assert stage.pause() is not None


def test_an_operator_who_resumes_is_left_in_peace_for_the_day(stage: Stage) -> None:
    stage.spend(6)
    stage.run()
    stage.pausing.resume(KIND.name, "ada")
    for _ in range(3):
        stage.spend(1)
        stage.run()
    assert stage.pause() is None
    stage.run(DAY - stage.clock.now % DAY)
    stage.spend(6)
    stage.run()
    assert stage.pause() is not None


def test_an_operators_pause_stays_whatever_is_spent(stage: Stage) -> None:
    stage.pausing.pause(KIND.name, "ada", "maintenance")
    stage.spend(6)
    stage.run()
    stage.run(DAY)
    pause = stage.pause()
    assert pause is not None
    assert pause.by == "ada"


def test_an_operator_who_pauses_during_the_pause_keeps_the_type_paused_after_midnight(stage: Stage) -> None:
    stage.spend(6)
    stage.run()
    stage.pausing.pause(KIND.name, "ada", "until monday")
    stage.run(DAY)
    pause = stage.pause()
    assert pause is not None
    assert (pause.by, pause.reason) == ("ada", "until monday")


def test_a_run_that_dies_between_the_pause_and_the_switch_is_finished_by_the_next(stage: Stage) -> None:
    stage.spend(6)
    stage.switches.dies = True
    stage.run()
    assert stage.switches.made == []
    stage.switches.dies = False
    stage.run()
    assert (KIND.name, False) in stage.switches.made
    assert stage.pause() is not None
    count = len(stage.switches.made)
    stage.run(600)
    assert len(stage.switches.made) == count


def test_a_resume_that_dies_is_finished_by_the_next_run(stage: Stage) -> None:
    stage.spend(6)
    stage.run()
    stage.switches.dies = True
    stage.run(DAY)
    assert stage.pause() is not None
    stage.switches.dies = False
    stage.run()
    assert stage.pause() is None
    assert len(stage.past.newest(KIND.name, 5)) == 1


def test_a_raised_budget_is_enforced_again_on_the_same_day(stage: Stage) -> None:
    stage.spend(6)
    stage.run()
    stage.deploy(10)
    stage.run()
    assert stage.pause() is None
    assert stage.receives
    stage.spend(3)
    stage.run()
    assert stage.pause() is None
    stage.spend(2)
    stage.run()
    assert stage.pause() is not None
    assert not stage.receives


def test_a_sum_of_the_last_moment_of_a_day_does_not_switch_off_the_budget_of_the_next(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.clock.advance(DAY - stage.clock.now % DAY - 0.5)
    stage.spend(6)
    read = UsageReader.today

    def slowly(reader: UsageReader, *given: Any) -> Any:
        found = read(reader, *given)
        stage.clock.advance(1)
        return found

    monkeypatch.setattr(UsageReader, "today", slowly)
    stage.run(0)
    stage.run()
    assert stage.pause() is None
    stage.spend(6)
    stage.run()
    assert stage.pause() is not None


@pytest.mark.parametrize("when", ["before the check", "during the check"])
def test_a_run_with_an_older_view_does_not_stop_the_queue_that_an_operator_has_resumed(stage: Stage, when: str) -> None:
    stage.spend(6)
    stage.run()
    standing = stage.counters.standing()
    if when == "before the check":
        stage.pausing.resume(KIND.name, "ada")
    else:
        stage.switches.meanwhile = lambda: stage.pausing.resume(KIND.name, "ada")
    stage.watch.look(standing, lambda: None)
    assert stage.pause() is None
    assert stage.receives


def test_a_queue_that_stays_off_after_a_resume_is_switched_on_by_the_next_run(stage: Stage) -> None:
    stage.spend(6)
    stage.run()
    stage.pausing.resume(KIND.name, "ada")
    stage.switches.switch(KIND.name, on=False)  # by a run that died before it saw that the pause has ended
    stage.run()
    assert stage.pause() is None
    assert stage.receives


@pytest.mark.parametrize("when", ["before the check", "during the check"])
def test_the_end_of_a_budgets_pause_does_not_end_a_pause_that_an_operator_has_just_made(
    stage: Stage, when: str
) -> None:
    stage.spend(6)
    stage.run()
    stage.clock.advance(DAY)
    standing = stage.counters.standing()
    if when == "before the check":
        stage.pausing.pause(KIND.name, "ada", "until monday")
    else:
        stage.switches.meanwhile = lambda: stage.pausing.pause(KIND.name, "ada", "until monday")
    stage.watch.look(standing, lambda: None)
    stage.run()
    pause = stage.pause()
    assert pause is not None
    assert pause.by == "ada"
    assert not stage.receives
    assert [one.pause.by for one in stage.past.newest(KIND.name, 5)] == [BY_BUDGET]


def test_a_queue_that_an_ending_budget_has_started_under_an_operators_pause_is_stopped_again(stage: Stage) -> None:
    stage.pausing.pause(KIND.name, "ada", "until monday")
    stage.switches.switch(KIND.name, on=True)  # by a run that died before it saw ada's pause
    stage.run()
    assert not stage.receives


def test_an_operator_who_takes_a_pause_over_and_resumes_is_left_in_peace_for_the_day(stage: Stage) -> None:
    stage.spend(6)
    stage.run()
    stage.run()
    stage.pausing.pause(KIND.name, "ada", "let me look")
    stage.run()
    stage.pausing.resume(KIND.name, "ada")
    stage.run()
    assert stage.pause() is None
    past = stage.past.newest(KIND.name, 5)
    assert [(one.pause.by, one.resumed_by) for one in past] == [("ada", "ada"), (BY_BUDGET, "ada")]
    stage.run(DAY - stage.clock.now % DAY)
    stage.spend(6)
    stage.run()
    assert stage.pause() is not None


def test_a_pause_that_an_operator_takes_over_stays_if_the_queue_is_still_being_switched(stage: Stage) -> None:
    def busy() -> None:
        raise JobConflict("The queue is still being disabled.")

    stage.spend(6)
    stage.run()
    stage.switches.meanwhile = busy
    with pytest.raises(JobConflict):
        stage.pausing.pause(KIND.name, "ada", "let me look")
    stage.run()
    pause = stage.pause()
    assert pause is not None
    assert pause.by == "ada"
    assert not stage.receives


def test_the_end_of_an_operators_own_pause_does_not_switch_off_the_budget(stage: Stage) -> None:
    stage.pausing.pause(KIND.name, "ada", "maintenance")
    stage.run()
    stage.pausing.resume(KIND.name, "ada")
    stage.spend(6)
    stage.run()
    assert stage.pause() is not None


def test_a_budget_replaces_an_automatic_pause(stage: Stage) -> None:
    stage.counters.pause(KIND.name, Pause(T0, "JobFlow", "fails", probe_at=T0 + 60))
    stage.spend(6)
    stage.run()
    pause = stage.pause()
    assert pause is not None
    assert pause.by_budget


def test_budgets_are_not_read_in_the_time_of_lost_messages(stage: Stage) -> None:
    def over() -> None:
        raise TimeoutError

    stage.spend(6)
    assert stage.watch.look(stage.counters.standing(), over) == (set(), {KIND.name})
    assert stage.pause() is None


def test_what_cannot_be_read_ends_no_report(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.spend(4.5)
    stage.run()

    def down(*_: Any) -> Any:
        raise ConnectionError("down")

    monkeypatch.setattr(UsageReader, "today", down)
    for _ in range(15):
        stage.run()
    assert (stage.reported, len(stage.sent)) == ([KIND.name], 1)


@pytest.mark.parametrize(
    "given",
    [{"per_day": 0}, {"per_day": 5e-324}, {"warn": 1e-9}, {"per_day": -1.0}, {"per_day": "5"}, {"per_day": True},
     {"per_day": 2_000_000}, {"warn": 0}, {"warn": 1.1}, {"by_tenant": 1}],
)  # fmt: skip
def test_a_wrong_declaration_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="spending: Spending"):
        Spending(**given)


def test_a_budget_does_not_go_with_a_shared_queue_and_tenants_need_a_field() -> None:
    def run(payload: Asked, ctx: Any) -> None:
        """Do nothing."""

    with only_types():
        with pytest.raises(ConfigurationError, match="whole queue"):
            job("x.y", spending=Spending(per_day=1), queue=Queue("mail"))(run)
        with pytest.raises(ConfigurationError, match="fair_by or serial_by"):
            job("x.y", spending=Spending(by_tenant=True))(run)
        job("x.y", spending=Spending(per_day=1), pause_when=Failing())(run)
