"""Check that an outage of six hours ends no job, and that no job type waits for the backlog of another type."""

from collections.abc import Iterator

import pytest

from chalicelib.adapters.memory.counters import MemoryCanaries, MemoryCounters
from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.counters.port import Standing
from chalicelib.jobs.job import CLAIMED, PLANNED, TERMINAL, Status
from chalicelib.jobs.port import Depth, Message
from chalicelib.producing.service import JobService
from chalicelib.watchdog.pulse import Pulse
from chalicelib.watchdog.run import Watchdog
from tests.proof.months.liveness import SOON
from tests.proof.months.outages import SERVICES, outage
from tests.proof.roles.script import forget
from tests.support import T0, Clock, a_job

JOBS = 120
BACKLOG = 12_000
"""Four times the number of jobs that one run of the watchdog checks, all older than the job without a message."""


@pytest.fixture(autouse=True)
def registry() -> Iterator[None]:
    """Remove the proof's job types afterwards."""
    yield
    forget()


@pytest.mark.parametrize("service", SERVICES)
def test_an_outage_of_six_hours_ends_no_job(service: str) -> None:
    played = outage(service, 6, JOBS)
    assert played.broken == []
    assert played.ended == {Status.COMPLETED: JOBS}
    assert not played.under_way.keys() & TERMINAL
    waits = {Status.SUSPENDED, Status.BLOCKED}
    assert min(played.under_way[status] for status in (CLAIMED | PLANNED) - waits) > JOBS / 8


class Deep(MemoryJobQueue):
    """A queue in which a whole backlog of one type waits."""

    def __init__(self, clock: Clock, backlog: str) -> None:
        super().__init__(clock)
        self._backlog = backlog
        self.sent: list[str] = []

    def send(self, message: Message, delay: int = 0) -> None:
        """See JobQueue."""
        super().send(message, delay)
        self.sent.append(message.id)

    def depth(self, job_type: str) -> Depth:
        """See JobQueue."""
        return Depth(visible=BACKLOG) if job_type == self._backlog else super().depth(job_type)


@pytest.mark.parametrize("kind", ["b.quiet", "a.deep"])
@pytest.mark.parametrize("place", [0.0, 0.5, 1.0])
def test_a_job_without_a_message_is_sent_within_three_minutes_although_nobody_counts(kind: str, place: float) -> None:
    """The job is beside a backlog of another type, or anywhere in a backlog of its own type that is not processed."""
    assert found_in_time(kind, place)


def found_in_time(kind: str, place: float, standing: Standing | None = None, pulse: Pulse | None = None) -> bool:
    """Return whether the job is sent within three minutes; without `standing`, the counters do not answer."""
    clock = Clock()
    store, queue = MemoryJobStore(clock), Deep(clock, "a.deep")
    for number in range(BACKLOG):
        at = round(T0 - 600 + number / 20, 3)
        store.add(a_job(type="a.deep", created_at=at, updated_at=at, due_at=at + 60, sent=True))
    at = round(T0 - 600 + 600 * place, 3)
    orphan = a_job(type=kind, created_at=at, updated_at=at, due_at=at + 60, sent=False)
    store.add(orphan)
    counters = None if standing is None else lambda: standing
    watchdog = Watchdog(
        JobService(store, queue, clock=clock).dispatcher, ["a.deep", "b.quiet"], standing=counters, pulse=pulse
    )
    for _ in range(int(SOON // 60)):
        clock.advance(60)
        watchdog.run(lambda: 50.0)
    return orphan.id in queue.sent


STILL = Standing({("a.deep", Status.QUEUED): BACKLOG}, claimed_to={"a.deep": T0 - 1200})
"""What counters say that stopped before the job was made: no job lacks a message."""


@pytest.mark.parametrize("place", [0.0, 0.5, 1.0])
def test_a_job_without_a_message_is_sent_within_three_minutes_although_the_counters_stand_still(place: float) -> None:
    """They answer; but no function reads the stream. Without the canaries, nothing shows it."""
    assert found_in_time("a.deep", place, STILL, Pulse(MemoryCanaries(), MemoryCounters()))
    assert not found_in_time("a.deep", place, STILL)
