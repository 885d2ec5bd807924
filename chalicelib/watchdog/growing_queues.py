"""Find queues that grow with each run, because jobs arrive faster than workers can process them.

The age of the messages would show the growth only later. Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from chalicelib.jobs.port import Depth
from chalicelib.watchdog.constants import GROWING_GAP, GROWING_RUNS, LEAST_GROWING_QUEUE


@dataclass
class Growing:
    """Remember the depths of earlier runs in one watchdog process; a new process reports nothing for two runs."""

    ran_at: float = 0.0
    depths: dict[str, int] = field(default_factory=dict)
    runs: dict[str, int] = field(default_factory=dict)

    def look(self, depths: Mapping[str, Depth | None], now: float) -> list[str]:
        """Add the depths of a run at `now` (epoch seconds); return the types whose queues grow.

        The count of a queue begins again at 0 if the queue's depth is unknown, or if the queue is not longer than in
        the run before.
        """
        if now - self.ran_at > GROWING_GAP:
            self.depths, self.runs = {}, {}
        self.ran_at = now
        seen = {name: depth.visible for name, depth in depths.items() if depth is not None}
        self.runs = {name: self._longer(name, visible) for name, visible in seen.items()}
        self.depths = seen
        return sorted(
            name for name, runs in self.runs.items() if runs >= GROWING_RUNS and seen[name] >= LEAST_GROWING_QUEUE
        )

    def _longer(self, name: str, visible: int) -> int:
        return self.runs.get(name, 0) + 1 if name in self.depths and visible > self.depths[name] else 0
