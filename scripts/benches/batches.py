"""Measure the end of a batch of 100 and of 100,000 members: how long `then` takes after the last end, and its requests.

Run it as `python -m scripts.benches.batches`. The stores are in memory, so the times are those of the platform's code,
and each call of a store or a queue is one request to AWS or more. A test (tests/infra/cloud/rights/test_batches.py)
counts the requests of the last read of the stream over an emulated AWS.
"""

import sys
import time
from collections import Counter
from typing import Any

from pydantic import BaseModel

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.batches.batches import Batches, NewBatch
from chalicelib.batches.memory import MemoryBatches
from chalicelib.job_types import jobtype
from chalicelib.job_types.batch_end import BatchEnd
from chalicelib.job_types.context import JobContext
from chalicelib.job_types.jobtype import job
from chalicelib.jobs import transitions
from chalicelib.jobs.change import Claimant
from chalicelib.jobs.changed import JobChanged
from chalicelib.jobs.job import Job
from chalicelib.producing.service import JobService
from chalicelib.producing.submission import Submission
from chalicelib.telemetry.logger import logger

SIZES = (100, 100_000)
READ = 100
"""Changes in one invocation of the function on the stream."""
AT_ONCE = 25
"""Members in one request."""
LIMIT = 10.0
"""Seconds from the last end until the job of `then` is stored."""


class Part(BaseModel):
    """The payload of a member."""

    number: int


class Counted:
    """A port whose calls are counted by name."""

    def __init__(self, port: Any, calls: Counter[str]) -> None:
        self._port, self._calls = port, calls

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)

        def call(*asked: Any, **more: Any) -> Any:
            self._calls[name] += 1
            return found(*asked, **more)

        return call if callable(found) else found


class Bench:
    """One batch, with the time and the calls of each part of its life."""

    def __init__(self) -> None:
        self.calls = Counter[str]()
        self.store = MemoryJobStore()
        counted: Any = [Counted(one, self.calls) for one in (self.store, MemoryJobQueue(), MemoryBatches())]
        self.batches = Batches(counted[2], JobService(counted[0], counted[1]))

    def fill(self, size: int) -> list[str]:
        """Create a batch, add members and close it; return their ids."""
        self.batches.create(NewBatch("b-1", then="bench.then"))
        ids: list[str] = []
        for start in range(0, size, AT_ONCE):
            numbers = range(start, min(start + AT_ONCE, size))
            asked = [Submission("bench.part", {"number": number}, batch="b-1") for number in numbers]
            ids += [made.job.id for made in self.batches.add("b-1", asked) if not isinstance(made, Exception)]
        self.batches.close("b-1", size)
        return ids

    def end(self, job_id: str, number: int) -> JobChanged:
        """Run a member to its end; return the change of it."""
        before = self.store.get(job_id)
        now = before.updated_at
        claim = transitions.claim(before.gen, now=now, lease_until=now + 60, by=Claimant("bench"))
        held = self.store.apply(job_id, claim)
        after: Job = self.store.apply(job_id, transitions.complete(held, now=now, result=None))
        return JobChanged(str(number), held, after)

    def follow(self, ids: list[str]) -> tuple[list[float], Counter[str]]:
        """Count all ends as the function on the stream does; return the seconds of each read, and the last calls."""
        took: list[float] = []
        for start in range(0, len(ids), READ):
            changes = [self.end(one, start + place) for place, one in enumerate(ids[start : start + READ], 1)]
            self.calls.clear()
            begun = time.perf_counter()
            again = self.batches.follow(changes, "shard")
            took.append(time.perf_counter() - begun)
            assert not again  # noqa: S101 - else nothing was counted
        return took, Counter(self.calls)


def work(payload: Part, ctx: JobContext) -> None:
    """Do nothing."""


def told(payload: BatchEnd, ctx: JobContext) -> None:
    """Be told."""


def main() -> int:
    """Print the numbers for each size; return 1 if one is above the limit, or if the requests differ."""
    logger().setLevel("ERROR")
    jobtype.registered.clear()
    job("bench.part")(work)
    job("bench.then")(told)
    ends: list[Counter[str]] = []
    slowest = 0.0
    for size in SIZES:
        bench, begun = Bench(), time.perf_counter()
        ids = bench.fill(size)
        filled = time.perf_counter() - begun
        took, calls = bench.follow(ids)
        (round_,) = bench.batches.get("b-1")
        assert (round_.done, round_.ended_at is not None) == (size, True)  # noqa: S101 - else nothing was measured
        ends.append(calls)
        slowest = max(slowest, took[-1])
        each = 1000 * sorted(took)[len(took) // 2]
        print(f"{size:>7,} members: added in {filled:.1f} s; {len(took):,} reads of the stream, {each:.2f} ms each")
        print(
            f"{'':>7} then follows the last end after {took[-1] * 1000:.1f} ms, {calls.total()} requests: {dict(calls)}"
        )
    same = all(one == ends[0] for one in ends)
    print("the requests at the end are the same" if same else "THE REQUESTS DIFFER")
    return 0 if same and slowest < LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
