"""Compute how long queued jobs have waited, from counters to which each job adds 1, and -1 when it leaves. Pure.

A queued job is counted in three rulers of marks: every 5 seconds, every minute, every hour. The marks of a finer ruler
are removed earlier, so that a backlog of days needs only a few kilobytes, while a wait of minutes is known to some
seconds. The error is at most 2.5 s up to a quarter of an hour, 30 s up to 4 hours, and 30 minutes beyond. The row of a
type has at most 181 fine marks, 241 middle marks, and one coarse mark for each hour since its oldest job came.
"""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib.counters.constants import COARSE_WIDTH, FINE_REACH, FINE_WIDTH, MIDDLE_REACH, MIDDLE_WIDTH
from chalicelib.counters.keys import WAITING


@dataclass(frozen=True, slots=True)
class Ruler:
    """Marks every `width` seconds; each mark is read until `reach` seconds after its end."""

    letter: str
    width: int
    reach: float

    def mark(self, at: float) -> int:
        """Return the mark of a time."""
        return int(at // self.width)

    def live(self, mark: int, now: float) -> bool:
        """Return whether the mark is still read."""
        return (mark + 1) * self.width + self.reach >= now


FINE, MIDDLE, COARSE = RULERS = (
    Ruler("s", FINE_WIDTH, FINE_REACH), Ruler("m", MIDDLE_WIDTH, MIDDLE_REACH), Ruler("h", COARSE_WIDTH, math.inf),
)  # fmt: skip


def queued(since: float, now: float, number: int = 1) -> Counter[str]:
    """Return what a job that was queued at `since` adds to the counters; `number` is 1, or -1 when the job leaves.

    Marks that are outdated at `now` are left out for 1 and for -1, so a late stream adds no more marks than a timely
    one.
    """
    marks = {ruler: ruler.mark(since) for ruler in RULERS}
    return Counter({_name(ruler, mark): number for ruler, mark in marks.items() if ruler.live(mark, now)})


def oldest(marks: Mapping[str, int], now: float) -> float | None:
    """Return since when the oldest queued job waits (epoch seconds, the middle of its mark); None without jobs."""
    waiting = _by_ruler(marks, now)
    if not waiting[COARSE]:
        return None
    ruler, mark = COARSE, min(waiting[COARSE])
    for finer in (MIDDLE, FINE):
        within = _within(waiting[finer], finer, ruler, mark)
        # The finer ruler counts fewer jobs in this time than the coarser ruler, so its mark for the oldest job was
        # removed, and only marks of younger jobs are left.
        if sum(within.values()) < waiting[ruler][mark]:
            break
        ruler, mark = finer, min(within)
    return min(now, (mark + 0.5) * ruler.width)


def ahead(marks: Mapping[str, int], since: float, now: float) -> int:
    """Return the maximum number of jobs that were queued before a job that waits since `since` (epoch seconds)."""
    waiting = _by_ruler(marks, now)
    left = sum(n for mark, n in waiting[COARSE].items() if mark <= COARSE.mark(since))
    parent = COARSE
    for finer in (MIDDLE, FINE):
        if not finer.live(finer.mark(since), now):
            break
        within = _within(waiting[finer], finer, parent, parent.mark(since))
        left -= sum(n for mark, n in within.items() if mark > finer.mark(since))
        parent = finer
    return max(0, left - 1)


def litter(marks: Mapping[str, int], now: float) -> list[str]:
    """Return the names of outdated fields."""
    return [name for name, n in marks.items() if n <= 0 or not is_live(name, now)]


def is_live(name: str, now: float) -> bool:
    """Return whether the mark of that name is still read."""
    ruler, mark = _parse(name)
    return ruler.live(mark, now)


def is_coarse(name: str) -> bool:
    """Return whether the name is that of a mark of the coarse ruler; the other marks disappear within 4 hours."""
    return _parse(name)[0] is COARSE


def _name(ruler: Ruler, mark: int) -> str:
    return f"{WAITING}{ruler.letter}{mark}"


def _parse(name: str) -> tuple[Ruler, int]:
    place = name.removeprefix(WAITING)
    return next(ruler for ruler in RULERS if ruler.letter == place[0]), int(place[1:])


def _by_ruler(marks: Mapping[str, int], now: float) -> dict[Ruler, dict[int, int]]:
    waiting: dict[Ruler, dict[int, int]] = {ruler: {} for ruler in RULERS}
    for name, n in marks.items():
        ruler, mark = _parse(name)
        if n > 0 and ruler.live(mark, now):
            waiting[ruler][mark] = n
    return waiting


def _within(marks: Mapping[int, int], ruler: Ruler, parent: Ruler, of: int) -> dict[int, int]:
    return {mark: n for mark, n in marks.items() if parent.mark(mark * ruler.width) == of}
