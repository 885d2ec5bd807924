"""Test that the dearest runs are the longest ones of each type and day, whatever way the stream arrives."""

import random
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from chalicelib.adapters.dynamo.counting.changes import read
from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.counters import keys
from chalicelib.counters.constants import DEAR_RUNS, LEAST_RUN_MS
from chalicelib.counters.dear_runs import DearRun, longest, runs_of
from chalicelib.counters.port import Row
from chalicelib.counters.stream import StreamCounter
from chalicelib.errors import RowRefused
from chalicelib.job_types.function import Function
from chalicelib.job_types.jobtype import JobType
from chalicelib.jobs.constants import DAY
from chalicelib.jobs.job import Job, Status
from chalicelib.usage.constants import MOST_DEAR_READ
from chalicelib.usage.days import Span
from chalicelib.usage.dearest import Dearest
from tests.chalicelib.counters.support import Rows, image, record
from tests.support import T0, a_job

MIDNIGHT = T0 - T0 % DAY
DAYS = Span(MIDNIGHT - DAY, MIDNIGHT + DAY)


class Asked(BaseModel):
    customer: str = ""


def _nothing(payload: Asked, ctx: Any) -> None:
    """Do nothing."""


SMALL: JobType[Asked, None] = JobType("a.b", _nothing, Asked, function=Function(memory=512))
LARGE: JobType[Asked, None] = JobType("c.d", _nothing, Asked, function=Function(memory=2_048))


