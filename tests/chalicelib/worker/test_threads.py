"""Run the jobs of a batch side by side in threads: each has its own output, time, outcome and end."""

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import replace
from functools import partial
from typing import Any, cast

import pytest

from chalicelib import AsyncJobContext, JobContext, PermanentError, RetryLater
from chalicelib.errors import ConfigurationError
from chalicelib.job_types.failing import Failing
from chalicelib.job_types.function import Function
from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.jobtype import job as declare
from chalicelib.job_types.queue import Queue
from chalicelib.job_types.rate import Rate
from chalicelib.jobs.attempt import attempt_of
from chalicelib.jobs.change import Change
from chalicelib.jobs.delivery import Delivery
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.message import write_message
from chalicelib.jobs.message_fate import Drop
from chalicelib.jobs.port import JobStore, Message
from chalicelib.jobs.transitions import ask_to_stop
from chalicelib.limits.memory import MemoryTurns
from chalicelib.limits.rate import Pacing
from chalicelib.pausing.circuit_breaker import CircuitBreaker
from chalicelib.pausing.memory import MemoryAutoPauses
from chalicelib.pausing.rule import failed
from chalicelib.pausing.switch import change
from chalicelib.worker.crew import crew_of
from jobflow.context import current
from tests.chalicelib.api.support import only_types
from tests.chalicelib.worker.one_type import Note, OneType
from tests.chalicelib.worker.shared_queue import Shared
from tests.proof.grounds.faults import Crash
from tests.support import Clock, sqs_record, written

PATIENCE = 30
"""Seconds after which a thread that waits for another one gives up: the test has failed."""


class Dying:
    """A store of a process that may end: after that, no request of any of its threads arrives."""

    def __init__(self, store: Any) -> None:
        self._store, self.dead = store, threading.Event()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)

        def call(*asked: Any, **more: Any) -> Any:
            if self.dead.is_set():
                raise Crash
            return found(*asked, **more)

        return call


class Together(OneType):
    """One type whose jobs run in threads; `acts` says what a job does, by its id."""

    def __init__(self, threads: int = 4, batch_size: int = 10, **options: Any) -> None:
        super().__init__(function=Function(batch_size=batch_size, threads=threads), **options)
        self.acts: dict[str, Callable[[JobContext], object]] = {}
        self.order: list[str] = []
        self.worker.crew = crew_of

    def _function(self, _: Note, ctx: JobContext) -> object:
        self.order.append(ctx.job_id)
        act = self.acts.get(ctx.job_id)
        return "done" if act is None else act(ctx)

    def submit_all(self, acts: dict[str, Callable[[JobContext], object]]) -> None:
        self.acts |= acts
        for job_id in acts:
            self.submit(job_id)

    def statuses(self, *ids: str) -> list[Status]:
        return [self.job(job_id).status for job_id in ids]


def meeting(number: int) -> Callable[[], object]:
    """Return what returns only when this many threads call it at the same time."""
    barrier = threading.Barrier(number)
    return lambda: barrier.wait(PATIENCE)


def test_as_many_jobs_of_a_batch_run_at_once_as_there_are_threads() -> None:
    world, met = Together(threads=4), meeting(4)
    world.submit_all({f"job-{n}": lambda _: met() for n in range(8)})
    assert world.poll() == 8
    assert {world.job(f"job-{n}").status for n in range(8)} == {Status.COMPLETED}
    assert world.waiting() == []


def test_no_more_jobs_run_at_once_than_there_are_threads() -> None:
    world, lock, running, most = Together(threads=2), threading.Lock(), set[str](), list[int]()
    met = meeting(2)

    def act(ctx: JobContext) -> None:
        with lock:
            running.add(ctx.job_id)
            most.append(len(running))
        met()
        with lock:
            running.remove(ctx.job_id)

    world.submit_all({f"job-{n}": act for n in range(6)})
    world.poll()
    assert max(most) == 2
    assert len(world.order) == 6


def test_one_thread_is_the_thread_of_the_invocation() -> None:
    world, threads = Together(threads=1), set[threading.Thread]()
    world.submit_all({f"job-{n}": lambda _: threads.add(threading.current_thread()) for n in range(3)})
    world.poll()
    assert threads == {threading.current_thread()}


