"""Check that a planned job that could not be sent at its time is sent soon, although other jobs wait before it."""

from collections.abc import Mapping, Sequence

import pytest

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.counters.port import Pause, Standing
from chalicelib.jobs.constants import LOOK_AHEAD
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.port import Message
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.watchdog.lookback import PATIENCE, Lookback, Window
from chalicelib.watchdog.run import Watchdog
from tests.support import T0, Clock, a_job

TYPE = "test.note"
HOUR = 3600


class Closing(MemoryJobQueue):
    """A queue that accepts no message while it is closed."""

    closed = False

    def send_many(self, messages: Sequence[Message], delays: Mapping[str, int] | None = None) -> Sequence[Message]:
        if self.closed:
            raise ConnectionError
        return super().send_many(messages, delays)


class Behind:
    """A type whose workers are an hour late, and one planned job."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.store, self.queue = MemoryJobStore(self.clock), Closing(self.clock)
        self.paused: dict[str, Pause] = {}
        self.store.add(a_job(
            id="planned", type=TYPE, status=Status.SCHEDULED, run_at=T0 + HOUR, next_attempt_at=T0 + HOUR,
            due_at=T0 + HOUR - LOOK_AHEAD, sent=False,
        ))  # fmt: skip
        self.queue.send(Message("other", 1, TYPE))
        self.watchdog = self.process()

    def process(self) -> Watchdog:
        return Watchdog(Dispatcher(self.store, self.queue, self.clock), [TYPE], standing=self.standing)

    def standing(self) -> Standing:
        """Return the counters' facts: workers claim jobs that were sent an hour before the planned job's time."""
        return Standing({(TYPE, Status.QUEUED): 1}, claimed_to={TYPE: T0}, paused=self.paused)

    def run(self, seconds: float) -> Job:
        """Run the watchdog once a minute for that time; return the planned job."""
        ends = self.clock.now + seconds
        while self.clock.now < ends:
            self.watchdog.run(lambda: 50.0)
            self.clock.advance(60)
        return self.store.get("planned")


@pytest.mark.parametrize("new", [True, False])
def test_what_an_outage_kept_from_being_sent_is_sent_after_it(new: bool) -> None:
    world = Behind()
    world.queue.closed = True
    assert not world.run(3 * HOUR).sent
    world.queue.closed = False
    world.watchdog = world.process() if new else world.watchdog
    assert world.run(PATIENCE).sent


def test_what_came_due_while_no_run_was_there_is_sent_by_the_next_one() -> None:
    world = Behind()
    world.run(PATIENCE + 120)
    world.clock.advance(3 * HOUR)
    assert world.run(60).sent


def test_what_an_outage_within_a_pause_kept_from_being_sent_is_sent_after_the_pause() -> None:
    world = Behind()
    world.paused, world.queue.closed = {TYPE: Pause(T0)}, True
    world.run(3 * HOUR)
    world.queue.closed = False
    world.run(3 * HOUR)
    world.paused = {}
    assert world.run(60).sent


def test_what_was_found_long_after_its_time_and_could_not_be_sent_is_looked_for_from_its_time_on() -> None:
    world = Behind()
    world.clock.advance(3 * HOUR)
    world.watchdog.lookback = Lookback(world.clock.now, {TYPE: Window(0, 0)})
    [other] = world.queue.receive(TYPE)
    world.queue.delete(TYPE, other.receipt)
    world.queue.closed = True
    world.run(60)
    world.queue.closed = False
    world.queue.send(Message("other", 1, TYPE))
    assert world.run(PATIENCE).sent
