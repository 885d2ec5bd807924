"""Test generated job functions that are cancelled at any point, and whose workers die at any point.

Their steps succeed, fail and are caught, or are tried again. What a cancelled job has done before is undone, it does
nothing more, and it does not end as completed. A retry does nothing twice, unless the job has undone something.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from chalicelib import JobCancelled, JobContext, StepFailed
from chalicelib.job_types.jobtype import registered
from chalicelib.jobs.job import WAITING, Job, Status
from jobflow.testing.workers import WorkerGone
from tests.chalicelib.worker.test_steps import TYPE, Shop

OPS = ("step", "caught", "caught-once", "tries", "fails-once", "sleep", "event", "check", "progress", "uuid", "nested")


@dataclass
class Program:
    """A job function of some operations, and what happened when it ran.

    `cancel_at` and `die_at` are numbers of operations; the operations that undo come after the others.
    """

    ops: list[str]
    cancel_at: int
    from_outside: bool
    die_at: int
    undo_fails: bool
    reports: bool
    twice: bool = False
    done: list[str] = field(default_factory=list)
    undone: list[str] = field(default_factory=list)
    stopped_at: int | None = None
    late: list[str] = field(default_factory=list)
    happened: set[str] = field(default_factory=set)
    shop: Shop = field(default_factory=lambda: Shop(max_attempts=5))

    def once(self, what: str) -> bool:
        first = what not in self.happened
        self.happened.add(what)
        return first

    def act(self, ctx: JobContext) -> str:
        booked: list[str] = []
        try:
            self.forward(ctx, booked)
        except JobCancelled:
            for number, name in enumerate(reversed(booked)):
                self.misfortune(ctx, len(self.ops) + number + 1)
                if self.undo_fails and number == len(booked) // 2 and self.once("undo fails"):
                    raise ValueError("undo") from None
                ctx.step(f"undo-{name}", self.undo, name)
            raise
        return "ended"

    def forward(self, ctx: JobContext, booked: list[str]) -> None:
        at, died = 0, False
        try:
            for at, op in enumerate(self.ops):
                self.misfortune(ctx, at)
                if self.stopped_at is not None and at > self.stopped_at:
                    self.late.append(f"{at}")
                self.operate(ctx, at, op, booked)
            self.misfortune(ctx, len(self.ops))
        except JobCancelled:
            self.stopped_at = at if self.stopped_at is None else self.stopped_at
            raise
        except WorkerGone:
            died = True
            raise
        finally:
            if self.reports and not died:
                self.report(ctx)

    def report(self, ctx: JobContext) -> None:
        try:
            ctx.progress(50)
        except JobCancelled:
            self.stopped_at = len(self.ops) if self.stopped_at is None else self.stopped_at
            raise

    def misfortune(self, ctx: JobContext, at: int) -> None:
        if at == self.cancel_at and not self.from_outside and self.once("cancel"):
            self.shop.platform.cancel(ctx.job_id)
        if at == self.die_at and self.once("die"):
            raise WorkerGone

    def operate(self, ctx: JobContext, at: int, op: str, booked: list[str]) -> None:
        name = f"s{at}"
        match op:
            case "step":
                booked.append(ctx.step(name, self.book, name))
            case "caught" | "caught-once":
                try:
                    booked.append(ctx.step(name, self.fail, name, op == "caught"))
                except ValueError:
                    self.shop.did.append(f"{name} failed")
            case "tries":
                try:
                    booked.append(ctx.step(name, self.fail, name, True, tries=1))
                except StepFailed:
                    self.shop.did.append(f"{name} failed")
            case "fails-once":
                booked.append(ctx.step(name, self.fail, name, False))
            case "sleep":
                ctx.sleep(600, name)
            case "event":
                ctx.wait_for(name)
            case "check":
                ctx.check_cancelled()
            case "progress":
                ctx.progress(at)
            case "uuid":
                ctx.uuid()
            case "nested":
                booked.append(ctx.step(name, self.nest, ctx, name))

    def nest(self, ctx: JobContext, name: str) -> str:
        ctx.uuid()
        ctx.step(f"{name}-inner", lambda: None)
        if self.once(f"{name} nested"):
            raise ValueError(name)
        return self.book(name)

    def book(self, name: str) -> str:
        self.done.append(name)
        return name

    def fail(self, name: str, always: bool) -> str:
        if always or self.once(name):
            raise ValueError(name)
        return self.book(name)

    def undo(self, name: str) -> None:
        self.undone.append(name)

    def play(self) -> Job:
        """Run the job until it has ended; post each event after a while, and cancel it from outside between rounds."""
        platform = self.shop.platform
        self.shop.act = self.act
        made = platform.submit(TYPE, {"id": "o-1"})
        for turn in range(60):
            platform.run()
            found = platform.job(made)
            if found.terminal:
                break
            if self.from_outside and turn == self.cancel_at and self.once("cancel"):
                platform.cancel(made)
                continue
            if self.twice and self.stopped_at is not None and found.cancel_requested and found.status in WAITING:
                platform.clock.now += 61
                platform.cancel(made)
                continue
            if found.waits is not None and found.waits.startswith("event:") and turn % 2:
                platform.event(made, found.waits.removeprefix("event:"))
            platform.advance(minutes=4)
        return platform.job(made)


@st.composite
def programs(draw: st.DrawFn) -> dict[str, Any]:
    ops = draw(st.lists(st.sampled_from(OPS), min_size=1, max_size=7))
    return {
        "ops": ops,
        "cancel_at": draw(st.integers(0, len(ops) + 1)),
        "from_outside": draw(st.booleans()),
        "die_at": draw(st.integers(0, 2 * len(ops) + 2)),
        "undo_fails": draw(st.booleans()),
        "reports": draw(st.booleans()),
        "twice": draw(st.booleans()),
    }


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    yield
    registered.pop(TYPE, None)


SOME: dict[str, Any] = {"from_outside": False, "die_at": 99, "undo_fails": True, "reports": False}


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(programs())
@example({**SOME, "ops": ["step", "tries", "step", "sleep", "step"], "cancel_at": 1, "from_outside": True})
@example({**SOME, "ops": ["step", "caught", "step", "sleep", "step"], "cancel_at": 1, "from_outside": True})
@example({**SOME, "ops": ["step", "sleep", "step"], "cancel_at": 1, "reports": True})
@example({**SOME, "ops": ["step", "progress", "step", "progress", "step"], "cancel_at": 3})
@example({**SOME, "ops": ["check", "step", "step"], "cancel_at": 1, "die_at": 1})
@example({**SOME, "ops": ["step", "nested", "step"], "cancel_at": 1, "from_outside": True})
def test_a_cancelled_job_does_nothing_more_and_undoes_what_it_has_done(program: dict[str, Any]) -> None:
    registered.pop(TYPE, None)
    one = Program(**program)
    ended = one.play()
    known = f"{one.shop.did} done={one.done} undone={one.undone} {ended.status} {ended.error_message}"
    assert ended.terminal, known
    assert not one.late, f"it went on after the stop: {one.late} {known}"
    assert len(set(one.done)) == len(one.done), known
    assert len(set(one.undone)) == len(one.undone), known
    if one.stopped_at is not None:
        assert ended.status is Status.CANCELLED, known
        assert sorted(one.undone) == sorted(one.done) or one.twice, known
    elif ended.status is Status.CANCELLED:
        assert not one.done, known
    else:
        assert (ended.status, one.undone) == (Status.COMPLETED, []), known
    if ended.status is Status.CANCELLED:
        before, one.cancel_at, one.die_at = list(one.done), -1, -1
        one.done.clear()
        undone, one.stopped_at = list(one.undone), None
        one.undone.clear()
        one.shop.platform.retry(ended)
        for _ in range(60):
            one.shop.platform.run()
            found = one.shop.platform.job(ended)
            if found.terminal:
                break
            if found.waits is not None and found.waits.startswith("event:"):
                one.shop.platform.event(ended, found.waits.removeprefix("event:"))
            one.shop.platform.advance(minutes=4)
        again = set(one.done) & set(before)
        assert undone or not again, f"a kept step was repeated: {again} {known}"
        assert one.undone == [], f"the retry has undone steps: {known}"
        assert one.shop.platform.job(ended).status is Status.COMPLETED, known
