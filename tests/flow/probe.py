"""Define a job type that does what its payload says; the flow tests add it to a copy of `handlers/`."""

import os
import time
from pathlib import Path

from pydantic import BaseModel

from chalicelib import Function
from chalicelib.entry.worker import consume
from chalicelib.errors import PermanentError
from chalicelib.job_types.context import JobContext
from chalicelib.job_types.jobtype import job


class FlowProbe(BaseModel):
    """The behaviour: how many first attempts fail, how they fail, and after how many seconds.

    While the file `gate` exists, an attempt waits.
    """

    fail: int = 0
    how: str = "raise"
    seconds: float = 0
    account: str = ""
    gate: str = ""


@job("flow.probe", timeout=60, function=Function(batch_size=1, concurrency=10))
def flow_probe(payload: FlowProbe, ctx: JobContext) -> dict[str, int]:
    """Do it."""
    end = time.monotonic() + payload.seconds
    while time.monotonic() < end or (payload.gate and Path(payload.gate).exists()):
        time.sleep(0.05)
        ctx.check_cancelled()
    if ctx.attempt > payload.fail:
        return {"attempt": ctx.attempt}
    if payload.how == "die":
        os._exit(3)
    if payload.how == "permanent":
        raise PermanentError("never")
    raise ValueError("not yet")


handler = consume(flow_probe)
