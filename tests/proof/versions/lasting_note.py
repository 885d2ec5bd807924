"""Define the job type of the test with two versions whose runs last over the deploy, and have a version.

The file is copied into the `handlers/` of each version. The newer version can continue the runs of the older one, and
the older one has never heard of the newer one.
"""

import os
from pathlib import Path

from pydantic import BaseModel

from chalicelib import Changes, Function, JobContext, consume, job

BEFORE, SINCE = "2", "3"
OLD = os.environ.get("PROOF_VERSION") == "old"
MONTH = 30 * 86_400


class Lasting(BaseModel):
    """A job that sleeps for `nap` seconds, and then waits for an event."""

    name: str
    nap: int


def _record(job_id: str, what: str) -> None:
    with Path(os.environ["PROOF_RUNS"]).open("a") as log:
        log.write(f"{job_id} {what} {os.environ['PROOF_VERSION']}\n")


def _work(job_id: str, name: str) -> str:
    _record(job_id, f"step {name}")
    return name


@job(
    "two.lasting", max_attempts=3, timeout=60, function=Function(batch_size=5),
    changes=Changes(version=BEFORE) if OLD else Changes(version=SINCE, versions=(BEFORE,)),
)  # fmt: skip
def lasting(payload: Lasting, ctx: JobContext) -> str:
    """Keep three steps, with a sleep and a wait between them; only the newer version has a fourth step."""
    _record(ctx.job_id, f"version {ctx.version}")
    done = [ctx.step("first", _work, ctx.job_id, "first")]
    ctx.sleep(payload.nap, "nap")
    done.append(ctx.step("second", _work, ctx.job_id, "second"))
    told = ctx.wait_for("approved", timeout=MONTH)
    if ctx.version == SINCE:
        done.append(ctx.step("new", _work, ctx.job_id, "new"))
    done.append(ctx.step("third", _work, ctx.job_id, "third"))
    return f"{payload.name}: {' '.join(done)} {told['by']}"


handler = consume(lasting)
