"""Provide records of the jobs table's stream, and rows that count them."""

from collections import Counter
from typing import Any

from chalicelib.adapters.dynamo.counting.changes import read
from chalicelib.adapters.memory.counters import MemoryCounters
from chalicelib.counters import keys
from chalicelib.counters.port import Additions, Row, Times
from chalicelib.counters.stream import Counted, StreamCounter
from tests.support import T0

TOTALS = keys.totals("a.b")


class Rows(MemoryCounters):
    """Counter rows whose writes fail as often as a test requires."""

    def __init__(self) -> None:
        super().__init__()
        self.fails = 0

    def add(
        self,
        row: Row,
        additions: Additions,
        source: str,
        first: str,
        last: str,
        times: Times | None = None,
    ) -> str | None:
        if self.fails:
            self.fails -= 1
            raise ConnectionError("down")
        return super().add(row, additions, source, first, last, times)

    @property
    def numbers(self) -> dict[tuple[str, str], Counter[str]]:
        """Return the counts, without empty rows, and without the numbers of writes, which portions decide."""
        known = {key: Counter({n: x for n, x in row.items() if n != keys.WRITES}) for key, row in self._numbers.items()}
        return {key: +found for key, found in known.items() if +found}


def apply(rows: Rows, records: list[dict[str, Any]], source: str, now: float = T0 + 10) -> Counted:
    """Count a batch, as a new process would."""
    return StreamCounter(rows, lambda: now).count(read(records), source)


def image(status: str, at: float, **more: Any) -> dict[str, Any]:
    facts = {"type": "a.b", "pk": "job-1", "sk": "META", "status": status, "updated_at": at, "created_at": T0, **more}
    return {k: {"N": str(v)} if isinstance(v, int | float) else {"S": v} for k, v in facts.items()}


def record(number: int, old: dict[str, Any] | None, new: dict[str, Any] | None) -> dict[str, Any]:
    images = {"OldImage": old, "NewImage": new}
    return {"dynamodb": {"SequenceNumber": str(number), **{k: v for k, v in images.items() if v}}}
