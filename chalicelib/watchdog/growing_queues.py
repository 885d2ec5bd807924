"""Find queues that grow with each run, because more jobs come than workers take. The age of messages shows this later.

Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from chalicelib.jobs.port import Depth

RUNS = 2
"""A queue grows if it was longer than at the run before in this number of consecutive runs, a minute apart."""
LEAST = 100
"""A queue with fewer messages is ignored: workers take them in a moment."""
GAP = 150.0
"""If more seconds are between two runs, a run is missing, and the earlier depth is not used."""


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
