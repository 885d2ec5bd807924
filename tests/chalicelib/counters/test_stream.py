"""Check that the stream's changes are counted exactly once, in whatever way they arrive."""

import random
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.adapters.dynamo.counting.changes import read
from chalicelib.assembly import parts
from chalicelib.counters import keys
from chalicelib.counters.constants import MOST_NUMBERS_OF_WRITE
from chalicelib.counters.fold import fold, pieces, total
from chalicelib.counters.histogram import bucket
from chalicelib.counters.series import error_groups
from chalicelib.entry.stream import handler
from chalicelib.jobs import transitions
from chalicelib.jobs.constants import DAY
from chalicelib.jobs.job import Status
from tests.chalicelib.counters.support import TOTALS, Rows, apply, image, record
from tests.support import T0, Clock, Invocation, a_job


def life() -> list[dict[str, Any]]:
    """Return the records of a job that fails once and then completes: the creation and four changes."""
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
    assert +rows.numbers[TOTALS.pk, TOTALS.sk] == Counter({"n#completed": 1})
    minute = next(numbers for (pk, _), numbers in rows.numbers.items() if pk == "M#a.b")
    waits = Counter([f"wait{bucket(1000)}", f"wait{bucket(1000)}"])
    runs = Counter([f"run{bucket(2000)}", f"run{bucket(1000)}"])
    assert minute == Counter({"created": 1, "retried": 1, "completed": 1, f"total{bucket(7000)}": 1}) + waits + runs


@settings(max_examples=50)
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
    assert apply(rows, records[:1], "s").created() == Counter({"a.b": 1})
    assert apply(rows, records, "s").created() == Counter({"a.b": 1, "c.d": 1})
    assert apply(rows, records, "s").created() == Counter()


def test_a_batch_of_many_moments_is_written_in_pieces_that_fit() -> None:
    rows = Rows()
    many = [record(n, None, image("queued", T0 + 60 * n, pk=f"job-{n:x}")) for n in range(200)]
    now = T0 + 200 * 60
    [entries] = [found for row, found in fold(read(many), now).by_row.items() if row == TOTALS]
    parts = list(pieces(entries))
    assert len(parts) > 1
    assert [entry for part in parts for entry in part] == entries
    assert max(len(total(part).numbers) for part in parts) <= MOST_NUMBERS_OF_WRITE + 4
    apply(rows, many, "s", now)
    apply(rows, many, "s", now)
    assert rows.read(TOTALS)["n#queued"] == 200


def test_an_expired_job_leaves_the_totals_and_is_counted_as_a_move() -> None:
    """A recount must see that the job moved: jobs that expire during the count are not an error of the counters."""
    rows = Rows()
    gone = record(1, image("completed", T0), None)
    gone["dynamodb"]["ApproximateCreationDateTime"] = T0 + 90 * DAY
    apply(rows, [gone], "s", T0 + 90 * DAY + 3)
    assert rows.read(TOTALS) == {"n#completed": -1}
    assert rows.buckets("a.b", 60, T0, T0 + 91 * DAY) == [(T0 + 90 * DAY, {"removed": 1})]
    assert rows.buckets("a.b", 3600, T0, T0 + 91 * DAY) == []


def test_totals_are_written_after_the_buckets_and_canaries_last() -> None:
    canary = {"pk": {"S": "CANARY#1"}, "sk": {"S": "CANARY"}, "run": {"S": "0000000000001"}}
    rows = [row.pk for row, _ in fold(read([record(1, None, canary), *life()]), T0).ordered()]
    counted = [pk for pk in rows if not pk.endswith(keys.DEAREST)]
    assert counted == sorted(counted, key=lambda pk: (pk == keys.RECOUNT, pk == keys.TOTALS))
    assert (rows[-1], counted[-2]) == (keys.RECOUNT, keys.TOTALS)


def test_rows_beside_the_job_and_changes_of_other_fields_are_not_counted() -> None:
    other = {"pk": {"S": "job-1"}, "sk": {"S": "ATT#0001#01"}}
    same = record(2, image("queued", T0), image("queued", T0))
    assert fold(read([record(1, None, other), same]), T0).by_row == {}


@settings(max_examples=25)
@given(st.text(min_size=1, max_size=80), st.text(max_size=300))
def test_a_job_carries_the_name_of_the_group_it_is_counted_in(error_class: str, message: str) -> None:
    held = replace(a_job(status=Status.PROCESSING, attempts=1), started_at=T0)
    failed = transitions.fail(held, now=T0 + 1, error=(error_class, message)).applied(held)
    facts = {"pk": failed.id, "type": failed.type, "error_class": failed.error_class or "", "created_at": T0,
             "error_message": failed.error_message or "", "started_at": T0,
             "failure": f"{failed.fingerprint}#3"}  # fmt: skip
    before, after = image("processing", T0, **facts), image("failed", T0 + 1, **facts)
    counted = [row.sk.partition("#")[2] for row in fold(read([record(1, before, after)]), T0).by_row if row.pk == "ERR"]
    assert counted == ([failed.fingerprint] if failed.error_class else [])


def test_a_job_counts_once_in_a_group_however_often_it_is_tried() -> None:
    rows = Rows()
    failure = {"error_class": "E", "error_message": "no", "failure": "abcdef123456#2"}
    held = image("processing", T0 + 2, started_at=T0 + 2, failure="abcdef123456#2")
    other = image("processing", T0 + 5, started_at=T0 + 5, failure="fedcba654321#2")
    records = [
        record(1, image("processing", T0, started_at=T0), image("retrying", T0 + 1, started_at=T0, **failure)),
        record(2, held, image("retrying", T0 + 3, started_at=T0 + 2, **failure)),
        record(3, other, image("failed", T0 + 6, started_at=T0 + 5, **failure)),
    ]
    apply(rows, records, "s")
    [group] = error_groups(rows.errors(T0 - 3600, T0 + 60, 10), T0 + 60)
    assert (group["count"], group["jobs"]) == (3, 2)


POISON = [
    record(2, None, image("frozen", T0)),
    record(2, None, {"sk": {"S": "META"}}),
    record(2, image("queued", T0), image("processing", T0 + 1)),
    record(2, None, image("queued", float("nan"))),
    record(2, None, image("queued", 1e120)),
    record(2, None, {**image("queued", T0, group="ACTIVE#a.b#1", order="soon"), "sent": {"BOOL": False}}),
    record(
        2, image("processing", T0, started_at=T0), image("failed", T0 + 1, started_at=T0, pk="xyz", error_class="E")
    ),
    {"dynamodb": {"SequenceNumber": "2", "NewImage": {"sk": {"S": "META"}, "status": "queued"}}},
    {"eventName": "INSERT"},
]


@pytest.mark.parametrize("poison", POISON, ids=range(len(POISON)))
def test_a_record_that_cannot_be_counted_is_skipped_and_told(poison: dict[str, Any]) -> None:
    rows = Rows()
    counted = apply(rows, [record(1, None, image("queued", T0)), poison, record(3, None, image("queued", T0))], "s")
    assert rows.read(TOTALS)["n#queued"] == 2
    assert [skipped.why != "" for skipped in counted.skipped] == [True]


def test_the_function_logs_and_counts_what_it_skips(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    parts.replace(counters=Rows(), clock=lambda: T0)
    try:
        handler({"Records": [POISON[0]], "shardId": "s"}, Invocation(Clock(T0), T0 + 60))
    finally:
        parts.reset()
    assert '"CounterDrift":[1.0]' in capsys.readouterr().out
    assert "counters.skipped" in caplog.text
