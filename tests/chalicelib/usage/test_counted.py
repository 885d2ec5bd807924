"""Test that the counters add up what attempts have used, whatever way the stream arrives."""

import random
import threading
import tracemalloc
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from chalicelib.adapters.dynamo.counting.changes import read
from chalicelib.adapters.memory.counters import MemoryCounters
from chalicelib.counters import keys
from chalicelib.counters.changes import JobChange
from chalicelib.counters.port import Row as CounterRow
from chalicelib.counters.stream import StreamCounter
from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.spending import Spending
from chalicelib.jobs.constants import DAY, LEASE_SLACK
from chalicelib.jobs.job import Attempt
from chalicelib.usage.days import Row, Span, UsageReader
from chalicelib.usage.rule import Shape, Used, attempt_cost
from tests.chalicelib.counters.support import Rows, image, record
from tests.support import T0


class Asked(BaseModel):
    customer: str = ""


def _nothing(payload: Asked, ctx: Any) -> None:
    """Do nothing."""


KIND: JobType[Asked, None] = JobType("a.b", _nothing, Asked, fair_by="customer", spending=Spending(by_tenant=True))
LEASE = 60 + LEASE_SLACK


class Story:
    """Records of a stream, and the attempts that they are about."""

    def __init__(self) -> None:
        self.records: list[dict[str, Any]] = []
        self.attempts: list[Attempt] = []
        self._now: dict[str, dict[str, Any] | None] = {}

    def move(self, job: str, status: str, at: float, tenant: str | None = None, **facts: Any) -> None:
        new = image(status, at, **{"gen": 1, "attempts": 0, **facts, "pk": job})
        if tenant is not None:
            new["tags"] = {"L": [{"S": f"tenant={tenant}"}]}
        self.records.append(record(len(self.records) + 100, self._now.get(job), new))
        self._now[job] = new

    def attempt(self, job: str, number: int, at: float, end: float, status: str, tenant: str | None = None) -> None:
        held = {"started_at": at, "attempts": number, "lease_until": at + LEASE}
        self.move(job, "processing", at, tenant, **held)
        self.move(job, status, end, tenant, started_at=at, attempts=number)
        outcome = "completed" if status == "completed" else "error"
        delay = 1.0 if status == "retrying" else None
        self.attempts.append(Attempt(1, number, outcome, at, end, retry_delay_s=delay, claim=number))


def a_story(chance: random.Random) -> Story:
    """Return some jobs of some tenants with retries, around a midnight."""
    story, midnight = Story(), T0 - T0 % DAY + DAY
    for n in range(chance.randint(1, 6)):
        tenant, at = chance.choice([None, "acme", "globex#7"]), midnight - chance.choice([5, 60, 4000])
        story.move(f"job-{n}", "queued", at, tenant)
        for number in range(1, chance.randint(1, 4)):
            story.attempt(f"job-{n}", number, at + 1, at + 3.25, "retrying", tenant)
            at += 30
        story.attempt(f"job-{n}", 9, at + 1, at + 2.5, chance.choice(["completed", "dead_letter"]), tenant)
    return story


def reader(rows: MemoryCounters, now: float = T0 + 3 * DAY) -> UsageReader:
    return UsageReader(rows, lambda: now)


def total(rows: MemoryCounters) -> Row:
    return reader(rows).read([KIND], Span.of(None, None, T0 + 3 * DAY), "day").total


