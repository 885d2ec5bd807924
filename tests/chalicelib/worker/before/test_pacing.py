"""The start of a run belongs to its own attempt, however that ended."""

import pytest

from chalicelib.job_types.rate import Rate
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.port import Message
from chalicelib.limits.memory import MemoryTurns
from chalicelib.limits.rate import Pacing
from tests.chalicelib.worker.one_type import OneType, die
from tests.proof.grounds.faults import Crash
from tests.support import T0


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
