"""Remember from which time planned jobs of a type may be unsent although they are due.

A run reads planned jobs only until 14 minutes after their time, because sent jobs that wait in the queue need no check.
A job that is still unsent after this time would be found only after workers have claimed later jobs.
"""

import threading
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from chalicelib.jobs.constants import LOOK_AHEAD
from chalicelib.watchdog.constants import IDLE_EVERY, LOOKBACK_GAP, OLD_MESSAGE, UNSENT_PATIENCE

PATIENCE = UNSENT_PATIENCE.longest + 60
"""Seconds within which the message of an unsent job is sent, or at least another try to send it is made."""


@dataclass(frozen=True, slots=True)
class Window:
    """Search for planned jobs that were due after `since`, in each run before `until` (epoch seconds)."""

    since: float
    until: float


@dataclass
class Lookback:
    """Remember how far back to search, in one watchdog process.

    A new process, or one that did not run for a while, searches OLD_MESSAGE seconds back. Older jobs are always
    checked, because of their age.
    """

    ran_at: float = 0.0
    windows: dict[str, Window] = field(default_factory=dict)
    searched_in: dict[str, int] = field(default_factory=dict)
    """The minute of the last search, by type that shares a queue and was idle."""
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    """The lock is needed because a run checks several portions of a type at the same time."""

    def begin(self, job_types: Sequence[str], now: float) -> None:
        """Begin a run over these types at `now` (epoch seconds)."""
        if now - self.ran_at > LOOKBACK_GAP:
            self.windows = {}
        self.ran_at = now
        for name in job_types:
            self.windows.setdefault(name, Window(now - OLD_MESSAGE, now + PATIENCE))

    def search_due(self, job_type: str, now: float) -> bool:
        """Return whether the last search of an idle type is long enough ago; a missed run does not cost another turn.

        A new process does not know the last search. It takes a minute that is different for different types, so that
        their searches are spread.
        """
        minute = int(now // 60)
        if job_type not in self.searched_in:
            phase = zlib.crc32(job_type.encode()) % IDLE_EVERY
            self.searched_in[job_type] = minute - 1 - (minute - 1 - phase) % IDLE_EVERY
        return minute - self.searched_in[job_type] >= IDLE_EVERY

    def searched(self, job_type: str, now: float) -> None:
        """Remember the search of a type."""
        if job_type in self.searched_in:
            self.searched_in[job_type] = int(now // 60)

    def since(self, job_type: str, now: float) -> float | None:
        """Return from which time to search for planned jobs of the type; None: no further back than usual."""
        window = self.windows.get(job_type)
        return None if window is None or window.until < now else window.since

    def keep(self, job_types: Sequence[str], now: float, at: float | None = None) -> None:
        """Let later runs search again from this run, or from an earlier time `at`, because jobs are left over."""
        with self._lock:
            for name in job_types:
                seen = [time for time in (now - LOOK_AHEAD, self.since(name, now), at) if time is not None]
                self.windows[name] = Window(min(seen), now + PATIENCE)
