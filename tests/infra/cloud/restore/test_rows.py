"""Rows beside the jobs: what a promise rests on comes back, and restore knows each kind of row that there is."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.adapters import aws
from chalicelib.adapters.dynamo.control.quota import DynamoDailyQuota
from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.rate import Rate
from chalicelib.job_types.unique import Unique
from chalicelib.jobs.limits import DAY
from chalicelib.keys.rule import Debounce, Outcome
from chalicelib.limits.dynamo import DynamoTurns
from chalicelib.producing.service import JobService
from chalicelib.producing.submission import Submission
from chalicelib.settings import Settings
from infra.cloud.restore import rows
from infra.cloud.restore.copying import Copying
from tests.chalicelib.api.support import Note, only_types
from tests.infra.cloud.restore.support import BEFORE, stores
from tests.support import REGION, SETTINGS, T0, Clock

PLAIN: JobType[Note, None] = JobType("test.plain", lambda _payload, _ctx: None, Note)
UNIQUE: JobType[Note, None] = replace(PLAIN, name="test.unique", unique=Unique(by=("to",), seconds=3600))
TABLES = {"jobs": (BEFORE.jobs_table, SETTINGS.jobs_table), "control": (BEFORE.control_table, SETTINGS.control_table)}
KEYED: dict[str, Any] = {"idempotency_key": "k", "principal": "p"}
Two = tuple[DynamoJobStore, DynamoJobStore]


@pytest.fixture
def two(cloud: Settings, clock: Clock) -> Two:
    return stores(clock)


def bring_back(clock: Clock) -> Counter[str]:
    return rows.bring_back(aws.client("dynamodb", REGION), TABLES, clock.now)


def services(two: Two, clock: Clock) -> tuple[JobService, JobService]:
    old, new = (JobService(store, MemoryJobQueue(clock), clock=clock) for store in two)
    return old, new


def test_requests_are_answered_after_a_restore_as_they_were_before(two: Two, clock: Clock) -> None:
    old, new = services(two, clock)
    unique = Submission("test.unique", {"to": ["ada"]}, delay_seconds=1800)
    waiting = Submission("test.plain", {"to": ["bob"]}, debounce=Debounce("doc", 1800), principal="p")
    keyed = replace(waiting, payload={"to": ["eve"]}, **KEYED)
    with only_types(PLAIN, UNIQUE):
        made, _, last = (old.submit(asked).job for asked in (unique, waiting, keyed))
        assert Copying(*two, at=clock.now, clock=clock, run=True).jobs().total() == 2
        assert bring_back(clock) == {"KeyLockRow": 3}
        again = new.submit(unique)
        assert (again.job.id, again.outcome) == (made.id, Outcome.EXISTING)
        repeated = new.submit(keyed)
        assert (repeated.job.id, repeated.outcome, repeated.job.payload["to"]) == (last.id, Outcome.REPEATED, ["eve"])
        replaced = new.submit(waiting)
        assert (replaced.job.id, replaced.outcome) == (last.id, Outcome.REPLACED)
    assert bring_back(clock) == {}, "again, and it does no harm"


def test_a_row_that_is_there_stays_and_one_that_has_expired_stays_away(two: Two, clock: Clock) -> None:
    old, new = services(two, clock)
    with only_types(PLAIN, UNIQUE):
        old.submit(Submission("test.unique", {"to": ["ada"]}))
        old.submit(Submission("test.unique", {"to": ["gone"]}))
        mine = new.submit(Submission("test.unique", {"to": ["ada"]})).job
        assert bring_back(clock) == {"KeyLockRow": 1}
        assert new.submit(Submission("test.unique", {"to": ["ada"]})).job.id == mine.id
        clock.advance(30 * DAY)
        old.submit(Submission("test.unique", {"to": ["later"]}))
        assert bring_back(clock) == {"KeyLockRow": 1}


def test_a_quota_is_not_taken_twice_and_no_window_of_a_rate_is_filled_twice(two: Two, clock: Clock) -> None:
    day, rate = int(T0 // DAY), Rate(2, per=3600)
    quota, taken = (DynamoDailyQuota(settings, "mail") for settings in (BEFORE, SETTINGS))
    assert quota.take(day, 7, 10)
    turns = DynamoTurns(BEFORE)
    assert len(turns.slots("test.plain", rate, 2, T0, T0 + 3600)) == 2
    ahead = turns.turns("test.plain", rate, 50, T0)[-1]
    assert bring_back(clock) == {"PlanRow": 1, "QuotaRow": 1}
    assert not taken.take(day, 4, 10)
    assert taken.take(day, 3, 10)
    copied = DynamoTurns(SETTINGS)
    assert copied.slots("test.plain", rate, 1, T0 + 900, T0 + 960) == []
    assert copied.turns("test.plain", rate, 1, T0 + 900)[0] < ahead, "nobody waits behind jobs that did not come back"
