"""Define the soak's job type: record a run, then do what the payload says. Copied into the soak's `handlers/`."""

import os
import signal
import time
from pathlib import Path

from pydantic import BaseModel

from chalicelib import Function
from chalicelib.entry.worker import consume
from chalicelib.errors import PermanentError
from chalicelib.job_types.context import JobContext
from chalicelib.job_types.jobtype import job


class ChaosNote(BaseModel):
    """The behaviour of each attempt: up to attempt number `trouble` it fails in the way that `kind` names."""

    log: str
    kind: str = "ok"
    trouble: int = 0
    seconds: float = 0.0


@job("chaos.note", max_attempts=6, timeout=8, function=Function(batch_size=5, concurrency=20))
def chaos_note(payload: ChaosNote, ctx: JobContext) -> str:
    """Run, fail, or die."""
    token = f"{ctx.job.gen}.{ctx.attempt}"
    with Path(payload.log).open("a") as log:  # one short write in append mode: whole lines from any process
        log.write(f"{ctx.job_id} {token}\n")
    time.sleep(payload.seconds)
    ctx.check_cancelled()
    if ctx.attempt <= payload.trouble:
        if payload.kind == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if payload.kind == "permanent":
            raise PermanentError("never")
        raise ValueError(payload.kind)
    return token


handler = consume(chaos_note)
