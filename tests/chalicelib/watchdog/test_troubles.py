"""Test that a run of the watchdog finds the types in trouble, stores them, and tells who is on call once."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from pydantic import BaseModel

from chalicelib import JobContext, Queue, job
from chalicelib.adapters.dynamo.counting.changes import read
from chalicelib.adapters.memory.counters import MemoryCounters
from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.counters.port import Pause, Standing
from chalicelib.counters.stream import StreamCounter
from chalicelib.counters.troubles import MEASURED, Condition, Troubles
from chalicelib.errors import StoreUnavailable
from chalicelib.job_types import jobtype
from chalicelib.job_types.queues import queues_of
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.port import Depth, Overdue, Search
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.telemetry.emf import Metric
from chalicelib.watchdog.constants import CALM, DUE_READ, HOLD, QUIET_EVERY
from chalicelib.watchdog.run import Watchdog
from chalicelib.watchdog.troubles import TroubleWatch
from tests.chalicelib.api.support import only_types
from tests.chalicelib.counters.test_signs import record
from tests.support import Clock, a_job

NAME = "order.place"


class Note(BaseModel):
    text: str = ""


@pytest.fixture(autouse=True)
def _types() -> Iterator[None]:
    with only_types():
        job(NAME)(place)
        yield


def place(_: Note, _ctx: JobContext) -> None:
    """Do nothing."""


class Topic:
    """A topic that may be out of order."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []
        self.out = False

    def tell(self, subject: str, text: str) -> None:
        if self.out:
            raise OSError
        self.told.append((subject, text))


class Depths(MemoryJobQueue):
    """A queue with given depths, which counts the requests for them."""

    given = Depth()
    asked = 0

    def depth(self, job_type: str) -> Depth:
        self.asked += 1
        return self.given


class Counting(MemoryCounters):
    """Counters whose row of the types in trouble may be refused, and which may not tell the minutes of some types."""

    refused = False
    throttled: Collection[str] = ()

    def replace_troubles(self, seen: Troubles, new: Troubles) -> bool:
        if self.refused:
            raise OSError
        return super().replace_troubles(seen, new)

    def buckets(self, job_type: str, step: int, start: float, end: float) -> Sequence[tuple[float, Mapping[str, int]]]:
        if job_type in self.throttled:
            raise OSError
        return super().buckets(job_type, step, start, end)


class Stage:
    """A watchdog with its stores, and the counters of the changes that are told."""

    def __init__(self) -> None:
        self.clock, self.counters, self.topic = Clock(), Counting(), Topic()
        self.store, self.queue = MemoryJobStore(self.clock), Depths(self.clock)
        self.count = StreamCounter(self.counters, self.clock)
        self.sequence = 100
        self.unread = False
        self.watchdog = self.started()

    def started(self) -> Watchdog:
        """Return the watchdog of a new process."""
        queues = queues_of(jobtype.all_types())
        watch = TroubleWatch(queues, self.store, self.counters, self.counters, self.clock, self.topic, "jobflow-prod")
        dispatcher = Dispatcher(self.store, self.queue, self.clock)
        return Watchdog(dispatcher, jobtype.names(), standing=self._standing, troubles=watch)

    def _standing(self) -> Standing:
        if self.unread:
            raise OSError
        return self.counters.standing()

    def changed(self, before: Job | None, after: Job) -> None:
        """Let the stream tell a change to the counters."""
        self.sequence += 1
        self.count.count(read([record(self.sequence, before, after)]), "shard")

    def put(self, **facts: Any) -> Job:
        """Store a job with these facts, and let the stream tell it."""
        found = a_job(**{"type": NAME, "sent": True, "created_at": self.clock(), "updated_at": self.clock(), **facts})
        self.store.add(found)
        self.changed(None, found)
        return found

    def claims(self, name: str = NAME) -> None:
        """Let the stream tell that a worker claims a job now; it completes at once."""
        held = a_job(type=name, status=Status.PROCESSING, started_at=self.clock(), updated_at=self.clock())
        self.changed(None, held)
        self.changed(held, replace(held, status=Status.COMPLETED))

    def dies(self, name: str = NAME, end: Status = Status.DEAD_LETTER) -> None:
        """Let a job become a dead letter, or end otherwise."""
        held = a_job(type=name, status=Status.PROCESSING, started_at=self.clock() - 1, lease_until=self.clock() + 60)
        self.changed(None, held)
        self.changed(held, replace(held, status=end, updated_at=self.clock()))

    def run(self, after: float = 60) -> None:
        self.clock.advance(after)
        self.watchdog.run(lambda: 50.0)

    def looked(self, remaining: Callable[[], float], key: str = NAME) -> bool:
        """Return whether a run that has this time left knows the troubles of all types."""
        assert self.watchdog.troubles is not None
        return self.watchdog.troubles.look(self.counters.standing(), {key: self.queue.given}, remaining)

    def names(self, condition: Condition) -> list[str]:
        return self.counters.standing().troubles.of(condition)


