"""Check that what a type does not keep is removed on time, whatever happens in between, and nothing else."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.adapters import aws
from chalicelib.adapters.dynamo.jobs.clearings import DynamoClearings
from chalicelib.adapters.dynamo.tables import binding
from chalicelib.batches.dynamo import DynamoBatches
from chalicelib.batches.round import Round
from chalicelib.batches.rule import readers
from chalicelib.ends.rule import end_id
from chalicelib.erasing.clearing import Clearer
from chalicelib.erasing.clearing_rule import NOTHING, REST, Decision, What, decide
from chalicelib.errors import JobConflict, JobNotFound, ResultRemoved
from chalicelib.job_types import jobtype
from chalicelib.job_types.keep import Keep, days, hours
from chalicelib.jobs import transitions
from chalicelib.jobs.change import Claimant, Clearing
from chalicelib.jobs.history import Act
from chalicelib.jobs.job import Attempt, Job, Status
from chalicelib.jobs.keep_times import KeepTimes
from chalicelib.jobs.port import KeyLock
from chalicelib.jobs.step import Step
from chalicelib.settings import Settings
from tests.chalicelib.adapters.dynamo.meter import metered
from tests.chalicelib.erasing.bench import HUGE, LARGE, Bench, dying, others
from tests.contract.expiry import expire
from tests.support import REGION, T0, Clock, a_job, built_in, requests_to

KEEP = Keep(done=days(7), payload=hours(1), dead=days(14))
Ending = Callable[[Job, float], Any]


def completed(job: Job, now: float) -> Any:
    return transitions.complete(job, now=now, result={"text": HUGE})


def failed(job: Job, now: float) -> Any:
    return transitions.exhaust(job, now=now, error=("E", "m"))


class Keeping(Bench):
    """The service, with a type that keeps payloads for an hour."""

    def __post_init__(self) -> None:
        super().__post_init__()
        clearings = DynamoClearings(binding.jobs(self.settings))
        self.batches = DynamoBatches(self.settings)
        self.clearer = Clearer(
            clearings, self.store, self.removal, self.woken, lambda batch: readers(self.batches.find(batch)),
            self.clock, self.threads,
        )  # fmt: skip

    def run(self, ending: Ending | None = completed, payload: Any = None, **fields: Any) -> Job:
        """Run a job with everything that can belong to one, up to its end; return it."""
        now = self.clock.now
        told = {"to": LARGE} if payload is None else payload
        job = a_job(**{"created_at": now, "payload": told, "payload_bytes": len(json.dumps(told)), **fields})
        self.store.add(job)
        self.store.keep_payload(job.id, 1, {"to": HUGE})
        held = self.claim(job)
        self.store.record(job.id, Attempt(1, 1, "failed", now, now, "E", "m", claim=1))
        self.store.keep_act(job.id, Act("retry", now, "ada", 2))
        self.store.keep_step(held, Step("step:a", now, "small", number=1))
        self.store.keep_step(held, Step("step:b", now, HUGE, number=2))
        self.store.keep_step(held, Step("step:c", now, LARGE, number=3))
        return held if ending is None else self.store.apply(job.id, ending(held, self.clock.now))

    def claim(self, job: Job) -> Job:
        claim = transitions.claim(
            job.gen, now=self.clock.now, lease_until=self.clock.now + 60, by=Claimant("r"), job_type=job.type
        )
        return self.store.apply(job.id, claim)

    def take(self, key: str) -> Any:
        """Remove a row, as no code of the platform does; return it."""
        row = self.scan()[key]
        aws.client("dynamodb", REGION).delete_item(
            TableName=self.settings.jobs_table, Key={"pk": row["pk"], "sk": row["sk"]}
        )
        return row

    def put(self, row: Any) -> None:
        aws.client("dynamodb", REGION).put_item(TableName=self.settings.jobs_table, Item=row)

    def clear(self, seconds: float = 0.0) -> dict[str, int]:
        """Let the time pass, then run the background function once."""
        self.clock.advance(seconds)
        return dict(self.clearer.work(lambda: 840.0))

    def data(self, job: Job) -> list[str]:
        """Return the keys of the payloads, results and steps that are left of a job."""
        names = ("PAYLOAD#", "RESULT#", "PAST#", "STEP#", "payloads/", "results/")
        return [key for key in self.of(job) if any(name in key for name in names)]


@pytest.fixture(autouse=True)
def _keeps(monkeypatch: pytest.MonkeyPatch) -> None:
    kind = next(kind for kind in built_in() if kind.name == "email.send")
    monkeypatch.setitem(jobtype.registered, kind.name, replace(kind, keep=KEEP))


@pytest.fixture
def bench(cloud: Settings, clock: Clock) -> Keeping:
    return Keeping(cloud, clock)


@pytest.mark.parametrize("ending", [completed, failed])
@pytest.mark.parametrize("payload", [{"to": "small"}, {"to": LARGE}, {"to": HUGE}])
def test_the_payload_goes_on_time_and_the_job_later(bench: Keeping, ending: Ending, payload: Any) -> None:
    stays = bench.life("acme", idempotency_key="another", type="image.process")
    job = bench.run(ending, payload)
    mine, before = bench.of(job), bench.scan()
    assert bench.clear(hours(1) - 60) == {}
    assert bench.of(job) == mine
    assert bench.clearer.look_after() is False
    bench.clock.advance(61)
    assert bench.clearer.look_after() is True
    assert bench.clear() == {"cleared": 1}
    assert bench.data(job) == []
    shown = bench.store.view(job.id)
    assert (shown.job.payload, shown.job.result, shown.job.status) == (None, None, job.status)
    assert shown.job.cleared_at == bench.clock.now
    assert [one.outcome for one in shown.attempts] == ["failed"]
    assert "small" not in str(bench.scan()[f"{job.id}/META"])
    kept = days(7) if ending is completed else days(14)
    assert bench.clear(kept - days(1) - hours(1) - 120) == {}
    assert bench.store.view(job.id).attempts
    assert bench.clear(200) == {"removed": 1}
    assert bench.of(job) == [f"{job.id}/META"], "nothing stays longer than the row, which has an expiry"
    assert bench.store.get(job.id).status is job.status
    assert others(bench.scan(), bench.of(job)) == others(before, mine)
    bench.clock.advance(days(1))
    with pytest.raises(JobNotFound):
        bench.store.get(job.id)
    expire(bench.settings, bench.clock)
    assert bench.of(job) == []
    assert bench.store.get(stays.id) == stays


def test_what_a_retry_would_need_is_gone_and_the_answer_says_so(bench: Keeping) -> None:
    job = bench.run(failed)
    bench.clear(hours(1) + 1)
    for begin in (None, "start", "a"):
        with pytest.raises(JobConflict, match=r"email\.send keeps payloads for a shorter time than jobs"):
            bench.erasing.operations.retry(job.id, {"to": "ada@example.com"}, begin)
    with pytest.raises(JobConflict, match="Create a new job"):
        bench.erasing.operations.preview(job.id)
    assert bench.erasing.operations.discard(job.id).status is Status.CANCELLED


def test_a_retry_gets_its_own_time(bench: Keeping) -> None:
    job = bench.run(failed)
    bench.clock.advance(hours(1) - 10)
    again = bench.erasing.operations.retry(job.id)
    assert bench.clear(600) == {}
    assert bench.store.get(job.id).payload == {"to": LARGE}
    bench.store.apply(job.id, completed(bench.claim(again), bench.clock.now))
    assert bench.clear(hours(1) - 60) == {}
    assert bench.clear(120) == {"cleared": 1}
    assert bench.data(job) == []
    assert bench.clear(days(6)) == {"removed": 1}
    assert bench.of(job) == [f"{job.id}/META"]


@pytest.mark.parametrize("when", ["before", "after"])
def test_whenever_a_process_dies_the_next_one_goes_on(bench: Keeping, when: str) -> None:
    number, died = 0, True
    while died:
        job = bench.run(failed)
        mine, before = bench.of(job), bench.scan()
        bench.clock.advance(hours(1) + 1)
        with dying(number, when) as seen:
            bench.clearer.work(lambda: 840.0)
        died = len(seen) > number
        shown = bench.store.get(job.id)
        assert shown.cleared_at is not None or shown.payload == {"to": LARGE}
        bench.clear(900)
        assert bench.data(job) == []
        bench.clock.advance(days(13))
        with dying(number, when) as seen:
            bench.clearer.work(lambda: 840.0)
        died = died or len(seen) > number
        bench.clear(900)
        assert bench.of(job) == [f"{job.id}/META"]
        assert others(bench.scan(), bench.of(job)) == others(before, mine)
        bench.take(f"{job.id}/META")
        number += 1
    assert number > 10


def test_a_result_stays_while_the_job_that_called_may_read_it(bench: Keeping) -> None:
    parent = a_job(type="image.process", status=Status.SUSPENDED, claims=1)
    bench.store.add(parent)
    job = bench.run(completed, parent=parent.id)
    assert bench.clear(hours(1) + 1) == {}
    assert bench.store.get(job.id).result == {"text": HUGE}
    assert bench.clear(600) == {}
    bench.store.apply(parent.id, transitions.cancel(parent, now=bench.clock.now))
    assert bench.clear(900) == {"cleared": 1}
    assert bench.data(job) == []


def test_the_result_stays_while_the_job_of_on_end_may_read_it(bench: Keeping) -> None:
    job = bench.run(completed, on_end="report.generate")
    assert bench.clear(hours(1) + 1) == {}
    told = a_job(id=end_id(job), type="report.generate", parent=job.id, created_at=bench.clock.now)
    bench.store.add(told)
    assert bench.clear(901) == {}
    assert bench.store.result_of(job.id) == {"text": HUGE}
    bench.store.apply(told.id, transitions.cancel(told, now=bench.clock.now))
    assert bench.clear(901) == {"cleared": 1}
    with pytest.raises(ResultRemoved, match=job.id):
        bench.store.result_of(job.id)


def test_an_end_that_is_never_told_holds_the_payload_for_three_days(bench: Keeping) -> None:
    job = bench.run(completed, on_end="report.generate")
    assert bench.clear(hours(1) + 1) == {}
    assert bench.clear(days(2)) == {}
    assert bench.clear(days(1)) == {"cleared": 1}
    assert bench.data(job) == []


def test_results_of_members_stay_while_the_batch_is_open_and_while_its_end_is_processed(bench: Keeping) -> None:
    batch = a_job().id
    opened = Round(batch, 1, T0, T0, T0, then="report.generate", principal="1f2e")
    bench.batches.add(opened)
    job = bench.run(completed, batch=batch, round=1)
    assert bench.clear(hours(1) + 1) == {}
    bench.batches.write(batch, 1, {"total": 1, "done": 1, "closed_at": bench.clock.now, "ended_at": bench.clock.now})
    [then] = readers(bench.batches.find(batch)) or []
    bench.store.add(a_job(id=then, type="report.generate", created_at=bench.clock.now))
    assert bench.clear(901) == {}
    assert bench.store.get(job.id).result == {"text": HUGE}
    bench.store.apply(then, transitions.cancel(bench.store.get(then), now=bench.clock.now))
    assert bench.clear(901) == {"cleared": 1}
    assert bench.data(job) == []


def test_a_batch_that_is_not_known_holds_the_results_of_its_members(bench: Keeping) -> None:
    job = bench.run(completed, batch=a_job().id, round=1)
    assert bench.clear(hours(2)) == {}
    assert bench.clear(days(10)) == {}
    assert bench.store.get(job.id).result == {"text": HUGE}


@pytest.mark.parametrize("cleared", [False, True])
def test_without_the_row_of_the_job_nothing_is_removed(bench: Keeping, cleared: bool) -> None:
    """A table was lost, and its rows come back from a backup; the bucket was not lost."""
    job = bench.run(failed, {"to": HUGE})
    if cleared:
        bench.clear(hours(1) + 1)
    row = bench.take(f"{job.id}/META")
    before = {key: value for key, value in bench.scan().items() if not key.startswith("CLEAR")}
    for seconds in (hours(2), days(13), days(2)):
        assert bench.clear(seconds) == {}
        assert {key: value for key, value in bench.scan().items() if not key.startswith("CLEAR")} == before
    assert not [key for key in bench.scan() if key.startswith("CLEAR#")]
    bench.put(row)
    assert bench.scan() == before | {f"{job.id}/META": row}


def test_a_slow_worker_removes_nothing_if_the_row_is_gone_in_between(bench: Keeping) -> None:
    job = bench.run(completed, {"to": HUGE})
    cleared = bench.store.apply(job.id, transitions.clear(job, now=bench.clock.now + hours(1)))
    listed = [bench.removal.data(cleared), bench.removal.rest(cleared, listed=True)]
    bench.take(f"{job.id}/META")
    before = bench.scan()
    for one in listed:
        assert one.rows
        assert one.objects
        bench.removal.remove(one)
    assert bench.scan() == before


def test_nothing_of_an_expired_job_is_removed(bench: Keeping) -> None:
    """From its expiry on, another job may get the id: a request with the same key stores its payload first."""
    job = bench.run(completed, {"to": HUGE}, idempotency_key="k")
    bench.clock.advance(days(7) + 1)
    new = replace(job, created_at=bench.clock.now, expires_at=None, status=Status.QUEUED, payload={"to": HUGE})
    row = bench.store._placed(new)
    assert bench.clear() == {}
    row.save()
    assert bench.clear(120) == {}
    assert bench.store.get(job.id).payload == {"to": HUGE}


def test_a_clearing_of_a_job_function_about_other_jobs_removes_nothing(bench: Keeping) -> None:
    """Every worker may write such a row, and only one function may delete: it must not become their tool."""
    other = bench.run(failed, {"to": HUGE}, type="image.process")
    live = a_job(type="report.generate", status=Status.PROCESSING, claims=1)
    bench.store.add(live)
    lock = a_job().id
    bench.store.acquire(lock, None, KeyLock(live.id, bench.clock.now + days(90)))
    files = [f"reports/{live.id}/a.csv", f"reports/customers/{a_job().id}/2026.pdf", f"reports/{lock}.csv"]
    for name in files:
        aws.client("s3", REGION).put_object(Bucket=bench.settings.files_bucket, Key=name, Body=b"x")
    kept = bench.run(completed, {"to": HUGE})
    before = {key: value for key, value in bench.scan().items() if not key.startswith("CLEAR")}
    at = bench.clock.now
    for of, name, created, ended in [
        (live.id[0], "no.such", 1.0, 2.0), (live.id[0], "email.send", 1.0, 2.0), ("", "email.send", 1.0, 2.0),
        (other.id, "no.such", other.created_at, other.finished_at), (lock, "email.send", 1.0, 2.0),
        (other.id, "email.send", other.created_at, other.finished_at), (lock, "no.such", 1.0, 2.0),
        (live.id, "report.generate", live.created_at, 2.0), (kept.id, "email.send", kept.created_at, 2.0),
        (other.id, other.type, other.created_at, other.finished_at),
    ]:  # fmt: skip
        bench.store._clearings.plan(Clearing(of, name, created, ended or 0.0, at - 60))
    # the only one that agrees with its job, but too early
    bench.store._clearings.plan(Clearing(kept.id, kept.type, kept.created_at, kept.finished_at or 0.0, at - 60))
    assert bench.clear() == {}
    assert {key: value for key, value in bench.scan().items() if not key.startswith("CLEAR")} == before
    assert bench.clear(hours(1) + 1) == {"cleared": 1}, "a forged time does not put off what the type says"


def test_a_row_of_a_job_without_a_proper_id_removes_nothing(bench: Keeping) -> None:
    """A worker may also write a whole row of a job: its id would be the beginning of many names in the bucket."""
    real = bench.run(completed, {"to": HUGE})
    bench.clear(days(6) + 1)
    row = bench.take(f"{real.id}/META")
    stays = bench.run(None, {"to": HUGE})
    bench.put({**row, "pk": {"S": stays.id[:3]}})
    bench.store._clearings.plan(Clearing(stays.id[:3], real.type, real.created_at, real.finished_at or 0.0, T0))
    before = bench.of(stays)
    assert bench.clear() == {}
    assert bench.of(stays) == before


def test_what_s3_refused_is_removed_later(bench: Keeping) -> None:
    """The process dies after it has cleared the row, which names no object any more, and never continues."""
    job = bench.run(completed, {"to": HUGE})
    bench.store.apply(job.id, transitions.clear(job, now=bench.clock.now + hours(1)))
    bench.clock.advance(days(6) + 1)
    assert bench.clear() == {"removed": 1}
    assert bench.of(job) == [f"{job.id}/META"]


def test_a_process_that_dies_in_the_only_removal_is_continued(bench: Keeping, monkeypatch: pytest.MonkeyPatch) -> None:
    """A type without a time for payloads: the row is cleared a day before its expiry, and names no object any more."""
    monkeypatch.setitem(
        jobtype.registered, "email.send", replace(jobtype.registered["email.send"], keep=Keep(done=days(7)))
    )
    job = a_job(payload={"to": HUGE}, created_at=bench.clock.now)
    bench.store.add(job)
    done = bench.store.apply(job.id, completed(bench.claim(job), bench.clock.now))
    bench.clock.advance(days(6) + 1)
    bench.store.apply(job.id, transitions.clear(done, now=bench.clock.now))
    assert bench.clear() == {"removed": 1}
    assert bench.of(job) == [f"{job.id}/META"]


def test_the_lists_of_children_stay_so_that_a_deletion_finds_the_copies(bench: Keeping) -> None:
    job = bench.run(completed)
    copy = a_job(
        type="webhook.deliver", parent=job.id, status=Status.COMPLETED, idempotency_key="r completed 1",
        created_at=bench.clock.now, finished_at=bench.clock.now, expires_at=int(bench.clock.now + days(30)),
    )  # fmt: skip
    bench.store.add(copy)
    assert bench.clear(days(6) + 1) == {"removed": 1}
    bench.erasing.delete(job.id, "1f2e")
    bench.to_the_end()
    assert bench.of(job, copy) == []


def test_an_end_that_was_refused_removes_nothing(bench: Keeping) -> None:
    job = bench.run(None)
    change = completed(job, bench.clock.now)
    bench.store._clearings.plan(change.clearing)
    assert bench.clear(hours(2)) == {}
    assert bench.store.get(job.id).payload == {"to": LARGE}
    assert not [key for key in bench.scan() if key.startswith("CLEAR")]


def test_without_such_a_type_nothing_is_read(bench: Keeping, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = jobtype.registered["email.send"]
    monkeypatch.setitem(jobtype.registered, kind.name, replace(kind, keep=None))
    with requests_to("dynamodb") as made:
        assert bench.clear() == {}
        assert bench.clearer.look_after() is False
    assert made == []


ID = "0" * 8 + "-0000-4000-8000-" + "0" * 12
ONE = Clearing(ID, "email.send", T0, T0 + 10, T0 + 10 + hours(1))
TIMES = KeepTimes(days(7), days(14), hours(1))
FOUND = a_job(
    id=ID, status=Status.COMPLETED, created_at=T0, finished_at=T0 + 10, expires_at=int(T0 + 10 + days(7)), claims=1
)
REST_AT = T0 + 10 + days(6)
GONE_AT = T0 + 10 + days(7)


@pytest.mark.parametrize(("one", "found", "times", "at", "wanted"), [
    (ONE, FOUND, TIMES, T0 + 60, Decision(What.WAIT, T0 + 10 + hours(1))),
    (replace(ONE, due_at=T0), FOUND, TIMES, T0 + 60, Decision(What.WAIT, T0 + 10 + hours(1))),
    (ONE, FOUND, TIMES, T0 + 10 + hours(1), Decision(What.DATA, REST_AT)),
    (ONE, FOUND, KeepTimes(days(7), days(14), days(2)), T0 + hours(2), Decision(What.WAIT, T0 + 10 + days(2))),
    (ONE, FOUND, KeepTimes(days(7), days(14), days(7)), T0 + hours(2), Decision(What.WAIT, REST_AT)),
    (ONE, FOUND, KeepTimes(days(7)), T0 + hours(2), Decision(What.WAIT, REST_AT)),
    (ONE, FOUND, KeepTimes(days(7)), REST_AT, REST),
    (ONE, FOUND, TIMES, REST_AT, REST),
    (ONE, FOUND, TIMES, GONE_AT, NOTHING),
    (ONE, None, None, REST_AT, NOTHING),
    (ONE, FOUND, None, REST_AT, NOTHING),
    (ONE, replace(FOUND, type="image.process"), TIMES, REST_AT, NOTHING),
    (replace(ONE, job="0"), replace(FOUND, id="0"), TIMES, REST_AT, NOTHING),
    (ONE, replace(FOUND, created_at=T0 + 1), TIMES, REST_AT, NOTHING),
    (ONE, replace(FOUND, finished_at=T0 + 99), TIMES, REST_AT, NOTHING),
    (ONE, replace(FOUND, erased_at=T0 + 99), TIMES, REST_AT, NOTHING),
    (ONE, replace(FOUND, status=Status.QUEUED), TIMES, REST_AT, NOTHING),
    (ONE, replace(FOUND, status=Status.QUEUED, finished_at=None, expires_at=None), TIMES, REST_AT, NOTHING),
])  # fmt: skip
def test_the_decision(one: Clearing, found: Job | None, times: Any, at: float, wanted: Decision) -> None:
    assert decide(one, found, times, at) == wanted


def test_what_it_costs(bench: Keeping, monkeypatch: pytest.MonkeyPatch) -> None:
    """A usual job: with a payload and a result beside its row, and without steps. Docs: docs/job-types/keep.md."""

    def ended() -> tuple[Job, int]:
        now = bench.clock.now
        job = a_job(created_at=now, payload={"to": LARGE})
        bench.store.add(job)
        held = bench.claim(job)
        with metered() as meter:
            done = bench.store.apply(job.id, transitions.complete(held, now=now, result={"text": LARGE}))
        return done, meter.total

    kind = jobtype.registered["email.send"]
    with monkeypatch.context() as without:
        without.setitem(jobtype.registered, kind.name, replace(kind, keep=None))
        usual = ended()[1]
    assert ended()[1] == usual + 1
    wanted = [Counter(GetItem=1, Query=1, TransactWriteItems=1, UpdateItem=2, DeleteItem=1),
              Counter(GetItem=1, Query=1, DeleteItem=1)]  # fmt: skip
    lease = Counter(UpdateItem=1, DeleteItem=1, Query=8)  # and two looks at four partitions
    for seconds, one in zip((hours(1) + 1, days(6)), wanted, strict=True):
        bench.clock.advance(seconds)
        with requests_to("dynamodb") as made, requests_to("s3") as listed:
            bench.clearer.work(lambda: 840.0)
        assert Counter(made) == +(one + lease)
        assert listed == []