def talk(met: Callable[[], object]) -> Callable[[JobContext], object]:
    """Write lines of every kind while another job does the same."""

    def act(ctx: JobContext) -> None:
        print(f"begun by {ctx.job_id}, ", end="")  # noqa: T201
        ctx.logger.append_keys(order=f"order of {ctx.job_id}")
        met()
        print(f"ended by {ctx.job_id}")  # noqa: T201
        met()
        logging.getLogger("their.library").warning("library of %s", ctx.job_id)
        ctx.logger.info("logger of %s", ctx.job_id)
        with ctx.logger.append_context_keys(part="a part"):
            met()
            ctx.logger.info("part of %s", ctx.job_id)
        ctx.logger.remove_keys(["order"])
        met()
        ctx.logger.info("plain of %s", ctx.job_id)
        assert current().job_id == ctx.job_id
        print(f"rest of {ctx.job_id}", end="")  # noqa: T201
        met()

    return act


def test_each_line_has_the_keys_of_the_job_that_wrote_it() -> None:
    world, ids = Together(), [f"job-{n}" for n in range(4)]
    met = meeting(4)
    world.submit_all({job_id: talk(met) for job_id in ids})
    with written() as lines:
        world.poll()
    for job_id in ids:
        own = [line for line in lines if job_id in str(line["message"])]
        assert {line["job_id"] for line in own} == {job_id}
        assert [line["message"] for line in own] == [
            f"begun by {job_id}, ended by {job_id}", f"library of {job_id}", f"logger of {job_id}", f"part of {job_id}",
            f"plain of {job_id}", f"rest of {job_id}",
        ]  # fmt: skip
        assert [line.get("order") for line in own[2:5]] == [f"order of {job_id}"] * 2 + [None]
        assert [line.get("part") for line in own[2:5]] == [None, "a part", None]
    assert {line["job_id"]: line["order"] for line in lines if "order" in line} == {
        job_id: f"order of {job_id}" for job_id in ids
    }


def test_a_line_of_a_thread_without_the_jobs_context_has_the_keys_of_no_job() -> None:
    world, met = Together(), meeting(2)

    def act(ctx: JobContext) -> None:
        met()
        thread = threading.Thread(target=lambda: print(f"aside of {ctx.job_id}"))  # noqa: T201
        thread.start()
        thread.join()
        met()

    world.submit_all({"job-1": act, "job-2": act})
    with written() as lines:
        world.poll()
    aside = [line for line in lines if str(line["message"]).startswith("aside")]
    assert [line.get("job_id") for line in aside] == [None, None]
    assert {line["invocation"] for line in aside} == {"request-1"}


def test_keys_that_a_thread_without_the_jobs_context_adds_are_in_no_other_jobs_lines() -> None:
    world, met = Together(), meeting(2)

    def act(ctx: JobContext) -> None:
        met()

        def add() -> None:
            ctx.logger.append_keys(customer=f"of {ctx.job_id}")
            with ctx.logger.append_context_keys(part="a part"):
                ctx.logger.info("aside")
            ctx.logger.remove_keys(["other"])

        thread = threading.Thread(target=add)
        thread.start()
        thread.join()
        met()
        ctx.logger.info("own")

    world.submit_all({"job-1": act, "job-2": act})
    with written() as lines:
        world.poll()
        world.submit_all({"job-3": lambda ctx: ctx.logger.info("later")})
        world.poll()
    told = {line["message"]: line for line in lines}
    assert sorted(str(line["customer"]) for line in lines if line["message"] == "aside") == ["of job-1", "of job-2"]
    assert ["customer" in told[text] for text in ("own", "later")] == [False, False]


def aside(ctx: JobContext) -> None:
    """Write a line in a thread that does not know the job, and add a key."""
    thread = threading.Thread(target=lambda: print(f"aside of {ctx.job_id}"))  # noqa: T201
    thread.start()
    thread.join()
    ctx.logger.append_keys(order=f"order of {ctx.job_id}")
    ctx.logger.info("own")


