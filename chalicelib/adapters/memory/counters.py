"""Store counter rows in memory; the contract tests of DynamoDB check this store too."""

import threading
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib.counters import deploys
from chalicelib.counters.dear_runs import DearRun, runs_of
from chalicelib.counters.keys import (
    BULK,
    DAY_STEP,
    DEAREST,
    DEPLOYS,
    ERASING_MARK,
    ERRORS,
    MARK,
    OPEN,
    STEPS,
    TENANTS,
    TOTALS,
    TROUBLES,
)
from chalicelib.counters.port import Acknowledged, Additions, ErrorHour, Pause, Row, Standing, TenantDay, Times
from chalicelib.counters.standing import litter, standing
from chalicelib.counters.troubles import Troubles

Key = tuple[str, str]


class MemoryCounters:
    """See CounterTable (writing), Counters (reading), Pauses, Deploys and TroubleRow."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers: dict[Key, Counter[str]] = {}
        self._partitions: dict[str, list[Key]] = {}
        self._facts: dict[Key, dict[str, Any]] = {}
        self._marks: dict[Key, dict[str, str]] = {}
        self._paused: dict[str, Pause] = {}
        self.bulk: set[str] = set()
        self.erasing: set[str] = set()
        self._deploys = ""
        self._troubles = ""

    def add(
        self,
        row: Row,
        additions: Additions,
        source: str,
        first: str,
        last: str,
        times: Times | None = None,  # noqa: ARG002 - no mark is moved here: a row may have any size
    ) -> str | None:
        """See CounterRows."""
        key = (row.pk, row.sk)
        with self._lock:
            marks = self._marks.setdefault(key, {})
            mark = marks.get(MARK + source)
            if mark is not None and mark >= first:
                return mark
            marks[MARK + source] = last
            if key not in self._numbers:
                self._numbers[key] = Counter()
                self._partitions.setdefault(row.pk, []).append(key)
            self._numbers[key].update(additions.numbers)
            facts = self._facts.setdefault(key, {})
            self._facts[key] = {**additions.firsts, **facts, **additions.facts, **additions.lows}
        return None

    def read(self, row: Row) -> Mapping[str, Any]:
        """See CounterTable."""
        key = (row.pk, row.sk)
        return {**self._facts.get(key, {}), **self._numbers.get(key, {})}

    def tidy(self, row: Row, now: float) -> int:
        """See CounterTable."""
        key = (row.pk, row.sk)
        with self._lock:
            found = litter(self._whole(key), now)
            for name in found:
                self._numbers[key].pop(name, None)
                self._marks[key].pop(name, None)
        return len(found)

    def replace_facts(self, row: Row, facts: Mapping[str, str], gone: Collection[str]) -> None:
        """See CounterTable."""
        key = (row.pk, row.sk)
        with self._lock:
            if key not in self._numbers:
                self._numbers[key] = Counter()
                self._partitions.setdefault(row.pk, []).append(key)
            kept = {name: value for name, value in self._facts.get(key, {}).items() if name not in gone}
            self._facts[key] = {**kept, **facts}

    def standing(self) -> Standing:
        """See Counters."""
        with self._lock:
            rows = {key[1]: self._whole(key) for key in self._partitions.get(TOTALS, ())}
            beside: dict[str, dict[str, Any]] = {BULK + name: {OPEN: 1} for name in self.bulk}
            beside |= {ERASING_MARK + name: {OPEN: 1} for name in self.erasing}
            beside |= {DEPLOYS: {DEPLOYS: self._deploys}} if self._deploys else {}
            beside |= {TROUBLES: {TROUBLES: self._troubles}} if self._troubles else {}
            return standing({**rows, **beside}, dict(self._paused))

    def pause(self, job_type: str, pause: Pause) -> bool:
        """See Pauses."""
        with self._lock:
            present = self._paused.get(job_type)
            by_operator = not pause.by_budget and not pause.by_itself
            free = present is None or present.by_itself or (present.by_budget and by_operator)
            if free:
                self._paused[job_type] = pause
        return free

    def resume(self, job_type: str, *, by_itself: bool = False, by_budget: bool = False) -> bool:
        """See Pauses."""
        with self._lock:
            present = self._paused.get(job_type)
            if present is not None and (by_itself or by_budget):
                free = present.by_itself if by_itself else present.by_budget
                if not free:
                    return False
            self._paused.pop(job_type, None)
        return True

    def deployed(self, version: str, at: float) -> None:
        """See Deploys."""
        with self._lock:
            self._deploys = deploys.added(self._deploys, version, at)

    def replace_troubles(self, seen: Troubles, new: Troubles) -> bool:
        """See TroubleRow."""
        with self._lock:
            same = self._troubles == seen.text
            if same:
                self._troubles = new.text
        return same

    def buckets(self, job_type: str, step: int, start: float, end: float) -> Sequence[tuple[float, Mapping[str, int]]]:
        """See Counters."""
        return [(at, self._numbers[key]) for at, key in self._keys(f"{STEPS[step]}#{job_type}", start, end)]

    def tenant_days(self, job_type: str, start: float, end: float, most: int) -> Sequence[TenantDay]:
        """See Counters."""
        keys = self._keys(f"{STEPS[86_400]}#{job_type}{TENANTS}", start, end)
        return [TenantDay(at, key[1].partition("#")[2], self._numbers[key]) for at, key in reversed(keys)][:most]

    def dear_runs(self, job_type: str, start: float, end: float) -> Sequence[DearRun]:
        """See Counters."""
        rows = self._keys(f"{STEPS[DAY_STEP]}#{job_type}{DEAREST}", start, end)
        return [run for _, key in rows for run in runs_of(self._facts[key])]

    def errors(self, start: float, end: float, most: int) -> Sequence[ErrorHour]:
        """See Counters."""
        found = [
            ErrorHour(at, key[1].split("#")[1], {**self._facts[key], **self._numbers[key]})
            for at, key in self._keys(ERRORS, start, end)
        ]
        return found[::-1][:most]

    def _whole(self, key: Key) -> dict[str, Any]:
        return {**self._facts.get(key, {}), **self._numbers.get(key, {}), **self._marks.get(key, {})}

    def _keys(self, partition: str, start: float, end: float) -> list[tuple[float, Key]]:
        keys = self._partitions.get(partition, ())
        times = [(datetime.fromisoformat(key[1].split("#")[0]).timestamp(), key) for key in keys]
        return sorted((at, key) for at, key in times if start <= at <= end)


class MemoryCanaries:
    """See Canaries. The canaries stay in a list until a test processes them."""

    def __init__(self) -> None:
        self.released: list[str] = []

    def release(self, run: str, number: int) -> None:
        """See Canaries."""
        self.released += [run] * number


class MemoryAcknowledgements:
    """See Acknowledgements."""

    def __init__(self) -> None:
        self._marks: dict[str, Acknowledged] = {}

    def acknowledge(self, fingerprint: str, by: str, at: float, *, resolved: bool = False) -> None:
        """See Acknowledgements."""
        self._marks[fingerprint] = Acknowledged(by, at, resolved)

    def reopen(self, fingerprint: str, at: float) -> None:  # noqa: ARG002 - nothing is left to expire
        """See Acknowledgements."""
        self._marks.pop(fingerprint, None)

    def acknowledged(self) -> Mapping[str, Acknowledged]:
        """See Acknowledgements."""
        return dict(self._marks)