def count(rows: MemoryCounters, records: list[dict[str, Any]]) -> None:
    StreamCounter(rows, lambda: T0 + DAY, {KIND.name}).count(read(records), "shard")


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32))
def test_the_sums_are_those_of_the_attempts_after_any_replay(seed: int) -> None:
    chance = random.Random(seed)
    story, rows = a_story(chance), Rows()
    done = 0
    while done < len(story.records):
        start, end = chance.randint(0, done), chance.randint(done, len(story.records))
        rows.fails = chance.choice([0, 0, 1])
        try:
            count(rows, story.records[start:end])
            done = end
        except ConnectionError:
            rows.fails = 0
    found = total(rows)
    shape = Shape.of(KIND)
    expected = sum(attempt_cost(shape, one) or 0 for one in story.attempts)
    assert found.cost.run + found.cost.requests == pytest.approx(expected, abs=len(story.attempts) + 4)
    assert found.used.run_ms == sum(one.duration_ms or 0 for one in story.attempts)
    assert found.used.again == sum(one.attempt > 1 for one in story.attempts)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32))
def test_the_rows_of_tenants_add_up_to_the_type(seed: int) -> None:
    chance = random.Random(seed)
    story, rows = a_story(chance), Rows()
    for start in range(0, len(story.records), 3):
        count(rows, story.records[start : start + 3])
        count(rows, story.records[max(0, start - 2) : start + 1])
    span = Span.of(None, None, T0 + 3 * DAY)
    by_tenant = reader(rows).read([KIND], span, "tenant")
    attempts = sum(row.used.attempts for row in by_tenant.rows)
    assert attempts == len(story.attempts) == total(rows).used.attempts
    assert sum(row.used.run_ms for row in by_tenant.rows) == total(rows).used.run_ms
    assert sum(row.cost.whole for row in by_tenant.rows) == by_tenant.total.cost.whole
    tenants = {tag["S"].removeprefix("tenant=") for one in story.records
               for tag in one["dynamodb"]["NewImage"].get("tags", {}).get("L", ())}  # fmt: skip
    assert {row.tenant for row in by_tenant.rows} - {None} == tenants


def test_a_type_that_does_not_ask_for_tenants_writes_no_row_of_them() -> None:
    story, rows = Story(), Rows()
    story.move("job", "queued", T0, "acme")
    story.attempt("job", 1, T0 + 1, T0 + 3, "completed", "acme")
    StreamCounter(rows, lambda: T0 + 9).count(read(story.records), "shard")
    assert not rows.tenant_days(KIND.name, T0 - DAY, T0 + DAY, 10)
    assert not [key for key in rows.numbers if "acme" in "".join(key)]


def test_a_wrong_time_of_a_worker_makes_no_number_that_the_table_refuses() -> None:
    story, rows = Story(), Rows()
    story.move("job", "queued", T0)
    story.move("job", "processing", T0 + 1, started_at=-1e60, attempts=1)
    story.move("job", "completed", T0 + 3, started_at=-1e60, attempts=1, finished_at=T0 + 3)
    count(rows, story.records)
    assert total(rows).used.run_ms == 900_000


class Watched(Rows):
    """Rows that note in which order they are written and cleaned, and how many at the same time."""

    def __init__(self) -> None:
        super().__init__()
        self.written, self.cleaned = list[CounterRow](), list[CounterRow]()
        self.together: threading.Barrier | None = None

    def add(self, row: CounterRow, *given: Any, **more: Any) -> str | None:
        if keys.is_tenant(row) and self.together is not None:
            self.together.wait(60)
        self.written.append(row)
        return super().add(row, *given, **more)

    def tidy(self, row: CounterRow, now: float) -> int:
        self.cleaned.append(row)
        return super().tidy(row, now)


def many_tenants(number: int, at: float = T0) -> list[dict[str, Any]]:
    story = Story()
    for n in range(number):
        story.move(f"job-{n}", "queued", at, f"tenant-{n}")
    return story.records


def test_many_tenants_of_a_batch_are_written_at_once_and_after_what_others_wait_for() -> None:
    rows = Watched()
    rows.together = threading.Barrier(4)  # breaks unless four are written at the same time
    StreamCounter(rows, lambda: T0, {KIND.name}, 4).count(read(many_tenants(8)), "shard")
    of_tenants = [keys.is_tenant(row) for row in rows.written]
    assert of_tenants == sorted(of_tenants)
    assert sum(of_tenants) == 8


