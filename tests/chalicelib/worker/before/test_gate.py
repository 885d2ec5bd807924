"""Check that an automatically paused type starts only probes, whatever its workers and its store do."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chalicelib import Delays
from chalicelib.errors import LimitBusy, PermanentError, PlaceUnavailable, RetryLater
from chalicelib.job_types.context import JobContext
from chalicelib.job_types.failing import Failing
from chalicelib.jobs import transitions
from chalicelib.jobs.job import Status
from chalicelib.jobs.message import write_message
from chalicelib.jobs.port import Message
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.pausing.circuit_breaker import CircuitBreaker
from chalicelib.pausing.constants import ROW_FRESH, SLOW_WHILE_PAUSED
from chalicelib.pausing.lambda_prober import event_of
from chalicelib.pausing.memory import MemoryAutoPauses
from chalicelib.pausing.rule import AutoPause
from chalicelib.worker.consume import Worker
from tests.chalicelib.worker.one_type import OneType, boom, die, raising
from tests.proof.grounds.faults import Crash
from tests.support import T0, written

TYPE = "test.note"
RULE = Failing(of=3, within=300)


class Rows(MemoryAutoPauses):
    """Rows that fail, or lose their answers, on request."""

    fails = lost = False

    def read(self, job_type: str, *, consistent: bool = True) -> AutoPause:
        self._may_fail()
        return super().read(job_type, consistent=consistent)

    def replace(self, job_type: str, seen: AutoPause, new: AutoPause) -> AutoPause | None:
        self._may_fail()
        told = super().replace(job_type, seen, new)
        if self.lost:
            raise TimeoutError("the answer was lost")
        return told

    def row(self) -> AutoPause:
        return self._rows.get(TYPE, AutoPause())

    def _may_fail(self) -> None:
        if self.fails:
            raise TimeoutError("no answer")


class Paused(OneType):
    """One type with `pause_when`; `jobs` have been submitted."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.rows = Rows()
        self.jobs = 0
        self.new_process()

    def breaker(self) -> CircuitBreaker:
        """Return the circuit breaker of a new execution environment."""
        return CircuitBreaker(TYPE, RULE, self.rows, self.clock, self.clock.advance)

    def new_process(self) -> None:
        self.worker = Worker(**{**vars(self.worker), "breaker": self.breaker()})

    def run(self, *acts: Callable[[JobContext], object]) -> None:
        """Submit a job for each of these attempts, and let a worker process it."""
        for act in acts:
            self.jobs += 1
            self.submit(f"job-{self.jobs}")
            self.script.append(act)
            self.poll()

    def until_due(self) -> None:
        self.clock.advance(self.rows.row().probe_at - self.clock.now)

    def probe(self, job_id: str, *acts: Callable[[JobContext], object]) -> Any:
        """Invoke the worker with a message that is in no queue."""
        self.script += acts
        event = event_of(write_message(Message(job_id, 1, TYPE)))
        return self.worker.work(event, self.invocation())


never, later = raising(PermanentError("boom")), raising(RetryLater(30, "busy"))


def ok(_: JobContext) -> object:
    return "done"


def pay_and_sleep(ctx: JobContext) -> None:
    ctx.step("pay", ok, ctx)
    ctx.sleep(2000)


@pytest.fixture
def paused() -> Paused:
    """A type that has just been paused, with one more waiting job."""
    one = Paused()
    one.run(boom, boom, boom)
    one.submit("waits")
    return one


def test_a_job_that_comes_meanwhile_is_held_and_spends_nothing(paused: Paused) -> None:
    assert paused.rows.row().since == paused.clock.now
    before, ran = paused.clock.now, len(paused.ran)
    assert paused.poll() == 1
    assert len(paused.ran) == ran
    assert paused.job("waits") == replace(paused.job("waits"), status=Status.QUEUED, attempts=0, claims=0)
    (message,) = [m for m in paused.waiting() if m.message.id == "waits"]
    assert message.visible_at == pytest.approx(before + 60, abs=1), "until the first probe"
    assert paused.clock.now - before == SLOW_WHILE_PAUSED, (
        "a worker that has nothing to do does not ask for more at once"
    )


def test_every_kind_of_failure_counts_and_a_wait_that_was_asked_for_does_not() -> None:
    one = Paused()
    one.run(never, later, never)
    assert len(one.rows.row().failures) == 2
    one.run(ok)
    assert one.rows.row().failures == ()


