"""Make the table of promises and faults in docs/delivery.md, from what the parts of the proof declare."""

from collections.abc import Sequence

from tests.proof.games import machine
from tests.proof.months import answers, month, outages, restored
from tests.proof.promises import (
    DIES,
    DUPLICATE,
    FAULTS,
    NOT_PROMISED,
    PROMISES,
    REFUSED,
    REPLY_LOST,
    TOGETHER,
    parts_of,
    plays,
    reasons,
)
from tests.proof.stories import scenarios
from tests.proof.versions import deploy

DECLARING = (answers, deploy, machine, month, outages, restored, scenarios)
"""Modules that are imported for their declarations."""

# tests.proof.test_together, whose threads are not part of `make proof`
plays("T", range(1, 16), (TOGETHER,))
# tests.proof.test_batches, which is not part of `make proof` either
plays("B", (14,), (DIES, REFUSED, REPLY_LOST, DUPLICATE, "the counters lag"))
# scripts.chaos, which does not import the proof
plays(
    "K",
    (1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12),
    (
        DIES, REFUSED, REPLY_LOST, DUPLICATE, "DynamoDB is out of order", "SQS is out of order",
        "invocations are throttled", "the watchdog is down",
    ),
)  # fmt: skip


def table() -> str:
    """Return the table in Markdown: a row for each fault, a column for each promise.

    A cell lists the parts that test it.
    """
    head = f"| | {' | '.join(map(str, PROMISES))} |\n|---|{'---|' * len(PROMISES)}"
    rows = [f"| {fault} | {' | '.join(_cell(fault, promise) for promise in PROMISES)} |" for fault in FAULTS]
    return "\n".join([head, *rows, "", "Not promised (-):", "", *(f"* {one}" for one in reasons())])


def _cell(fault: str, promise: int) -> str:
    return " ".join(parts_of(fault, promise)) or ("-" if (fault, promise) in NOT_PROMISED else "to do")


def to_do() -> Sequence[str]:
    """Return the empty cells, in a line for each fault."""
    empty = {fault: [str(one) for one in PROMISES if _cell(fault, one) == "to do"] for fault in FAULTS}
    return [f"{fault!r} is not played against promise {', '.join(of)}" for fault, of in empty.items() if of]
