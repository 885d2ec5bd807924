"""The Lambda behind the jobs table's stream: counts every change of a job exactly once."""

from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib import telemetry, wiring
from chalicelib.context import LambdaContext
from chalicelib.counting import CounterRows, Entry, fold, total


def apply(rows: CounterRows, records: Sequence[Mapping[str, Any]], lane: str) -> int:
    """Count a batch; records a row has already counted are left out. Returns how many entries were added.

    Every row keeps its own mark, written together with its numbers: a batch that is replayed, split or cut off in
    the middle counts once. Lanes are shards: within one, records come in order.
    """
    added = 0
    for row, entries in fold(records).items():
        left = entries
        while left:
            mark = rows.add(row, total(left), lane, left[0].sequence, left[-1].sequence)
            if mark is None:
                added += len(left)
                break
            left = _after(left, mark)
    return added


def _after(entries: Sequence[Entry], mark: str) -> list[Entry]:
    return [entry for entry in entries if entry.sequence > mark]


def handler(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Lambda entry point of the stream's mapping; its tumbling window is what tells the shard."""
    added = apply(wiring.counter_rows(), event["Records"], event.get("shardId", "-"))
    telemetry.counted(len(event["Records"]), added)
    return {"batchItemFailures": [], "state": {}}