def in_trouble(capsys: pytest.CaptureFixture[str]) -> dict[str, float]:
    """Return the metric's data points since the last read, by condition."""
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if Metric.TYPES_IN_TROUBLE in line]
    return {line["condition"]: line[Metric.TYPES_IN_TROUBLE][0] for line in lines if "_aws" in line}


def test_each_run_writes_all_conditions_also_the_zeros(capsys: pytest.CaptureFixture[str]) -> None:
    stage = Stage()
    stage.run()
    assert in_trouble(capsys) == dict.fromkeys(MEASURED, 0)
    stage.dies()
    stage.run(5)
    assert in_trouble(capsys) == {**dict.fromkeys(MEASURED, 0), Condition.DEAD_LETTERS: 1}


def test_the_names_are_told_once_whichever_process_runs_and_again_when_it_is_over() -> None:
    stage = Stage()
    stage.dies()
    stage.run(5)
    stage.watchdog = stage.started()
    stage.run()
    stage.run(HOLD)
    assert stage.names(Condition.DEAD_LETTERS) == []
    assert [subject for subject, _ in stage.topic.told] == ["jobflow-prod: types in trouble"]
    stage.run(CALM)
    assert [subject for subject, _ in stage.topic.told][1:] == ["jobflow-prod: no type is in trouble"]
    stage.run()
    assert len(stage.topic.told) == 2


def test_a_type_that_comes_and_goes_is_told_once_and_new_types_at_once() -> None:
    job("order.cancel")(place)
    stage = Stage()
    for minute in range(60):
        if minute % 6 == 0:
            stage.dies()
        stage.run()
    assert len(stage.topic.told) == 1
    stage.dies("order.cancel")
    stage.run(HOLD - 60)
    assert [text for _, text in stage.topic.told if "order.cancel" in text] == [stage.topic.told[-1][1]]


def test_a_message_that_could_not_be_sent_is_sent_by_the_next_run() -> None:
    stage = Stage()
    stage.topic.out = True
    stage.dies()
    stage.run(5)
    assert stage.names(Condition.DEAD_LETTERS) == [NAME], "the console names it"
    stage.topic.out = False
    stage.run()
    assert len(stage.topic.told) == 1


def test_a_late_stream_makes_no_dead_letter_too_old_to_ring() -> None:
    stage = Stage()
    ended_at = stage.clock()
    stage.clock.advance(3600)
    held = a_job(type=NAME, status=Status.PROCESSING, started_at=ended_at, updated_at=ended_at)
    stage.changed(None, held)
    stage.changed(held, replace(held, status=Status.DEAD_LETTER))
    stage.run()
    assert stage.names(Condition.DEAD_LETTERS) == [NAME]


def test_a_function_that_cannot_start_is_noticed_by_the_jobs_themselves() -> None:
    stage = Stage()
    waiting = a_job(type=NAME, sent=True, created_at=stage.clock(), updated_at=stage.clock())
    stage.store.add(waiting)
    stage.changed(None, waiting)
    stage.queue.given = Depth(in_flight=1)
    stage.run(30)
    assert stage.names(Condition.NOT_STARTING) == []
    stage.run(60)
    assert stage.names(Condition.NOT_STARTING) == [NAME]


def test_a_scheduled_job_that_nobody_starts_is_noticed_too() -> None:
    stage = Stage()
    at = stage.clock() + 30
    planned = a_job(type=NAME, status=Status.SCHEDULED, sent=True, run_at=at, next_attempt_at=at, due_at=at)
    stage.store.add(planned)
    stage.changed(None, planned)
    stage.queue.given = Depth(in_flight=1)
    stage.run(60)
    assert stage.names(Condition.NOT_STARTING) == []
    stage.run(60)
    assert stage.names(Condition.NOT_STARTING) == [NAME]


