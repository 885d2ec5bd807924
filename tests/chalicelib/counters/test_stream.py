"""The stream's changes are counted exactly once, however they arrive."""

import random
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.counters.backlog import oldest
from chalicelib.counters.fold import MOST_NUMBERS, TOTALS, Additions, Row, fold, pieces, total
from chalicelib.counters.histogram import bucket, percentile, upper
from chalicelib.counters.series import depth, drain_eta, durations, error_groups, gather, throughput
from chalicelib.counters.stream import apply, created
from chalicelib.jobs import transitions
from chalicelib.jobs.fingerprints import fingerprint, generalise, mentions
from chalicelib.jobs.job import Status
from chalicelib.jobs.ports import ErrorHour
from tests.support import a_job

T0 = 1_800_000_000.0


class Rows:
    """Counter rows in a dict, with the marks of their lanes."""

    def __init__(self) -> None:
        self.numbers: dict[Row, Counter[str]] = {}
        self.marks: dict[tuple[Row, str], str] = {}
        self.fails = 0

    def add(self, row: Row, additions: Additions, lane: str, first: str, last: str) -> str | None:
        if self.fails:
            self.fails -= 1
            raise ConnectionError("down")
        mark = self.marks.get((row, lane))
        if mark is not None and mark >= first:
            return mark
        self.numbers.setdefault(row, Counter()).update(additions.numbers)
        self.marks[row, lane] = last
        return None


def image(status: str, at: float, **more: Any) -> dict[str, Any]:
    facts = {"type": "a.b", "pk": "job-1", "sk": "META", "status": status, "updated_at": at, "created_at": T0, **more}
    return {k: {"N": str(v)} if isinstance(v, int | float) else {"S": v} for k, v in facts.items()}


def record(number: int, old: dict[str, Any] | None, new: dict[str, Any] | None) -> dict[str, Any]:
    images = {"OldImage": old, "NewImage": new}
    return {"dynamodb": {"SequenceNumber": str(number), **{k: v for k, v in images.items() if v}}}


def life() -> list[dict[str, Any]]:
    """A job that fails once, then completes: four changes and the creation."""
    steps = [
        image("queued", T0),
        image("processing", T0 + 1, started_at=T0 + 1),
        image("retrying", T0 + 3, started_at=T0 + 1, next_attempt_at=T0 + 5, error_class="E", error_message="no 7"),
        image("processing", T0 + 6, started_at=T0 + 6),
        image("completed", T0 + 7, started_at=T0 + 6, finished_at=T0 + 7),
    ]
    olds = [None, *steps]
    return [record(n + 9, old, new) for n, (old, new) in enumerate(zip(olds, steps, strict=False))]


def test_a_jobs_life_is_counted_once_by_status_event_and_duration() -> None:
    rows = Rows()
    apply(rows, life(), "s")
    assert +rows.numbers[Row(*TOTALS)] == Counter({"n#a.b#completed": 1})
    minute = next(numbers for row, numbers in rows.numbers.items() if row.pk == "M#a.b")
    waits = Counter([f"wait{bucket(1000)}", f"wait{bucket(1000)}"])
    runs = Counter([f"run{bucket(2000)}", f"run{bucket(1000)}"])
    assert minute == Counter({"created": 1, "retried": 1, "completed": 1, f"total{bucket(7000)}": 1}) + waits + runs


@given(st.integers(0, 2**32))
def test_replays_and_splits_and_failures_count_each_change_once(seed: int) -> None:
    chance = random.Random(seed)
    whole, rows = Rows(), Rows()
    records = life()
    apply(whole, records, "s")
    done = 0
    while done < len(records):
        start = chance.randint(0, done)
        end = chance.randint(done, len(records))
        rows.fails = chance.choice([0, 0, 1])
        try:
            apply(rows, records[start:end], "s")
            done = end
        except ConnectionError:
            rows.fails = 0
    assert rows.numbers == whole.numbers


