"""Test how a lost job returns, and the rows beside it on which a promise depends.

No job runs automatically unless the operator requests it, and then it has new tokens.
"""

import uuid
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
from chalicelib.jobs import transitions
from chalicelib.jobs.change import Claimant
from chalicelib.jobs.constants import DAY, LOOK_AHEAD, SEND_GRACE
from chalicelib.jobs.job import ACTIVE, TERMINAL, Job, Status
from chalicelib.jobs.message_fate import Drop, after_refusal
from chalicelib.jobs.port import Message
from chalicelib.jobs.run_identity import run_name
from chalicelib.keys.rule import Debounce, Outcome
from chalicelib.limits.dynamo import DynamoPlaces, DynamoTurns
from chalicelib.limits.places import Limit, turns_of
from chalicelib.producing.service import JobService
from chalicelib.producing.submission import Submission
from chalicelib.settings import Settings
from chalicelib.watchdog.rule import Resend, Signs, check
from chalicelib.webhooks.dynamo import DynamoWebhooks
from chalicelib.webhooks.editing import WebhookService
from chalicelib.webhooks.memory import MemorySecrets
from chalicelib.webhooks.rule import failed as state_after
from chalicelib.webhooks.webhook import DELETED, State
from infra.cloud.restore import rows
from infra.cloud.restore.copying import Copying
from infra.cloud.restore.rules import revived
from tests.chalicelib.api.support import Note, only_types
from tests.chalicelib.webhooks.support import a_webhook
from tests.infra.cloud.restore.support import BEFORE, stores
from tests.support import REGION, SETTINGS, T0, Clock, a_job

NOW = T0 + DAY
BY = Claimant("request-9", False, 1)
HELD = {"lease_until": T0 + 50, "started_at": T0, "attempts": 1, "claims": 1, "sent": True, "progress": 50.0}
LOST: dict[str, Job] = {
    "queued": a_job(sent=True),
    "processing": a_job(status=Status.PROCESSING, **HELD),
    "retrying": a_job(status=Status.RETRYING, attempts=1, claims=1, next_attempt_at=T0 + 9, error_class="Boom"),
    "parked": a_job(
        status=Status.RETRYING, attempts=1, claims=2, next_attempt_at=NOW + 5000, parked_until=NOW + 5000, sent=False
    ),
    "asleep": a_job(status=Status.SUSPENDED, claims=2, kept=1, waits="time", next_attempt_at=NOW + 5000),
    "waits for an event": a_job(
        status=Status.SUSPENDED,
        claims=2,
        kept=1,
        waits="event:approved",
        next_attempt_at=NOW + 5000,
        parked_until=NOW + 5000,
    ),
    "scheduled": a_job(status=Status.SCHEDULED, run_at=NOW + 5000, next_attempt_at=NOW + 5000, gen=3),
    "scheduled, overdue": a_job(status=Status.SCHEDULED, run_at=T0 + 9, next_attempt_at=T0 + 9),
}


def back(lost: Job, *, run: bool = False) -> Job:
    return revived(lost, at=T0, now=NOW, run=run)


@pytest.mark.parametrize("status", sorted(TERMINAL))
@pytest.mark.parametrize("run", [False, True])
def test_a_finished_job_is_as_it_was(status: Status, run: bool) -> None:
    lost = a_job(status=status, attempts=2, claims=3, gen=2, result={"x": 1}, finished_at=T0, expires_at=T0 + DAY * 30)
    found = back(lost, run=run)
    assert replace(found, updated_at=lost.updated_at, writer=lost.writer, restored_at=None) == lost
    assert found.updated_at == NOW
    assert found.writer != lost.writer


@pytest.mark.parametrize("name", LOST)
def test_an_unfinished_job_is_failed_and_says_why(name: str) -> None:
    found = back(LOST[name])
    assert (found.status, found.error_class) == (Status.FAILED, "Restored")
    assert str(LOST[name].status) in (found.error_message or "")
    assert name != "scheduled" or "for 2027-01-16T09:23:20.000Z" in (found.error_message or "")
    assert (found.lease_until, found.next_attempt_at, found.progress, found.finished_at) == (None, None, None, NOW)
    assert found.expires_at == NOW + 90 * DAY
    assert found.fingerprint
    assert (found.payload, found.attempts, found.gen) == (LOST[name].payload, LOST[name].attempts, LOST[name].gen)


@pytest.mark.parametrize("name", LOST)
def test_with_run_it_goes_on_in_a_new_generation_at_its_time(name: str) -> None:
    lost = LOST[name]
    found = back(lost, run=True)
    assert found.status in ACTIVE - {Status.PROCESSING}
    assert (found.gen, found.claims, found.attempts) == (lost.gen + 1, 0, lost.attempts)
    assert (found.sent, found.lease_until, found.stalled_since) == (False, None, None)
    later = name in ("parked", "scheduled", "asleep")
    at_its_time = Status.SCHEDULED if name == "scheduled" else Status.RETRYING
    assert found.status is (at_its_time if later else Status.QUEUED)
    assert (found.waits, found.kept, found.line) == (None, lost.kept, lost.line)
    assert found.next_attempt_at == (NOW + 5000 if later else None)
    assert found.due_at == (NOW + 5000 - LOOK_AHEAD if later else NOW + SEND_GRACE)


