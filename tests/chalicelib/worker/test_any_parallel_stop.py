"""Test generated `async def` job functions with tasks that are cancelled at any point, and whose workers die."""

import asyncio
from dataclasses import dataclass, field

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib import AsyncJobContext, JobCancelled
from chalicelib.job_types.jobtype import registered
from chalicelib.jobs.job import Job, Status
from jobflow.testing.workers import WorkerGone
from tests.chalicelib.worker.test_async import CHILD, Shop
from tests.chalicelib.worker.test_steps import TYPE

Tasks = list[list[tuple[str, int]]]


@dataclass
class Program:
    """A job function of tasks; each has operations, and the number of turns of the event loop that they take."""

    tasks: Tasks
    group: bool
    cancel_at: int
    die_at: int
    undo_fails: bool
    points: int = 0
    stopped: bool = False
    happened: set[str] = field(default_factory=set)
    done: list[str] = field(default_factory=list)
    undone: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    shop: Shop = field(default_factory=lambda: Shop(max_attempts=6))

    def once(self, what: str) -> bool:
        first = what not in self.happened
        self.happened.add(what)
        return first

    async def task(self, ctx: AsyncJobContext, number: int) -> None:
        for at, (op, turns) in enumerate(self.tasks[number]):
            self.points += 1
            if self.points >= self.cancel_at and self.once("cancel"):
                self.shop.platform.cancel(ctx.job_id)
            if self.points >= self.die_at and self.once("die"):
                raise WorkerGone
            if op == "check":
                await ctx.check_cancelled()
            else:
                await ctx.step(f"s{number}-{at}", self.book, ctx, f"s{number}-{at}", op, turns)

    async def book(self, ctx: AsyncJobContext, name: str, op: str, turns: int) -> None:
        # a step that has failed before the stop may run again, until the function comes to the stop
        if self.stopped and op != "fails-once":
            self.late.append(name)
        for _ in range(turns):
            await asyncio.sleep(0)
        if op == "nested":
            await ctx.step(f"{name}-inner", lambda: None)
        if op == "fails-once" and self.once(name):
            raise ValueError(name)
        self.done.append(name)

    async def act(self, ctx: AsyncJobContext) -> None:
        try:
            await self.forward(ctx)
        except BaseExceptionGroup as group:
            if group.subgroup(WorkerGone):
                raise WorkerGone from None
            if not group.subgroup(JobCancelled):
                raise
            await self.undo(ctx)
            raise
        except JobCancelled:
            await self.undo(ctx)
            raise

    async def forward(self, ctx: AsyncJobContext) -> None:
        if self.group:
            async with asyncio.TaskGroup() as group:
                for number in range(len(self.tasks)):
                    group.create_task(self.task(ctx, number))
        else:
            await asyncio.gather(*(self.task(ctx, number) for number in range(len(self.tasks))))
        await ctx.step("last", self.done.append, "last")

    async def undo(self, ctx: AsyncJobContext) -> None:
        self.stopped = True
        await ctx.step("undo-1", self.undone.append, "undo-1")
        if self.undo_fails and self.once("undo fails"):
            raise ValueError("undo") from None
        await asyncio.gather(*(ctx.step(name, self.undone.append, name) for name in ("undo-2", "undo-3")))

    def play(self) -> Job:
        self.shop.act = self.act
        made = self.shop.start()
        for _ in range(30):
            if self.shop.now(made).terminal:
                break
            self.shop.platform.advance(minutes=4)
        return self.shop.now(made)


OPS = st.tuples(st.sampled_from(("step", "check", "fails-once", "nested")), st.integers(0, 3))
TASKS = st.lists(st.lists(OPS, min_size=1, max_size=4), min_size=1, max_size=3)
UNEVEN: Tasks = [[("step", 3), ("step", 0), ("check", 0)], [("step", 0), ("step", 0), ("step", 0), ("fails-once", 0)]]


@settings(max_examples=100, deadline=None)
@given(
    tasks=TASKS,
    group=st.booleans(),
    cancel_at=st.integers(0, 10),
    die_at=st.integers(0, 12),
    undo_fails=st.booleans(),
)
@example(tasks=UNEVEN, group=False, cancel_at=5, die_at=99, undo_fails=True)
def test_no_task_of_a_cancelled_job_begins_another_step(
    tasks: Tasks, group: bool, cancel_at: int, die_at: int, undo_fails: bool
) -> None:
    for name in (TYPE, CHILD):
        registered.pop(name, None)
    one = Program(tasks, group, cancel_at, die_at, undo_fails)
    try:
        ended = one.play()
        known = f"done={one.done} undone={one.undone} {ended.status} {ended.error_message}"
        assert ended.terminal, known
        assert not one.late, f"it went on after the stop: {one.late} {known}"
        if one.stopped:
            assert (ended.status, sorted(one.undone)) == (Status.CANCELLED, ["undo-1", "undo-2", "undo-3"]), known
        if ended.status is Status.CANCELLED:
            before, one.stopped = set(one.done), False
            one.done.clear()
            one.shop.platform.retry(ended)
            one.shop.platform.advance(hours=1)
            assert one.shop.now(ended).status is Status.COMPLETED, known
            assert one.undone or not before & set(one.done), known
    finally:
        for name in (TYPE, CHILD):
            registered.pop(name, None)


def test_the_value_of_a_step_is_returned_before_another_task_is_stopped(request: pytest.FixtureRequest) -> None:
    """In the second call, the task with fewer kept steps waits until the other one has reached its own."""
    shop = Shop()
    request.addfinalizer(lambda: [registered.pop(name, None) for name in (TYPE, CHILD)])
    calls: list[list[str]] = []

    async def part(name: str) -> str:
        shop.did.append(name)
        if name == "a-2" and shop.did.count(name) == 1:
            await asyncio.sleep(0.02)
            raise ValueError("once")
        return name

    async def act(ctx: AsyncJobContext) -> None:
        known: list[str] = []
        calls.append(known)

        async def parts(name: str, most: int) -> None:
            nonlocal known
            for number in range(1, most + 1):
                known += [await ctx.step(f"{name}-{number}", part, f"{name}-{number}")]

        await asyncio.gather(parts("a", 3), parts("b", 4))

    shop.act = act
    made = shop.start()
    shop.platform.cancel(made)
    shop.platform.run()
    assert (shop.now(made).status, shop.did.count("a-2")) == (Status.CANCELLED, 1)
    assert sorted(calls[-1])[:1] == ["a-1"]
    assert {"b-1", "b-2", "b-3"} <= set(calls[-1])