def test_all_output_of_a_job_that_runs_alone_is_in_its_lines_and_its_keys_are_not_in_others() -> None:
    world, met = Together(), meeting(2)
    killed(world, "lost", ["lost"])
    world.clock.advance(400)
    process(world, "nobody")
    world.acts = {"lost": aside}
    world.submit_all({"new-1": lambda _: met(), "new-2": lambda _: met()})
    with written() as lines:
        world.poll()
        world.submit_all({"single": aside})
        world.poll()
        world.submit_all({"later": lambda ctx: ctx.logger.info("later")})
        world.poll()
    assert {line["message"]: line.get("job_id") for line in lines if "aside" in str(line["message"])} == {
        "aside of lost": "lost", "aside of single": "single",
    }  # fmt: skip
    assert [line["order"] for line in lines if line["message"] == "own"] == ["order of lost", "order of single"]
    others = [line for line in lines if line.get("job_id") in ("new-1", "new-2", "later")]
    assert {line.get("order") for line in others} == {None}
    assert any(line["message"] == "later" for line in others)


@pytest.mark.parametrize("threads", [1, 4])
def test_a_key_that_is_added_within_a_block_of_keys_stays_after_it(threads: int) -> None:
    world, met = Together(threads=threads), meeting(2) if threads > 1 else lambda: None

    def act(ctx: JobContext) -> None:
        met()
        with ctx.logger.append_context_keys(part="a part"):
            ctx.logger.append_keys(order=ctx.job_id)
        ctx.logger.info("after")
        ctx.logger.remove_keys(["order"])

    world.submit_all({"job-1": act, "job-2": act})
    with written() as lines:
        world.poll()
    after = [line for line in lines if line["message"] == "after"]
    assert sorted(line["order"] for line in after) == ["job-1", "job-2"]
    assert [line.get("part") for line in after] == [None, None]


def test_the_next_batch_finds_what_libraries_keep_for_each_thread_but_no_context_of_a_job() -> None:
    world, kept, mine = Together(), threading.local(), ContextVar("mine", default="nothing")
    made, found = list[str](), list[str]()

    def act(met: Callable[[], object], ctx: JobContext) -> None:
        met()
        found.append(mine.get())
        mine.set(ctx.job_id)
        if not hasattr(kept, "connection"):
            kept.connection = ctx.job_id
            made.append(ctx.job_id)
        met()

    for batch in range(3):
        met = meeting(4)
        world.submit_all({f"job-{batch}-{n}": partial(act, met) for n in range(4)})
        world.poll()
    assert len(made) <= 4
    assert found == ["nothing"] * 12


def test_async_functions_run_side_by_side_each_on_its_own_loop() -> None:
    world, met, loops = Together(), meeting(3), set[int]()

    async def act(_: Note, ctx: AsyncJobContext) -> str:
        loops.add(id(asyncio.get_running_loop()))
        await asyncio.to_thread(met)
        await asyncio.to_thread(print, f"said by {ctx.job_id}")
        return str(await ctx.step("name", lambda: ctx.job_id))

    world.kind = world.worker.kind = JobType("test.note", act, Note, timeout=60, function=world.function)
    for n in range(3):
        world.submit(f"job-{n}")
    with written() as lines:
        world.poll()
    assert len(loops) == 3
    said = {line["message"]: line["job_id"] for line in lines if "said" in str(line["message"])}
    assert said == {f"said by job-{n}": f"job-{n}" for n in range(3)}
    assert [world.job(f"job-{n}").result for n in range(3)] == ["job-0", "job-1", "job-2"]


def test_each_message_is_acknowledged_by_the_outcome_of_its_own_job() -> None:
    world, met = Together(threads=8), meeting(6)

    def ends_with(error: BaseException | None) -> Callable[[JobContext], object]:
        def act(ctx: JobContext) -> object:
            met()
            if ctx.job_id == "stopped":
                world.store.apply(ctx.job_id, ask_to_stop(world.job(ctx.job_id), now=world.clock.now))
            met()
            if error is not None:
                raise error
            ctx.check_cancelled()
            return ctx.job_id

        return act

    def nap(ctx: JobContext) -> None:
        met()
        met()
        ctx.sleep(100)

    world.submit_all({
        "done": ends_with(None), "stopped": ends_with(None), "again": ends_with(ValueError("boom")),
        "later": ends_with(RetryLater(30, "busy")), "never": ends_with(PermanentError("no")),
        "sleeps": nap,
    })  # fmt: skip
    world.poll()
    assert world.statuses("done", "stopped", "again", "later", "never", "sleeps") == [
        Status.COMPLETED, Status.CANCELLED, Status.RETRYING, Status.RETRYING, Status.FAILED, Status.SUSPENDED,
    ]  # fmt: skip
    assert world.job("done").result == "done"
    assert sorted(held.message.id for held in world.waiting()) == ["again", "later", "sleeps"]


