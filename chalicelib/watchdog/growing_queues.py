"""Find queues that grow with each run: more jobs come than workers take, long before the oldest message is old.

Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from chalicelib.jobs.port import Depth

RUNS = 2
"""Consecutive runs, a minute apart, at which a queue was longer than at the run before."""
LEAST = 100
"""Messages below which a queue is ignored: a worker takes them in a moment."""
GAP = 150.0
"""Seconds between two runs after which the earlier depth is useless, because a run is missing."""


@dataclass
class Growing:
    """The memory of a watchdog's process; a new process reports nothing for two runs."""

    ran_at: float = 0.0
    depths: dict[str, int] = field(default_factory=dict)
    runs: dict[str, int] = field(default_factory=dict)

    def look(self, depths: Mapping[str, Depth | None], now: float) -> list[str]:
        """Add the depths of a run at `now` (epoch seconds); return the types whose queues grow.

        An unknown depth starts the count again, and so does a shorter queue.
        """
        if now - self.ran_at > GAP:
            self.depths, self.runs = {}, {}
        self.ran_at = now
        seen = {name: depth.visible for name, depth in depths.items() if depth is not None}
        self.runs = {name: self._longer(name, visible) for name, visible in seen.items()}
        self.depths = seen
        return sorted(name for name, runs in self.runs.items() if runs >= RUNS and seen[name] >= LEAST)

    def _longer(self, name: str, visible: int) -> int:
        return self.runs.get(name, 0) + 1 if name in self.depths and visible > self.depths[name] else 0
