"""Make random faults: kill workers and the API, network storms, unavailable services, no watchdog."""

import os
import random
import signal
import threading
import time
from collections import Counter

from scripts.chaos.site import KILLED, Stack
from scripts.chaos.wire import LAMBDA, Weather

KILL_EVERY = 2.2
"""Seconds between two kills of workers, on average."""
API_EVERY = 45.0
STORM_EVERY = 30.0
STORM_SECONDS = 2.0
STORM = 20.0
"""Factor by which every fault rate is multiplied in a storm (a short time with many faults)."""
OUTAGE = (0.3, 0.55)
"""The part of the soak in which every new watchdog is killed."""
SERVICE_OUTAGE = 180.0
"""Seconds for which a service is unavailable, at most a fifth of the soak."""
SERVICE_OUTAGES = {"DynamoDB": (0.05, 0.55), "SQS": (0.2, 0.7), LAMBDA: (0.33, 0.75)}
"""The start of each service's two outages, as a share of the soak. Outages of different services overlap, because
fifteen minutes are too short for separate outages."""
TICK = 0.2


def out_of_order(elapsed: float, seconds: float) -> set[str]:
    """Return the unavailable services at this time after the start of a soak of `seconds`."""
    lasts = min(SERVICE_OUTAGE, seconds / 5)
    return {
        name
        for name, starts in SERVICE_OUTAGES.items()
        if any(0 <= elapsed - round(start * seconds) < lasts for start in starts)
    }


class Monkey:
    """Inject faults for `seconds` on a separate thread; count them."""

    def __init__(self, stack: Stack, weather: Weather, rng: random.Random, seconds: float) -> None:
        self.done: Counter[str] = Counter()
        self._stack = stack
        self._weather = weather
        self._rng = rng
        self._seconds = seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="monkey", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._began = time.monotonic()
        self._weather.calm = False
        self._thread.start()

    def stop(self) -> None:
        """End all faults and wait until the thread has ended."""
        self._stop.set()
        self._thread.join(30)
        self._weather.calm, self._weather.factor, self._weather.out = True, 1.0, set()
        self._stack.keep_alive()

    def _run(self) -> None:
        storm_ends = 0.0
        while not self._stop.wait(TICK):
            elapsed = time.monotonic() - self._began
            if self._happens(KILL_EVERY):
                self._kill_a_worker()
            if self._happens(API_EVERY):
                self._kill_the_api()
            if self._happens(STORM_EVERY):
                storm_ends = elapsed + STORM_SECONDS
                self.done["storms"] += 1
            self._weather.factor = STORM if elapsed < storm_ends else 1.0
            self._weather.out = out_of_order(elapsed, self._seconds)
            if OUTAGE[0] < elapsed / self._seconds < OUTAGE[1]:
                self._kill_watchdogs()
            self._stack.keep_alive()

    def _happens(self, every: float) -> bool:
        return self._rng.random() < TICK / every

    def _kill_a_worker(self) -> None:
        workers = [pid for name, pid in self._stack.workers() if name.endswith(KILLED)]
        if workers:
            self._kill(self._rng.choice(workers), "workers killed")

    def _kill_the_api(self) -> None:
        pid = self._stack.api_pid()
        if pid is not None:
            self._kill(pid, "API killed")

    def _kill_watchdogs(self) -> None:
        for name, pid in self._stack.workers():
            if name.endswith("watchdog"):
                self._kill(pid, "watchdogs killed")

    def _kill(self, pid: int, what: str) -> None:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        self.done[what] += 1
