"""Erase a tenant with 100,000 jobs: how long it takes, how many slices, and what an own scan finds after it.

Run it as `python -m scripts.benches.erasing`. The stores are in memory, so the times are those of the platform's code.
Each invocation of the function ends after one minute, as if its time were over.
"""

import sys
import time
from dataclasses import dataclass

from chalicelib.adapters.memory.counters import MemoryCounters
from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.erasing.memory import MemoryErasures, MemoryRemoval
from chalicelib.erasing.work import Erasing, NewErasure
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.tenants import tag_of
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.operating.operations import Operations
from chalicelib.telemetry.logger import logger

MINE, OTHERS = 100_000, 1_000
DAY = 86_400.0


@dataclass
class Nothing:
    """See Background."""

    def wake(self) -> None:
        """Do nothing: the loop below invokes the function."""


def main(mine: int = MINE) -> int:
    """Erase the tenant, and print the numbers; return 1 if something is left."""
    logger().setLevel("ERROR")
    now, counters = time.time(), MemoryCounters()
    ahead = [0.0]
    clock = lambda: time.time() + ahead[0]  # noqa: E731 - a clock needs no name in tracebacks
    store = MemoryJobStore(clock)
    for number in range(mine + OTHERS):
        tags = (tag_of("acme" if number < mine else "globex"),)
        born = now - DAY + number / 1000
        ended = Status.COMPLETED if number % 10 else Status.QUEUED
        store.add(Job(f"{number:036x}", "email.send", ended, born, born, tags=tags, finished_at=born, sent=True))
    rows, operations = MemoryErasures(counters), Operations(Dispatcher(store, MemoryJobQueue(clock), clock))
    erasing = Erasing(rows, store, MemoryRemoval(store), operations, Nothing(), clock, threads=1)
    began, invocations = time.perf_counter(), 0
    erasure = erasing.start(NewErasure("0" * 20, "acme", "bench", "bench"))
    while counters.standing().erasing:
        until = time.perf_counter() + 60
        erasing.work(counters.standing().erasing, lambda until=until: max(0.0, until - time.perf_counter()) + 31)  # type: ignore[misc]
        invocations, ahead[0] = invocations + 1, ahead[0] + 61
    took, done = time.perf_counter() - began, erasing.get(erasure.id)
    left = [job for job in store.stored().values() if tag_of("acme") in job.tags]
    print(f"{done.jobs:,} jobs erased in {took:,.1f} s, in {done.searches} searches and {invocations} invocations.")
    print(f"{len(left)} jobs of the tenant are left, and {len(store.stored()):,} of {OTHERS:,} jobs of others.")
    return int(bool(left) or len(store.stored()) != OTHERS)


if __name__ == "__main__":
    raise SystemExit(main(*map(int, sys.argv[1:])))
