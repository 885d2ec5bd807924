"""Counter rows in memory, held to the same contract tests as DynamoDB's."""

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib.counters.fold import STEPS, TOTALS, Additions, Row, litter, standing
from chalicelib.jobs.ports import ErrorHour, Standing


class MemoryCounters:
    """See CounterRows (writing), Counters (reading) and Pauses."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers: dict[tuple[str, str], Counter[str]] = {}
        self._facts: dict[tuple[str, str], dict[str, Any]] = {}
        self._marks: dict[tuple[str, str, str], str] = {}
        self._paused: dict[str, float] = {}

    def add(self, row: Row, additions: Additions, lane: str, first: str, last: str) -> str | None:
        """See CounterRows."""
        key = (row.pk, row.sk)
        with self._lock:
            mark = self._marks.get((*key, lane))
            if mark is not None and mark >= first:
                return mark
            self._marks[*key, lane] = last
            self._numbers.setdefault(key, Counter()).update(additions.numbers)
            facts = self._facts.setdefault(key, {})
            self._facts[key] = {**additions.firsts, **facts, **additions.facts}
        return None

    def read(self, row: Row) -> Mapping[str, Any]:
        """See CounterRows."""
        key = (row.pk, row.sk)
        return {**self._facts.get(key, {}), **self._numbers.get(key, {})}

    def tidy(self, now: float) -> int:
        """See CounterRows."""
        with self._lock:
            marks = {f"mark#{lane}": mark for (*key, lane), mark in self._marks.items() if tuple(key) == TOTALS}
            found = litter({**self._numbers.get(TOTALS, {}), **marks}, now)
            for name in found:
                self._numbers[TOTALS].pop(name, None)
                self._marks.pop((*TOTALS, name.removeprefix("mark#")), None)
        return len(found)

    def standing(self) -> Standing:
        """See Counters."""
        return standing(self._numbers.get(TOTALS, {}), dict(self._paused))

    def pause(self, job_type: str, at: float) -> bool:
        """See Pauses."""
        with self._lock:
            known = job_type in self._paused
            self._paused.setdefault(job_type, at)
        return not known

    def resume(self, job_type: str) -> None:
        """See Pauses."""
        self._paused.pop(job_type, None)

    def buckets(self, job_type: str, step: int, start: float, end: float) -> Sequence[tuple[float, Mapping[str, int]]]:
        """See Counters."""
        return [(at, self._numbers[key]) for at, key in self._keys(f"{STEPS[step]}#{job_type}", start, end)]

    def errors(self, start: float, end: float, most: int) -> Sequence[ErrorHour]:
        """See Counters."""
        found = [
            ErrorHour(at, key[1].split("#")[1], {**self._facts[key], **self._numbers[key]})
            for at, key in self._keys("ERR", start, end)
        ]
        return found[::-1][:most]

    def _keys(self, partition: str, start: float, end: float) -> list[tuple[float, tuple[str, str]]]:
        times = [(datetime.fromisoformat(key[1].split("#")[0]).timestamp(), key) for key in self._numbers
                 if key[0] == partition]  # fmt: skip
        return sorted((at, key) for at, key in times if start <= at <= end)
