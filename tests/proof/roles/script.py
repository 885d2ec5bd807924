"""Define the proof's job function: each attempt does what the script for its payload's name says."""

import io
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.shared.constants import METRICS_DISABLED_ENV
from pydantic import BaseModel

from chalicelib import Function
from chalicelib.errors import PermanentError, RetryLater
from chalicelib.job_types.constants import DELIVER
from chalicelib.job_types.context import JobContext
from chalicelib.job_types.jobtype import JobType, job, registered
from chalicelib.jobs.job import Job
from chalicelib.telemetry.logger import logger
from chalicelib.worker.claim import FLOAT
from chalicelib.worker.constants import SETTLE_RESERVE
from tests.proof.grounds.faults import Crash
from tests.proof.grounds.ground import ATTEMPTS, TOLD, TYPE, TYPES
from tests.proof.roles.composed import EVENT, SECOND
from tests.proof.roles.threads import let_others_go_on

if TYPE_CHECKING:
    from tests.proof.world import World

TIMEOUT = 60


class Note(BaseModel):
    """The payload: `name` says whose script the attempts follow; `ballast` makes payload and result large."""

    name: str = ""
    ballast: str = ""


@dataclass
class ScriptedFunction:
    """Runs attempts, and records what must never happen when one begins."""

    world: "World"

    def __call__(self, payload: Note, ctx: JobContext) -> str:
        """One attempt."""
        steps = self.world.script[payload.name]
        outcome = steps.pop(0) if steps else self.world.always.get(payload.name, "ok")
        self._begin(ctx.job, outcome)
        held = self.world.running[ctx.job.id, ctx.job.gen]
        ends = self._ends()
        held.append(ends)
        self.world.takes_place(ctx.job, ends)
        serial = self.world.kinds[ctx.job.type].serial_by is not None and payload.ballast
        if serial:
            self.world.begins(payload.ballast, ctx.job)
        strikes = self.world.ground.faults.strikes
        try:
            let_others_go_on()
            self._act(outcome, ctx)
        finally:
            # jobs that run beside this one may have used up the time of the invocation meanwhile
            late = self.world.threads > 1 and ends - self.world.clock.now < 2 * SETTLE_RESERVE
            if late or self.world.ground.faults.strikes > strikes:
                self.world.disturbed.add((ctx.job.id, *ctx.job.token))
            held.pop()
            self.world.leaves_place(ctx.job, ends)
            if serial:
                self.world.of_key[payload.ballast].remove(ctx.job)
        return f"{ctx.job.gen}.{ctx.attempt}{payload.ballast}"

    def _begin(self, job: Job, outcome: str) -> None:
        token = (job.id, *job.token)
        if token in self.world.runs:
            self.world.wrong.append(f"I2 token {token} ran twice")
        if (job.id, job.gen) in self.world.stopped:
            self.world.wrong.append(f"{job.id} ran after it was cancelled")
        now, ahead = self.world.clock.now, self.world.skew[self.world.worker]
        # that a job was due which has waited for a limit since then, another process has found, by its own clock
        found = now + (ahead if job.claims == 1 else max(ahead, *self.world.skew.values()))
        # times are stored in milliseconds: with its own clock, a worker may begin a fraction of a millisecond early
        rounded = FLOAT / 1000
        if job.run_at and job.id not in self.world.hurried and found < job.run_at - rounded:
            self.world.wrong.append(f"{job.id} ran {job.run_at - found:.6f} s too early")
        # compare with the time of the claim, because a job may wait a moment for its slot after it
        if job.start_by is not None and job.attempts == 1 and (job.started_at or 0.0) > job.start_by:
            self.world.wrong.append(f"I27 {token} was claimed {job.started_at} and had expired at {job.start_by}")
        if (job.lease_until or 0) - ahead < self._ends():
            self.world.wrong.append(f"I2 the lease of {token} ends before its invocation")
        if self.world.planned is not None:
            self.world.wrong += self.world.planned.begins(job)
        if any(end >= now for end in self.world.running[job.id, job.gen]):
            self.world.wrong.append(f"I2 {token} began while another worker could still be writing")
        self.world.runs[token] = outcome
        if job.type == TYPE:
            self.world.starts()
        self.world.clock.advance(0.25)

    def _ends(self) -> float:
        """Return when the invocation of this attempt is killed."""
        ends = self.world.ends.get()
        return self.world.clock.now if ends is None else ends

    def _act(self, outcome: str, ctx: JobContext) -> None:
        """Do what the words of an outcome say: what happens meanwhile, what is requested, how the attempt ends."""
        words = outcome.split(" then ")
        for word in words:
            self.world.step(partial(self._steps[word], ctx))

    @property
    def _steps(self) -> dict[str, Callable[[JobContext], object]]:
        return {
            "ok": lambda _: None,
            "err": lambda _: _raise(ValueError("boom")),
            "perm": lambda _: _raise(PermanentError("never")),
            "later": lambda _: _raise(RetryLater(30, "busy")),
            "a while later": lambda _: _raise(RetryLater(600, "busy")),
            "much later": lambda _: _raise(RetryLater(2000, "closed")),
            "oom": lambda _: _raise(Crash("out of memory")),
            "stall": lambda _: self._meanwhile(400),
            "nested": lambda _: self._meanwhile(0),
            "long": lambda _: self.world.clock.advance(TIMEOUT - 1),
            "ask": lambda ctx: self.world.process(lambda: self.world.operations.cancel(ctx.job_id)),
            "obey": lambda ctx: ctx.check_cancelled(),
            "progress": lambda ctx: ctx.progress(50, "half"),
            "keep": self.world.composed.keep,
            "try": lambda ctx: self.world.composed.attempt(ctx, fails=2),
            "try in vain": lambda ctx: self.world.composed.attempt(ctx, fails=99),
            "nap": lambda ctx: self.world.composed.nap(ctx, 40),
            "long nap": lambda ctx: self.world.composed.nap(ctx, 2000),
            "call": lambda ctx: self.world.call(ctx, 1),
            "call two": lambda ctx: self.world.call(ctx, 2),
            "wait": lambda ctx: self.world.composed.wait(ctx, EVENT),
            "wait or undo": self.world.composed.wait_or_undo,
            "wait again": lambda ctx: self.world.composed.wait(ctx, SECOND),
            "post": self.world.post,
            "make": self.world.make_child,
            "make many": self.world.make_many,
            "make quiet": self.world.make_quiet,
        }

    def _meanwhile(self, seconds: float) -> None:
        self.world.clock.advance(seconds)
        if self.world.nested is not None:
            nested, self.world.nested = self.world.nested, None
            nested()


