"""Count the jobs themselves, tell where the counters have drifted from them, and put the counters right.

It never scans: it walks the index over all jobs in pages and reads what it needs of each, 100 a request. At night it
only repairs what the night before has found too (see `drift`). A repair adds the difference, and moves a mark in the
same write from before the first of its two recounts to now: a second repair from the same findings is refused.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from chalicelib.counters.drift import Drift, compare, confirmed, moves_in, numbers_of, sure
from chalicelib.counters.fold import TOTALS, Additions, CounterTable, Row
from chalicelib.jobs.ports import Census, Counters, Seen
from chalicelib.telemetry import events

LANE = "recount"
LAST = Row("RECOUNT", "LAST")
"""What the recount before has found."""
MARGIN = 300.0
"""Seconds before its beginning from which on a move may not have been counted yet."""
SETTLE = 10.0
"""Seconds in which the counters catch up with what the recount has just seen."""
PATIENCE = 23 * 3600 + 600.0
"""Seconds between two recounts that confirm each other: longer than Lambda tries to deliver a change."""


@dataclass(frozen=True, slots=True)
class Look:
    """One recount: how many jobs, where the counters differ, and when they were read (seconds since the epoch)."""

    at: float
    jobs: int
    drifts: Sequence[Drift]


@dataclass
class Recount:
    """Recounts with these ports; `sleep` takes seconds, `settle` is how long the counters get to catch up."""

    census: Census
    counters: Counters
    rows: CounterTable
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    settle: float = SETTLE

    def look(self) -> Look:
        """Count all jobs and compare. Takes about a second for 10,000 jobs."""
        began = self.clock()
        parts = self.census.parts()
        with ThreadPoolExecutor(len(parts)) as pool:
            found = sum(pool.map(_tally, parts), Counter[str]())
        self.sleep(self.settle)
        counted = self.rows.read(Row(*TOTALS))
        now = self.clock()
        # After the totals: what is in them is then in the buckets too, and counts as in motion.
        moved = self._moved({name.split("#")[1] for name in (*found, *counted)}, began - MARGIN, now)
        jobs = sum(n for name, n in found.items() if name.startswith("n#"))
        return Look(now, jobs, compare(found, counted, moved, now))

    def repair(self, earlier: tuple[float, Mapping[str, int]], later: Look) -> dict[str, int]:
        """Add what both recounts are sure of; `earlier` is when the counters were read, and what was sure then.

        Returns what was added: nothing when somebody repaired since.
        """
        at, before = earlier
        wrong = confirmed(before, sure(later.drifts))
        if not wrong:
            return {}
        mark = self.rows.add(Row(*TOTALS), Additions(Counter(wrong)), LANE, _stamp(at), _stamp(self.clock()))
        return wrong if mark is None else {}

    def nightly(self) -> tuple[Look, dict[str, int]]:
        """Look, repair what an earlier look confirms, and write down what is left; what was found and repaired."""
        kept = self.rows.read(LAST)
        later = self.look()
        repaired: dict[str, int] = {}
        if kept and later.at - float(kept["at"]) >= PATIENCE:
            repaired = self.repair((float(kept["at"]), json.loads(kept["sure"])), later)
        elif kept:
            return later, {}
        self._remember({} if repaired else sure(later.drifts))
        return later, repaired

    def _remember(self, wrong: Mapping[str, int]) -> None:
        now = self.clock()
        self.rows.add(LAST, Additions(facts={"at": now, "sure": json.dumps(wrong)}), LANE, _stamp(now), _stamp(now))

    def _moved(self, types: Iterable[str], start: float, end: float) -> dict[str, int]:
        start -= start % 60
        return {name: moves_in(n for _, n in self.counters.buckets(name, 60, start, end)) for name in types}


def night(recount: Recount) -> dict[str, Any]:
    """One night's recount, told in the log: how many jobs, what is wrong for sure by number, what was repaired."""
    look, repaired = recount.nightly()
    wrong = {drift.name: drift.sure for drift in look.drifts if drift.status is not None and drift.sure}
    events.recounted(look.jobs, wrong, repaired)
    return {"jobs": look.jobs, "wrong": wrong, "repaired": repaired}


def _tally(pages: Iterable[Sequence[Seen]]) -> Counter[str]:
    numbers: Counter[str] = Counter()
    for page in pages:
        numbers.update(numbers_of(page))
    return numbers


def _stamp(at: float) -> str:
    """A time as a mark: marks compare as texts."""
    return f"{at:017.3f}"