def test_new_jobs_are_told_by_type_once_however_often_a_batch_comes() -> None:
    rows = Rows()
    others = [image("queued", T0, type="c.d"), image("scheduled", T0 + 90)]
    records = [*life(), *(record(20 + n, None, new) for n, new in enumerate(others))]
    assert created(apply(rows, records[:1], "s")) == Counter({"a.b": 1})
    assert created(apply(rows, records, "s")) == Counter({"a.b": 1, "c.d": 1})
    assert created(apply(rows, records, "s")) == Counter()


def test_who_waits_is_counted_when_it_comes_and_when_it_goes() -> None:
    rows = Rows()
    apply(rows, life()[:1], "s")
    assert oldest(rows.numbers[Row(*TOTALS)], "a.b", T0 + 100) == T0 + 2.5
    apply(rows, life()[1:2], "s")
    assert oldest(rows.numbers[Row(*TOTALS)], "a.b", T0 + 100) is None


def test_a_batch_of_many_moments_is_written_in_pieces_that_fit() -> None:
    rows = Rows()
    many = [record(n, None, image("queued", T0 + 60 * n, pk=f"job-{n}")) for n in range(400)]
    [entries] = [found for row, found in fold(many).items() if row == Row(*TOTALS)]
    parts = list(pieces(entries))
    assert [entry for part in parts for entry in part] == entries
    assert max(len(total(part).numbers) for part in parts) <= MOST_NUMBERS + 4
    apply(rows, many, "s")
    apply(rows, many, "s")
    assert rows.numbers[Row(*TOTALS)]["n#a.b#queued"] == 400


def test_an_expired_job_leaves_the_totals_and_no_event() -> None:
    rows = Rows()
    apply(rows, [record(1, image("completed", T0), None)], "s")
    assert rows.numbers == {Row(*TOTALS): Counter({"n#a.b#completed": -1})}


def test_rows_beside_the_job_are_not_counted() -> None:
    other = {"pk": {"S": "job-1"}, "sk": {"S": "ATT#0001#01"}}
    assert fold([record(1, None, other)]) == {}


def test_a_change_that_leaves_the_status_counts_nothing() -> None:
    assert fold([record(1, image("queued", T0), image("queued", T0))]) == {}


@pytest.mark.parametrize("other", ["job 8 of 'y' failed at 0x7f", "job 12345 of 'zzz' failed at 0xdead"])
def test_the_same_error_about_other_things_has_the_same_fingerprint(other: str) -> None:
    assert fingerprint("t", "E", "job 7 of 'x' failed at 0x1") == fingerprint("t", "E", other)


@pytest.mark.parametrize("text", ["job … of … failed at …", "valueerror", "JOB 7 OF", "of 'x'", "E job"])
def test_jobs_are_found_by_an_error_as_it_is_and_as_its_group_tells_it(text: str) -> None:
    message = "job 7 of 'x' failed at 0x1"
    assert mentions("ValueError", message, text) == (text != "E job")
    assert generalise(generalise(message)) == generalise(message)
    assert not mentions(None, None, text)


@given(st.text(min_size=1, max_size=80), st.text(max_size=300))
def test_a_job_carries_the_name_of_the_group_it_is_counted_in(error_class: str, message: str) -> None:
    held = replace(a_job(status=Status.PROCESSING, attempts=1), started_at=T0)
    failed = transitions.fail(held, now=T0 + 1, error=(error_class, message)).applied(held)
    facts = {"pk": failed.id, "type": failed.type, "error_class": failed.error_class or "", "created_at": T0,
             "error_message": failed.error_message or "", "started_at": T0}  # fmt: skip
    before, after = image("processing", T0, **facts), image("failed", T0 + 1, **facts)
    counted = [row.sk.partition("#")[2] for row in fold([record(1, before, after)]) if row.pk == "ERR"]
    assert counted == ([failed.fingerprint] if failed.error_class else [])


