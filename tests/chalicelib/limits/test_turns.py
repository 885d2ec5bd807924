"""Test the changes of a job that waits for its turn."""

import pytest

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.errors import ConfigurationError, MoveRefused
from chalicelib.job_types.rate import Rate
from chalicelib.jobs import transitions
from chalicelib.jobs.change import Claimant
from chalicelib.jobs.constants import LOOK_AHEAD, SEND_GRACE
from chalicelib.jobs.job import Job, Status
from chalicelib.limits.turns import give_back, has_turn, wait_for_turn
from tests.support import T0, Clock

JOB = Job("job-1", "test.note", Status.QUEUED, T0, T0, due_at=T0 + 60, sent=True, resends=2, stalled_since=T0)


@pytest.fixture
def store() -> MemoryJobStore:
    store = MemoryJobStore(Clock())
    store.add(JOB)
    return store


def test_a_held_job_stays_queued_and_nobody_looks_for_its_message_before_its_turn(store: MemoryJobStore) -> None:
    after = store.apply(JOB.id, wait_for_turn(JOB, now=T0, turn=T0 + 300, parked=False))
    assert (after.status, after.updated_at, after.sent) == (Status.QUEUED, T0, True)
    assert (after.next_attempt_at, after.due_at) == (T0 + 300, T0 + 300 + SEND_GRACE)
    assert (after.resends, after.stalled_since) == (0, None)
    assert has_turn(after)


def test_a_parked_job_is_scheduled_and_has_no_message(store: MemoryJobStore) -> None:
    after = store.apply(JOB.id, wait_for_turn(JOB, now=T0, turn=T0 + 5000, parked=True))
    assert (after.status, after.sent, after.run_at) == (Status.SCHEDULED, False, None)
    assert (after.next_attempt_at, after.due_at) == (T0 + 5000, T0 + 5000 - LOOK_AHEAD)


def test_of_two_messages_one_writes_the_turn(store: MemoryJobStore) -> None:
    store.apply(JOB.id, wait_for_turn(JOB, now=T0, turn=T0 + 300, parked=False))
    with pytest.raises(MoveRefused):
        store.apply(JOB.id, wait_for_turn(JOB, now=T0, turn=T0 + 400, parked=False))


def test_a_job_is_not_claimed_before_its_turn(store: MemoryJobStore) -> None:
    store.apply(JOB.id, wait_for_turn(JOB, now=T0, turn=T0 + 300, parked=False))
    early, due = (
        transitions.claim(1, now=T0 + at, lease_until=T0 + 999, by=Claimant("r"), job_type=JOB.type)
        for at in (299, 300)
    )
    with pytest.raises(MoveRefused):
        store.apply(JOB.id, early)
    assert not has_turn(store.apply(JOB.id, due))


def test_what_is_given_back_costs_no_attempt(store: MemoryJobStore) -> None:
    claim = transitions.claim(1, now=T0, lease_until=T0 + 99, by=Claimant("r"), job_type=JOB.type)
    held = store.apply(JOB.id, claim)
    after = store.apply(JOB.id, give_back(held, now=T0, turn=T0 + 40, parked=False))
    assert (after.status, after.attempts, after.claims, has_turn(after)) == (Status.RETRYING, 0, 1, True)
    assert after.error_class is None


@pytest.mark.parametrize(
    ("n", "per", "burst"), [(0, 1, 0), (501, 1, 0), (1, 3601, 0), (1, 0.5, 0), (5, 1, 6), (5, 1, -1), (1.5, 1, 0)]
)
def test_a_rate_out_of_bounds_is_refused(n: int, per: float, burst: int) -> None:
    with pytest.raises(ConfigurationError, match="rate: "):
        Rate(n, per, burst)
