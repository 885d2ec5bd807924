"""Count the writes, as the stream's consumer does: late, and sometimes without an answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from chalicelib.adapters.memory.counters import MemoryCounters
from chalicelib.counters.port import Pause, Standing
from chalicelib.counters.stream import StreamCounter
from tests.proof.grounds.faults import DYNAMODB, Throttled
from tests.proof.grounds.ground import Ground
from tests.support import Clock

SHARD = "shardId-00000000000000000001-proof"


@dataclass
class Counting:
    """The counters of a simulated platform, which include changes up to `lag` seconds ago.

    They do not answer while `out`.
    """

    ground: Ground
    clock: Clock
    lag: float = 0.0
    out: bool = False
    rows: MemoryCounters = field(default_factory=MemoryCounters)
    _read: int = 0

    def __post_init__(self) -> None:
        self._stream = StreamCounter(self.rows, self.clock)

    def standing(self, paused: Mapping[str, float]) -> Standing:
        """Return the counters' facts. Raises Throttled while they, or the table that contains them, have an outage."""
        self._count()
        if self.out or DYNAMODB in self.ground.faults.out:
            raise Throttled("Query")
        return replace(self.rows.standing(), paused={name: Pause(since) for name, since in paused.items()})

    def _count(self) -> None:
        told, until = self.ground.changes(), self.clock.now - self.lag
        end = self._read
        while end < len(told) and told[end].at <= until:
            end += 1
        counted = self._stream.count(told[self._read : end], SHARD)
        assert not counted.skipped, counted.skipped
        self._read = end