@pytest.mark.parametrize("name", LOST)
def test_a_job_that_had_begun_does_not_expire_after_a_restore(name: str) -> None:
    lost = replace(LOST[name], start_by=T0 + 60)
    assert back(lost, run=True).start_by == (T0 + 60 if lost.status in (Status.QUEUED, Status.SCHEDULED) else None)


@pytest.mark.parametrize(
    "spent", [{"attempts": 3}, {"claims": 10_000}, {"cancel_requested": True}], ids=["attempts", "claims", "stop"]
)
def test_what_may_not_run_any_more_does_not(spent: dict[str, Any]) -> None:
    assert back(a_job(status=Status.PROCESSING, **{**HELD, **spent}), run=True).status is Status.FAILED


@pytest.mark.parametrize("name", LOST)
def test_a_message_from_before_starts_nothing(name: str) -> None:
    lost, found = LOST[name], back(LOST[name], run=True)
    assert not transitions.wake(lost, now=NOW, sent=False).allowed(found), "a poster that was slow"
    claim = transitions.claim(lost.gen, now=NOW + 9000, lease_until=NOW + 9999, by=BY)
    assert not claim.allowed(found)
    fate = after_refusal(Message(lost.id, lost.gen, lost.type), found, NOW + 9000, lambda low, _: low)
    assert fate == Drop("older generation")


def test_a_worker_from_before_can_write_nothing() -> None:
    held = LOST["processing"]
    for run in (False, True):
        for late in (
            transitions.complete(held, now=NOW, result=1),
            transitions.report(held, now=NOW, percent=1, note=None),
            transitions.fail(held, now=NOW, error=("X", "x")),
        ):
            assert not late.allowed(back(held, run=run))


def test_the_watchdog_sends_what_runs_again() -> None:
    found = back(LOST["processing"], run=True)
    assert isinstance(check(found, NOW + SEND_GRACE + 1, Signs(None)), Resend)


PLAIN: JobType[Note, None] = JobType("test.plain", lambda _payload, _ctx: None, Note)
UNIQUE: JobType[Note, None] = replace(PLAIN, name="test.unique", unique=Unique(by=("to",), seconds=3600))
TABLES = {"jobs": (BEFORE.jobs_table, SETTINGS.jobs_table), "control": (BEFORE.control_table, SETTINGS.control_table)}
KEYED: dict[str, Any] = {"idempotency_key": "k", "principal": "p"}
Two = tuple[DynamoJobStore, DynamoJobStore]


@pytest.fixture
def two(cloud: Settings, clock: Clock) -> Two:
    return stores(clock)


def runs_of(store: DynamoJobStore, job_id: str, clock: Clock, times: int) -> set[str]:
    """Retry a job several times; return the keys that its runs give to other services."""
    keys = set[str]()
    for _ in range(times):
        clock.advance(60)
        job = store.apply(job_id, transitions.requeue(store.get(job_id), now=clock.now))
        keys.add(run_name(job))
        store.apply(job_id, transitions.cancel(job, now=clock.now))
    return keys


@pytest.mark.parametrize("run", [False, True])
@pytest.mark.parametrize("status", [Status.FAILED, Status.QUEUED])
def test_no_run_has_the_key_of_one_that_began_before_the_loss(
    two: Two, clock: Clock, status: Status, run: bool
) -> None:
    """The job is retried after the backup, lost, restored and retried; then all this happens once more."""
    backup, live = two
    job = a_job(status=status)
    backup.add(job)
    live.add(job)
    if status is Status.QUEUED:
        live.apply(job.id, transitions.cancel(job, now=clock.now))
    began = {run_name(job)} | runs_of(live, job.id, clock, times=3)
    for _ in range(2):
        key = {"pk": {"S": job.id}, "sk": {"S": "META"}}
        aws.client("dynamodb", REGION).delete_item(TableName=SETTINGS.jobs_table, Key=key)
        assert Copying(*two, at=T0, clock=clock, run=run).jobs().total() == 1
        back = live.get(job.id)
        new = set[str]()
        if not back.terminal:
            new.add(run_name(back))
            live.apply(job.id, transitions.cancel(back, now=clock.now))
        new |= runs_of(live, job.id, clock, times=3)
        assert len(new) >= 3
        assert not new & began
        began |= new


def bring_back(clock: Clock) -> Counter[str]:
    return rows.bring_back(aws.client("dynamodb", REGION), TABLES, clock.now)


