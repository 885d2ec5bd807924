"""Check that a job whose message was never sent is found within three minutes, also while the counters stand still."""

from dataclasses import dataclass, field

import pytest

from chalicelib.adapters.memory.counters import MemoryCanaries, MemoryCounters
from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.counters.changes import CanaryPassed
from chalicelib.counters.port import Pause, Standing
from chalicelib.counters.stream import StreamCounter
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.port import Message, Overdue, Search
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.watchdog.constants import MOST_LOOKS
from chalicelib.watchdog.pulse import Pulse
from chalicelib.watchdog.run import Watchdog
from tests.support import T0, Clock, a_job

TYPE = "test.note"
BACKLOG = 30


class Reading(MemoryJobStore):
    """Records how many jobs the watchdog's searches may return."""

    most = 0

    def overdue(self, search: Search, now: float, limit: int) -> list[Overdue]:
        if not search.planned:
            self.most = max(self.most, limit)
        return list(super().overdue(search, now, limit))


@dataclass
class Stage:
    """A type with a backlog in its queue; its counters are right until the stream stands still."""

    still: bool = False
    one_still: bool = False
    """Whether one of the stream's two shards stands still."""
    clock: Clock = field(default_factory=Clock)
    paused: dict[str, Pause] = field(default_factory=dict)
    known: int = BACKLOG

    def __post_init__(self) -> None:
        self.store, self.queue = Reading(self.clock), MemoryJobQueue(self.clock)
        self.rows, self.canaries = MemoryCounters(), MemoryCanaries()
        for number in range(self.known):
            job = a_job(id=f"waits-{number}", type=TYPE, due_at=T0 + 900, sent=True)
            self.store.add(job)
            self.queue.send(Message(job.id, job.gen, TYPE))
        self.watchdog = Watchdog(
            Dispatcher(self.store, self.queue, self.clock), [TYPE], standing=self.standing,
            pulse=Pulse(self.canaries, self.rows),
        )  # fmt: skip

    def standing(self) -> Standing:
        """Return what the counters knew at the beginning: no job lacks a message."""
        return Standing({(TYPE, Status.QUEUED): self.known}, paused=self.paused, claimed_to={TYPE: T0 - 60})

    def run(self, minutes: int) -> None:
        """Run the watchdog each minute; the stream passes the canaries meanwhile, unless it stands still."""
        for _ in range(minutes):
            self.watchdog.run(lambda: 50.0)
            self.clock.advance(60)
            passed = [CanaryPassed(f"{number:040}", name) for number, name in enumerate(self.canaries.released)]
            for shard in range(2):
                if not (self.still or (self.one_still and shard)):
                    StreamCounter(self.rows, self.clock).count(passed[shard::2], f"shard {shard}")
            self.store.most = self.store.most if self.still or self.one_still else 0

    def orphan(self) -> Job:
        """Store a job whose process died before it could send the message."""
        self.store.add(a_job(id="orphan", type=TYPE, created_at=self.clock.now, due_at=self.clock.now + 30, sent=False))
        return self.store.get("orphan")


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_an_unsent_job_behind_a_backlog_is_sent_within_three_minutes(stage: Stage) -> None:
    stage.run(5)
    stage.still = True
    stage.orphan()
    stage.run(3)
    assert stage.store.get("orphan").sent


def test_one_shard_of_the_stream_that_stands_still_is_noticed_for_hours(stage: Stage) -> None:
    """Other shards are counted; the canaries are replaced from time to time."""
    stage.one_still = True
    stage.run(121)
    stage.orphan()
    stage.run(3)
    assert stage.store.get("orphan").sent


def test_the_whole_backlog_is_searched_only_while_the_counters_stand_still(stage: Stage) -> None:
    stage.run(5)
    stage.watchdog.run(lambda: 50.0)
    assert 0 < stage.store.most <= MOST_LOOKS
    stage.still = True
    stage.run(3)
    assert stage.store.most > MOST_LOOKS
    stage.still = False
    stage.run(2)
    stage.watchdog.run(lambda: 50.0)
    assert 0 < stage.store.most <= MOST_LOOKS


def test_counters_that_stand_still_for_days_are_noticed_when_they_count_again(stage: Stage) -> None:
    """The stream forgets a canary after a day."""
    stage.still = True
    stage.run(25 * 60)
    yesterday = 1000 * (stage.clock.now - 86_400)
    stage.canaries.released[:] = [name for name in stage.canaries.released if int(name) > yesterday]
    stage.still = False
    stage.run(1)
    stage.watchdog.run(lambda: 50.0)
    assert stage.store.most <= MOST_LOOKS


@pytest.mark.parametrize("paused", [True, False])
def test_a_stage_whose_queues_are_empty_or_paused_writes_no_canary(paused: bool) -> None:
    stage = Stage(known=BACKLOG if paused else 0, paused={TYPE: Pause(T0)} if paused else {})
    stage.run(10)
    assert stage.canaries.released == []


def test_a_table_that_does_not_answer_changes_no_verdict(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise ConnectionError

    stage.run(2)
    monkeypatch.setattr(stage.rows, "read", refuse)
    stage.orphan()
    stage.run(5)
    assert not stage.store.get("orphan").sent  # the counters are trusted: they may be right
    monkeypatch.undo()
    stage.still = True
    stage.run(2)
    assert stage.store.get("orphan").sent
