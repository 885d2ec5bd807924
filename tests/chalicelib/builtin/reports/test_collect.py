"""Test which jobs a report includes, and when it stops."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.builtin.constants import REPORT_FILES_RESERVE
from chalicelib.builtin.reports.collect import collect
from chalicelib.errors import JobCancelled
from chalicelib.jobs import transitions
from chalicelib.jobs.change import Change, Claimant
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.port import Filter, Page
from chalicelib.worker.context import WorkerContext
from tests.chalicelib.builtin.reports.support import PERIOD, START, TEN, job


@dataclass
class Reports:
    """A claimed report job, over a store with other jobs. Each read of the clock advances it by one second."""

    jobs: Sequence[Job]
    seconds: float = 300.0
    store: MemoryJobStore = field(default_factory=lambda: MemoryJobStore(lambda: PERIOD.end))

    def __post_init__(self) -> None:
        ticks = itertools.count(int(PERIOD.end))
        for one in self.jobs:
            self.store.add(one)
        mine = Job("mine", "report.generate", Status.QUEUED, PERIOD.end + 1, PERIOD.end + 1)
        self.store.add(mine)
        claim = transitions.claim(1, now=PERIOD.end + 2, lease_until=PERIOD.end + 300, by=Claimant("r"))
        held = self.store.apply("mine", claim)
        self.ctx = WorkerContext(held, self.store, lambda: self.seconds, lambda: float(next(ticks)))


def many(number: int) -> list[Job]:
    return [job(n, "email.send", Status.COMPLETED, 1 + n / 10, wait=1, run=1) for n in range(number)]


def test_only_jobs_of_the_period_are_counted_its_end_not_included() -> None:
    early = replace(TEN[0], id="early", created_at=PERIOD.start - 0.001)
    late = replace(TEN[0], id="late", created_at=PERIOD.end)
    first = replace(TEN[0], id="first", created_at=PERIOD.start)
    last = replace(TEN[0], id="last", created_at=PERIOD.end - 0.001)
    found = collect(Reports([early, late, first, last]).ctx, PERIOD, None)
    assert (found.jobs, found.incomplete) == (2, None)
    found = collect(Reports(TEN).ctx, PERIOD, "image.process")
    assert (found.jobs, list(found.types), found.type) == (4, ["image.process"], "image.process")


def test_at_the_limit_the_newest_jobs_are_counted_and_it_says_so() -> None:
    assert collect(Reports(many(150)).ctx, PERIOD, None, most=150).incomplete is None
    found = collect(Reports(many(250)).ctx, PERIOD, None, most=150)
    assert found.jobs == 150
    assert found.incomplete == "Only the newest 150 jobs of the period are counted: that is the most a report takes."
    oldest_counted = min(hour for hour, counts in found.hours.items() if counts)
    assert oldest_counted == START


def test_when_time_runs_out_it_reports_what_it_has() -> None:
    found = collect(Reports(many(250), seconds=REPORT_FILES_RESERVE - 1).ctx, PERIOD, None)
    assert found.jobs == 100
    assert found.incomplete == "Only the newest 100 jobs of the period are counted: there was no time for more."


class Watched(MemoryJobStore):
    """A store that records the progress reports."""

    said: list[tuple[float, str]]

    def apply(self, job_id: str, change: Change) -> Job:
        if change.values.get("progress_note"):
            self.said.append((change.values["progress"], change.values["progress_note"]))
        return super().apply(job_id, change)


def test_it_says_how_far_it_is() -> None:
    store = Watched(lambda: PERIOD.end)
    store.said = []
    collect(Reports(many(1000), store=store).ctx, PERIOD, None)
    assert store.said[0][1] == "100 jobs counted"
    assert len(store.said) >= 2
    assert all(0 < a[0] < b[0] <= 95 for a, b in itertools.pairwise(store.said))


def test_it_stops_when_asked_to() -> None:
    reports = Reports(many(300))
    reports.store.apply("mine", transitions.ask_to_stop(reports.store.get("mine"), now=PERIOD.end + 3))
    with pytest.raises(JobCancelled):
        collect(reports.ctx, PERIOD, None)


class Sparse(MemoryJobStore):
    """A store whose pages contain at most one job; every second page is empty."""

    def page(self, which: Filter, limit: int, position: str | None = None, offset: int = 0) -> Page:
        if position is not None and position.endswith("!"):
            return super().page(which, 1, position[:-1])
        return Page([], (position or "~") + "!")


def test_pages_without_jobs_are_passed_over() -> None:
    assert collect(Reports(TEN, store=Sparse(lambda: PERIOD.end)).ctx, PERIOD, None).jobs == 10