def test_a_dead_attempt_does_not_hide_a_function_that_cannot_start() -> None:
    """The database hangs: a running attempt was killed, and new workers time out before they claim anything."""
    stage = Stage()
    stage.put(status=Status.PROCESSING, started_at=stage.clock(), lease_until=stage.clock() + 65)
    stage.put()
    stage.queue.given = Depth(in_flight=2)
    stage.run(61)
    assert stage.names(Condition.NOT_STARTING) == [], "the attempt may still run"
    stage.run(60)
    assert stage.names(Condition.NOT_STARTING) == [NAME]


def test_a_dead_attempt_that_no_worker_takes_over_is_noticed_without_other_jobs() -> None:
    stage = Stage()
    stage.put(status=Status.PROCESSING, started_at=stage.clock(), lease_until=stage.clock() + 65)
    stage.queue.given = Depth(in_flight=1)
    stage.run(120)
    assert stage.names(Condition.NOT_STARTING) == []
    stage.run(60)
    assert stage.names(Condition.NOT_STARTING) == [NAME]


@pytest.mark.parametrize("behind", [False, True], ids=["counted", "counters behind"])
def test_a_long_job_that_runs_shows_that_its_function_starts(behind: bool) -> None:
    stage = Stage()
    facts = {"type": NAME, "status": Status.PROCESSING, "started_at": stage.clock(), "lease_until": stage.clock() + 900}
    if behind:
        stage.store.add(a_job(**facts))
        stage.store.add(a_job(type=NAME, sent=True, created_at=stage.clock(), updated_at=stage.clock()))
    else:
        stage.put(**facts)
        stage.put()
    stage.queue.given = Depth(visible=1, in_flight=1)
    stage.run(600)
    assert stage.names(Condition.NOT_STARTING) == []


def test_a_job_whose_sleep_is_over_is_due_like_another_one() -> None:
    stage = Stage()
    stage.put(status=Status.SUSPENDED, next_attempt_at=stage.clock() + 60, waits="sleep")
    stage.queue.given = Depth(in_flight=1)
    stage.run(61)
    assert stage.names(Condition.NOT_STARTING) == []
    stage.run(60)
    assert stage.names(Condition.NOT_STARTING) == [NAME]


@pytest.mark.parametrize("status", [Status.SCHEDULED, Status.RETRYING, Status.SUSPENDED])
def test_a_job_that_has_been_due_for_long_is_noticed_while_workers_start_others(status: Status) -> None:
    stage = Stage()
    at = stage.clock() + 60
    stage.put(status=status, run_at=at, next_attempt_at=at, due_at=at)
    stage.queue.given = Depth(visible=100, in_flight=1)
    for _ in range(16):
        stage.clock.advance(60)
        stage.claims()
        stage.run(1)
    assert stage.names(Condition.OLDEST_JOB) == []
    stage.clock.advance(600)
    stage.claims()
    stage.run(1)
    assert stage.names(Condition.OLDEST_JOB) == [NAME]


@pytest.mark.parametrize("number", [60, 2 * DUE_READ])
def test_older_jobs_that_back_off_do_not_hide_a_job_that_is_due(number: int) -> None:
    stage = Stage()
    for _ in range(number):
        stage.put(status=Status.RETRYING, created_at=stage.clock() - 60, next_attempt_at=stage.clock() + 9000)
    stage.put()
    stage.queue.given = Depth(visible=1, in_flight=1)
    stage.run(1300)
    assert stage.names(Condition.OLDEST_JOB) == [NAME]
    assert stage.names(Condition.NOT_STARTING) == [NAME]


def test_more_jobs_than_a_run_reads_do_not_hide_a_running_one() -> None:
    stage = Stage()
    for _ in range(DUE_READ):
        stage.put(created_at=stage.clock() - 60)
    stage.put(status=Status.PROCESSING, started_at=stage.clock(), lease_until=stage.clock() + 900)
    stage.queue.given = Depth(visible=1, in_flight=1)
    with only_types():
        job(NAME, timeout=895)(place)
        stage.watchdog = stage.started()
        stage.run(120)
        assert stage.names(Condition.NOT_STARTING) == []


def test_jobs_that_the_counters_do_not_know_yet_are_noticed() -> None:
    """The counters are behind; the queue shows that there are jobs."""
    stage = Stage()
    stage.store.add(a_job(type=NAME, sent=True, created_at=stage.clock(), updated_at=stage.clock()))
    stage.queue.given = Depth(in_flight=1)
    stage.run(120)
    assert stage.names(Condition.NOT_STARTING) == [NAME]