@contextmanager
def silence() -> Iterator[None]:
    """Write no log lines and no metrics, because there are thousands of executions."""
    log, metrics = logger(), os.environ.get(METRICS_DISABLED_ENV)
    level = log.log_level
    os.environ[METRICS_DISABLED_ENV] = "true"
    # every setting of a level, even of the same one, makes all loggers compute again whether they write
    if level != logging.CRITICAL:
        log.setLevel(logging.CRITICAL)
    try:
        with redirect_stdout(io.StringIO()):
            yield
    finally:
        if level != logging.CRITICAL:
            log.setLevel(level)
        if metrics is None:
            del os.environ[METRICS_DISABLED_ENV]
        else:
            os.environ[METRICS_DISABLED_ENV] = metrics


def _raise(error: BaseException) -> None:
    raise error


def declare(
    function: Callable[[Any, JobContext], str], name: str = TYPE, model: type[BaseModel] = Note
) -> JobType[Any, Any]:
    """Declare one of the proof's job types, also in the registry, where the service searches for it."""

    def run(payload: Any, ctx: JobContext) -> str:
        return function(payload, ctx)

    run.__annotations__["payload"] = model

    declared: JobType[Any, Any] = job(
        name, max_attempts=ATTEMPTS, timeout=TIMEOUT, function=Function(batch_size=10), enqueues=TYPES, calls=TYPES
    )(run)
    return declared


def forget() -> None:
    """Remove the proof's job types from the registry."""
    for name in (*TYPES, TOLD, DELIVER):
        registered.pop(name, None)
