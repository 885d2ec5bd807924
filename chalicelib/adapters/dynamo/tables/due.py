"""Find the rows of the control table whose time has come."""

from collections.abc import Callable, Sequence
from typing import Any

from pynamodb.expressions.operand import Path

from chalicelib.adapters.dynamo.tables.binding import Table
from chalicelib.adapters.dynamo.tables.schema import DUE
from chalicelib.jobs.listing import iso


def due_items(
    table: Table, partition: str, before: float, most: int, fits: Callable[[str, str], bool]
) -> Sequence[dict[str, Any]]:
    """Return up to `most` items of a partition of the index whose `due_at` is not after `before`, the earliest first.

    `fits` tells from the two keys of an item whether the item belongs there: a function that may write rows of batches
    can put rows of its own anywhere in the index, and such rows must hide no others.
    """
    found: list[dict[str, Any]] = []
    start = None
    while len(found) < most:
        answer = table.query(
            table.name, partition, Path("due_at") <= iso(before), index_name=DUE, limit=most - len(found),
            exclusive_start_key=start,
        )  # fmt: skip
        found += [item for item in answer["Items"] if fits(item["pk"]["S"], item["sk"]["S"])]
        start = answer.get("LastEvaluatedKey")
        if start is None:
            break
    return found[:most]
