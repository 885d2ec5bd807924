"""Every minute: send what has no message, give up what cannot be delivered, tidy the dead-letter queues.

It never scans. A run reads at most `MOST_LOOKS` overdue jobs through the sparse index (one read and at most four
requests each) and at most `MOST_SWEPT` messages a dead-letter queue (one read each), and stops before its time is up.
Two runs at once, a stale index, or a run that is killed anywhere do no harm: `due_at` is moved on, conditionally,
before anything is sent, and a message sent twice runs once.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from chalicelib.errors import JobNotFound, MoveRefused
from chalicelib.jobs import transitions
from chalicelib.jobs.job import Job
from chalicelib.jobs.ports import Depth, Overdue
from chalicelib.service.jobs import JobService
from chalicelib.telemetry import events
from chalicelib.watchdog.dead_letters import Sweeper, bury
from chalicelib.watchdog.rules import Bury, Leave, Resend, Wait, watch

MOST_LOOKS = 3_000
LANES = 8
"""Jobs looked at side by side: thousands may be scheduled for the same minute."""
RESERVE = 15.0
"""Seconds of the run that are kept for the dead-letter queues."""
STOP = 3.0
UNKNOWN = Depth(visible=1)
"""The depth of a queue that did not answer: what cannot be seen is not fed."""


@dataclass
class Watchdog:
    """Looks after unfinished jobs and the dead-letter queues of the given types; `paused` tells which of them wait."""

    service: JobService
    types: Sequence[str]
    lanes: int = 1
    paused: Callable[[], Collection[str]] = tuple
    tally: Counter[str] = field(default_factory=Counter)

    def run(self, remaining: Callable[[], float]) -> Mapping[str, int]:
        """One run; `remaining` gives the seconds left of it. Returns how many jobs and messages met which end."""
        self.tally = Counter()
        depths = {name: self._depth(name) for name in self.types}
        # Nobody receives from a paused queue: that its jobs wait, and that messages expire, is no sign of a loss.
        self._look_at_all({**depths, **dict.fromkeys(self._paused(), UNKNOWN)}, remaining)
        for name in self.types:
            if depths[name].dead or depths[name] is UNKNOWN:
                self.tally.update(Sweeper(self.service).sweep(name, lambda: remaining() > STOP))
        events.watchdog_ran(self.tally)
        return self.tally

    def _depth(self, name: str) -> Depth:
        try:
            return self.service.queue.depth(name)
        except Exception as error:
            events.watchdog_failed(name, error)
            return UNKNOWN

    def _paused(self) -> Collection[str]:
        try:
            return self.paused()
        except Exception as error:
            events.watchdog_failed("pauses", error)
            return ()

    def _look_at_all(self, depths: Mapping[str, Depth], remaining: Callable[[], float]) -> None:
        def look(entry: Overdue) -> str:
            return self._look_safely(entry, depths) if remaining() > RESERVE else "out_of_time"

        try:
            found = self.service.store.overdue(self.service.now(), MOST_LOOKS)
        except Exception as error:
            events.watchdog_failed("overdue", error)
            found = []
        if self.lanes == 1:
            self.tally.update(map(look, found))
            return
        with ThreadPoolExecutor(self.lanes) as pool:
            self.tally.update(pool.map(look, found))

    def _look_safely(self, entry: Overdue, depths: Mapping[str, Depth]) -> str:
        try:
            return self._look(entry.id, depths)
        except (JobNotFound, MoveRefused):
            return "left"
        except Exception as error:
            events.watchdog_failed(entry.id, error)
            return "failed"

    def _look(self, job_id: str, depths: Mapping[str, Depth]) -> str:
        job = self.service.store.get(job_id)
        match watch(job, self.service.now(), depths.get(job.type, UNKNOWN)):
            case Leave():
                return "left"
            case Wait(until):
                self._look_again(job, until, resent=False)
                return "waiting"
            case Resend(delay, until):
                again = self._look_again(job, until, resent=True)
                self.service.dispatch(again, delay)
                events.resent(again, delay)
                return "resent"
            case Bury(error):
                bury(self.service, job, error)
                return "buried"

    def _look_again(self, job: Job, until: float, *, resent: bool) -> Job:
        return self.service.store.apply(job.id, transitions.watch(job, until=round(until, 3), resent=resent))
