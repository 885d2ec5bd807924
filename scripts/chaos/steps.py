"""Define the soak's job type with steps: a step, called jobs, a sleep, a wait for an event, and another step.

If a job is cancelled meanwhile, a step undoes the first one. Each run of a step, and each value that the function gets,
is written to a file, for the verdict.
"""

import os
import signal
import time
import uuid
from pathlib import Path

from pydantic import BaseModel

from chalicelib import EventTimedOut, Function, JobCancelled
from chalicelib.entry.worker import consume
from chalicelib.job_types.context import JobContext
from chalicelib.job_types.jobtype import job


class ChaosSteps(BaseModel):
    """Ask for calls, a sleep and a wait for the event (seconds), and for the death of its first worker in a step."""

    log: str
    nap: float = 1.0
    patience: float = 30.0
    dies: bool = False
    calls: int = 0


@job("chaos.steps", max_attempts=6, timeout=8, function=Function(batch_size=5, concurrency=20), calls=("chaos.note",))
def chaos_steps(payload: ChaosSteps, ctx: JobContext) -> str:
    """Run the steps; return their values, the results of the called jobs, and whether the event came."""
    log, dies = Path(payload.log).with_name("steps.txt"), payload.dies and ctx.job.claims == 1
    # a retry after an undone step begins from the start, in another line of steps
    line = f"{ctx.job_id}/{ctx.job.line}"
    one = _told(log, line, "one", ctx.step("one", _run, str(log), line, "one", dies))
    try:
        bodies = [{"log": payload.log, "seconds": 0.05} for _ in range(payload.calls)]
        parts = ctx.gather("chaos.note", bodies, name="parts") if bodies else []
        ctx.sleep(payload.nap)
        came = _waited(payload, ctx)
        two = _told(log, line, "two", ctx.step("two", _run, str(log), line, "two", False))
    except JobCancelled:
        _told(log, line, "undo", ctx.step("undo", _run, str(log), line, "undo", False))
        raise
    return f"{one} {two} {','.join(map(str, parts)) or '-'} {came}"


def _waited(payload: ChaosSteps, ctx: JobContext) -> str:
    try:
        ctx.wait_for("go", timeout=payload.patience)
    except EventTimedOut:
        return "timed out"
    return "came"


def _run(log: str, line: str, name: str, dies: bool) -> str:
    """Record that the step begins; return another value at each run."""
    value = uuid.uuid4().hex[:12]
    _note(Path(log), f"run {line} {name} {value} {time.time():.3f}")
    if dies:
        os.kill(os.getpid(), signal.SIGKILL)
    return value


def _told(log: Path, line: str, name: str, value: object) -> str:
    _note(log, f"got {line} {name} {value} {time.time():.3f}")
    return str(value)


def _note(log: Path, text: str) -> None:
    with log.open("a") as file:  # one short write in append mode does not mix lines of several processes
        file.write(f"{text}\n")


handler = consume(chaos_steps)