def keys_back(two: Two, clock: Clock) -> tuple[Counter[str], Copying]:
    copy = Copying(*two, at=clock.now, clock=clock, run=True)
    return rows.keys(aws.client("dynamodb", REGION), TABLES, clock.now, copy.named), copy


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
        back, copy = keys_back(two, clock)
        assert back == {"KeyLockRow": 3}
        again = new.submit(unique)
        assert (again.job.id, again.outcome) == (made.id, Outcome.EXISTING)
        repeated = new.submit(keyed)
        assert (repeated.job.id, repeated.outcome, repeated.job.payload["to"]) == (last.id, Outcome.REPEATED, ["eve"])
        replaced = new.submit(waiting)
        assert (replaced.job.id, replaced.outcome) == (last.id, Outcome.REPLACED)
    assert copy.jobs() == {"unfinished, now scheduled": 2}
    again_back, copy = keys_back(two, clock)
    assert (again_back, copy.jobs()) == ({}, {"there": 2}), "again, and it does no harm"


def test_a_row_that_is_there_stays_and_one_that_has_expired_stays_away(two: Two, clock: Clock) -> None:
    old, new = services(two, clock)
    with only_types(PLAIN, UNIQUE):
        old.submit(Submission("test.unique", {"to": ["ada"]}))
        old.submit(Submission("test.unique", {"to": ["gone"]}))
        mine = new.submit(Submission("test.unique", {"to": ["ada"]})).job
        assert keys_back(two, clock)[0] == {"KeyLockRow": 1}
        assert new.submit(Submission("test.unique", {"to": ["ada"]})).job.id == mine.id
        clock.advance(30 * DAY)
        old.submit(Submission("test.unique", {"to": ["later"]}))
        assert keys_back(two, clock)[0] == {"KeyLockRow": 1}


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


def test_no_window_of_a_rate_in_limits_is_filled_twice_and_nobody_has_a_turn_of_before(two: Two, clock: Clock) -> None:
    daily, one, other = Rate(120, per=DAY, burst=120), str(uuid.UUID(int=1)), str(uuid.UUID(int=2))
    limit, places = Limit("3-rate.mail", turns_of(daily), daily), Limit("3.mail", 1)
    before, after = DynamoPlaces(BEFORE, clock), DynamoPlaces(SETTINGS, clock)
    assert before.take(places, one, "x.1.1"), "a place without a rate is not copied"
    while before.slot(limit, one, "x.1.1", now=T0, until=T0 + 90, turn=False):
        pass
    before.mark(limit, "test.plain")
    assert bring_back(clock) == {"places": 1}
    assert after.slot(limit, one, "x.1.1", now=T0 + 60, until=T0 + 90, turn=False) is None
    assert after.read(limit).waits is False
    assert after.take(limit, other, "x.1.1")
    assert after.take(places, other, "x.1.1")


def test_a_disabled_webhook_stays_disabled_and_failures_before_the_backup_do_not_count(
    two: Two, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The failures of last week, and one of today, would disable a receiver that was mended in between."""
    monkeypatch.setattr("time.time", clock)
    old, new = DynamoWebhooks(BEFORE), DynamoWebhooks(SETTINGS)
    states = {"gone": State(), "failing": State()}
    for name in states:
        old.add(a_webhook(name))
        found = old.find(name)
        assert found is not None
        failed = state_after(found.state, clock.now, "down", gone=name == "gone")
        assert old.set_state(found.webhook, found.state, replace(failed, writer=name))
        states[name] = failed
    assert bring_back(clock) == {"WebhookRow": 2, "WebhookStateRow": 1}
    restored = {one.webhook.name: one.state for one in new.all()}
    assert (restored["gone"].disabled_at, restored["gone"].why) == (states["gone"].disabled_at, "down")
    assert restored["failing"] == State()


def test_a_restored_webhook_is_told_no_end_from_before_the_restore(two: Two, clock: Clock) -> None:
    DynamoWebhooks(BEFORE).add(a_webhook())
    clock.now += DAY
    assert bring_back(clock) == {"WebhookRow": 1}
    assert [one.webhook.told_since for one in DynamoWebhooks(SETTINGS).all()] == [clock.now]


def test_a_webhook_that_was_deleted_after_the_restored_moment_comes_back_disabled_until_a_person_enables_it(
    two: Two, clock: Clock
) -> None:
    """Its state is still there, and would expire: then the webhook would be enabled without a person."""
    old, new = DynamoWebhooks(BEFORE), DynamoWebhooks(SETTINGS)
    webhook = a_webhook()
    old.add(webhook)
    new.add(webhook)
    secrets = MemorySecrets()
    service = WebhookService(new, lambda: secrets, services(two, clock)[1])
    service.delete(webhook.name)
    for back in ({"WebhookRow": 1}, {}):  # again, and it does no harm
        assert bring_back(clock) == back
        found = service.get(webhook.name)
        assert found.state.why == DELETED
        (row,) = new._states.query("WEBHOOKSTATES", consistent_read=True)
        assert row.expires_at is None
    service.rotate(webhook.name)
    assert service.enable(webhook.name).state.disabled_at is None
    assert service.get(webhook.name).state.disabled_at is None
    bring_back(clock)
    assert service.get(webhook.name).state.disabled_at is None


def test_a_webhook_whose_state_has_expired_comes_back_with_none(two: Two, clock: Clock) -> None:
    DynamoWebhooks(BEFORE).add(a_webhook())
    bring_back(clock)
    assert list(DynamoWebhooks(SETTINGS)._states.query("WEBHOOKSTATES", consistent_read=True)) == []
