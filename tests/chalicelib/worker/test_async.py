"""Test `async def` job functions.

They end, retry, keep steps and wait like plain functions, and can run steps in parallel.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chalicelib import AsyncJobContext, Backoff, Delays, JobCancelled, JobContext, PermanentError, RetryLater, job
from chalicelib.errors import ConfigurationError
from chalicelib.job_types.jobtype import registered
from chalicelib.jobs.job import Job, Status
from jobflow.testing.platform import Platform
from jobflow.testing.single import run
from jobflow.testing.workers import WorkerGone
from tests.chalicelib.worker.test_steps import TYPE, Order

CHILD = "test.child"
SHORT = Backoff(first=2, factor=1, jitter="none")


class Shop:
    """A platform with one `async def` job type, whose function a test writes, and a record of what the function did."""

    def __init__(self, **options: Any) -> None:
        self.act: Callable[[AsyncJobContext], Awaitable[Any]]
        self.did: list[str] = []

        async def run(payload: Order, ctx: AsyncJobContext) -> Any:
            return await self.act(ctx)

        def child(payload: Order, ctx: JobContext) -> str:
            return payload.id

        self.child = job(CHILD)(child)
        self.kind = job(TYPE, **{"max_attempts": 3, "timeout": 60, "enqueues": [CHILD], **options})(run)
        self.platform = Platform(self.kind, self.child)

    async def do(self, what: str) -> str:
        self.did.append(what)
        await asyncio.sleep(0)
        self.did.append(f"{what} done")
        return what

    def start(self) -> Job:
        made = self.platform.submit(TYPE, {"id": "o-1"})
        self.platform.run()
        return self.now(made)

    def now(self, made: Job) -> Job:
        return self.platform.job(made)


@pytest.fixture
def shop() -> Iterator[Shop]:
    yield Shop()
    for name in (TYPE, CHILD):
        registered.pop(name, None)


def test_an_async_function_returns_its_result_and_awaits_what_makes_requests(shop: Shop) -> None:
    async def act(ctx: AsyncJobContext) -> Any:
        await ctx.progress(50, "half")
        await ctx.check_cancelled()
        made = await ctx.enqueue(CHILD, {"id": "c-1"}, key="child")
        assert await ctx.enqueue_many(CHILD, [{"id": "c-1"}], keys=["child"]) == [made]
        return {"attempt": ctx.attempt, "made": made, "left": ctx.remaining_seconds() > 5}

    shop.act = act
    made = shop.start()
    [child] = shop.platform.made_by(made)
    assert (made.status, made.result) == (Status.COMPLETED, {"attempt": 1, "made": child.id, "left": True})


def test_an_async_function_gets_the_new_name_of_an_argument_that_has_another_one(shop: Shop) -> None:
    async def act(ctx: AsyncJobContext) -> None:
        await ctx.enqueue(job_type=CHILD, payload={"id": "c-1"}, key="child")  # type: ignore[call-arg]

    shop.act = act
    made = shop.start()
    assert "job_type= is now type=" in str(made.error_message)


@pytest.mark.parametrize(
    ("error", "status", "attempts"),
    [
        (ValueError("no"), Status.RETRYING, 1),
        (PermanentError("never"), Status.FAILED, 1),
        (RetryLater(100), Status.RETRYING, 0),
        (SystemExit(3), Status.RETRYING, 1),
        (asyncio.CancelledError(), Status.RETRYING, 1),
    ],
)
def test_an_async_function_fails_as_a_plain_one(
    shop: Shop, error: BaseException, status: Status, attempts: int
) -> None:
    async def act(ctx: AsyncJobContext) -> None:
        raise error

    shop.act = act
    made = shop.start()
    assert (made.status, made.attempts, made.error_class) == (status, attempts, type(error).__name__)


def test_steps_of_async_and_plain_functions_are_kept_over_waits_errors_and_a_crash(shop: Shop) -> None:
    faults: list[BaseException] = [ValueError("no"), WorkerGone()]

    async def act(ctx: AsyncJobContext) -> Any:
        paid = await ctx.step("pay", shop.do, "pay")
        plain = await ctx.step("plain", lambda: "plain")
        key = await ctx.uuid()
        await ctx.sleep(3600)
        if faults:
            raise faults.pop(0)
        approved = await ctx.wait_for("approved")
        with ctx.scope("late"):
            shipped = await ctx.step("pay", shop.do, "ship")
        return [paid, plain, approved, shipped, key == await ctx.uuid()]

    shop.act = act
    made = shop.start()
    assert made.status is Status.SUSPENDED
    shop.platform.advance(hours=2)
    assert shop.now(made).waits == "event:approved"
    shop.platform.event(made, "approved", 7)
    shop.platform.advance(minutes=1)
    assert shop.now(made).result == ["pay", "plain", 7, "ship", False]
    assert shop.did == ["pay", "pay done", "ship", "ship done"]


def test_gathered_steps_run_side_by_side(shop: Shop) -> None:
    async def act(ctx: AsyncJobContext) -> Any:
        return await asyncio.gather(*(ctx.step(name, shop.do, name) for name in "abc"))

    shop.act = act
    made = shop.start()
    assert (made.result, shop.did) == (["a", "b", "c"], ["a", "b", "c", "a done", "b done", "c done"])


@pytest.mark.parametrize("grouped", [False, True])
def test_a_gathered_step_that_fails_does_not_cut_off_the_others(shop: Shop, grouped: bool) -> None:
    fails = [ValueError("no")]

    async def fail() -> str:
        shop.did.append("fail")
        if fails:
            raise fails.pop()
        return "late"

    async def slow() -> str:
        shop.did.append("slow")
        await asyncio.sleep(0.02)
        return "slow"

    async def act(ctx: AsyncJobContext) -> Any:
        if not grouped:
            return await asyncio.gather(ctx.step("fail", fail), ctx.step("slow", slow))
        async with asyncio.TaskGroup() as group:
            steps = [group.create_task(ctx.step("fail", fail)), group.create_task(ctx.step("slow", slow))]
        return [step.result() for step in steps]

    shop.act = act
    made = shop.start()
    assert (made.status, made.error_class) == (Status.RETRYING, "ValueError")
    shop.platform.advance(minutes=1)
    assert (shop.now(made).result, shop.did) == (["late", "slow"], ["fail", "slow", "fail"])


@pytest.mark.parametrize("grouped", [False, True])
def test_gathered_steps_that_do_not_fit_go_on_in_the_next_invocation(shop: Shop, grouped: bool) -> None:
    async def slow(name: str) -> str:
        shop.did.append(name)
        await asyncio.sleep(0)
        shop.platform.clock.now += 25
        return name

    async def act(ctx: AsyncJobContext) -> Any:
        await ctx.step("first", slow, "first")
        if not grouped:
            return await asyncio.gather(*(one(ctx, name) for name in "ab"))
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(ctx, name)) for name in "ab"]
        return [task.result() for task in tasks]

    async def one(ctx: AsyncJobContext, name: str) -> list[Any]:
        return [await ctx.step(f"{name}-{part}", slow, f"{name}-{part}") for part in range(3)]

    shop.act = act
    made = shop.start()
    shop.platform.advance(minutes=30)
    assert shop.now(made).result == [[f"{name}-{part}" for part in range(3)] for name in "ab"]
    assert sorted(shop.did) == sorted(["first", *(f"{name}-{part}" for name in "ab" for part in range(3))])
    assert shop.now(made).claims > 1
    assert not shop.platform.attempts(made)


def test_gathered_steps_are_tried_again_each_by_itself(shop: Shop) -> None:
    fails = {"a": 2, "b": 0, "c": 1}

    async def act(ctx: AsyncJobContext) -> Any:
        async def one(name: str) -> str:
            shop.did.append(name)
            await asyncio.sleep(0)
            fails[name] -= 1
            if fails[name] >= 0:
                raise ValueError(name)
            return name

        return await asyncio.gather(*(ctx.step(name, one, name, tries=3, retry=SHORT) for name in fails))

    shop.act = act
    made = shop.start()
    assert (made.result, made.attempts) == (["a", "b", "c"], 1)
    assert sorted(shop.did) == ["a", "a", "a", "b", "c", "c"]


def test_gathered_steps_that_failed_wait_until_the_earliest_next_try(shop: Shop) -> None:
    failed: list[int] = []

    async def act(ctx: AsyncJobContext) -> Any:
        async def fail(turns: int) -> str:
            if turns in failed:
                return "late"
            failed.append(turns)
            for _ in range(turns):
                await asyncio.sleep(0)
            raise ValueError(turns)

        long, short = Delays([600]), Delays([30])
        return await asyncio.gather(ctx.step("long", fail, 0, retry=long), ctx.step("short", fail, 9, retry=short))

    shop.act = act
    made = shop.start()
    assert (made.next_attempt_at or 0.0) - shop.platform.clock.now == pytest.approx(30, abs=1)
    shop.platform.advance(minutes=11)
    assert shop.now(made).result == ["late", "late"]


def test_a_step_is_tried_again_although_other_steps_use_all_threads(shop: Shop) -> None:
    again = threading.Event()

    def fail_once() -> str:
        shop.did.append("fail")
        if shop.did.count("fail") == 1:
            raise ValueError("no")
        again.set()
        return "late"

    async def in_a_thread() -> bool:
        return await asyncio.to_thread(again.wait, 5)

    async def act(ctx: AsyncJobContext) -> Any:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
        return await asyncio.gather(ctx.step("thread", in_a_thread), ctx.step("fail", fail_once, retry=SHORT))

    shop.act = act
    assert shop.start().result == [True, "late"]


@pytest.mark.parametrize("wait", [lambda ctx: ctx.sleep(5), lambda ctx: ctx.wait_for("approved")])
def test_a_wait_in_a_task_is_refused(shop: Shop, wait: Callable[[AsyncJobContext], Awaitable[Any]]) -> None:
    async def act(ctx: AsyncJobContext) -> None:
        await asyncio.gather(ctx.step("pay", shop.do, "pay"), wait(ctx))

    shop.act = act
    made = shop.start()
    assert (made.error_class, "task" in (made.error_message or "")) == ("ConfigurationError", True)


def test_a_plain_job_function_cannot_run_an_async_step(shop: Shop) -> None:
    def plain(payload: Order, ctx: JobContext) -> Any:
        return ctx.step("pay", shop.do, "pay")

    kind = job("test.plain", max_attempts=1)(plain)
    try:
        platform = Platform(kind)
        made = platform.perform(kind, {"id": "o-1"})
        assert (made.error_class, shop.did) == ("ConfigurationError", [])
    finally:
        registered.pop("test.plain")


def test_the_context_must_fit_the_function() -> None:
    async def awaits(payload: Order, ctx: JobContext) -> None: ...

    def plain(payload: Order, ctx: AsyncJobContext) -> None: ...

    for function, told in ((awaits, "AsyncJobContext, and await"), (plain, "async def")):
        with pytest.raises(ConfigurationError, match=told):
            job("test.wrong")(function)  # type: ignore[type-var, unused-ignore]


def test_the_test_kit_runs_an_async_function_also_within_an_event_loop(shop: Shop) -> None:
    async def act(ctx: AsyncJobContext) -> Any:
        await ctx.progress(10)
        await ctx.sleep(3600)
        return await ctx.step("pay", shop.do, "pay")

    shop.act = act
    assert run(TYPE, {"id": "o-1"}).value == "pay"

    asyncio.run(_within())


async def _within() -> None:
    assert run(TYPE, {"id": "o-1"}).value == "pay"


def test_a_step_that_nobody_awaits_any_more_is_finished_before_the_attempt_ends(shop: Shop) -> None:
    async def slow() -> str:
        await asyncio.sleep(0.02)
        shop.did.append("slow")
        return "slow"

    async def act(ctx: AsyncJobContext) -> str:
        try:
            async with asyncio.timeout(0.001):
                return str(await ctx.step("slow", slow))
        except TimeoutError:
            return "too slow"

    shop.act = act
    made = shop.start()
    assert (made.result, shop.did) == ("too slow", ["slow"])
    assert [step.name for step in shop.platform.steps(made)] == ["slow"]


def cancelled_once(shop: Shop, ctx: AsyncJobContext) -> None:
    if "asked" not in shop.did:
        shop.did.append("asked")
        shop.platform.cancel(ctx.job_id)


def test_parallel_steps_that_have_not_begun_do_not_begin_after_a_cancel(shop: Shop) -> None:
    async def once(what: str) -> None:
        shop.did.append(what)
        if shop.did.count(what) == 1:
            raise ValueError(what)

    async def act(ctx: AsyncJobContext) -> None:
        await ctx.step("charge", shop.do, "charge")
        try:
            await asyncio.gather(ctx.step("pack", once, "pack"), ctx.step("ship", once, "ship"))
        except JobCancelled:
            await asyncio.gather(ctx.step("refund", shop.do, "refund"), ctx.step("tell", shop.do, "tell"))
            raise

    shop.act = act
    made = shop.start()
    first = len(shop.did)
    shop.platform.cancel(made)
    shop.platform.run()
    assert (shop.now(made).status, shop.did[first:]) == (
        Status.CANCELLED,
        ["refund", "tell", "refund done", "tell done"],
    )


@pytest.mark.parametrize("together", ["gather", "group", "background"])
def test_a_task_does_not_begin_its_next_step_after_another_task_learned_of_a_cancel(shop: Shop, together: str) -> None:
    begun, learned, done = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def slow(what: str) -> str:
        begun.set()
        await learned.wait()
        await asyncio.sleep(0.02)
        shop.did.append(what)
        done.set()
        return what

    async def act(ctx: AsyncJobContext) -> None:
        await ctx.step("charge", shop.do, "charge")

        async def parts() -> None:
            await ctx.step("part-1", slow, "part-1")
            await ctx.step("part-2", slow, "part-2")

        async def checks() -> None:
            await begun.wait()
            cancelled_once(shop, ctx)
            try:
                await ctx.check_cancelled()
            finally:
                learned.set()
            await ctx.step("ship", shop.do, "ship")

        try:
            if together == "gather":
                await asyncio.gather(parts(), checks(), return_exceptions=False)
            elif together == "group":
                async with asyncio.TaskGroup() as group:
                    group.create_task(checks())
                    await parts()
            else:
                background = asyncio.create_task(checks())
                try:
                    await parts()
                finally:
                    await asyncio.gather(background, return_exceptions=True)
        except* JobCancelled:
            async with asyncio.timeout(60):
                await done.wait()
            await asyncio.sleep(0.02)  # a next step would begin meanwhile
            await ctx.step("refund", shop.do, "refund")
            raise

    shop.act = act
    made = shop.start()
    assert (shop.now(made).status, shop.did) == (
        Status.CANCELLED,
        ["charge", "charge done", "asked", "part-1", "refund", "refund done"],
    )


def test_a_task_that_undoes_its_own_steps_gets_the_cancel_once(shop: Shop) -> None:
    async def act(ctx: AsyncJobContext) -> None:
        async def part(what: str) -> None:
            await ctx.step(what, shop.do, what)
            try:
                await asyncio.sleep(0.01)
                cancelled_once(shop, ctx)
                await ctx.check_cancelled()
                await ctx.step(f"{what}-2", shop.do, f"{what}-2")
            except JobCancelled:
                await ctx.step(f"undo-{what}", shop.do, f"undo-{what}")
                raise

        ends = await asyncio.gather(part("a"), part("b"), return_exceptions=True)
        assert [type(end) for end in ends] == [JobCancelled] * 2

    shop.act = act
    made = shop.start()
    done = [what for what in shop.did if what.endswith("done")]
    assert (shop.now(made).status, done) == (Status.CANCELLED, ["a done", "b done", "undo-a done", "undo-b done"])


def test_a_step_that_ran_while_another_task_was_stopped_is_not_repeated_by_a_retry(shop: Shop) -> None:
    begun, learned = asyncio.Event(), asyncio.Event()

    async def slow(what: str) -> str:
        begun.set()
        await learned.wait()
        await asyncio.sleep(0.02)
        shop.did.append(what)
        return what

    async def act(ctx: AsyncJobContext) -> None:
        await ctx.step("order", shop.do, "order")

        async def checks() -> None:
            await begun.wait()
            cancelled_once(shop, ctx)
            try:
                await ctx.check_cancelled()
            finally:
                learned.set()
            await ctx.step("ship", shop.do, "ship")

        await asyncio.gather(ctx.step("charge", slow, "charge"), checks())

    shop.act = act
    made = shop.start()
    assert shop.now(made).status is Status.CANCELLED
    shop.platform.retry(made)
    shop.platform.run()
    assert (shop.now(made).status, shop.did.count("charge"), shop.did.count("order")) == (Status.COMPLETED, 1, 1)
