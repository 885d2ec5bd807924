"""Nothing stops the counters: no record that cannot be read, no full row, no row of an earlier version."""

from typing import Any

import pytest

from chalicelib.adapters.dynamo.counting.changes import read
from chalicelib.assembly import parts
from chalicelib.counters.port import Row
from chalicelib.counters.stream import StreamCounter
from chalicelib.entry.stream import handler
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
