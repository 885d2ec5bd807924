"""Define the faults of a game, and its passing time: crashes, refused requests, outages, pauses, a late index."""

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from chalicelib.jobs.port import JobStore, Overdue, Search
from chalicelib.producing.service import JobService
from chalicelib.watchdog.run import Watchdog
from tests.proof.games.game import Game
from tests.proof.grounds.faults import DYNAMODB, SQS, ReplyLost, Throttled
from tests.proof.grounds.ground import TYPE


class StaleIndex:
    """A store whose sparse index still shows jobs that were overdue some time ago."""

    def __init__(self, store: JobStore, listed: Sequence[Overdue]) -> None:
        self._store = store
        self._listed = listed

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def overdue(self, _search: Search, _now: float, limit: int) -> Sequence[Overdue]:
        """See JobStore."""
        return self._listed[:limit]


class Misfortunes(Game):
    """The rules for all faults."""

    @rule(seconds=st.sampled_from([0.5, 2, 10, 61, 75, 130, 400, 4000]))
    def advance(self, seconds: float) -> None:
        """Advance the clock."""
        self.clock.advance(seconds)

    @rule()
    def watchdog(self) -> None:
        """Run the watchdog, as it runs each minute."""
        self.step(self.world.watch)

    @rule()
    def look_at_the_index(self) -> None:
        """Make a query whose answer arrives late."""
        with self.ground.faults.asleep():
            self.listed = self.ground.store.overdue(Search(TYPE), self.clock(), 100)

    @precondition(lambda self: self.listed)
    @rule()
    def watch_by_a_stale_index(self) -> None:
        """Let a watchdog act on that answer: every job in it may have changed since."""
        stale: Any = StaleIndex(self.ground.store, self.listed)
        service = JobService(stale, self.ground.queue, clock=self.clock)
        watchdog = Watchdog(
            service.dispatcher, [TYPE], standing=self.world.standing, past_pauses=self.world.past_pauses
        )
        self.step(lambda: self.world.process(lambda: watchdog.run(lambda: 50.0)))

    @rule(paused=st.booleans(), known=st.booleans())
    def pause(self, paused: bool, known: bool) -> None:
        """Pause or resume the queue as an operator does; a watchdog may not have read the pause."""
        self.world.pause_all(paused, known)

    @rule(ahead=st.sampled_from([-2.4, 0.0, 2.4]), process=st.sampled_from(["api", "worker", "watchdog"]))
    def set_a_clock_wrong(self, ahead: float, process: str) -> None:
        """Let a process's clock be fast or slow; two clocks never differ by 5 s, which a lease allows."""
        self.world.skew[process] = ahead

    @rule(service=st.sampled_from([DYNAMODB, SQS, ""]))
    def outage(self, service: str) -> None:
        """Let a service refuse every request until the next call of this rule; without a name, end the outage."""
        self.ground.faults.out = {service} - {""}

    @rule(throttled=st.booleans())
    def throttle(self, throttled: bool) -> None:
        """Let Lambda refuse invocations: messages are received and hidden, and no worker runs."""
        self.world.throttled = throttled

    @rule(out=st.booleans(), lag=st.sampled_from([0.0, 30.0, 4000.0]))
    def disturb_the_counters(self, out: bool, lag: float) -> None:
        """Let the counters not answer, or return numbers from some time ago."""
        self.world.counting.out, self.world.counting.lag = out, lag

    @rule(seconds=st.sampled_from([2.0, 14.0, 50.0]))
    def hurry_the_watchdog(self, seconds: float) -> None:
        """Give a run of the watchdog little time."""
        self.world.time_of_watchdog = seconds

    @rule(calls=st.integers(1, 12), after=st.booleans())
    def crash_soon(self, calls: int, after: bool) -> None:
        """Let the process die after a few more calls."""
        faults = self.ground.faults
        faults.crash_at, faults.after = faults.calls + calls, after

    @rule(calls=st.integers(1, 6), lost=st.booleans())
    def fail_soon(self, calls: int, lost: bool) -> None:
        """Let the next calls be refused, or be made and lose their answers."""
        left = iter(range(calls))

        def error(name: str) -> Exception | None:
            return None if next(left, None) is None else (ReplyLost if lost else Throttled)(name)

        faults = self.ground.faults
        faults.fail, faults.lose = ((lambda _: None), error) if lost else (error, (lambda _: None))
