"""Find the runs that have cost most, from the longest runs of each type and day that the counters keep."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.counters.dear_runs import DearRun
from chalicelib.counters.port import Counters
from chalicelib.job_types.jobtype import JobType
from chalicelib.jobs.constants import MOST_READ
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.port import JobStore
from chalicelib.usage.constants import MOST_DEAR_READ
from chalicelib.usage.days import Span
from chalicelib.usage.rule import Shape, Used, cost


@dataclass(frozen=True, slots=True)
class Dear:
    """A run of a stored job, and what it has cost in nano-dollars."""

    run: DearRun
    job: Job
    nano: int


@dataclass(frozen=True, slots=True)
class Dearest:
    """Find the dearest runs."""

    counters: Counters
    store: JobStore

    def find(self, kinds: Iterable[JobType[Any, Any]], span: Span, most: int) -> list[Dear]:
        """Return the dearest runs of these types in these days, the dearest first.

        Runs whose job is no longer stored are left out: an erased or deleted job is in no answer. One query for each
        type, and usually one request for the jobs. If more than MOST_DEAR_READ - `most` jobs of dearer runs are gone,
        the answer has fewer runs.
        """
        priced = [
            (_nano(shape, run), run)
            for kind, shape in ((kind, Shape.of(kind)) for kind in kinds)
            for run in self.counters.dear_runs(kind.name, span.first, span.last)
        ]
        priced.sort(key=lambda one: (one[0], *one[1].rank), reverse=True)
        found: list[Dear] = []
        start, size = 0, most
        while start < min(len(priced), MOST_DEAR_READ) and len(found) < most:
            part = priced[start : start + size]
            start, size = start + size, MOST_READ
            jobs = self._jobs([run for _, run in part])
            # a new job may have the id of a deleted one, whose runs began before it
            found += [
                Dear(run, jobs[run.job], nano)
                for nano, run in part
                if run.job in jobs and jobs[run.job].created_at <= run.started_at
            ]
        return found[:most]

    def _jobs(self, runs: Sequence[DearRun]) -> dict[str, Job]:
        return {job.id: job for job in self.store.read_all(list(dict.fromkeys(run.job for run in runs)))}


def _nano(shape: Shape, run: DearRun) -> int:
    """Return what a run has cost, with its requests."""
    after = run.status
    found = cost(
        shape,
        Used(
            attempts=1,
            completed=int(after is Status.COMPLETED),
            suspended=int(after is Status.SUSPENDED),
            retried=int(after is Status.RETRYING),
            run_ms=run.run_ms,
        ),
    )
    return found.run + found.requests