def test_a_job_without_enough_time_is_given_back_and_the_others_end() -> None:
    world, met = Together(threads=2, batch_size=4), meeting(2)

    def act(ctx: JobContext) -> None:
        met()
        if ctx.job_id == "job-0":
            world.clock.advance(45)
        met()

    world.submit_all(dict.fromkeys([f"job-{n}" for n in range(4)], act))
    world.poll()
    assert world.statuses(*(f"job-{n}" for n in range(4))) == [Status.COMPLETED] * 2 + [Status.QUEUED] * 2
    assert [held.message.id for held in world.waiting()] == ["job-2", "job-3"]
    assert world.job("job-2").claims == 0


def test_a_message_that_finds_no_thread_in_time_is_given_back_while_the_others_still_run() -> None:
    world, back = Together(), threading.Event()
    world.kind = world.worker.kind = replace(world.kind, function=Function(batch_size=4, threads=2, budget=57.5))
    hide, held = world.queue.set_visibility, list[str]()

    def note(key: str, receipts: Sequence[str], seconds: int) -> None:
        held.extend(receipts)
        if len(held) == 3 + 1:  # those of the batch, and the one that is given back
            back.set()
        hide(key, receipts, seconds)

    world.queue.set_visibility = note  # type: ignore[method-assign]
    in_time = list[bool]()
    world.submit_all({f"job-{n}": lambda _: in_time.append(back.wait(5)) for n in range(3)})
    world.poll()
    assert in_time == [True, True]
    assert world.statuses("job-0", "job-1", "job-2") == [Status.COMPLETED, Status.COMPLETED, Status.QUEUED]


def test_a_job_of_a_batch_has_the_time_of_its_wave_by_default() -> None:
    alone = JobType("test.note", lambda *_: None, Note, timeout=65, function=Function(batch_size=10))
    together = JobType("test.note", lambda *_: None, Note, timeout=65, function=Function(batch_size=10, threads=4))
    assert (alone.job_budget, together.job_budget) == (6.0, 20.0)


def test_threads_that_would_have_no_job_are_refused_with_the_reason() -> None:
    with pytest.raises(ConfigurationError, match="threads=4 needs a batch_size of 4 or more"):
        Function(threads=4)
    with pytest.raises(ConfigurationError, match="threads must be between 1 and 8"):
        Function(threads=9, batch_size=10)


def note(_: Note, __: JobContext) -> None:
    """Do nothing."""


def test_a_type_whose_jobs_would_be_lost_with_the_first_end_of_the_process_is_refused() -> None:
    with only_types(), pytest.raises(ConfigurationError, match="threads=2 needs max_attempts of 2 or more"):
        declare("test.once", max_attempts=1, function=Function(batch_size=2, threads=2))(note)


def killed(world: Together, culprit: str, ids: list[str]) -> None:
    """Deliver a batch whose process is ended by one job while all of them run."""
    met = meeting(len(ids))

    def act(ctx: JobContext) -> None:
        met()
        end_of_process(ctx)

    world.submit_all(dict.fromkeys(ids, act))
    end_of_process = process(world, culprit)
    with pytest.raises(Crash):
        world.poll()


def process(world: Together, culprit: str) -> Callable[[JobContext], None]:
    """Begin a process that one job ends; return what the jobs call while they run."""
    dying = Dying(world.store)
    world.worker.store = cast("JobStore", dying)

    def end(ctx: JobContext) -> None:
        if ctx.job_id == culprit:
            dying.dead.set()
            raise Crash
        dying.dead.wait(PATIENCE)

    return end


def nobody_comes(met: Callable[[], object]) -> bool:
    """Return whether no other job runs beside this one; `met` waits for a moment only."""
    try:
        met()
    except threading.BrokenBarrierError:
        return True
    return False


