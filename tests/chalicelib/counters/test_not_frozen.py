"""Nothing stops the counters: no record that cannot be read, no full row, no row of an earlier version."""

from collections import Counter
from typing import Any

import pytest

from chalicelib.adapters.dynamo.counting.changes import read
from chalicelib.assembly import parts
from chalicelib.counters import keys
from chalicelib.counters.backlog import oldest, queued
from chalicelib.counters.stream import StreamCounter
from chalicelib.entry.stream import handler
from chalicelib.jobs.job import Status
from chalicelib.jobs.ports.counters import Additions, Row
from tests.chalicelib.counters.support import TOTALS, Rows, apply, image, record
from tests.support import T0, Clock, Invocation

POISON = [
    record(2, None, image("frozen", T0)),
    record(2, None, {"sk": {"S": "META"}}),
    record(2, image("queued", T0), image("processing", T0 + 1)),
    record(2, None, image("queued", float("nan"))),
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


def test_tidying_comes_before_the_write_that_would_fill_the_row() -> None:
    asked: list[str] = []

    class Noting(Rows):
        def add(self, row: Row, *more: Any) -> str | None:
            asked.extend(["add"] if row == TOTALS else [])
            return super().add(row, *more)

        def tidy(self, row: Row, now: float) -> int:
            asked.extend(["tidy"] if row == TOTALS else [])
            return super().tidy(row, now)

    now, counter = T0, StreamCounter(Noting(), lambda: now)
    for place, now in enumerate((T0, T0 + 30, T0 + 61)):
        counter.count(read([record(place, None, image("queued", now))]), "s")
    assert asked == ["tidy", "add", "add", "tidy", "add"]


def old_row(rows: Rows) -> None:
    """What version 0.1 left behind: every type in one row, counted up to record 10 of a shard."""
    waits = {name.replace("w#", "w#a.b#"): n for name, n in (queued(T0, T0) + queued(T0, T0)).items()}
    numbers = Counter({"n#a.b#queued": 2, "n#a.b#completed": 5, "n#c.d#failed": 1, **waits})
    rows.add(keys.LEGACY, Additions(numbers), "s", "10".zfill(40), "10".zfill(40))


def test_numbers_of_the_old_row_are_read_until_they_are_moved_and_once() -> None:
    rows = Rows()
    old_row(rows)
    before = rows.standing()
    assert (before.totals["a.b", Status.QUEUED], before.totals["c.d", Status.FAILED]) == (2, 1)
    claimed = record(11, image("queued", T0), image("processing", T0 + 1, started_at=T0 + 1))
    for _ in range(2):  # the second time by another process
        apply(rows, [claimed], "s")
    totals = rows.standing().totals
    assert totals["a.b", Status.QUEUED] == totals["a.b", Status.PROCESSING] == 1
    assert (totals["a.b", Status.COMPLETED], totals["c.d", Status.FAILED]) == (5, 1)
    assert oldest(rows.standing().waiting["a.b"], T0 + 10) == T0 + 2.5


def test_what_the_old_row_has_counted_is_not_counted_again() -> None:
    rows = Rows()
    old_row(rows)
    replayed = [record(n, None, image("queued", T0)) for n in (9, 10, 11)]
    apply(rows, replayed, "s")
    assert rows.standing().totals["a.b", Status.QUEUED] == 3
