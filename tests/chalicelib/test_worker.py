"""A batch worked off over the memory ports, on a clock the test holds."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import pytest
from pydantic import BaseModel

from chalicelib import changes, telemetry
from chalicelib.context import JobContext
from chalicelib.errors import PermanentError
from chalicelib.job import Job, Status
from chalicelib.jobtype import JobType
from chalicelib.memory import MemoryJobQueue, MemoryJobStore, Message
from chalicelib.metering import SERVICE
from chalicelib.nudge import write_nudge
from chalicelib.ports import Nudge
from chalicelib.retry import no_jitter
from chalicelib.worker import Worker

T0 = 1_800_000_000.0


class Note(BaseModel):
    """A payload."""

    text: str = "hello"


class Crash(BaseException):
    """The process is gone: nothing after this line runs."""


@dataclass
class Clock:
    """Time that moves when the test says so."""

    now: float = T0

    def __call__(self) -> float:
        return self.now


@dataclass
class Invocation:
    """Lambda's context: an end on the test's clock."""

    clock: Clock
    ends: float
    aws_request_id: str = "request-1"

    def get_remaining_time_in_millis(self) -> int:
        return int((self.ends - self.clock.now) * 1000)


@dataclass
class World:
    """One job type with its queue, store and worker; `script` says what each attempt does."""

    clock: Clock = field(default_factory=Clock)
    script: list[Callable[[JobContext], object]] = field(default_factory=list)
    ran: list[tuple[int, int]] = field(default_factory=list)
    timeout: int = 60

    def __post_init__(self) -> None:
        self.store = MemoryJobStore(self.clock)
        self.queue = MemoryJobQueue(self.clock, visibility_timeout=6 * self.timeout)
        self.kind = JobType("test.note", self._function, Note, timeout=self.timeout, batch_size=10)
        self.worker = self.new_worker()

    def new_worker(self) -> Worker:
        return Worker(self.kind, self.store, self.queue, self.clock, no_jitter, spread=lambda low, _: low)

    def _function(self, _: Note, ctx: JobContext) -> object:
        self.ran.append(ctx.job.token)
        return self.script.pop(0)(ctx) if self.script else "done"

    def submit(self, job_id: str = "job-1", **fields: object) -> Job:
        job = Job(job_id, "test.note", Status.QUEUED, T0, T0, payload={"text": "hi"}, due_at=T0 + 60, **fields)  # type: ignore[arg-type]
        self.store.add(job)
        self.queue.send(Nudge(job.id, 1, job.type))
        return job

    def job(self, job_id: str = "job-1") -> Job:
        return self.store.get(job_id)

    def poll(self, invocation: Invocation | None = None) -> int:
        """Receive and work off one batch like Lambda: acknowledge what was not reported. Returns its size."""
        batch = self.queue.receive("test.note")
        if batch:
            context = invocation or Invocation(self.clock, self.clock.now + self.timeout)
            self.deliver(batch, context)
        return len(batch)

    def deliver(self, batch: list[Message], context: Invocation) -> None:
        records = [
            {
                "messageId": f"m-{message.receipt}",
                "receiptHandle": message.receipt,
                "body": write_nudge(message.nudge),
                "attributes": {"ApproximateReceiveCount": str(message.receive_count)},
            }
            for message in batch
        ]
        again = self.worker.work({"Records": records}, context)
        for message in batch:
            if f"m-{message.receipt}" not in again:
                self.queue.delete("test.note", message.receipt)

    def waiting(self) -> list[Message]:
        return self.queue.messages.get("test.note", [])

    def dead(self) -> list[Message]:
        return self.queue.dead.get("test.note", [])


@pytest.fixture
def world() -> World:
    return World()


def boom(_: JobContext) -> object:
    raise ValueError("boom")


def test_a_job_runs_once_and_its_value_is_the_result(world: World) -> None:
    world.submit()
    assert world.poll() == 1
    assert (world.job().status, world.job().result, world.job().attempts) == (Status.COMPLETED, "done", 1)
    assert world.waiting() == []


def test_a_failed_attempt_backs_off_twice_as_long_each_time_and_then_completes(world: World) -> None:
    world.submit()
    world.script = [boom, boom]
    for attempt, delay in ((1, 2), (2, 4)):
        world.poll()
        job = world.job()
        assert (job.status, job.attempts, job.next_attempt_at) == (Status.RETRYING, attempt, world.clock.now + delay)
        world.clock.now += delay - 1
        assert world.poll() == 0, "not before its time"
        world.clock.now += 1
    world.poll()
    assert (world.job().status, world.job().attempts) == (Status.COMPLETED, 3)
    history = world.store.view("job-1").attempts
    assert [(a.outcome, a.error_class, a.error_message, a.retry_delay_s) for a in history] == [
        ("error", "ValueError", "boom", 2),
        ("error", "ValueError", "boom", 4),
    ]
    assert "in boom" in (history[0].stack or "")


def test_an_exhausted_job_burns_down_into_the_dead_letter_queue_without_running_again(world: World) -> None:
    world.submit(max_attempts=2)
    world.script = [boom, boom]
    world.poll()
    world.clock.now += 2
    world.poll()
    assert world.job().status is Status.DEAD_LETTER
    assert world.dead() == [], "only SQS moves messages to the dead-letter queue"
    while world.waiting():
        world.poll()
    assert len(world.dead()) == 1
    assert world.ran == [(1, 1), (1, 2)]


def test_max_attempts_of_one_dead_letters_at_the_first_failure(world: World) -> None:
    world.submit(max_attempts=1)
    world.script = [boom]
    world.poll()
    assert (world.job().status, world.job().error_class) == (Status.DEAD_LETTER, "ValueError")


def test_a_permanent_error_fails_at_once(world: World) -> None:
    def refuse(_: JobContext) -> object:
        raise PermanentError("no such address")

    world.submit()
    world.script = [refuse]
    world.poll()
    assert (world.job().status, world.job().attempts, world.job().error_message) == (
        Status.FAILED,
        1,
        "no such address",
    )
    assert world.waiting() == []


def test_a_result_that_is_not_json_fails_at_once(world: World) -> None:
    world.submit()
    world.script = [lambda _: object()]
    world.poll()
    assert world.job().status is Status.FAILED
    assert "not JSON" in (world.job().error_message or "")


def test_a_stored_payload_that_no_longer_parses_fails_naming_the_field(world: World) -> None:
    world.store.add(Job("job-1", "test.note", Status.QUEUED, T0, T0, payload={"text": 7}))
    world.queue.send(Nudge("job-1", 1, "test.note"))
    world.poll()
    assert world.job().status is Status.FAILED
    assert "'text'" in (world.job().error_message or "")


def test_a_killed_worker_is_taken_over_after_its_lease_and_the_lost_attempt_is_on_record(world: World) -> None:
    def die(_: JobContext) -> object:
        raise Crash

    world.submit()
    world.script = [die]
    with pytest.raises(Crash):
        world.poll()
    assert world.job().status is Status.PROCESSING
    world.clock.now += 74
    assert world.poll() == 0, "trimmed to the invocation's end and 15 s"
    world.clock.now += 2
    world.poll()
    assert (world.job().status, world.job().attempts) == (Status.COMPLETED, 2)
    assert [a.outcome for a in world.store.view("job-1").attempts] == ["lost"]
    assert world.ran == [(1, 1), (1, 2)]


def test_a_crash_loop_ends_in_the_dead_letter_queue(world: World) -> None:
    def die(_: JobContext) -> object:
        raise Crash

    world.submit(max_attempts=2)
    world.script = [die, die]
    for _ in range(2):
        with pytest.raises(Crash):
            world.poll()
        world.clock.now += 76
    world.poll()
    assert (world.job().status, world.job().error_class) == (Status.DEAD_LETTER, "WorkerLost")
    while world.waiting():
        world.poll()
    assert len(world.dead()) == 1
    assert len(world.ran) == 2


def test_a_duplicate_under_a_live_lease_waits_and_is_acknowledged_when_the_job_is_done(world: World) -> None:
    world.submit()
    world.queue.send(Nudge("job-1", 1, "test.note"))
    first, second = world.queue.receive("test.note")

    def meet_the_duplicate(_: JobContext) -> object:
        world.deliver([second], Invocation(world.clock, world.clock.now + 60))
        return "done"

    world.script = [meet_the_duplicate]
    world.deliver([first], Invocation(world.clock, world.clock.now + 60))
    assert world.ran == [(1, 1)]
    assert len(world.waiting()) == 1, "a duplicate is never acknowledged while another holds the job"
    world.clock.now += 70
    world.poll()
    assert (world.waiting(), world.ran) == ([], [(1, 1)])


def test_a_late_finisher_is_refused_and_its_result_discarded(world: World) -> None:
    def stall(_: JobContext) -> object:
        world.clock.now += 400
        world.poll()
        return "late"

    world.submit()
    world.script = [stall, lambda _: "in time"]
    world.poll(Invocation(world.clock, world.clock.now + 60))
    assert (world.job().result, world.ran) == ("in time", [(1, 1), (1, 2)])
    world.clock.now += 400
    while world.poll():
        pass
    assert world.waiting() == []


def test_messages_without_enough_time_left_go_back_unclaimed(world: World) -> None:
    def slow(_: JobContext) -> object:
        world.clock.now += 55
        return "done"

    world.submit("job-1")
    world.submit("job-2")
    world.script = [slow]
    world.poll()
    assert [world.job(j).status for j in ("job-1", "job-2")] == [Status.COMPLETED, Status.QUEUED]
    assert world.job("job-2").attempts == 0
    assert world.poll() == 1
    assert world.job("job-2").status is Status.COMPLETED


def test_what_was_given_back_most_often_comes_first(world: World) -> None:
    def slow(_: JobContext) -> object:
        world.clock.now += 55
        return "done"

    for number in (1, 2, 3):
        world.submit(f"job-{number}")
    world.script = [slow]
    batch = [replace(m, receive_count=n) for m, n in zip(world.queue.receive("test.note"), (1, 3, 2), strict=True)]
    world.deliver(batch, Invocation(world.clock, world.clock.now + world.timeout))
    assert [world.job(f"job-{number}").status for number in (1, 2, 3)] == [
        Status.QUEUED, Status.COMPLETED, Status.QUEUED,
    ]  # fmt: skip


def test_an_older_generation_is_acknowledged_and_a_newer_one_waits(world: World) -> None:
    job = world.submit(gen=2)
    world.queue.send(Nudge(job.id, 3, job.type))
    world.poll()
    assert world.ran == []
    assert [m.nudge.gen for m in world.waiting()] == [3]


def test_a_message_of_a_cancelled_or_unknown_job_is_acknowledged(world: World) -> None:
    job = world.submit()
    world.store.apply(job.id, changes.cancel(job, now=T0))
    world.queue.send(Nudge("nobody", 1, "test.note"))
    world.poll()
    assert (world.ran, world.waiting()) == ([], [])


def test_a_running_job_that_is_asked_to_stop_stops_at_its_next_check(world: World) -> None:
    def obey(ctx: JobContext) -> object:
        world.store.apply(ctx.job_id, changes.ask_to_stop(world.job(), now=T0))
        ctx.check_cancelled()
        return "never"

    world.submit()
    world.script = [obey]
    world.poll()
    assert (world.job().status, world.waiting()) == (Status.CANCELLED, [])


def test_a_failed_attempt_of_a_job_that_was_asked_to_stop_is_not_retried(world: World) -> None:
    def fail_meanwhile(ctx: JobContext) -> object:
        world.store.apply(ctx.job_id, changes.ask_to_stop(world.job(), now=T0))
        raise ValueError("boom")

    world.submit()
    world.script = [fail_meanwhile]
    world.poll()
    assert (world.job().status, world.waiting()) == (Status.CANCELLED, [])


@pytest.mark.parametrize(
    "body",
    ["", "not json", "[]", '{"v":2,"id":"job-1","gen":1,"type":"test.note","cid":""}', '{"v":1,"id":"job-1"}',
     '{"v":1,"id":"job-1","gen":1,"type":"other.type","cid":""}'],
)  # fmt: skip
def test_a_body_that_is_no_nudge_backs_off_and_loses_nothing(world: World, body: str) -> None:
    world.submit()
    message = world.queue.receive("test.note")[0]
    record = {
        "messageId": "m",
        "receiptHandle": message.receipt,
        "body": body,
        "attributes": {"ApproximateReceiveCount": "3"},
    }
    assert world.worker.work({"Records": [record]}, Invocation(world.clock, world.clock.now + 60)) == ["m"]
    assert world.waiting()[0].visible_at == world.clock.now + 8
    assert world.job().status is Status.QUEUED


def test_an_injected_fault_fails_the_attempt_before_the_work(world: World) -> None:
    world.submit()
    world.worker.fault_rate, world.worker.chance = 0.3, lambda: 0.29
    world.poll()
    assert (world.job().status, world.job().error_class, world.ran) == (Status.RETRYING, "InjectedFault", [])


@pytest.fixture
def logged() -> Iterator[Callable[[], str]]:
    """What has been logged since the test began."""
    buffer = io.StringIO()
    telemetry.logger()
    handler = next(h for h in logging.getLogger(SERVICE).handlers if isinstance(h, logging.StreamHandler))
    before = handler.setStream(buffer)
    yield buffer.getvalue
    handler.setStream(before)


def test_log_lines_carry_the_jobs_keys_and_nothing_of_the_payload(world: World, logged: Callable[[], str]) -> None:
    world.submit(correlation_id="cid-1")
    world.store.apply("job-1", changes.watch(world.job(), until=T0 + 1, resent=False))
    world.script = [boom]
    world.poll()
    out = logged()
    lines = [json.loads(line) for line in out.splitlines()]
    failed = next(line for line in lines if line.get("message") == "attempt.error")
    expected = {
        "job_id": "job-1", "job_type": "test.note", "gen": 1, "attempt": 1, "status": "retrying", "retry_delay_s": 2,
        "correlation_id": "cid-1", "duration_ms": 0,
    }  # fmt: skip
    assert {key: failed[key] for key in expected} == expected
    assert '"text"' not in out