def in_a_moment(number: int) -> Callable[[], object]:
    barrier = threading.Barrier(number)

    def met() -> None:
        try:
            barrier.wait(0.1)
        except threading.BrokenBarrierError:
            barrier.reset()
            raise

    return met


@pytest.mark.parametrize("culprit", ["job-0", "job-2", "job-3"])
def test_the_end_of_the_process_charges_each_job_that_it_ran_once(culprit: str) -> None:
    world, ids = Together(), [f"job-{n}" for n in range(4)]
    killed(world, culprit, ids)
    assert [(world.job(one).status, world.job(one).attempts) for one in ids] == [(Status.PROCESSING, 1)] * 4
    met = in_a_moment(2)
    for _ in range(6):
        world.clock.advance(400)
        end = process(world, culprit)

        def act(ctx: JobContext, end: Callable[[JobContext], None] = end) -> None:
            if not nobody_comes(met) or ctx.job_id == culprit:
                end(ctx)

        world.acts = dict.fromkeys(ids, act)
        with suppress(Crash):
            world.poll()
    innocent = [one for one in ids if one != culprit]
    assert world.statuses(*innocent) == [Status.COMPLETED] * 3
    assert [world.job(one).attempts for one in innocent] == [2, 2, 2], "the culprit's later ends cost them nothing"
    assert world.job(culprit).status is Status.DEAD_LETTER
    assert world.job(culprit).attempts == 3


def test_a_job_that_has_lost_an_attempt_runs_alone_even_if_others_run_already() -> None:
    world, met, both = Together(), in_a_moment(2), meeting(2)
    world.submit_all({"retried": lambda _: 1 / 0})
    world.poll()
    world.clock.advance(60)
    killed(world, "lost", ["lost"])  # the other one fails again beside it, and so has been received more often
    world.clock.advance(400)
    alone = dict[str, bool]()

    def look(ctx: JobContext) -> None:
        alone[ctx.job_id] = nobody_comes(met)

    world.acts = {"retried": look, "lost": look}
    world.submit_all({"new-1": lambda _: both(), "new-2": lambda _: both()})
    process(world, "nobody")
    world.poll()
    assert alone == {"retried": True, "lost": True}
    assert world.statuses("retried", "lost", "new-1", "new-2") == [Status.COMPLETED] * 4


def test_a_job_that_has_lost_an_attempt_runs_alone_also_with_a_fresh_message() -> None:
    world, met, both = Together(), in_a_moment(3), meeting(2)
    killed(world, "lost", ["lost"])
    world.clock.advance(400)
    world.waiting().clear()
    world.queue.send(Message("lost", 1, "test.note"))  # as the watchdog does after a message without a receive left
    alone = list[bool]()
    world.acts = {"lost": lambda _: alone.append(nobody_comes(met))}
    process(world, "nobody")
    world.submit_all({"new-1": lambda _: both(), "new-2": lambda _: both()})
    world.poll()
    assert world.statuses("new-1", "new-2") == [Status.COMPLETED] * 2
    assert (world.job("lost").attempts, alone) == (1, []), "it is not taken over beside others"
    world.clock.advance(30)
    world.submit_all({"new-3": lambda _: met(), "new-4": lambda _: met()})
    world.poll()
    assert alone == [True]
    assert world.statuses("lost") == [Status.COMPLETED]


def test_a_job_with_kept_steps_that_has_used_up_its_attempts_goes_on_alone() -> None:
    world, met, both = Together(), in_a_moment(3), meeting(2)
    end = process(world, "lost")

    def keep(ctx: JobContext) -> None:
        ctx.step("first", lambda: 1)
        end(ctx)

    world.acts = {"lost": keep}
    world.submit("lost", max_attempts=1)
    with pytest.raises(Crash):
        world.poll()
    world.clock.advance(400)
    world.waiting().clear()
    world.queue.send(Message("lost", 1, "test.note"))
    alone = list[bool]()
    world.acts = {"lost": lambda _: alone.append(nobody_comes(met))}
    process(world, "nobody")
    world.submit_all({"new-1": lambda _: both(), "new-2": lambda _: both()})
    world.poll()
    assert (world.job("lost").claims, alone) == (1, []), "it is not taken over beside others"
    world.clock.advance(30)
    world.poll()
    assert alone == [True]