class Watched(Rows):
    """Rows that count the reads and writes of the longest runs, and can refuse them with an error."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: Counter[str] = Counter()
        self.refusal: tuple[str, Exception] | None = None

    def read(self, row: Row) -> Mapping[str, Any]:
        if keys.is_dearest(row):
            self._ask("read")
        return super().read(row)

    def replace_facts(self, row: Row, facts: Mapping[str, str], gone: Collection[str]) -> None:
        self._ask("write")
        super().replace_facts(row, facts, gone)

    def _ask(self, what: str) -> None:
        self.asked[what] += 1
        if self.refusal is not None and self.refusal[0] == what:
            raise self.refusal[1]


def runs_as_records(runs: list[tuple[str, float, float, str]]) -> list[dict[str, Any]]:
    """Return the claim and the end of each run: (job, start, seconds, status after it)."""
    records: list[dict[str, Any]] = []
    for job, start, seconds, status in runs:
        claim = image("processing", start, pk=job, started_at=start, attempts=1, lease_until=start + 999)
        end = image(status, start + seconds, pk=job, started_at=start, attempts=1, lease_until=start + 999)
        records += [record(len(records) + 100, None, claim), record(len(records) + 101, claim, end)]
    return records


def some_runs(chance: random.Random, number: int) -> list[tuple[str, float, float, str]]:
    def run(n: int) -> tuple[str, float, float, str]:
        start = MIDNIGHT + chance.choice([-300, 60, 4000]) + n
        # a row has its times in whole milliseconds
        seconds = chance.choice([0.4, 1.0, 2.5, chance.randint(1_000, 90_000) / 1000])
        return f"job-{n}", start, seconds, chance.choice(["completed", "retrying", "dead_letter", "suspended"])

    return [run(n) for n in range(number)]


def expected(runs: list[tuple[str, float, float, str]], first: float) -> list[DearRun]:
    """Return the longest runs of the day that begins at `first`, by a simple sort."""
    of_day = [
        DearRun(job, start, round(1000 * seconds), Status(status))
        for job, start, seconds, status in runs
        if first <= start + seconds < first + DAY and round(1000 * seconds) >= LEAST_RUN_MS
    ]
    return sorted(of_day, key=lambda run: run.rank, reverse=True)[:DEAR_RUNS]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32))
def test_the_longest_runs_are_kept_after_any_replay_by_any_processes(seed: int) -> None:
    chance = random.Random(seed)
    runs, rows = some_runs(chance, chance.choice([5, 40])), Watched()
    shards = [runs_as_records(runs[::2]), runs_as_records(runs[1::2])]
    processes = [StreamCounter(rows, lambda: T0) for _ in shards]
    done = [0, 0]
    while any(done[n] < len(shard) for n, shard in enumerate(shards)):
        n = chance.choice([0, 1])
        start, end = chance.randint(0, done[n]), chance.randint(done[n], len(shards[n]))
        if chance.random() < 0.2:
            processes[n] = StreamCounter(rows, lambda: T0)
        rows.fails = chance.choice([0, 0, 1])
        try:
            processes[n].count(read(shards[n][start:end]), f"shard-{n}")
            done[n] = end
        except ConnectionError:
            rows.fails = 0
    for first in (MIDNIGHT - DAY, MIDNIGHT):
        assert longest(rows.dear_runs("a.b", first, first)) == expected(runs, first)
        assert len(rows.dear_runs("a.b", first, first)) <= 2 * DEAR_RUNS


def test_runs_of_two_processes_that_know_nothing_of_each_other_are_all_considered() -> None:
    class Late(Watched):
        """Rows that another process writes between the read and the write of the first one."""

        other: list[dict[str, Any]] | None = None

        def read(self, row: Row) -> Mapping[str, Any]:
            found = super().read(row)
            if self.other is not None and keys.is_dearest(row):
                records, self.other = self.other, None
                StreamCounter(self, lambda: T0).count(read(records), "shard-2")
            return found

    rows = Late()
    runs = [(f"job-{n}", MIDNIGHT + n, 2.0 + n, "completed") for n in range(24)]
    rows.other = runs_as_records(runs[1::2])
    StreamCounter(rows, lambda: T0).count(read(runs_as_records(runs[::2])), "shard-1")
    assert longest(rows.dear_runs("a.b", MIDNIGHT, MIDNIGHT)) == expected(runs, MIDNIGHT)


def test_a_run_that_is_not_dear_costs_no_read_and_no_write() -> None:
    rows = Watched()
    counter = StreamCounter(rows, lambda: T0)
    counter.count(read(runs_as_records([(f"s-{n}", MIDNIGHT + n, 0.9, "completed") for n in range(50)])), "one")
    assert not rows.asked
    counter.count(read(runs_as_records([(f"l-{n}", MIDNIGHT + n, 60.0 + n, "completed") for n in range(10)])), "two")
    assert rows.asked == {"read": 1, "write": 1}
    for batch in range(20):
        more = [(f"m-{batch}-{n}", MIDNIGHT + n, 50.0, "completed") for n in range(50)]
        counter.count(read(runs_as_records(more)), f"more-{batch}")
    assert rows.asked == {"read": 1, "write": 1}


def test_of_many_runs_in_any_order_few_are_written() -> None:
    rows, chance = Watched(), random.Random(3)
    counter = StreamCounter(rows, lambda: T0)
    for n in range(2_000):
        counter.count(read(runs_as_records([(f"job-{n}", MIDNIGHT + n, chance.uniform(1, 99), "completed")])), f"{n}")
    assert rows.asked["write"] < 120
    assert len(rows.dear_runs("a.b", MIDNIGHT, MIDNIGHT)) == DEAR_RUNS


@pytest.mark.parametrize(
    "refusal",
    [
        ("read", ConnectionError("throttled")),
        ("write", ConnectionError("throttled")),
        ("write", RowRefused("too large")),
    ],
)
def test_an_error_of_the_runs_neither_stops_nor_delays_the_counting(refusal: tuple[str, Exception]) -> None:
    rows, now = Watched(), [T0]
    rows.refusal = refusal
    counter = StreamCounter(rows, lambda: now[0])
    for n in range(20):
        batch = runs_as_records([(f"job-{n}", MIDNIGHT + n, 9.0 + n, "completed")])
        counted = counter.count(read(batch), f"shard-{n}")
        assert counted.added
        assert not counted.skipped
    [(_, numbers)] = rows.buckets("a.b", keys.DAY_STEP, MIDNIGHT, MIDNIGHT)
    assert numbers[keys.RUN_MS] == sum(1000 * (9 + n) for n in range(20))
    assert rows.asked[refusal[0]] == 1  # an error takes time: it is not met again with each batch
    rows.refusal, now[0] = None, T0 + 120
    counter.count(read(runs_as_records([("later", MIDNIGHT, 5.0, "completed")])), "last")
    assert [run.job for run in rows.dear_runs("a.b", MIDNIGHT, MIDNIGHT)] == ["later"]


UNREADABLE = {
    "run#job#1.000": "9000#a_later_status",
    "run#job#soon": "9000#completed",
    "run#job#2.000": "long#completed",
    "run#": "",
}


def test_runs_that_cannot_be_read_are_left_out_and_the_next_write_removes_them() -> None:
    rows, row = Rows(), keys.dearest("a.b", MIDNIGHT)
    rows.replace_facts(row, UNREADABLE, ())
    assert rows.dear_runs("a.b", MIDNIGHT, MIDNIGHT) == []
    StreamCounter(rows, lambda: T0).count(read(runs_as_records([("job", MIDNIGHT, 5.0, "completed")])), "one")
    assert [run.run_ms for run in rows.dear_runs("a.b", MIDNIGHT, MIDNIGHT)] == [5_000]
    assert not set(UNREADABLE) & set(rows.read(row))


def test_a_lost_run_is_kept_with_its_own_start() -> None:
    rows = Rows()
    first = image("processing", T0, pk="job", started_at=T0, attempts=1, lease_until=T0 + 70)
    second = image("processing", T0 + 600, pk="job", started_at=T0 + 600, attempts=2, lease_until=T0 + 670)
    StreamCounter(rows, lambda: T0).count(read([record(1, None, first), record(2, first, second)]), "one")
    [run] = rows.dear_runs("a.b", MIDNIGHT, MIDNIGHT)
    assert (run.job, run.started_at, run.status) == ("job", T0, Status.PROCESSING)
    assert 0 < run.run_ms <= 70_000


@pytest.fixture
def store() -> MemoryJobStore:
    return MemoryJobStore(lambda: T0)


def stored(store: MemoryJobStore, rows: Rows, kind: str, job: str, seconds: float, at: float = T0) -> None:
    store.add(replace(a_job(), id=job, type=kind, created_at=at - 1))
    run = DearRun(job, at, round(1000 * seconds), Status.COMPLETED)
    rows.replace_facts(keys.dearest(kind, at), {run.name: run.value}, ())


def test_the_dearest_are_compared_by_price_over_types_and_days(store: MemoryJobStore) -> None:
    rows = Rows()
    stored(store, rows, "a.b", "small-100", 100)
    stored(store, rows, "a.b", "small-20", 20, T0 - DAY)
    stored(store, rows, "c.d", "large-30", 30)
    stored(store, rows, "a.b", "too-early", 500, T0 - 5 * DAY)
    found = Dearest(rows, store).find([SMALL, LARGE], DAYS, 10)
    assert [one.job.id for one in found] == ["large-30", "small-100", "small-20"]
    assert found[0].nano == pytest.approx(30 * 2 * 13_333.4, rel=0.05)
    assert [one.job.id for one in Dearest(rows, store).find([SMALL], DAYS, 1)] == ["small-100"]


def test_runs_of_jobs_that_are_not_stored_any_more_are_left_out(store: MemoryJobStore) -> None:
    rows = Rows()
    for n in range(4):
        stored(store, rows, "a.b", f"job-{n}", 10 + n)
    del store._jobs["job-3"]
    assert [one.job.id for one in Dearest(rows, store).find([SMALL], DAYS, 2)] == ["job-2", "job-1"]


def test_a_new_job_with_the_id_of_a_deleted_one_does_not_get_its_runs(store: MemoryJobStore) -> None:
    rows = Rows()
    stored(store, rows, "a.b", "job", 10)
    store._jobs["job"] = replace(store._jobs["job"], created_at=T0 + 60)
    assert Dearest(rows, store).find([SMALL], DAYS, 10) == []


def test_many_deleted_jobs_cause_few_requests(store: MemoryJobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, asked = Rows(), list[int]()
    read_all = store.read_all

    def counted(ids: Sequence[str]) -> Sequence[Job]:
        asked.append(len(ids))
        return read_all(ids)

    for n in range(2_000):
        run = DearRun(f"gone-{n}", T0, 5_000 + n, Status.COMPLETED)
        rows.replace_facts(keys.dearest("a.b", T0), {run.name: run.value}, ())
    monkeypatch.setattr(store, "read_all", counted)
    assert Dearest(rows, store).find([SMALL], DAYS, 10) == []
    assert len(asked) <= 4
    assert sum(asked) <= MOST_DEAR_READ + 100


def test_other_attributes_of_the_row_are_no_runs() -> None:
    run = DearRun("0" * 36, 1.5, 2_000, Status.FAILED)
    assert runs_of({run.name: run.value, "expires_at": 9.0, "mark#s": "01"}) == [run]
