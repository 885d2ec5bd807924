"""Test that missing rows are copied: nothing is overwritten, and the copy may end anywhere and run again, or twice."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.adapters.aws import client
from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.adapters.dynamo.tables.schema import META
from chalicelib.batches.memory import MemoryBatches
from chalicelib.batches.round import Round
from chalicelib.errors import MoveRefused
from chalicelib.jobs import acts, transitions
from chalicelib.jobs.change import Change, Claimant
from chalicelib.jobs.constants import DAY
from chalicelib.jobs.history import Act
from chalicelib.jobs.job import Attempt, Job, Status
from chalicelib.jobs.port import Filter
from chalicelib.jobs.step import Step
from chalicelib.schedules.memory import MemorySchedules
from chalicelib.schedules.schedule import Schedule
from chalicelib.settings import Settings
from infra.cloud.restore import copying
from infra.cloud.restore.copying import Copying
from tests.infra.cloud.restore.support import BEFORE, every, stores
from tests.support import T0, Clock, a_job

Two = tuple[DynamoJobStore, DynamoJobStore]
BY = Claimant("request-9", False, 1)
ACT = Act("retry", T0 + 3, "ada", 1)
ATTEMPT = Attempt(1, 1, "error", T0 + 1, T0 + 2, "Boom", "it broke", claim=1)


@pytest.fixture
def two(cloud: Settings, clock: Clock) -> Two:
    return stores(clock)


def copying_of(two: Two, clock: Clock, *, run: bool = False) -> Copying:
    return Copying(*two, at=T0, clock=clock, run=run)


def done(number: int = 0, **more: Any) -> Job:
    fields = {"status": Status.COMPLETED, "attempts": 1, "claims": 1, "finished_at": T0, "expires_at": T0 + 30 * DAY}
    return a_job(**{**fields, "created_at": T0 + number, **more})


def test_finished_jobs_come_back_with_payload_result_and_history(two: Two, clock: Clock) -> None:
    source, target = two
    bodies = [{"a": "b" * size} for size in (3, 2_000, 400_000)]
    jobs = [done(number, payload=body, result={"r": body}) for number, body in enumerate(bodies)]
    for job in jobs:
        source.add(job)
        source.record(job.id, ATTEMPT)
        source.keep_act(job.id, ACT)
    assert copying_of(two, clock).jobs() == Counter({"completed": 3})
    for job in jobs:
        found = target.view(job.id)
        assert replace(found.job, updated_at=job.updated_at, writer=job.writer, restored_at=None) == job
        assert (found.attempts, found.acts) == ((ATTEMPT,), (ACT,))


def test_payloads_that_an_operator_edited_come_back(two: Two, clock: Clock) -> None:
    source, target = two
    job = done(3, gen=3, acted=acts.written(Act(acts.EDIT, T0 + 5, "ada", 3)))
    source.add(job)
    source.keep_act(job.id, Act(acts.EDIT, T0 + 4, "bob", 2))
    for gen in (1, 2):
        source.keep_payload(job.id, gen, {"of": gen})
    copying_of(two, clock).jobs()
    assert [target.payload_of(job.id, gen) for gen in (1, 2, 3)] == [{"of": 1}, {"of": 2}, None]
    assert acts.last(target.get(job.id)) == Act(acts.EDIT, T0 + 5, "ada", 3)


def test_a_restored_parent_has_its_list_of_children_also_of_those_that_are_still_there(two: Two, clock: Clock) -> None:
    """What the parent has left was removed after its expiry, with its list; a child that failed stays longer."""
    source, target = two
    parent = done(0)
    children = [done(1 + number, parent=parent.id, idempotency_key=f"k{number}") for number in range(30)]
    for job in (parent, *children):
        source.add(job)
    for child in children:
        target.add_listed(child)
    gone = children[3].id
    with_one_erased = replace(copying_of(two, clock), erased=lambda job: job.id == gone)
    assert with_one_erased.jobs() == Counter({"there": 30, "completed": 1})
    listed = target.page(Filter(parent=parent.id), 99).jobs
    assert {job.id for job in listed} == {child.id for child in children} - {gone}


STEPS = [Step("step:a", T0 + 1, 1, took=0.5), Step("step:b", T0 + 2, "x" * 2_000), Step("event:c", T0 + 3, by="ada")]


def test_a_suspended_job_comes_back_with_its_steps_and_events(two: Two, clock: Clock) -> None:
    source, target = two
    job = a_job(status=Status.SUSPENDED, claims=3, kept=3, waits="event:c", next_attempt_at=T0 + 9 * DAY)
    source.add(job)
    for step in STEPS:
        source.keep_step(job, step)
    copying_of(two, clock, run=True).jobs()
    back = target.get(job.id)
    assert (back.status, back.gen, back.waits, back.next_attempt_at) == (Status.QUEUED, 2, None, None)
    assert [target.kept_step(back, step.key) for step in STEPS] == STEPS


def test_a_job_that_lacks_a_step_does_not_run_by_itself(two: Two, clock: Clock) -> None:
    source, target = two
    job = a_job(status=Status.SUSPENDED, claims=3, kept=1, waits="time", next_attempt_at=T0 + 9)
    source.add(job)
    source.keep_step(job, STEPS[1])
    [listed] = source.kept_steps(job)
    source._bodies._rows(pk=job.id, sk=listed.reference, body="", expires_at=0).delete()
    copying_of(two, clock, run=True).jobs()
    assert target.get(job.id).status is Status.FAILED


def test_the_row_of_a_key_stays_away_if_its_job_cannot_be_read_and_the_others_come(two: Two, clock: Clock) -> None:
    jobs = [done(number) for number in range(2)]
    for job in jobs:
        two[0].add(job)
    client("dynamodb", BEFORE.region).update_item(
        TableName=BEFORE.jobs_table, Key={"pk": {"S": jobs[0].id}, "sk": {"S": META}},
        UpdateExpression="SET #status = :new", ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":new": {"S": "dreaming"}},
    )  # fmt: skip
    copying_ = copying_of(two, clock)
    assert [copying_.named(job.id) for job in jobs] == [False, True]


def test_a_job_that_is_there_stays_as_it_is(two: Two, clock: Clock) -> None:
    source, target = two
    job = done(payload={"is": "now"})
    source.add(replace(job, payload={"was": "then"}, status=Status.QUEUED, finished_at=None))
    target.add(job)
    assert copying_of(two, clock, run=True).jobs() == Counter({"there": 1})
    assert target.get(job.id) == job


def test_what_has_expired_meanwhile_does_not_come_back(two: Two, clock: Clock) -> None:
    source, target = two
    source.add(done(expires_at=T0 + 10))
    clock.now = T0 + 11
    assert copying_of(two, clock).jobs() == Counter({"expired": 1})
    assert every(target) == []


def test_more_jobs_than_a_page(two: Two, clock: Clock) -> None:
    source, target = two
    jobs = [done(number) for number in range(110)]
    for job in jobs:
        source.add(job)
    for job in jobs[::10]:
        target.add(job)
    told: list[int] = []
    found = copying_of(two, clock).jobs(lambda tally: told.append(tally.total()))
    assert found == Counter({"completed": 99, "there": 11})
    assert told[-1] == 110
    assert {job.id for job in every(target)} == {job.id for job in jobs}
    assert copying_of(two, clock).jobs() == Counter({"there": 110})


class Ended(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("after", [False, True], ids=["before the request", "after it"])
def test_it_may_end_at_any_request_and_is_run_again(
    two: Two, clock: Clock, after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = two
    job = a_job(status=Status.PROCESSING, attempts=1, claims=1, payload={"a": "b" * 2_000})
    source.add(job)
    source.record(job.id, ATTEMPT)
    for name in ("record", "add"):
        ends_at(target, name, after, monkeypatch)
        with pytest.raises(Ended):
            copying_of(two, clock, run=True).jobs()
    copying_of(two, clock, run=True).jobs()
    found = target.view(job.id)
    assert (found.job.status, found.job.gen, found.job.payload) == (Status.QUEUED, 2, job.payload)
    assert found.attempts == (ATTEMPT,)


def ends_at(store: DynamoJobStore, name: str, after: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    real: Callable[..., Any] = getattr(store, name)

    def once(*arguments: Any) -> Any:
        monkeypatch.setattr(store, name, real)
        if after:
            real(*arguments)
        raise Ended

    monkeypatch.setattr(store, name, once)


def test_another_restore_that_is_faster_is_no_error(two: Two, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    source, target = two
    source.add(job := done())
    source.record(job.id, ATTEMPT)
    real = target.record

    def record(job_id: str, attempt: Attempt) -> None:
        real(job_id, attempt)
        target.add(job)

    monkeypatch.setattr(target, "record", record)
    assert copying_of(two, clock).jobs() == Counter({"there": 1})
    assert target.get(job.id) == job


def test_a_restored_job_runs_once_whatever_old_messages_come(two: Two, clock: Clock) -> None:
    source, target = two
    job = a_job(sent=True)
    source.add(job)
    copying_of(two, clock, run=True).jobs()
    claims = [transitions.claim(gen, now=clock.now, lease_until=clock.now + 60, by=BY) for gen in (1, 2, 2, 1)]
    taken = [change.gen for change in claims if _applied(target, job.id, change)]
    assert taken == [2]


def _applied(store: DynamoJobStore, job_id: str, change: Change) -> bool:
    try:
        store.apply(job_id, change)
    except MoveRefused:
        return False
    return True


def a_schedule(name: str, **fields: Any) -> Schedule:
    plain = Schedule(name, "test.note", "0 6 * * *", "UTC", {}, created_at=T0, updated_at=T0, next_at=T0, writer="w")
    return replace(plain, **fields)


def test_stored_schedules_come_back_paused_and_declared_ones_follow_the_code() -> None:
    source, target = MemorySchedules(), MemorySchedules()
    for number in range(230):
        source.add(a_schedule(f"s{number:03}", declared=number == 7))
    there = a_schedule("s000", cron="1 1 * * *")
    target.add(there)
    back = copying.schedules(source, target)
    assert len(back) == 228
    assert target.get("s000") == there
    found = target.get("s229")
    assert (found.paused, found.next_at) == (True, None)
    assert copying.schedules(source, target) == []


def test_batches_come_back_with_their_rounds_and_stay_as_they_are() -> None:
    source, target = MemoryBatches(), MemoryBatches()
    for place in range(120):
        one = Round(f"b-{place}", 1, T0 + place, T0, T0, total=3, done=2, closed_at=T0)
        source.add(one)
        source.add(replace(one, number=2, bulk="x"))
        source.enlist(one.batch, one.created_at, None)
    there = Round("b-7", 1, T0, T0, T0, total=9)
    target.add(there)  # an earlier restore may have ended after this row
    assert copying.batches(source, target) == 119
    assert list(target.rounds("b-8", 9)) == list(source.rounds("b-8", 9))
    assert [one.total for one in target.rounds("b-7", 9)] == [9, 3]
    assert len(target.newest(200)[0]) == 120
    assert copying.batches(source, target) == 0