def test_jobs_that_run_alone_do_not_bring_the_others_to_the_dead_letter_queue() -> None:
    world, ids = Together(threads=8, batch_size=8), [f"job-{n}" for n in range(8)]
    killed(world, "job-0", ids)
    process(world, "nobody")
    world.acts = dict.fromkeys(ids, lambda _: world.clock.advance(5))  # too long for another one in this invocation
    world.clock.advance(400)
    for _ in range(20):
        world.poll()
        world.clock.advance(30)
        assert world.dead() == []
    assert world.statuses(*ids) == [Status.COMPLETED] * 8
    assert {world.job(one).attempts for one in ids} == {2}
    assert world.waiting() == []


def test_a_message_without_a_receive_left_is_kept_if_no_fresh_one_can_be_sent() -> None:
    world = Together()
    world.submit("job-1")
    body = write_message(Message("job-1", 1, "test.note"))
    last = Delivery.of(sqs_record("r", body, world.kind.max_receives))
    assert not world.worker.sent_anew(Delivery.of(sqs_record("r", body, world.kind.max_receives - 1)), 0)
    send, world.queue.send = world.queue.send, lambda *_: 1 / 0  # type: ignore[assignment, method-assign]
    assert not world.worker.sent_anew(last, 0)
    world.queue.send = send  # type: ignore[method-assign]
    read, world.store.get_without_bodies = world.store.get_without_bodies, lambda _: 1 / 0  # type: ignore[assignment, method-assign, return-value]
    assert not world.worker.sent_anew(last, 0)
    world.store.get_without_bodies = read  # type: ignore[method-assign]
    assert world.worker.sent_anew(last, 0)
    world.poll()
    assert world.statuses("job-1") == [Status.COMPLETED]
    assert not world.worker.sent_anew(last, 0), "the job has ended"


@pytest.mark.parametrize("threads", [1, 4])
def test_a_second_message_of_a_job_in_the_batch_runs_it_once_and_is_dropped(threads: int) -> None:
    world = Together(threads=threads)
    world.submit_all({"job-1": lambda _: "done", "job-2": lambda _: "done"})
    world.queue.send(Message("job-1", 1, "test.note"))
    world.poll()
    assert sorted(world.order) == ["job-1", "job-2"]
    assert world.waiting() == []


def test_a_second_message_whose_claim_gets_no_answer_does_not_take_the_first_ones_claim_for_its_own() -> None:
    world, begun, twice, claims = Together(), threading.Event(), threading.Barrier(2), list[str]()

    def act(_: JobContext) -> None:
        begun.set()
        with suppress(threading.BrokenBarrierError):
            twice.wait(0.5)

    world.submit_all({"job-1": act})
    world.queue.send(Message("job-1", 1, "test.note"))
    apply = world.store.apply

    def unanswered(job_id: str, change: Change) -> Job:
        if change.move.name == "claim":
            claims.append(job_id)
            if len(claims) == 2:
                begun.wait(PATIENCE)
                raise TimeoutError("no answer")
        return apply(job_id, change)

    world.store.apply = unanswered  # type: ignore[method-assign]
    world.poll()
    assert world.order == ["job-1"]
    assert world.statuses("job-1") == [Status.COMPLETED]


def test_a_duplicate_of_a_job_that_another_worker_runs_does_not_hold_up_the_batch() -> None:
    world = Together()
    job = world.submit()
    delivery = Delivery.of(sqs_record("r", write_message(Message(job.id, 1, job.type)), 2))
    seen = list[bool]()
    world.acts = {job.id: lambda _: seen.append(world.worker.lost(delivery))}
    world.poll()
    assert seen == [False]


def test_a_retried_job_runs_beside_others() -> None:
    world, met = Together(), meeting(2)

    def fail(_: JobContext) -> None:
        raise ValueError("boom")

    world.submit_all({"job-1": fail, "job-2": fail})
    world.poll()
    world.clock.advance(60)
    world.acts = dict.fromkeys(["job-1", "job-2"], lambda _: met())
    world.poll()
    assert world.statuses("job-1", "job-2") == [Status.COMPLETED] * 2


