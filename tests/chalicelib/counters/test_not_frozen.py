"""Nothing stops the counters: no record that cannot be read, no full row, no row of an earlier version."""

from typing import Any

import pytest

from chalicelib.assembly import parts
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
