"""The start of a run belongs to its own attempt, however that ended."""

from collections.abc import Sequence

import pytest

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.job_types.rate import Rate
from chalicelib.jobs.delivery import Delivery
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.message import write_message
from chalicelib.jobs.port import Message
from chalicelib.limits.memory import MemoryTurns
from chalicelib.limits.rate import Pacing
from tests.chalicelib.worker.one_type import OneType, die
from tests.proof.grounds.faults import Crash
from tests.support import T0, Clock

JOB_TYPE = "test.note"


def test_a_job_that_does_not_start_has_no_start_of_one_before_it() -> None:
    one = OneType(script=[die])
    pacing = Pacing.of(one.kind, Rate(10), MemoryTurns(), one.store, one.clock, one.clock.advance)
    one.worker.starts = pacing
    one.submit()
    with pytest.raises(Crash):
        one.poll()
    one.clock.advance(30)
    one.store.add(Job("job-2", "test.note", Status.QUEUED, T0, T0, payload={"text": 7}, due_at=T0 + 60))
    one.queue.send(Message("job-2", 1, "test.note"))
    one.poll()
    assert [attempt.started_at for attempt in one.store.view("job-2").attempts] == [one.clock.now]
    assert pacing.longest is None


class Counting(MemoryJobStore):
    """A store that counts how often jobs are read together."""

    peeks = 0

    def get_many(self, ids: Sequence[str]) -> Sequence[Job]:
        """See JobStore."""
        self.peeks += 1
        return super().get_many(ids)


@pytest.mark.parametrize(("near", "taken", "peeks", "waits"), [(False, 1, 1, 0), (True, 8, 1, 3), (False, 8, 1, 3)])
def test_the_jobs_of_a_batch_are_read_once(clock: Clock, near: bool, taken: int, peeks: int, waits: int) -> None:
    store, turns, rate = Counting(clock), MemoryTurns(), Rate(1)
    pacing = Pacing(JOB_TYPE, rate, turns, store, clock, clock.advance, 5.0, 5)
    ids = [f"job-{number}" for number in range(3)]
    for job_id in ids:
        store.add(Job(job_id, JOB_TYPE, Status.RETRYING, T0, T0, next_attempt_at=T0, turn_at=T0, due_at=T0 + 60))
    batch = [Delivery(job_id, "r", write_message(Message(job_id, 1, JOB_TYPE)), 1) for job_id in ids]
    if not near:
        turns.turns(JOB_TYPE, rate, 100, T0)  # of a backlog behind these jobs, whose turns are now
        turns.slots(JOB_TYPE, rate, taken, T0, T0 + 60)
    pacing.begin(batch)
    if near:
        turns.slots(JOB_TYPE, rate, taken, T0, T0 + 60)
        pacing.known = turns.taken(JOB_TYPE)  # as after slots of its own
    ends = [pacing.next(delivery) for delivery in batch]
    assert (store.peeks, sum(end is not None for end in ends)) == (peeks, waits)