def test_a_job_whose_row_cannot_be_read_counts_as_one_that_has_lost_an_attempt() -> None:
    world = Together()
    job = world.submit()
    delivery = Delivery.of(sqs_record("r", write_message(Message(job.id, 1, job.type)), 2))
    assert not world.worker.lost(delivery)
    world.store.get_without_bodies = lambda _: 1 / 0  # type: ignore[assignment, method-assign, return-value]
    assert world.worker.lost(delivery)


def test_an_error_that_ends_the_invocation_comes_after_the_jobs_beside_it_have_ended() -> None:
    world, met, free = Together(threads=2), meeting(2), threading.Event()

    def stop(_: JobContext) -> None:
        met()
        free.set()
        raise KeyboardInterrupt

    def go_on(ctx: JobContext) -> str:
        met()
        free.wait(PATIENCE)
        return ctx.job_id

    world.submit_all({"job-1": stop, "job-2": go_on})
    with pytest.raises(KeyboardInterrupt):
        world.poll()
    assert world.job("job-2").result == "job-2"


def test_a_rate_counts_each_start_once_and_each_run_has_its_own_start() -> None:
    world, met = Together(threads=4, batch_size=8), meeting(2)
    turns, lock, starts = MemoryTurns(), threading.Lock(), dict[str, float | None]()

    class Locked(Clock):
        def advance(self, seconds: float) -> None:
            with lock:
                self.now += seconds

    clock = Locked()
    kind = JobType("test.note", world._function, Note, timeout=60, rate=Rate(4, per=1), function=world.function)
    pacing = Pacing.of(kind, Rate(4, per=1), turns, world.store, clock, clock.advance)
    world.clock, world.worker.kind, world.worker.starts = clock, kind, pacing
    world.worker.clock = world.store._clock = world.queue._clock = clock

    def act(ctx: JobContext) -> None:
        starts[ctx.job_id] = pacing.started
        met()

    world.submit_all({f"job-{n}": act for n in range(8)})
    world.poll()
    assert world.statuses(*starts) == [Status.COMPLETED] * 8
    planned = [started for started in starts.values() if started is not None]
    assert {job_id: world.job(job_id).started_at for job_id in starts} == {
        job_id: round(started, 3) for job_id, started in zip(starts, planned, strict=True)
    }
    assert len(set(planned)) == 8


def test_a_success_beside_a_probe_does_not_end_the_pause() -> None:
    clock, rows = Clock(), MemoryAutoPauses()
    rule = Failing(of=2, within=60)
    breaker = CircuitBreaker("test.note", rule, rows, clock, clock.advance)
    beside, probing = threading.Event(), threading.Event()
    job = Job("job-1", "test.note", Status.PROCESSING, clock.now, clock.now, started_at=clock.now)
    done = attempt_of(job, "completed", clock.now)

    def older() -> Drop:  # it began before the pause
        beside.set()
        probing.wait(PATIENCE)
        breaker.on_attempt_recorded(job, done)
        return Drop("completed")

    breaker.begin(60)
    thread = threading.Thread(target=breaker.call, args=(older,))
    thread.start()
    beside.wait(PATIENCE)
    for _ in range(2):
        paused = change(rows, "test.note", failed(rule, "boom", "ValueError", clock.now))
    assert paused is not None
    clock.advance(paused.probe_at - clock.now + 1)

    def probe() -> Drop:
        assert breaker.probe
        probing.set()
        thread.join(PATIENCE)
        assert rows.read("test.note").since is not None, "the probe has not ended"
        breaker.on_attempt_recorded(job, done)
        return Drop("completed")

    breaker.call(probe)
    assert rows.read("test.note").since is None


@pytest.fixture
def shared() -> Iterator[Shared]:
    with only_types():
        yield Shared()


def test_the_types_of_a_shared_queue_run_side_by_side(shared: Shared) -> None:
    queue, met = Queue("mail", function=Function(batch_size=10, threads=2)), meeting(2)
    shared.declare("mail.welcome", queue)
    shared.declare("mail.bill", queue)
    shared.crew = crew_of
    shared.new_process()
    for number, name in enumerate(("mail.welcome", "mail.bill", "mail.welcome", "mail.bill")):
        shared.submit(name, f"job-{number}")
        if number == 1:
            shared.poll()  # a file is imported while no job runs
            shared.act = lambda _: met()
    shared.poll()
    assert shared.statuses(*shared.store.made()) == ["completed"] * 4