def test_counters_that_stand_still_show_no_function_that_cannot_start() -> None:
    stage = Stage()
    waiting = a_job(type=NAME, sent=True, created_at=stage.clock(), updated_at=stage.clock())
    stage.changed(None, waiting)
    stage.store.add(replace(waiting, status=Status.COMPLETED))
    stage.queue.given = Depth(in_flight=1)
    stage.run(3600)
    assert stage.names(Condition.NOT_STARTING) == stage.names(Condition.OLDEST_JOB) == []


def test_an_attempt_whose_worker_died_is_noticed_when_another_worker_takes_the_job() -> None:
    stage = Stage()
    lost = a_job(type=NAME, status=Status.PROCESSING, started_at=stage.clock() - 90, lease_until=stage.clock() - 10)
    stage.changed(None, lost)
    stage.run()
    assert stage.names(Condition.NOT_STARTING) == []
    stage.changed(lost, replace(lost, started_at=stage.clock(), claims=2))
    stage.run()
    assert stage.names(Condition.NOT_STARTING) == [NAME]


def test_many_failed_jobs_are_noticed_by_the_counters_of_the_last_minutes() -> None:
    stage = Stage()
    for number in range(20):
        held = a_job(type=NAME, status=Status.PROCESSING, started_at=stage.clock(), updated_at=stage.clock())
        stage.changed(None, held)
        end = Status.FAILED if number < 2 else Status.COMPLETED
        stage.changed(held, replace(held, status=end, updated_at=stage.clock()))
    stage.run()
    assert stage.names(Condition.FAILURE_RATIO) == [NAME]
    stage.run(900)
    stage.run(300)
    assert stage.names(Condition.FAILURE_RATIO) == []


def test_a_job_that_waits_too_long_is_noticed_unless_an_operator_paused_its_type() -> None:
    stage = Stage()
    stage.put()
    stage.queue.given = Depth(visible=1, in_flight=1)
    stage.counters.pause(NAME, Pause(stage.clock(), by="ada"))
    stage.run(1300)
    assert stage.names(Condition.OLDEST_JOB) == stage.names(Condition.PAUSED) == []
    stage.counters.resume(NAME)
    stage.run()
    assert stage.names(Condition.OLDEST_JOB) == [NAME]


def test_a_run_that_cannot_know_the_troubles_does_not_count_as_one(capsys: pytest.CaptureFixture[str]) -> None:
    """The alarms keep their state without data, so the alarm about a silent watchdog must ring."""
    stage = Stage()
    stage.run()
    assert Metric.WATCHDOG_RAN in capsys.readouterr().out
    stage.unread = True
    stage.run()
    written = capsys.readouterr().out
    assert Metric.WATCHDOG_RAN not in written
    assert Metric.TYPES_IN_TROUBLE not in written


def test_a_message_is_sent_once_although_the_row_cannot_be_written() -> None:
    stage = Stage()
    stage.counters.refused = True
    stage.dies()
    for _ in range(4):
        stage.run()
    assert len(stage.topic.told) == 1
    stage.counters.refused = False
    stage.run(1)
    stage.watchdog = stage.started()
    stage.run(1)
    assert len(stage.topic.told) == 1


def test_a_queue_that_cannot_be_read_keeps_its_troubles_and_hides_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    job("order.cancel")(place)
    stage = Stage()
    for _ in range(20):
        stage.dies(end=Status.FAILED)
    stage.run()
    assert stage.names(Condition.FAILURE_RATIO) == [NAME]
    stage.counters.throttled = [NAME]
    capsys.readouterr()
    stage.run(400)
    stage.dies("order.cancel")
    stage.run()
    assert stage.names(Condition.FAILURE_RATIO) == [NAME], "it is not known to be over"
    assert stage.names(Condition.DEAD_LETTERS) == ["order.cancel"]
    assert Metric.WATCHDOG_RAN not in capsys.readouterr().out
    stage.counters.throttled = ()
    stage.run(900)
    assert stage.names(Condition.FAILURE_RATIO) == []
    assert Metric.WATCHDOG_RAN in capsys.readouterr().out


