"""Define one of the soak's job types: record a run, then do what the payload says.

The file is copied into the soak's `handlers/` four times: as chaos_note; as chaos_keyed, where the jobs of a key run
one at a time; as chaos_capped, where a limit lets one job of a key run at once; and as chaos_planned, where firings do
not overlap.
"""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from chalicelib import AtMost, Cron, Function
from chalicelib.entry.worker import consume
from chalicelib.errors import PermanentError
from chalicelib.job_types.context import JobContext
from chalicelib.job_types.jobtype import job

WHAT = Path(__file__).stem.removeprefix("chaos_")
LOG = str(Path(__file__).parents[2] / "runs.txt")
DECLARED: dict[str, dict[str, Any]] = {
    "note": {},
    "keyed": {"serial_by": "key"},
    "capped": {"limits": [AtMost(1, by="key")]},
    "planned": {"schedule": Cron("* * * * *", overlap="skip", payload={"log": LOG, "key": "planned", "seconds": 4})},
}


class ChaosNote(BaseModel):
    """The behaviour of each attempt: up to attempt number `trouble` it fails as `kind` says."""

    log: str
    kind: str = "ok"
    trouble: int = 0
    seconds: float = 0.0
    key: str = ""


FUNCTION = Function(batch_size=1 if WHAT == "capped" else 5, concurrency=20)


@job(f"chaos.{WHAT}", max_attempts=6, timeout=8, function=FUNCTION, **DECLARED[WHAT])
def chaos_note(payload: ChaosNote, ctx: JobContext) -> str:
    """Complete, fail, or end the process."""
    # do not use the number of the attempt: an attempt that was given back and the next attempt have the same number
    token = f"{ctx.job.gen}.{ctx.job.claims}"
    with Path(payload.log).open("a") as log:  # one short write in append mode does not mix lines of several processes
        log.write(f"{ctx.job_id} {token}\n")
    with _noted(payload, ctx.job_id):
        _act(payload, ctx)
    return token


@contextmanager
def _noted(payload: ChaosNote, job_id: str) -> Iterator[None]:
    """Write down when a job with a key ran. A process that is killed writes nothing."""
    began = time.time()
    try:
        yield
    finally:
        if payload.key:
            with Path(payload.log).with_name("keys.txt").open("a") as log:
                log.write(f"{payload.key} {began:.3f} {time.time():.3f} {job_id}\n")


def _act(payload: ChaosNote, ctx: JobContext) -> None:
    time.sleep(payload.seconds)
    ctx.check_cancelled()
    if ctx.attempt <= payload.trouble:
        if payload.kind == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if payload.kind == "permanent":
            raise PermanentError("never")
        raise ValueError(payload.kind)


handler = consume(chaos_note)
