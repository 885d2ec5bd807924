"""Let jobs arrive, wait and be processed second by second, within the limits of a setting. Pure."""

import math
from dataclasses import dataclass, field

from scripts.scaling.limits import DOUBLING, FIRST_CONCURRENT, IN_FLIGHT, MORE_A_MINUTE, OWN_WRITES, Setting

ENDED_UNITS = 2
"""Write units of a job's claim and completion in the table itself; the rest is used when the job is accepted."""
ACCEPTED_UNITS = OWN_WRITES - ENDED_UNITS
FULL = 0.999
HOUR = 3_600


@dataclass
class Played:
    """A simulation: for each second, how many jobs completed, and how many wait.

    `limits`: for each limit that was reached, when it was first reached, in seconds.
    """

    setting: Setting
    done: list[float] = field(default_factory=list)
    waiting: list[float] = field(default_factory=list)
    refused: float = 0.0
    limits: dict[str, int] = field(default_factory=dict)

    @property
    def drained(self) -> int | None:
        """Return the second from which at most as many jobs wait as arrive in two seconds; None: never."""
        calm = 2 * self.setting.rate + 1
        busy = [second for second, number in enumerate(self.waiting) if number > calm]
        if not busy:
            return 0
        return busy[-1] + 1 if busy[-1] + 1 < len(self.waiting) else None

    @property
    def growing(self) -> bool:
        """Return True if, at the end of the simulation, jobs arrive faster than they end."""
        quarter = len(self.waiting) // 4
        return self.drained is None and self.waiting[-1] > self.waiting[-quarter]


def play(setting: Setting, seconds: int = HOUR) -> Played:
    """Simulate the setting: jobs arrive evenly, and each limit applies to a whole second."""
    played = Played(setting)
    waiting = float(setting.backlog)
    for second in range(seconds):
        writes = _writes(setting, second)
        accepted = _accepted(setting, played, second, writes)
        waiting += accepted
        slots = _slots(setting, played, second, waiting)
        started = min(waiting, _startable(setting, played, second, slots, writes - accepted * ACCEPTED_UNITS))
        waiting -= started
        played.done.append(started)
        played.waiting.append(waiting)
        if min(slots, started * setting.hold) * setting.batch >= IN_FLIGHT * FULL:
            _met(played, "messages in flight", second)
    return played


def _writes(setting: Setting, second: int) -> float:
    return setting.warm_writes * 2.0 ** math.floor(second / DOUBLING) / setting.types


def _accepted(setting: Setting, played: Played, second: int, writes: float) -> float:
    limits = {
        "requests of the stage": setting.stage,
        "API": setting.api,
        "index of all jobs": setting.index_of_all,
        "index of unfinished jobs": setting.index_of_active,
        "writes of the table": writes / OWN_WRITES,
        "quota of the table": setting.table,
    }
    accepted = _least(limits, setting.rate, played, second)
    played.refused += setting.rate - accepted
    if accepted > setting.counted * FULL:
        _met(played, "counters", second)
    return accepted


def _slots(setting: Setting, played: Played, second: int, waiting: float) -> float:
    ramp = FIRST_CONCURRENT + MORE_A_MINUTE * second / 60
    if waiting > setting.rate and ramp >= setting.workers:
        _met(played, "concurrency", second)
    return min(ramp, setting.workers)


def _startable(setting: Setting, played: Played, second: int, slots: float, writes: float) -> float:
    limits = {
        "index of unfinished jobs": setting.index_of_active,
        "writes of the table": max(0.0, writes) / ENDED_UNITS,
    }
    return _least(limits, slots / setting.hold, played, second)


def _least(limits: dict[str, float], asked: float, played: Played, second: int) -> float:
    name, least = min(limits.items(), key=lambda limit: limit[1])
    if asked > least:
        _met(played, name, second)
    return min(asked, least)


def _met(played: Played, name: str, second: int) -> None:
    played.limits.setdefault(name, second)
