"""Convert rows of totals to the values that readers use, and list their outdated fields. Pure."""

from collections.abc import Mapping
from typing import Any

from chalicelib.counters import deploys, keys, moves, troubles, wait_times
from chalicelib.counters.port import Latest, Pause, Standing
from chalicelib.job_types import jobtype
from chalicelib.jobs.job import Status

STATES = {keys.number(status): status for status in Status}


def standing(rows: Mapping[str, Mapping[str, Any]], paused: Mapping[str, Pause]) -> Standing:
    """Combine the rows of the totals' partition by sort key; numbers are never negative, even if changes were lost."""
    by_type = {sk.removeprefix(keys.TYPE): row for sk, row in rows.items() if sk.startswith(keys.TYPE)}
    totals: dict[tuple[str, Status], int] = {}
    waiting: dict[str, dict[str, int]] = {}
    for name, row in by_type.items():
        totals |= {(name, STATES[key]): max(0, int(n)) for key, n in row.items() if key in STATES}
        marks = {key: int(n) for key, n in row.items() if key.startswith(keys.WAITING)}
        waiting |= {name: marks} if marks else {}
    claimed = {name: float(row[keys.CLAIMED_TO]) for name, row in by_type.items() if keys.CLAIMED_TO in row}
    bulk, erasing = _open(rows, keys.BULK), _open(rows, keys.ERASING_MARK)
    told = deploys.read(rows.get(keys.DEPLOYS, {}).get(keys.DEPLOYS, "[]"))
    moved = moves.read(rows.get(keys.MOVES, {}).get(keys.MOVES, ""))
    latest = {name: _latest(row) for name, row in by_type.items()}
    in_trouble = troubles.read(rows.get(keys.TROUBLES, {}).get(keys.TROUBLES, ""))
    return Standing(
        totals, waiting, of_every_type(paused), _unsent(by_type), claimed, bulk, told, moved, latest, in_trouble,
        erasing,
    )  # fmt: skip


def _open(rows: Mapping[str, Mapping[str, Any]], prefix: str) -> tuple[str, ...]:
    """Return the names of what is marked as open."""
    marked = (name.removeprefix(prefix) for name, row in rows.items() if name.startswith(prefix) and keys.OPEN in row)
    return tuple(sorted(marked))


def _latest(row: Mapping[str, Any]) -> Latest:
    names = (keys.DEAD_AT, keys.FAILED_AT, keys.LOST_AT, keys.CLAIMED_AT)
    return Latest(*(float(row.get(name, 0.0)) for name in names))


def of_every_type(paused: Mapping[str, Pause]) -> dict[str, Pause]:
    """Return the pauses by queue, and by each type that shares a paused queue.

    The pause of a type's former own queue does not count.
    """
    shared = {kind.name: kind.queue_key for kind in jobtype.all_types() if kind.queue is not None}
    by_queue = {key: pause for key, pause in paused.items() if key not in shared}
    return by_queue | {name: by_queue[key] for name, key in shared.items() if key in by_queue}


def _unsent(by_type: Mapping[str, Mapping[str, Any]]) -> dict[str, list[float]]:
    found = {
        name: sorted(keys.unsent_since(key) for key, n in row.items() if key.startswith(keys.UNSENT) and n > 0)
        for name, row in by_type.items()
    }
    return {name: minutes for name, minutes in found.items() if minutes}


def litter(item: Mapping[str, Any], now: float) -> list[str]:
    """Return the outdated fields of a type's row: old marks of waits, empty numbers, and marks of ended shards."""
    marks = {name: int(value) for name, value in item.items() if name.startswith(keys.WAITING)}
    shards = [name for name in item if name.startswith(keys.MARK) and keys.ended(name.removeprefix(keys.MARK), now)]
    even = [name for name, n in item.items() if name.startswith(keys.UNSENT) and n <= 0]
    return [*wait_times.litter(marks, now), *even, *shards]
