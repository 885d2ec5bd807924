"""Ports whose answers take time, for workers side by side."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.chalicelib.worker.together.side_by_side import SideBySide


@dataclass
class Slow:
    """The store, whose answers take time; it counts the writes of each job."""

    world: "SideBySide"

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any, **more: Any) -> Any:
            self.world.sleep(self.world.rng.uniform(0, self.world.latency))
            if name == "apply":
                self.world.writes[args[0]] = self.world.writes.get(args[0], 0) + 1
            return getattr(self.world.store, name)(*args, **more)

        return call


@dataclass
class SlowTurns:
    """The plan of starts, whose answers take time; it counts the calls that write."""

    world: "SideBySide"

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any, **more: Any) -> Any:
            found = getattr(self.world.turns, name)(*args, **more)
            if name != "taken":
                self.world.writes[name] = self.world.writes.get(name, 0) + 1
            self.world.sleep(self.world.rng.uniform(0, self.world.latency))
            return found

        return call
