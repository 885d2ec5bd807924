"""The table promise x fault of docs/delivery.md, put together from what the parts of the proof declare."""

from collections.abc import Sequence

from tests.proof.games import machine
from tests.proof.months import answers, month, outages, restored
from tests.proof.promises import (
    DIES,
    DUPLICATE,
    FAULTS,
    PROMISES,
    REFUSED,
    REPLY_LOST,
    TOGETHER,
    parts_of,
    plays,
)
from tests.proof.stories import scenarios

DECLARING = (answers, machine, month, outages, restored, scenarios)
"""Imported for what they declare."""

# tests.proof.test_together, whose threads are no part of `make proof`
plays("T", (2, 5, 6, 8, 10, 11), (TOGETHER,))
# scripts.chaos, which knows nothing of the proof
plays(
    "K",
    (1, 2, 3, 4, 5, 6, 7, 8, 11, 12),
    (
        DIES, REFUSED, REPLY_LOST, DUPLICATE, "DynamoDB is out of order", "SQS is out of order",
        "invocations are throttled", "the watchdog is down",
    ),
)  # fmt: skip


def table() -> str:
    """Return the table in Markdown: a row a fault, a column a promise, and in a cell the parts that play it."""
    head = f"| | {' | '.join(map(str, PROMISES))} |\n|---|{'---|' * len(PROMISES)}"
    rows = [
        f"| {fault} | {' | '.join(' '.join(parts_of(fault, promise)) or 'to do' for promise in PROMISES)} |"
        for fault in FAULTS
    ]
    return "\n".join([head, *rows])


def to_do() -> Sequence[str]:
    """Return the empty cells, in a line for each fault."""
    empty = {fault: [str(one) for one in PROMISES if not parts_of(fault, one)] for fault in FAULTS}
    return [f"{fault!r} is not played against promise {', '.join(of)}" for fault, of in empty.items() if of]
