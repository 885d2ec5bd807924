"""Test which job of an automatically paused type is tried, and what happens if there is none."""

from dataclasses import replace

import pytest

from chalicelib.jobs.job import Status
from chalicelib.jobs.port import Message
from chalicelib.pausing.constants import PROBE_CANDIDATES
from tests.chalicelib.pausing.paused_queue import OPEN, TYPE, Stage
from tests.support import T0, a_job


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_a_probe_is_a_job_that_a_worker_would_take(stage: Stage) -> None:
    busy = a_job(type=TYPE, status=Status.PROCESSING, lease_until=T0 + 9999, claims=1, attempts=1)
    backing_off = a_job(type=TYPE, status=Status.RETRYING, next_attempt_at=T0 + 9999, attempts=1)
    other = a_job(type="report.generate")
    unsent = a_job(type=TYPE)
    ready = a_job(type=TYPE, correlation_id="c", sent=True)
    for job in (busy, backing_off, other, unsent, ready):
        stage.store.add(job)
    stage.write(OPEN)
    stage.minute()
    assert stage.probed == [], "not before its time"
    stage.minute()
    assert stage.probed == [Message(ready.id, 1, TYPE, "c")]


@pytest.mark.parametrize(
    ("status", "name"),
    [(Status.SCHEDULED, "run_at"), (Status.RETRYING, "parked_until"), (Status.PROCESSING, "lease_until")],
)
def test_so_is_one_whose_time_has_come_or_whose_holder_has_gone(stage: Stage, status: Status, name: str) -> None:
    due = a_job(type=TYPE, status=status, next_attempt_at=T0 - 9, sent=True, **{name: T0 - 9})
    later = a_job(type=TYPE, status=status, next_attempt_at=T0 + 99, **{name: T0 + 99})
    stage.store.add(later)
    stage.store.add(due)
    stage.write(replace(OPEN, probe_at=T0))
    stage.watchdog.run()
    assert [message.id for message in stage.probed] == [due.id]


@pytest.mark.parametrize("status", [Status.QUEUED, Status.SCHEDULED, Status.PROCESSING])
def test_a_job_without_a_message_is_sent_before_it_is_tried(stage: Stage, status: Status) -> None:
    """While the type is paused, nothing else sends the job, and without any probe the pause would never end."""
    job = a_job(type=TYPE, status=status, sent=False, run_at=T0 - 5_000, lease_until=T0 - 5_000)
    stage.store.add(job)
    stage.write(replace(OPEN, probe_at=T0))
    stage.watchdog.run()
    assert [message.id for message in stage.probed] == [job.id]
    assert (stage.store.get(job.id).sent, stage.queue.depth(TYPE).visible) == (True, 1)


def test_one_that_cannot_be_sent_is_not_tried(stage: Stage) -> None:
    def refused(*_: object) -> None:
        raise ConnectionError

    stage.queue.send = refused  # type: ignore[method-assign, assignment]
    stage.store.add(a_job(type=TYPE, sent=False))
    stage.write(replace(OPEN, probe_at=T0))
    stage.watchdog.run()
    assert (stage.probed, stage.row().since is None) == ([], False)


def test_when_no_job_is_left_the_type_goes_on(stage: Stage) -> None:
    stage.store.add(a_job(type=TYPE, status=Status.DEAD_LETTER, attempts=3))
    stage.write(OPEN)
    stage.minute()
    assert stage.row().since is not None
    stage.minute()
    stage.minute()
    assert (stage.row().since, stage.switched[-1], stage.told()) == (None, True, None)
    assert stage.row().cooldown == 60, "a pause soon after it begins with as much"


def test_no_single_bad_job_is_tried_again_and_again(stage: Stage) -> None:
    for _ in range(40):
        stage.store.add(a_job(type=TYPE, sent=True))
    stage.write(replace(OPEN, probe_at=T0))
    for _ in range(10):
        stage.minute()
    assert len({message.id for message in stage.probed}) > 5
    assert PROBE_CANDIDATES >= 40