def test_attempts_that_were_lost_count() -> None:
    one = Paused()
    one.submit(max_attempts=10)
    for _ in range(4):
        assert one.rows.row().since is None
        one.script = [die]
        with pytest.raises(Crash):
            one.poll()
        one.clock.advance(80)
    assert one.rows.row().reason == "3 attempts in a row failed with WorkerLost"


def test_the_probe_is_one_job_and_its_completion_ends_the_pause_and_each_act_is_in_the_audit() -> None:
    with written() as lines:
        paused = Paused()
        paused.run(boom, boom, boom)
        paused.submit("waits")
        paused.until_due()
        ran = len(paused.ran)
        assert paused.probe("waits", ok) == []
    assert (paused.job("waits").status, paused.rows.row().since) == (Status.COMPLETED, None)
    paused.submit("second")
    assert paused.probe("second", ok) == []
    assert len(paused.ran) == ran + 2
    acts = [line for line in lines if line["message"].startswith("job_type.")]
    assert [line["message"] for line in acts] == ["job_type.paused", "job_type.probed", "job_type.resumed"]
    assert {(line["principal"], line["job_type"]) for line in acts} == {("jobflow", TYPE)}
    assert acts[0]["why"] == "3 attempts in a row failed with ValueError"


def test_while_a_probe_runs_nothing_else_does_and_one_that_fails_doubles_the_wait(paused: Paused) -> None:
    paused.submit("second")
    paused.until_due()
    claims: list[int] = []

    def slow(_: JobContext) -> object:
        twin = Worker(**{**vars(paused.worker), "breaker": paused.breaker()})
        twin.work(event_of(write_message(Message("second", 1, TYPE))), paused.invocation())
        claims.append(paused.job("second").claims)
        raise ValueError("boom")

    paused.probe("waits", slow)
    assert (claims, paused.rows.row().cooldown, paused.job("waits").attempts) == ([0], 120, 1)


def test_a_probe_whose_process_ends_counts_as_failed(paused: Paused) -> None:
    paused.until_due()
    began = paused.clock.now
    with pytest.raises(Crash):
        paused.probe("waits", die)
    assert paused.rows.row().probe_at == began + 120


@pytest.mark.parametrize("job_id", ["no-such-job", "waits"], ids=["its job is gone", "AWS refuses the claim"])
def test_a_probe_that_ran_nothing_is_taken_back(paused: Paused, monkeypatch: pytest.MonkeyPatch, job_id: str) -> None:
    def refuse(*_: object) -> None:
        raise ConnectionError

    paused.until_due()
    with monkeypatch.context() as broken:
        broken.setattr(paused.store, "apply", refuse)
        paused.probe(job_id, ok)
    row = paused.rows.row()
    assert (paused.job("waits").claims, row.probe, row.probe_at, row.cooldown) == (0, "", paused.clock.now, 60)
    paused.probe("waits", ok)
    assert paused.rows.row().since is None


def test_another_process_follows_within_a_second() -> None:
    one = Paused()
    other = Paused(clock=one.clock)
    other.rows = one.rows
    other.new_process()
    other.run(ok)
    one.run(boom, boom, boom)
    one.clock.advance(ROW_FRESH)
    other.run(ok)
    assert other.job("job-2").claims == 0


def test_without_an_answer_jobs_run_as_without_a_gate() -> None:
    one = Paused()
    one.rows.fails = True
    one.run(ok, boom)
    assert one.job("job-1").status is Status.COMPLETED
    assert one.job("job-2").status is Status.RETRYING


def test_when_nobody_can_say_whether_a_probe_was_taken_none_is_made(paused: Paused) -> None:
    paused.until_due()
    paused.rows.lost = True
    paused.probe("waits", ok)
    assert paused.job("waits").claims == 0
    paused.rows.lost = False
    paused.until_due()
    paused.probe("waits")
    assert paused.rows.row().since is None, "the next one was planned by the one whose answer was lost"


def test_a_probe_that_keeps_a_step_and_then_waits_ends_the_pause(paused: Paused) -> None:
    paused.until_due()
    paused.probe("waits", pay_and_sleep)
    assert (paused.job("waits").status, paused.rows.row().since) == (Status.SUSPENDED, None)


