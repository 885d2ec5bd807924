"""Simulate a type with `pause_when`: its row, its event source mapping, its probes, the watchdog, an operator."""

import random
from collections.abc import Callable

from chalicelib.adapters.memory.counters import MemoryCounters
from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.counters.port import Pause
from chalicelib.jobs.port import Message
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.pausing.every_minute import AutoPausing
from chalicelib.pausing.memory import MemoryAutoPauses, MemoryPastPauses
from chalicelib.pausing.rule import AutoPause
from chalicelib.pausing.switch import Pausing
from tests.support import T0, Clock

TYPE = "email.send"
OPEN = AutoPause("f1", "E", (T0 - 2, T0 - 1), T0, 60.0, T0 + 60)


class Stage:
    """The rows, the mapping and the probes of one type, and an operator."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.rows, self.counters, self.store = MemoryAutoPauses(), MemoryCounters(), MemoryJobStore(self.clock)
        self.ended = MemoryPastPauses()
        self.switched: list[bool] = []
        self.error: Exception | None = None
        self.probed: list[Message] = []
        self.queue = MemoryJobQueue(self.clock)
        self.watchdog = AutoPausing(
            [TYPE], self.rows, self.counters, self, self, self.store, self.counters.standing, self.ended, self.clock,
            Dispatcher(self.store, self.queue, self.clock).send, random.Random(1).sample,
        )  # fmt: skip
        self.operator = Pausing(self.counters, self, self.counters, self.ended, self.clock, lambda _: self.rows)

    def switch(self, job_type: str, *, on: bool) -> None:
        assert job_type == TYPE
        if self.error is not None:
            raise self.error
        self.switched.append(on)

    def probe(self, message: Message) -> None:
        self.probed.append(message)

    def write(self, row: AutoPause) -> None:
        assert self.rows.replace(TYPE, self.row(), row) is not None

    def row(self) -> AutoPause:
        return self.rows.read(TYPE)

    def told(self) -> Pause | None:
        """Return the pause as every reader gets it."""
        return self.counters.standing().paused.get(TYPE)

    def pause(self) -> Pause:
        told = self.told()
        assert told is not None
        return told

    def minute(self) -> None:
        """Run the watchdog, and advance the clock by a minute."""
        self.watchdog.run()
        self.clock.advance(60)

    def ends(self) -> None:
        self.write(AutoPause(ended_at=self.clock.now, cooldown=60, switched_at=self.row().switched_at))


class Reading:
    """Rows that a test's function reads."""

    def __init__(self, rows: MemoryAutoPauses, read: Callable[..., AutoPause]) -> None:
        self.replace, self.read = rows.replace, read


class Switching:
    """Consumers that a test's function enables and disables."""

    def __init__(self, switch: Callable[..., None]) -> None:
        self.switch = switch
