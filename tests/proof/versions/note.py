"""Define one of the job types of the test with two versions. The file is copied into the `handlers/` of each version.

It uses only the names that a file in `handlers/` may use, because everything else differs between two versions.
"""

import os
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from chalicelib import Cron, Function, JobContext, PermanentError, RetryLater, Unique, consume, job

WHAT = Path(__file__).stem.removeprefix("two_")
DECLARED: dict[str, dict[str, Any]] = {
    "plain": {},
    "keyed": {"serial_by": "key"},
    "unique": {"unique": Unique(by=("name",), seconds=7200)},
    "planned": {
        "schedule": [
            Cron("*/5 * * * *", payload={"name": "planned"}, catch_up=20),
            Cron("*/5 * * * *", payload={"name": "alone"}, overlap="skip", name="alone"),
        ]
    },
}


class Note(BaseModel):
    """What the attempts of a job do, one after the other; attempts that are not listed complete."""

    name: str
    key: str = ""
    does: list[str] = []
    ballast: str = ""


@job(
    f"two.{WHAT}", max_attempts=3, timeout=60, function=Function(batch_size=5), enqueues=["two.plain"], **DECLARED[WHAT]
)
def two(payload: Note, ctx: JobContext) -> str:
    """Record the run with the version that makes it, then do what the payload says."""
    runs = Path(os.environ["PROOF_RUNS"])
    before = sum(line.startswith(f"{ctx.job_id} ") for line in runs.read_text().splitlines())
    with runs.open("a") as log:
        log.write(f"{ctx.job_id} {ctx.idempotency_key} {os.environ['PROOF_VERSION']}\n")
    match payload.does[before] if before < len(payload.does) else "ok":
        case "err":
            raise ValueError("boom")
        case "perm":
            raise PermanentError("never")
        case "soon":
            raise RetryLater(30, "busy")
        case "later":
            raise RetryLater(1000, "closed")
        case "nap" | "long nap" as nap:
            ctx.step("named", len, payload.name)
            ctx.sleep({"nap": 30, "long nap": 1000}[nap], f"nap-{before}")
        case "oom":
            os._exit(9)
        case "child":
            ctx.enqueue("two.plain", {"name": f"child of {payload.name}"}, key="child")
            raise ValueError("after a child")
    return f"{payload.name}{payload.ballast}"


handler = consume(two)
