"""Count the writes and canaries, as the stream's consumer does: late, and sometimes without an answer."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from chalicelib.adapters.memory.counters import MemoryCounters
from chalicelib.counters.changes import CanaryPassed, Told
from chalicelib.counters.port import Pause, Row, Standing
from chalicelib.counters.stream import StreamCounter
from tests.proof.grounds.faults import DYNAMODB, Throttled
from tests.proof.grounds.ground import Ground
from tests.support import Clock

SHARDS = ("shardId-00000000000000000001-proof", "shardId-00000000000000000002-proof")


@dataclass
class Counting:
    """The counters of a simulated platform, which include changes up to `lag` seconds ago.

    The stream has two shards; only those in `slow` lag. The counters do not answer while `out`.
    """

    ground: Ground
    clock: Clock
    lag: float = 0.0
    slow: tuple[int, ...] = (0, 1)
    out: bool = False
    rows: MemoryCounters = field(default_factory=MemoryCounters)
    _read: int = 0
    _lines: tuple[list[Told], ...] = field(default_factory=lambda: ([], []))
    """What each shard has delivered to nobody yet."""
    _times: tuple[list[float], ...] = field(default_factory=lambda: ([], []))
    _released: int = 0

    def __post_init__(self) -> None:
        self._stream = StreamCounter(self.rows, self.clock)

    def standing(self, paused: Mapping[str, float]) -> Standing:
        """Return the counters' facts. Raises Throttled while they, or the table that contains them, have an outage."""
        self._count()
        self._answer("Query")
        return replace(self.rows.standing(), paused={name: Pause(since) for name, since in paused.items()})

    def release(self, run: str, number: int) -> None:
        """See Canaries. Raises Throttled as the counters do: it is not one of the crash points."""
        self._answer("PutItem")
        self._deliver()
        for _ in range(number):
            self._released += 1
            self._put(self._released % len(SHARDS), CanaryPassed(f"{self._released:040}", run), self.clock.now)

    def read(self, row: Row) -> Mapping[str, Any]:
        """See CounterTable."""
        self._answer("GetItem")
        return self.rows.read(row)

    def _answer(self, request: str) -> None:
        if self.out or DYNAMODB in self.ground.faults.out:
            raise Throttled(request)

    def _deliver(self) -> None:
        """Put the new changes into the shards of their jobs."""
        told = self.ground.changes()
        for change in told[self._read :]:
            job = change.after or change.before
            assert job is not None
            self._put(zlib.crc32(job.id.encode()) % len(SHARDS), change, change.at)
        self._read = len(told)

    def _put(self, shard: int, told: Told, at: float) -> None:
        self._lines[shard].append(told)
        self._times[shard].append(at)

    def _count(self) -> None:
        self._deliver()
        for number, shard in enumerate(SHARDS):
            until = self.clock.now - (self.lag if number in self.slow else 0.0)
            line, times = self._lines[number], self._times[number]
            end = next((place for place, at in enumerate(times) if at > until), len(times))
            if end:
                counted = self._stream.count(line[:end], shard)
                assert not counted.skipped, counted.skipped
                del line[:end], times[:end]