def test_a_job_that_keeps_a_step_and_waits_does_not_hide_the_failures_of_others() -> None:
    one = Paused()
    one.run(boom, boom, pay_and_sleep, boom)
    assert one.rows.row().since is not None


def test_a_probe_that_takes_over_a_lost_job_ends_the_pause() -> None:
    one = Paused()
    one.submit("lost")
    one.script = [die]
    with pytest.raises(Crash):
        one.poll()
    one.run(boom, boom, boom)
    assert one.rows.row().since is not None
    one.clock.advance(400)
    one.probe("lost", ok)
    assert (one.job("lost").status, one.rows.row().since) == (Status.COMPLETED, None)


def without_a_message(paused: Paused, job_id: str) -> None:
    """Do what the watchdog does when a job's message has used up its receives, and other jobs are sent before it."""
    paused.queue.messages.clear()
    change = transitions.redeliver(paused.job(job_id), now=paused.clock.now, due_at=paused.clock.now)
    paused.store.apply(job_id, change)


@pytest.mark.parametrize("job_id", ["waits", "lost", "lost for good"])
def test_a_probe_leaves_a_job_without_a_message_alone(job_id: str) -> None:
    """After the probe's claim, no message of the job would be sent, and a dead letter would have no evidence."""
    one = Paused()
    if job_id != "waits":
        one.submit(job_id, max_attempts=2, give_up_at=T0 + 10 if job_id == "lost for good" else None)
        one.script = [die]
        with pytest.raises(Crash):
            one.poll()
    one.run(boom, boom, boom)
    if job_id == "waits":
        one.submit(job_id, max_attempts=1)
    one.clock.advance(400)
    without_a_message(one, job_id)
    before = one.job(job_id)
    one.probe(job_id)
    assert one.job(job_id) == before
    assert one.rows.row().probe == "", "it is taken back"
    Dispatcher(one.store, one.queue, one.clock).send(one.job(job_id))
    one.probe(job_id, boom)
    assert (one.job(job_id).status, one.queue.depth(TYPE).visible) == (Status.DEAD_LETTER, 1)


def test_a_completion_ends_the_row_of_failures_that_others_told_of_a_moment_ago() -> None:
    one = Paused()

    def while_another_one_fails(_: JobContext) -> object:
        seen = one.rows.row()
        one.rows.replace(TYPE, seen, replace(seen, fingerprint="f", error="E", failures=(one.clock.now,)))
        return "done"

    one.run(while_another_one_fails)
    assert one.rows.row().failures == ()


def tries(ctx: JobContext) -> None:
    ctx.step("pay", boom, ctx, tries=2, retry=Delays((2000,)))


def test_a_probe_whose_step_fails_and_is_tried_again_later_does_not_end_the_pause(paused: Paused) -> None:
    paused.until_due()
    cooldown = paused.rows.row().cooldown
    paused.probe("waits", tries)
    assert paused.job("waits").status is Status.SUSPENDED
    row = paused.rows.row()
    assert row.since is not None
    assert (row.cooldown, row.probe_at) == (2 * cooldown, paused.clock.now + 2 * cooldown), "as after another failure"


def test_a_probe_that_only_sleeps_says_nothing_about_the_type(paused: Paused) -> None:
    paused.until_due()
    paused.probe("waits", lambda ctx: ctx.sleep(2000))
    row = paused.rows.row()
    assert row.since is not None
    assert row.probe_at <= paused.clock.now, "another job is tried at once"


def test_failed_tries_of_steps_pause_the_type_together_with_failed_steps() -> None:
    def last(ctx: JobContext) -> None:
        ctx.step("pay", boom, ctx, tries=1)

    one = Paused()
    one.run(tries, last)
    assert one.rows.row().since is None
    one.run(tries)
    assert one.rows.row().since is not None


@pytest.mark.parametrize("error", [LimitBusy(), PlaceUnavailable("no answer")], ids=["busy", "unavailable"])
def test_a_probe_whose_place_could_not_be_taken_is_taken_back(paused: Paused, error: Exception) -> None:
    """The function was not called, so it is unknown whether the provider is back: try again in the next minute."""
    paused.until_due()
    paused.probe("waits", raising(error))
    assert (paused.rows.row().probe, paused.rows.row().probe_at) == ("", paused.clock.now)
