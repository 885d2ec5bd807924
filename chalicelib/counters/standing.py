"""Turn rows of totals into the values that readers use, and name their outdated fields. Pure."""

from collections.abc import Mapping
from typing import Any

from chalicelib.counters import backlog, deploys, keys
from chalicelib.jobs.job import Status
from chalicelib.jobs.ports.counters import Pause, Standing

STATES = {keys.number(status): status for status in Status}
COPIED = "total"
"""Source of a type's row: its mark says that the numbers of `keys.LEGACY` are in this row already."""


def standing(rows: Mapping[str, Mapping[str, Any]], paused: Mapping[str, Pause]) -> Standing:
    """Put the rows of the partition of totals together, by sort key; never negative, whatever got lost."""
    totals: dict[tuple[str, Status], int] = {}
    waiting: dict[str, dict[str, int]] = {}
    for name, numbers in _by_type(rows).items():
        totals |= {(name, STATES[key]): max(0, n) for key, n in numbers.items() if key in STATES}
        marks = {key: n for key, n in numbers.items() if key.startswith(keys.WAITING)}
        waiting |= {name: marks} if marks else {}
    claimed = {name.removeprefix(keys.TYPE): float(row[keys.CLAIMED_TO]) for name, row in rows.items()
               if name.startswith(keys.TYPE) and keys.CLAIMED_TO in row}  # fmt: skip
    bulk = tuple(sorted(name.removeprefix(keys.BULK) for name, row in rows.items() if name.startswith(keys.BULK)
                  and keys.OPEN in row))  # fmt: skip
    told = deploys.read(rows.get(keys.DEPLOYS, {}).get(keys.DEPLOYS, "[]"))
    return Standing(totals, waiting, paused, _unsent(rows), claimed, bulk, told)


def _unsent(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, list[float]]:
    found = {
        name.removeprefix(keys.TYPE): sorted(
            keys.unsent_since(key) for key, n in row.items() if key.startswith(keys.UNSENT) and n > 0
        )
        for name, row in rows.items()
        if name.startswith(keys.TYPE)
    }
    return {name: minutes for name, minutes in found.items() if minutes}


def litter(item: Mapping[str, Any], now: float) -> list[str]:
    """Return the outdated fields of a type's row: times long past, and marks of shards that have ended."""
    marks = {name: int(value) for name, value in item.items() if name.startswith(keys.WAITING)}
    shards = [name for name in item if name.startswith(keys.MARK) and keys.ended(name.removeprefix(keys.MARK), now)]
    even = [name for name, n in item.items() if name.startswith(keys.UNSENT) and n <= 0]
    return [*backlog.litter(marks, now), *even, *shards]


def legacy_numbers(row: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """Split the old row of all types: "n#email.send#queued" is "n#queued" of email.send."""
    by_type: dict[str, dict[str, int]] = {}
    for name, value in row.items():
        if name.startswith((keys.NUMBER, keys.WAITING)):
            kind, job_type, what = name.split("#")
            by_type.setdefault(job_type, {})[f"{kind}#{what}"] = int(value)
    return by_type


def _by_type(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    found = {sk.removeprefix(keys.TYPE): row for sk, row in rows.items() if sk.startswith(keys.TYPE)}
    by_type = {name: _numbers(row) for name, row in found.items()}
    for name, numbers in legacy_numbers(rows.get(keys.LEGACY.sk, {})).items():
        if keys.MARK + COPIED not in found.get(name, {}):
            into = by_type.setdefault(name, {})
            for key, n in numbers.items():
                into[key] = into.get(key, 0) + n
    return by_type


def _numbers(row: Mapping[str, Any]) -> dict[str, int]:
    return {name: int(n) for name, n in row.items() if name.startswith((keys.NUMBER, keys.WAITING))}
