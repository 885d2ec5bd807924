"""Remember from when on planned jobs of a type may have no message although their time is past.

A run looks at planned jobs until 14 minutes after their time, since what was sent waits behind others and is not read
for that. What could not be sent until then would be found only when workers have passed its time.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from chalicelib.jobs.limits import LOOK_AHEAD
from chalicelib.watchdog.rule import OLD, UNSENT_PATIENCE

GAP = 300.0
"""Seconds without a run after which nothing is known: runs are a minute apart."""
PATIENCE = UNSENT_PATIENCE.longest + 60
"""Seconds after which a job that could not be sent has been tried again, or was sent."""


@dataclass(frozen=True, slots=True)
class Window:
    """Look from `since` on; no longer after `until` (epoch seconds)."""

    since: float
    until: float


@dataclass
class Lookback:
    """The memory of a watchdog's process. A new one, and one that did not run for a while, looks back OLD seconds.

    What is older is in doubt by its age alone.
    """

    ran_at: float = 0.0
    windows: dict[str, Window] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    """A run looks at several portions of a type side by side."""

    def begin(self, job_types: Sequence[str], now: float) -> None:
        """Begin a run over these types at `now` (epoch seconds)."""
        if now - self.ran_at > GAP:
            self.windows = {}
        self.ran_at = now
        for name in job_types:
            self.windows.setdefault(name, Window(now - OLD, now + PATIENCE))

    def since(self, job_type: str, now: float) -> float | None:
        """Return from when on to look for planned jobs of the type; None: no longer than every run looks."""
        window = self.windows.get(job_type)
        return None if window is None or window.until < now else window.since

    def keep(self, job_types: Sequence[str], now: float, at: float | None = None) -> None:
        """Go on looking from where this run looked, or from a time `at` before it: something is not done."""
        with self._lock:
            for name in job_types:
                seen = [time for time in (now - LOOK_AHEAD, self.since(name, now), at) if time is not None]
                self.windows[name] = Window(min(seen), now + PATIENCE)
