"""Define the soak's job type with steps: a step, a sleep, a wait for an event, and another step.

Each run of a step, and each value that the function gets, is written to a file, for the verdict.
"""

import os
import signal
import time
import uuid
from pathlib import Path

from pydantic import BaseModel

from chalicelib import EventTimedOut, Function
from chalicelib.entry.worker import consume
from chalicelib.job_types.context import JobContext
from chalicelib.job_types.jobtype import job


class ChaosSteps(BaseModel):
    """How long the job sleeps, how long it waits for the event, and whether its first worker dies in a step."""

    log: str
    nap: float = 1.0
    patience: float = 30.0
    dies: bool = False


@job("chaos.steps", max_attempts=6, timeout=8, function=Function(batch_size=5, concurrency=20))
def chaos_steps(payload: ChaosSteps, ctx: JobContext) -> str:
    """Run the steps; return their values, and whether the event came."""
    log, dies = Path(payload.log).with_name("steps.txt"), payload.dies and ctx.job.claims == 1
    seen = [_told(log, ctx, "one", ctx.step("one", _run, str(log), ctx.job_id, "one", dies))]
    ctx.sleep(payload.nap)
    try:
        ctx.wait_for("go", timeout=payload.patience)
        came = "came"
    except EventTimedOut:
        came = "timed out"
    seen.append(_told(log, ctx, "two", ctx.step("two", _run, str(log), ctx.job_id, "two", False)))
    return f"{seen[0]} {seen[1]} {came}"


def _run(log: str, job_id: str, name: str, dies: bool) -> str:
    """Record that the step begins; return another value at each run."""
    value = uuid.uuid4().hex[:12]
    _note(Path(log), f"run {job_id} {name} {value} {time.time():.3f}")
    if dies:
        os.kill(os.getpid(), signal.SIGKILL)
    return value


def _told(log: Path, ctx: JobContext, name: str, value: object) -> str:
    _note(log, f"got {ctx.job_id} {name} {value} {time.time():.3f}")
    return str(value)


def _note(log: Path, line: str) -> None:
    with log.open("a") as file:  # one short write in append mode does not mix lines of several processes
        file.write(f"{line}\n")


handler = consume(chaos_steps)