def test_the_row_of_a_new_tenant_is_not_cleaned_before_it_is_old() -> None:
    rows, clock = Watched(), [T0]
    counter = StreamCounter(rows, lambda: clock[0], {KIND.name})
    counter.count(read(many_tenants(3)), "shard-1")
    assert not [row for row in rows.cleaned if keys.is_tenant(row)]
    clock[0] += 901
    counter.count(read(many_tenants(3)), "shard-2")
    assert len([row for row in rows.cleaned if keys.is_tenant(row)]) == 3


def test_a_process_does_not_remember_each_tenant_that_it_has_counted() -> None:
    counter = StreamCounter(Rows(), lambda: T0, {KIND.name})
    changes = [one for one in read(many_tenants(500)) if isinstance(one, JobChange)]
    tracemalloc.start()
    sizes = []
    for n in range(16):
        told = [replace(one, after=one.after and replace(one.after, tenant=f"{n}-{one.sequence}")) for one in changes]
        counter.rows = Rows()
        counter.count(told, f"shard-{n}")
        sizes.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert sizes[-1] < 1.5 * max(sizes[4:8])


def test_a_lost_attempt_is_counted_until_the_end_of_its_invocation() -> None:
    story, rows = Story(), Rows()
    story.move("job", "queued", T0)
    story.move("job", "processing", T0 + 1, started_at=T0 + 1, attempts=1, lease_until=T0 + 1 + LEASE)
    story.move("job", "processing", T0 + 600, started_at=T0 + 600, attempts=2, lease_until=T0 + 600 + LEASE)
    story.move("job", "dead_letter", T0 + 9_000, started_at=T0 + 600, attempts=2)  # by the watchdog
    count(rows, story.records)
    used = total(rows).used
    assert (used.attempts, used.run_ms, used.again, used.again_ms) == (2, 120_000, 1, 60_000)


def test_progress_and_a_request_to_stop_are_no_attempts() -> None:
    story, rows = Story(), Rows()
    story.move("job", "queued", T0)
    for second in (1, 2, 3):
        story.move("job", "processing", T0 + second, started_at=T0 + 1, attempts=1, lease_until=T0 + 1 + LEASE)
    count(rows, story.records)
    assert total(rows).used == Used(jobs=1, writes=1)


def test_jobs_of_jobs_and_schedules_are_not_posted() -> None:
    story, rows = Story(), Rows()
    story.move("one", "queued", T0, parent="0" * 36)
    story.move("two", "queued", T0)
    count(rows, story.records)
    scheduled = image("queued", T0, pk="three", gen=1)
    scheduled["tags"] = {"L": [{"S": "schedule:nightly"}]}
    count(rows, [record(900, None, scheduled)])
    assert (total(rows).used.jobs, total(rows).used.made) == (3, 2)


def test_a_span_is_of_whole_days_and_ends_before_midnight() -> None:
    midnight = T0 - T0 % DAY
    assert Span.of(midnight - DAY, midnight, T0) == Span(midnight - DAY, midnight - DAY)
    assert Span.of(midnight - DAY, midnight + 1, T0) == Span(midnight - DAY, midnight)
    assert Span.of(None, None, T0) == Span(midnight - 29 * DAY, midnight)
    assert Span.of(0.0, None, T0).first == midnight - 91 * DAY
    assert Span.of(T0 + 9 * DAY, T0 + 10 * DAY, T0) == Span(midnight, midnight)


def test_by_day_there_is_a_row_for_each_day_also_without_jobs() -> None:
    story, rows = Story(), Rows()
    story.move("job", "queued", T0)
    count(rows, story.records)
    found = reader(rows, T0).read([KIND], Span.of(T0 - 2 * DAY, None, T0), "day")
    assert [row.used.jobs for row in found.rows] == [0, 0, 1]
