"""Notice that the counters stand still although their rows can be read.

The rows do not show it: without changes of jobs, they are old, too. A run therefore writes canaries into the stream
while a queue is in use, and the next run asks whether the counters have seen all of them. Lambda reads each shard of
the stream by itself, so that one shard may stand still; the canaries have random keys, which spread over the shards.
"""

from dataclasses import dataclass, field

from chalicelib.counters import keys
from chalicelib.counters.port import Canaries, CounterTable
from chalicelib.telemetry import events
from chalicelib.watchdog.constants import PULSE_AGAIN, PULSE_CANARIES, PULSE_LATE


@dataclass
class Seen:
    """Hold what a process of the watchdog knows: the canaries not counted yet, their time, and its verdict."""

    canaries: str = ""
    at: float = 0.0
    behind: bool = False


@dataclass(frozen=True)
class Pulse:
    """Compare the stream with its counters by canaries; `seen` lasts as long as the process."""

    canaries: Canaries
    rows: CounterTable
    seen: Seen = field(default_factory=Seen)

    def rest(self) -> None:
        """Forget the canaries: nothing depends on the counters now."""
        self.seen.canaries, self.seen.behind = "", False

    def behind(self, now: float) -> bool:
        """Return whether the counters are behind the stream; one read, and writes if the last canaries were counted.

        If AWS does not answer, the last verdict is returned. After the end of an outage, the canaries are counted with
        everything before them. They are replaced from time to time, because the stream forgets them after a day; the
        counters stay behind until a whole set was counted.
        """
        seen = self.seen
        try:
            if seen.canaries and self._counted(seen.canaries) >= PULSE_CANARIES:
                seen.canaries, seen.behind = "", False
            elif seen.canaries and now - seen.at >= PULSE_LATE:
                seen.behind = True
            if not seen.canaries or now - seen.at >= PULSE_AGAIN:
                name = str(int(now * 1000))
                self.canaries.release(name, PULSE_CANARIES)
                seen.canaries, seen.at = name, now
        except Exception as error:
            events.watchdog_failed("the counters' canaries", error)
        return seen.behind

    def _counted(self, name: str) -> float:
        return float(self.rows.read(keys.canaries(name, 0.0)).get(keys.SEEN, 0))