def test_jobs_that_the_table_does_not_read_do_not_end_a_trouble(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage()
    stage.put()
    stage.queue.given = Depth(in_flight=1)
    stage.run(1300)
    assert stage.names(Condition.NOT_STARTING) == stage.names(Condition.OLDEST_JOB) == [NAME]

    def throttled(_: Sequence[str]) -> Sequence[Job]:
        raise StoreUnavailable("DynamoDB did not read all jobs.")

    monkeypatch.setattr(stage.store, "get_many", lambda _: [])
    monkeypatch.setattr(stage.store, "read_all", throttled)
    capsys.readouterr()
    stage.run(HOLD + 1)
    assert stage.names(Condition.NOT_STARTING) == stage.names(Condition.OLDEST_JOB) == [NAME]
    assert Metric.WATCHDOG_RAN not in capsys.readouterr().out


def test_looking_for_trouble_leaves_most_of_the_time_to_lost_messages() -> None:
    job("order.cancel")(place)
    stage = Stage()
    stage.queue.given = Depth(visible=1, in_flight=1)
    left = [50.0]
    overdue = stage.store.overdue

    def slow(search: Search, now: float, limit: int) -> Sequence[Overdue]:
        left[0] -= 9
        return overdue(search, now, limit)

    stage.store.overdue = slow  # type: ignore[method-assign]
    assert not stage.looked(lambda: left[0])
    assert left[0] == 50 - 2 * 9
    assert stage.looked(lambda: 50.0)


@pytest.mark.parametrize("claimed", [True, False])
def test_a_shared_queue_of_many_types_leaves_most_of_the_time_to_lost_messages(claimed: bool) -> None:
    """Jobs of all types back off; what the run found before its time was over is stored."""
    with only_types():
        names = [f"order.a{number}" for number in range(9)]
        for name in names:
            job(name, queue=Queue("orders"))(place)
        stage = Stage()
        for name in names:
            stage.put(type=name, created_at=stage.clock() - 10, updated_at=stage.clock() - 10)
            for _ in range(2):
                stage.put(type=name, status=Status.RETRYING, next_attempt_at=stage.clock() + 9000)
        stage.clock.advance(4000)
        if claimed:
            stage.claims(names[0])
        stage.queue.given = Depth(visible=1, in_flight=1)
        left, reads = [50.0], []
        overdue, read_all = stage.store.overdue, stage.store.read_all

        def slow(search: Search, now: float, limit: int) -> Sequence[Overdue]:
            left[0] -= 1
            return overdue(search, now, limit)

        def slowly(ids: Sequence[str]) -> Sequence[Job]:
            left[0] -= 6
            reads.append(ids)
            return read_all(ids)

        stage.store.overdue, stage.store.read_all = slow, slowly  # type: ignore[method-assign,assignment]
        assert not stage.looked(lambda: left[0], "orders")
        assert left[0] >= 50 * 2 / 3 - 6
        assert reads
        assert stage.names(Condition.OLDEST_JOB)
        assert stage.names(Condition.NOT_STARTING) == [], "a job that was not read may run"
        assert stage.looked(lambda: 50.0, "orders")
        assert stage.names(Condition.OLDEST_JOB) == names
        assert stage.names(Condition.NOT_STARTING) == ([] if claimed else ["orders"])


def test_a_quiet_queue_is_asked_every_five_minutes() -> None:
    stage = Stage()
    for _ in range(2 * QUIET_EVERY):
        stage.run()
    assert stage.queue.asked == 2


def test_a_message_that_waits_in_a_quiet_queue_is_not_taken_for_a_lost_one() -> None:
    """The counters know nothing of the job yet; the index shows it, so the queue is asked before the job is judged."""
    stage = Stage()
    stage.run()
    waiting = a_job(type=NAME, sent=True, created_at=stage.clock(), updated_at=stage.clock(), due_at=stage.clock())
    stage.store.add(waiting)
    stage.queue.given = Depth(visible=1)
    stage.run(120)
    assert stage.queue.asked == 2
    assert stage.store.get(waiting.id).resends == 0


def test_the_message_of_a_job_is_lost_and_sent_again_while_its_queue_is_quiet() -> None:
    stage = Stage()
    stage.run()
    lost = a_job(type=NAME, sent=True, created_at=stage.clock(), updated_at=stage.clock(), due_at=stage.clock())
    stage.store.add(lost)
    stage.run(61)
    assert stage.store.get(lost.id).resends == 1


def test_a_queue_with_messages_or_unfinished_jobs_is_asked_each_minute() -> None:
    stage = Stage()
    stage.queue.given = Depth(visible=1)
    stage.run()
    stage.run()
    assert stage.queue.asked == 2
    stage.queue.given = Depth()
    stage.run()
    stage.changed(None, a_job(type=NAME, sent=True, updated_at=stage.clock()))
    stage.run()
    assert stage.queue.asked == 4