def test_other_errors_have_other_fingerprints() -> None:
    names = {fingerprint(t, e, m)[0] for t in "ab" for e in "ef" for m in ("down", "gone")}
    assert len(names) == 8


@given(st.lists(st.floats(1, 10_000_000), min_size=1, max_size=60), st.sampled_from([0.5, 0.95, 0.99]))
def test_a_percentile_is_at_most_a_bucket_above_the_true_one(values: list[float], fraction: float) -> None:
    true = sorted(values)[max(0, -(-len(values) * fraction // 1).__int__() - 1)]
    found = percentile(Counter(bucket(value) for value in values), fraction)
    assert found is not None
    assert true * 0.99 <= found <= true * 1.2


def test_buckets_hold_what_their_edges_say() -> None:
    assert all(bucket(upper(n) * 0.999) == n for n in range(1, 128))
    assert (bucket(0), bucket(1), bucket(10**12)) == (0, 0, 128)


def test_a_series_has_a_point_a_step_also_where_nothing_happened() -> None:
    steps = gather([(T0, {"created": 2}), (T0 + 120, {"completed": 1, f"run{bucket(100)}": 1})], T0, T0 + 179, 60)
    assert [(p["t"], p["created"], p["completed"]) for p in throughput(steps)] == [
        (T0, 2, 0), (T0 + 60, 0, 0), (T0 + 120, 0, 1)]  # fmt: skip
    assert [p["count"] for p in durations(steps, "run")] == [0, 0, 1]
    assert durations(steps, "run")[0]["p95"] is None
    assert [p["depth"] for p in depth(steps, 1)] == [2, 2, 1]


def test_a_backlog_drains_at_the_pace_of_the_last_minutes() -> None:
    now = T0 + 60
    assert drain_eta([(T0, {"completed": 120, "created": 60})], 30, now) == 60.0
    assert drain_eta([(T0, {"completed": 60, "created": 60})], 30, now) is None
    assert drain_eta([(T0, {"completed": 60})], 0, now) is None


def test_a_crowd_that_came_at_once_hides_the_pace_for_two_minutes_only() -> None:
    came, drains = (T0, {"created": 1000, "completed": 60}), [(T0 + 60 * n, {"completed": 120}) for n in range(1, 9)]
    assert drain_eta([came], 940, T0 + 30) is None
    assert drain_eta([came, *drains[:3]], 580, T0 + 240) == 290.0
    assert drain_eta([came, *drains], 100, T0 + 500) == pytest.approx(100 * 80 / 240, abs=0.1)


def test_a_lull_is_bridged_by_a_longer_look() -> None:
    busy = [(T0 + 60 * n, {"completed": 30}) for n in range(3)]
    assert drain_eta(busy, 45, T0 + 480) == 300.0
    assert drain_eta(busy, 45, T0 + 300) == 150.0


def test_errors_are_grouped_with_their_last_day_as_a_sparkline() -> None:
    facts = {"type": "a.b", "error_class": "E", "message": "no …", "job0": "j0", "first_seen": T0 - 20}
    hours = [
        ErrorHour(T0 - 3600, "f1", {**facts, "count": 2, "last_seen": T0 - 10}),
        ErrorHour(T0, "f1", {**facts, "count": 3, "last_seen": T0 + 10, "job1": "j1"}),
        ErrorHour(T0, "f2", {**facts, "type": "c.d", "count": 9, "last_seen": T0 + 5}),
    ]
    first, second = error_groups(hours, T0 + 60)
    assert (first["fingerprint"], second["fingerprint"]) == ("f2", "f1")
    assert (second["count"], second["sparkline"][-2:], second["sample_job_ids"]) == (5, [2, 3], ["j0", "j1"])
    assert [g["fingerprint"] for g in error_groups(hours, T0 + 60, "a.b")] == ["f1"]
    [_, late] = error_groups(hours, T0 + 60, since=T0)
    assert (late["count"], late["sparkline"][-2:]) == (3, [2, 3])
    assert error_groups(hours[:1], T0 + 60, since=T0) == []
