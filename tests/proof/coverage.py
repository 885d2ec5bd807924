"""Make the table of faults and moves: how often each fault happened during each move of a job."""

from collections import Counter
from collections.abc import Mapping

from chalicelib.jobs.job import BLOCK_AGAIN, EXPIRE, LINE_UP, MOVES, NOTES
from tests.proof.grounds.faults import CREATE

FAULTS = (
    "dies before", "dies after", "refused", "reply lost", "DynamoDB is out of order", "SQS is out of order",
    "invocations are throttled", "a clock is wrong", "the index lags", "the counters lag",
    "the counters are out of order", "depths are estimates", "the watchdog has little time", "the watchdog is down",
    "a type is removed",
)  # fmt: skip
COLUMNS = (CREATE, *(move.name for move in (*MOVES, *NOTES) if move is not LINE_UP))
"""The moves. A job is lined up again only after hours, when a process has died and its message was lost."""
IMPOSSIBLE: Mapping[tuple[str, str], str] = {
    **{
        ("the watchdog is down", move): "only the watchdog makes this move" for move in ("check", "redeliver", "retire")
    },
    ("the counters are out of order", "retire"): "only the counters tell that a removed type has jobs",
}
"""Cells that stay empty, each with the reason."""
RARE: Mapping[str | tuple[str, str], str] = {
    BLOCK_AGAIN.name: "a limit must have woken the job just before the pause of its type; the explorer of "
    "tests/proof/limits.py plays a death at each write of it",
    ("the watchdog is down", EXPIRE.name): "nearly all jobs are expired by the watchdog; a worker expires one only if "
    "its message comes after its time",
}
"""Moves that happen too rarely in a month for all faults to strike in them, and such cells, each with the reason.

At least one fault must strike in each move.
"""

Struck = Counter[tuple[str, str]]


def empty(struck: Struck) -> list[str]:
    """Return the possible cells and the moves in which no fault happened, and the impossible cells in which one did."""
    cells = [(fault, move) for fault in FAULTS for move in COLUMNS]
    missed = [f"{fault!r} never struck in {move}" for fault, move in cells if not _met(struck, fault, move)]
    missed += [
        f"no fault ever struck in {move}" for move in COLUMNS if not any(struck[fault, move] for fault in FAULTS)
    ]
    wrong = [
        f"{cell} was struck, and is said to be impossible: {why}" for cell, why in IMPOSSIBLE.items() if struck[cell]
    ]
    return missed + wrong


def _met(struck: Struck, fault: str, move: str) -> bool:
    return bool(struck[fault, move]) or (fault, move) in IMPOSSIBLE or not RARE.keys().isdisjoint((move, (fault, move)))


def table(struck: Struck) -> str:
    """Return the table as text; an impossible cell contains a dash."""
    wide = max(map(len, COLUMNS))
    width = max(map(len, FAULTS))
    head = [f"{'':{width}} " + " ".join(f"{name[:7]:>7}" for name in COLUMNS)]
    rows = [f"{fault:{width}} " + " ".join(f"{_cell(struck, fault, move):>7}" for move in COLUMNS) for fault in FAULTS]
    names = [f"columns: {', '.join(COLUMNS)}"] if wide > 7 else []
    return "\n".join([*head, *rows, *names])


def _cell(struck: Struck, fault: str, move: str) -> str:
    return "-" if (fault, move) in IMPOSSIBLE else f"{struck[fault, move]:,}"
