"""Since when queued jobs wait, kept as numbers that only need adding: how many came in when and have not left. Pure.

Each queued job counts on three rulers. A fine one forgets early, so that a backlog of days takes a few kilobytes and a
wait of minutes is known to seconds: within 2.5 s up to a quarter of an hour, 30 s up to 4 hours, 30 minutes beyond.
"""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

PREFIX = "w#"


@dataclass(frozen=True, slots=True)
class Ruler:
    """Marks every `width` seconds, each read until `reach` seconds after its end."""

    letter: str
    width: int
    reach: float

    def mark(self, at: float) -> int:
        """The mark of a moment."""
        return int(at // self.width)

    def live(self, mark: int, now: float) -> bool:
        """Whether anyone still looks at the mark. Leaving counts only while it is: later, nobody would notice."""
        return (mark + 1) * self.width + self.reach >= now


FINE, MIDDLE, COARSE = RULERS = (Ruler("s", 5, 900), Ruler("m", 60, 4 * 3600), Ruler("h", 3600, math.inf))
"""Each width divides the next one, so that every mark lies within one of the next ruler's."""


def came(job_type: str, since: float) -> Counter[str]:
    """What a job that is queued since then adds."""
    return Counter({_name(ruler, job_type, ruler.mark(since)): 1 for ruler in RULERS})


def went(job_type: str, since: float, at: float) -> Counter[str]:
    """What takes it out again when it leaves at `at`."""
    return Counter(
        {_name(r, job_type, r.mark(since)): -1 for r in RULERS if r.live(r.mark(since), at)}
    )  # fmt: skip


def oldest(numbers: Mapping[str, int], job_type: str, now: float) -> float | None:
    """Since when the oldest queued job waits: the middle of its mark, in seconds since the epoch; None without one."""
    waiting = _by_ruler(numbers, job_type, now)
    if not waiting[COARSE]:
        return None
    ruler, mark = COARSE, min(waiting[COARSE])
    for finer in (MIDDLE, FINE):
        within = _within(waiting[finer], finer, ruler, mark)
        # Fewer than the coarse mark holds: the oldest has outlived the finer ruler, and what is left there is younger.
        if sum(within.values()) < waiting[ruler][mark]:
            break
        ruler, mark = finer, min(within)
    return min(now, (mark + 0.5) * ruler.width)


def ahead(numbers: Mapping[str, int], job_type: str, since: float, now: float) -> int:
    """How many jobs at most came into the queue before one that waits since then."""
    waiting = _by_ruler(numbers, job_type, now)
    left = sum(n for mark, n in waiting[COARSE].items() if mark <= COARSE.mark(since))
    parent = COARSE
    for finer in (MIDDLE, FINE):
        if not finer.live(finer.mark(since), now):
            break
        within = _within(waiting[finer], finer, parent, parent.mark(since))
        left -= sum(n for mark, n in within.items() if mark > finer.mark(since))
        parent = finer
    return max(0, left - 1)


def litter(numbers: Mapping[str, int], now: float) -> list[str]:
    """The names that nobody reads any more."""
    return [name for name, n in numbers.items() if (found := _parse(name)) and (n <= 0 or not _is_live(found, now))]


def is_live(name: str, now: float) -> bool:
    """Whether a name of ours is still read."""
    found = _parse(name)
    return found is not None and _is_live(found, now)


def _name(ruler: Ruler, job_type: str, mark: int) -> str:
    return f"{PREFIX}{job_type}#{ruler.letter}{mark}"


def _parse(name: str) -> tuple[str, Ruler, int] | None:
    if not name.startswith(PREFIX):
        return None
    _, job_type, place = name.split("#")
    return job_type, next(ruler for ruler in RULERS if ruler.letter == place[0]), int(place[1:])


def _is_live(found: tuple[str, Ruler, int], now: float) -> bool:
    _, ruler, mark = found
    return ruler.live(mark, now)


def _by_ruler(numbers: Mapping[str, int], job_type: str, now: float) -> dict[Ruler, dict[int, int]]:
    waiting: dict[Ruler, dict[int, int]] = {ruler: {} for ruler in RULERS}
    for name, n in numbers.items():
        found = _parse(name)
        if found and found[0] == job_type and n > 0 and _is_live(found, now):
            waiting[found[1]][found[2]] = n
    return waiting


def _within(marks: Mapping[int, int], ruler: Ruler, parent: Ruler, of: int) -> dict[int, int]:
    return {mark: n for mark, n in marks.items() if parent.mark(mark * ruler.width) == of}
