"""Check that every row of a job has an expiry that follows the job, and that nothing is removed without its job."""

import itertools
import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.adapters import aws
from chalicelib.adapters.dynamo.jobs.changed import changes
from chalicelib.erasing import leftovers
from chalicelib.erasing.dynamo import DynamoExpiredJobs
from chalicelib.erasing.leftover_rule import Expired, leaves_something
from chalicelib.erasing.leftovers import Leftovers
from chalicelib.erasing.port import ExpiredBatch
from chalicelib.erasing.work import EXPIRED_REMAIN
from chalicelib.jobs import transitions
from chalicelib.jobs.change import Claimant
from chalicelib.jobs.constants import DAY
from chalicelib.jobs.job import LOST, TERMINAL, Attempt, Job, Status, to_text
from chalicelib.jobs.retention import KEEP_BODIES, KEEP_DEAD, KEEP_DONE, KEEP_FILES
from chalicelib.jobs.step import Step
from chalicelib.settings import Settings
from infra.definition.lambdas.functions import LEFT
from infra.local.lambdas.events.stream_records import matches
from tests.chalicelib.erasing.bench import HOUR, HUGE, LARGE, Bench, dying
from tests.contract.expiry import expire, removed_by_table
from tests.support import REGION, Clock, a_job


class Expiring(Bench):
    """The service, with a table that removes expired rows and says so in its stream."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.expired = DynamoExpiredJobs(self.settings)
        self.leftovers = Leftovers(self.expired, self.removal, self.clock, self.threads)

    def expire(self) -> None:
        """Let the table remove what has expired, and tell it once."""
        self.told = expire(self.settings, self.clock)
        self.tell()

    def tell(self) -> None:
        passed = [one for one in self.told if matches(one, json.loads(LEFT))]
        self.leftovers.follow(list(changes(passed, lambda *_: None)))

    def night(self) -> dict[str, int]:
        return dict(self.leftovers.work(lambda: 840.0).numbers)

    def known(self) -> list[ExpiredBatch]:
        """Return the jobs that are known to have expired."""
        return list(self.expired.each(lambda *_: None))

    def gone(self, **fields: Any) -> Job:
        """Return a job with everything that can belong to one, whose row the table has just removed."""
        job = self.life(None, **fields)
        self.clock.advance((job.expires_at or 0) - self.clock.now + DAY)
        self.expire()
        assert self.removal.find(job.id) is None
        return job


@pytest.fixture
def bench(cloud: Settings, clock: Clock) -> Expiring:
    return Expiring(cloud, clock)


def test_an_erasure_leaves_what_belongs_to_no_job(bench: Expiring) -> None:
    """Nothing says whose it is: it may be of a job that a restore has not brought back yet."""
    lost = bench.life(None, idempotency_key="lost", payload={"to": HUGE}, parent=None)
    aws.client("dynamodb", REGION).delete_item(
        TableName=bench.settings.jobs_table, Key={"pk": {"S": lost.id}, "sk": {"S": "META"}}
    )
    aws.client("s3", REGION).put_object(
        Bucket=bench.settings.files_bucket, Key=f"reports/customers/{a_job().id}/2026.pdf", Body=b"x"
    )
    before = bench.scan()
    bench.clock.advance(2 * HOUR)
    bench.erase("nobody")
    bench.to_the_end()
    assert bench.scan() == before


SHAPES: list[dict[str, Any]] = [
    {"payload": {"to": "small"}}, {"payload": {"to": LARGE}}, {"payload": {"to": HUGE}},
    {"run_at": 40 * DAY}, {"batch": "b"}, {"tags": ("tenant=acme",)},
]  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("end", ["completed", "failed", "cancelled"])
def test_every_row_has_an_expiry_that_follows_the_job(
    bench: Expiring, clock: Clock, shape: dict[str, Any], end: str
) -> None:
    """No row goes before the job, and none stays more than KEEP_BODIES after the job's last change."""
    made = clock.now
    more = {"run_at": made + shape["run_at"], "status": Status.SCHEDULED} if "run_at" in shape else shape
    job = a_job(**{"created_at": made, "payload": {"to": LARGE}, **more})
    bench.store.add(job)
    clock.advance(41 * DAY if "run_at" in shape else 5 * DAY)
    for run in (1, 2):  # the second one begins when the job is nearly gone
        ended = worked(bench, job.id, end, clock)
        assert ended.expires_at is not None
        check_expiries(bench, ended, clock)
        clock.advance((KEEP_DONE if end != "failed" else KEEP_DEAD) - DAY)
        if run == 1 and end != "completed":
            retry = transitions.requeue(bench.store.get(job.id), now=clock.now)
            bench.store.apply(job.id, retry)
        elif run == 1:
            break
    clock.advance(2 * DAY)
    bench.expire()
    assert bench.removal.find(job.id) is None
    bench.night()
    assert bench.of(job) == []
    assert bench.known() == []


def worked(bench: Expiring, job_id: str, end: str, clock: Clock) -> Job:
    """Run a job up to its end: with an attempt that failed, steps, and a large result."""
    job = bench.store.get(job_id)
    if end == "cancelled":
        return bench.store.apply(job_id, transitions.cancel(job, now=clock.now))
    claim = transitions.claim(job.gen, now=clock.now, lease_until=clock.now + 60, by=Claimant("r"), job_type=job.type)
    held = bench.store.apply(job_id, claim)
    bench.store.record(job_id, Attempt(held.gen, 1, "error", clock.now, clock.now, "E", "m", claim=held.claims))
    bench.store.keep_step(held, Step(f"step:{held.gen}", clock.now, LARGE, number=held.gen))
    if end == "failed":
        return bench.store.apply(job_id, transitions.fail(held, now=clock.now, error=("E", "m")))
    return bench.store.apply(job_id, transitions.complete(held, now=clock.now, result=LARGE))


def check_expiries(bench: Expiring, ended: Job, clock: Clock) -> None:
    """Compare each row with the job's own one, and each object with the lifecycle rule of its prefix."""
    rows = {key: row for key, row in bench.scan().items() if ended.id in key}
    own = float(rows.pop(f"{ended.id}/META")["expires_at"]["N"])
    for key, row in rows.items():
        if isinstance(row, dict):
            end = float(row["expires_at"]["N"])
            assert own <= end <= clock.now + KEEP_BODIES + 1, f"{key} and its job: {(end - own) / DAY} days"
        else:
            assert clock.now + KEEP_FILES[key.split("/")[0] + "/"] >= own, key


KINDS = {
    "ATT#": KEEP_BODIES, "ACT#": KEEP_BODIES, "STEP#": KEEP_BODIES, "PAYLOAD#": KEEP_BODIES, "RESULT#": KEEP_BODIES,
    "PAST#": KEEP_BODIES, "SUB#": KEEP_BODIES, "payloads/": KEEP_FILES["payloads/"], "results/": KEEP_FILES["results/"],
}  # fmt: skip
"""For each kind of row and object: how long it stays from its writing on, if nothing removes it before."""


def test_what_is_left_goes_with_the_job_whatever_its_own_expiry_is(bench: Expiring, clock: Clock) -> None:
    """A whole life leaves each kind; alone, each would stay for months longer than the job's own row."""
    stays = bench.life("acme", idempotency_key="another", expires_at=int(clock.now + 400 * DAY))
    job = bench.life(None, payload={"to": LARGE}, result=LARGE)
    before = {key: row for key, row in bench.scan().items() if job.id in key}
    for kind, kept in KINDS.items():
        mine = [row for key, row in before.items() if kind in key]
        assert mine, kind
        for row in mine:
            if isinstance(row, dict):
                own = float(row["expires_at"]["N"])
                assert abs(own - clock.now - kept) < 2
                assert own > (job.expires_at or 0)
    clock.advance(91 * DAY)
    bench.expire()
    safe = bench.of(stays)
    numbers = bench.night()
    assert (numbers["expired"], numbers["expired_objects"]) == (1, 3)
    assert [key for key in bench.of(job) if not key.endswith("/KEY")] == []
    assert bench.of(stays) == safe
    assert bench.night() == {}


LEAVES: list[tuple[dict[str, Any], bool]] = [
    ({"status": Status.COMPLETED, "claims": 1}, False), ({"status": Status.CANCELLED}, False),
    ({"status": Status.COMPLETED, "claims": 1, "payload": {"to": LARGE}}, True),
    ({"status": Status.COMPLETED, "claims": 1, "result": LARGE}, True),
    ({"status": Status.COMPLETED, "claims": 1, "kept": 2}, True),
    ({"status": Status.COMPLETED, "claims": 1, "acted": "run_now 1 ada"}, True),
    ({"status": Status.COMPLETED, "claims": 2}, True), ({"status": Status.COMPLETED, "claims": 1, "gen": 2}, True),
    ({"status": Status.FAILED, "claims": 1}, True), ({"status": Status.CANCELLED, "claims": 1}, True),
    *(({"status": one, "claims": 2, "kept": 2, "finished_at": None}, False) for one in Status if one not in TERMINAL),
    ({"status": Status.FAILED, "claims": 1, "expires_at": None}, False),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "expected"), LEAVES)
def test_only_a_job_that_may_leave_something_invokes_the_function(
    bench: Expiring, clock: Clock, fields: dict[str, Any], expected: bool
) -> None:
    """The event filter and the rule agree, so a job that leaves nothing costs nothing."""
    job = a_job(**{"created_at": clock.now, "finished_at": clock.now, "expires_at": int(clock.now + 8 * DAY), **fields})
    bench.store.add(job)
    row = bench.scan()[f"{job.id}/META"]
    record = removed_by_table({name: row[name] for name in ("pk", "sk")}, row)
    [change] = changes([record], lambda *_: None)
    assert change.before is not None
    assert matches(record, json.loads(LEFT)) is leaves_something(change.before) is expected
    by_platform = {name: value for name, value in record.items() if name != "userIdentity"}
    assert not matches(by_platform, json.loads(LEFT))
    assert [one.expired for one in changes([by_platform], lambda *_: None)] == [False]


def test_nothing_goes_while_the_id_has_a_job(bench: Expiring) -> None:
    job = bench.gone()
    bench.store.add(replace(job, created_at=bench.clock.now, status=Status.QUEUED, expires_at=None, finished_at=None))
    before = bench.scan()
    bench.night()
    assert bench.scan() == before
    assert bench.known() == []


def test_a_payload_that_was_written_just_now_stays_although_its_job_has_no_row_yet(bench: Expiring) -> None:
    """A request with the same key and payload writes the same row again, and then the row of its job."""
    job = bench.gone()
    key = bench.store._bodies.keep_payload(job.id, job.type, to_text({"to": LARGE}))
    bench.store.record(job.id, Attempt(1, 1, "failed", bench.clock.now, bench.clock.now, "E", "new", claim=1))
    bench.night()
    assert {f"{job.id}/{key}", f"{job.id}/ATT#0001#c00001"} == {key for key in bench.of(job) if key.startswith(job.id)}


@contextmanager
def once_before(service: str, request: str, act: Callable[[], None]) -> Iterator[None]:
    """Act once, directly before the first request of this kind within the block."""
    events, acted = aws.client(service, REGION).meta.events, list[bool]()

    def first(**_: Any) -> None:
        if not acted:
            acted.append(True)  # before, because it may make such requests itself
            act()

    events.register(f"before-call.{service}.{request}", first)
    try:
        yield
    finally:
        events.unregister(f"before-call.{service}.{request}", first)
    assert acted


def test_a_row_that_is_written_between_the_look_and_its_removal_stays(bench: Expiring) -> None:
    job, written = bench.gone(), list[str]()

    def write() -> None:
        written.append(bench.store._bodies.keep_payload(job.id, job.type, to_text({"to": LARGE})))

    with once_before("dynamodb", "DeleteItem", write):
        bench.night()
    assert f"{job.id}/{written[0]}" in bench.scan()


@pytest.mark.parametrize(
    ("service", "request_"), [("dynamodb", "Query"), ("s3", "ListObjectVersions"), ("dynamodb", "DeleteItem")]
)
def test_what_a_restore_writes_beside_the_removal_stays(bench: Expiring, service: str, request_: str) -> None:
    """It writes the steps and attempts that are still there again, before the job itself: else the job repeats them."""
    bench.clock.now = time.time() - 100 * DAY  # what is in S3 has the real time
    job = bench.life(None)
    lost = Attempt(2, 1, LOST, bench.clock.now, bench.clock.now, "E", "m", claim=2)
    bench.store.record(job.id, lost)
    steps, attempts = bench.store.kept_steps(job), bench.store.view(job.id).attempts
    whole = [bench.store.kept_step(job, step.key) or step for step in steps]
    bench.clock.advance(91 * DAY)
    bench.expire()

    def restore() -> None:
        for attempt in attempts:
            bench.store.record(job.id, attempt)
        for step in whole:
            bench.store.keep_step(job, step)
        bench.store.add(replace(job, expires_at=int(bench.clock.now + 30 * DAY)))

    with once_before(service, request_, restore):
        bench.night()
    assert [bench.store.kept_step(job, step.key) for step in whole] == whole
    assert bench.store.view(job.id).attempts == attempts


def test_an_object_that_was_written_after_the_expiry_stays(bench: Expiring, clock: Clock) -> None:
    clock.now = time.time() - 100 * DAY  # what is in S3 has the real time
    job = bench.gone()
    bench.night()
    assert [key for key in bench.of(job) if key.startswith(f"{job.id}/")] == []
    assert [key for key in bench.of(job) if key.startswith(("payloads/", "results/"))] != []


@pytest.mark.parametrize(
    "fields",
    [
        {"status": Status.PROCESSING, "finished_at": None}, {"status": Status.SUSPENDED, "finished_at": None},
        {"finished_at": 0.0, "created_at": 85 * DAY},
    ],
)  # fmt: skip
def test_nothing_goes_of_a_job_that_had_not_ended_days_before_although_the_table_has_removed_its_row(
    bench: Expiring, fields: dict[str, Any]
) -> None:
    """By a mistake its row had an expiry: a restore brings it back, and needs what is beside the row."""
    now = bench.clock.now
    times = {name: value + now for name, value in fields.items() if isinstance(value, float)}
    job = bench.life(None, payload={"to": HUGE}, expires_at=int(now + 90 * DAY), **{**fields, **times})
    bench.clock.advance(91 * DAY)
    bench.expire()
    before = bench.scan()
    bench.night()
    assert bench.of(job) != []
    assert bench.scan() == before


def test_a_payload_in_s3_goes_that_a_debounced_request_has_replaced(bench: Expiring) -> None:
    now = bench.clock.now
    ended = {"status": Status.COMPLETED, "claims": 1, "finished_at": now, "expires_at": int(now + 30 * DAY)}
    job = a_job(**{"created_at": now, "gen": 2, "line": 2, "payload": {"to": "small"}, **ended})
    bench.store.add(job)
    bench.store._bodies.keep_payload(job.id, job.type, to_text({"to": HUGE}))
    bench.clock.advance(31 * DAY)
    bench.expire()
    bench.night()
    assert bench.of(job) == []


LISTED: list[tuple[dict[str, Any], list[str]]] = [
    ({"gen": 2, "line": 2}, ["payloads"]),  # a debounced request
    ({"gen": 2, "acted": "retry 1 ada"}, ["results"]),
    ({"gen": 2, "line": 2, "acted": "edit 1 ada"}, ["payloads", "results"]),
    ({"gen": 2, "restored_at": 1.0}, ["results"]),
    ({"acted": "run_now 1 ada"}, []), ({"kept": 1}, []), ({"claims": 2}, ["results"]),
    ({"status": Status.FAILED}, ["results"]),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "expected"), LISTED)
def test_s3_is_listed_only_where_the_job_may_have_left_an_object(
    bench: Expiring, fields: dict[str, Any], expected: list[str]
) -> None:
    """A list costs as much as ten writes."""
    now = bench.clock.now
    ended = {"status": Status.COMPLETED, "claims": 1, "finished_at": now, "expires_at": int(now + 30 * DAY)}
    bench.store.add(a_job(**{"created_at": now, "payload": {"to": "small"}, **ended, **fields}))
    bench.clock.advance(31 * DAY)
    bench.expire()
    with watched("ListObjectVersions") as asked:
        assert bench.night()["expired"] == 1
    assert [prefix.partition("/")[0] for prefix in asked] == expected


@contextmanager
def watched(request: str) -> Iterator[list[str]]:
    """Yield the prefixes that are asked for with this request to S3."""
    s3, asked = aws.client("s3", REGION), list[str]()

    def note(params: dict[str, Any], **_: Any) -> None:
        asked.append(params["Prefix"])

    s3.meta.events.register(f"before-parameter-build.s3.{request}", note)
    try:
        yield asked
    finally:
        s3.meta.events.unregister(f"before-parameter-build.s3.{request}", note)


def ended_of_a_key(bench: Expiring, **fields: Any) -> Job:
    """Store a job whose id follows from a key, with a payload in S3."""
    now = bench.clock.now
    ended = {"status": Status.COMPLETED, "claims": 1, "finished_at": now, "expires_at": int(now + 30 * DAY)}
    common = {"id": str(uuid.uuid5(uuid.NAMESPACE_URL, "k")), "created_at": now, "payload": {"to": HUGE}}
    job = a_job(**{**common, **ended, **fields})
    bench.store.add(job)
    return job


def test_a_payload_in_s3_of_a_job_whose_id_follows_from_a_key_goes(bench: Expiring) -> None:
    job = ended_of_a_key(bench, idempotency_key="k")
    bench.clock.advance(31 * DAY)
    bench.expire()
    assert bench.of(job) != []
    bench.night()
    assert bench.of(job) == []


def test_a_request_with_the_same_key_and_payload_beside_the_removal_keeps_its_payload(bench: Expiring) -> None:
    """It writes the payload before the job's row: the removal sees no job, and deletes objects without a condition."""
    job = ended_of_a_key(bench, idempotency_key="k")
    bench.clock.advance(31 * DAY)
    fresh = {"status": Status.QUEUED, "claims": 0, "expires_at": None, "finished_at": None}
    again = replace(job, created_at=bench.clock.now, **fresh)  # type: ignore[arg-type]
    bench.expire()
    held: list[Any] = []
    with once_before("s3", "DeleteObjects", lambda: held.append(bench.store._placed(again))):
        bench.night()
    held[0].save()
    assert bench.store.get(job.id).payload == {"to": HUGE}


def test_what_a_restore_writes_to_s3_beside_the_removal_stays(bench: Expiring) -> None:
    """Payload, earlier payload, result and steps are written before the row of the job."""
    whole = {"result": {"r": HUGE}, "gen": 2, "claims": 2, "idempotency_key": "k"}
    job = ended_of_a_key(bench, **whole)
    steps = [Step("step:a", job.created_at, HUGE, number=1)]

    def write() -> None:
        bench.store.keep_payload(job.id, 1, {"was": HUGE})
        for step in steps:
            bench.store.keep_step(job, step)

    write()
    bench.clock.advance(31 * DAY)
    bench.expire()
    held = list[Any]()

    def restore() -> None:
        write()
        held.append(bench.store._placed(replace(job, expires_at=int(bench.clock.now + 30 * DAY))))

    with once_before("s3", "DeleteObjects", restore):
        bench.night()
    held[0].save()
    found = bench.store.get(job.id)
    assert (found.payload, found.result) == ({"to": HUGE}, {"r": HUGE})
    assert bench.store.payload_of(job.id, 1) == {"was": HUGE}
    assert [bench.store.kept_step(job, step.key) for step in steps] == steps


@pytest.mark.parametrize(("key", "stays"), [("k", True), (None, False)])
def test_objects_that_an_earlier_version_has_named_are_read_and_go_only_if_no_request_writes_them_again(
    bench: Expiring, key: str | None, stays: bool
) -> None:
    job = ended_of_a_key(bench, idempotency_key=key, **({} if key else {"id": a_job().id}))
    names = as_before(bench, job)
    assert bench.store.get(job.id).payload == {"to": HUGE}
    assert bench.store.payload_of(job.id, 1) == {"was": HUGE}
    bench.clock.advance(31 * DAY)
    bench.expire()
    bench.night()
    assert sorted(bench.of(job)) == (sorted(names) if stays else [])


def as_before(bench: Expiring, job: Job) -> list[str]:
    """Store the job's objects under the names that an earlier version gave them; return these."""
    bench.store.keep_payload(job.id, 1, {"was": HUGE})
    tables, s3 = aws.client("dynamodb", REGION), aws.client("s3", REGION)
    rows = bench.scan()
    [written] = [name for name in bench.of(job) if name.startswith("payloads/email-send/")]
    [past] = [name for name in bench.of(job) if name.startswith("payloads/past/")]
    new = {
        written: f"payloads/email-send/{job.id}/{written.rpartition('/')[2]}",
        past: f"payloads/past/{job.id}/run-1.json",
    }
    places = (("META", "payload_ref", written), ("PAST#0001", "body", past))
    for sk, name, was in places:
        assert rows[f"{job.id}/{sk}"][name] == {"S": f"s3:{was}"}
        tables.update_item(
            TableName=bench.settings.jobs_table, Key={"pk": {"S": job.id}, "sk": {"S": sk}},
            UpdateExpression="SET #n = :v", ExpressionAttributeNames={"#n": name},
            ExpressionAttributeValues={":v": {"S": f"s3:{new[was]}"}},
        )  # fmt: skip
        bucket = bench.settings.files_bucket
        s3.copy_object(Bucket=bucket, Key=new[was], CopySource={"Bucket": bucket, "Key": was})
        s3.delete_object(Bucket=bucket, Key=was)
    return list(new.values())


def test_no_object_goes_if_the_job_is_there_again_when_they_have_been_listed(bench: Expiring) -> None:
    job, client = bench.gone(), aws.client("s3", REGION)
    there = [key for key in bench.of(job) if key.startswith(("payloads/", "results/"))]
    assert there

    def restore(**_: Any) -> None:
        if bench.removal.find(job.id) is None:
            bench.store.add(replace(a_job(), id=job.id, payload={"to": "small"}))

    client.meta.events.register("after-call.s3.ListObjectVersions", restore)
    try:
        bench.night()
    finally:
        client.meta.events.unregister("after-call.s3.ListObjectVersions", restore)
    assert set(there) <= set(bench.of(job))


@pytest.mark.parametrize("when", ["before", "after"])
def test_who_dies_is_followed_by_the_next_night(cloud: Settings, when: str) -> None:
    """Whatever request is the last one: nothing of the job stays, and nothing else goes."""
    bench = Expiring(cloud, Clock())
    other = bench.life("acme", idempotency_key="other", expires_at=int(bench.clock.now + 90_000 * DAY))
    for at in itertools.count():
        job = bench.life(None, payload={"to": LARGE}, idempotency_key=f"key-{when}{at}")
        bench.clock.advance(91 * DAY)
        bench.told = expire(cloud, bench.clock)
        safe = {key: row for key, row in bench.scan().items() if key.startswith(other.id)}
        with dying(at, when) as seen:
            bench.tell()
            bench.night()
        bench.tell()
        bench.night()
        assert [key for key in bench.of(job) if not key.endswith("/KEY")] == []
        assert bench.known() == []
        now = bench.scan()
        assert {key: now.get(key) for key in safe} == safe
        if len(seen) <= at:  # it did not die
            break
    assert at > 15


@pytest.mark.parametrize("when", ["before", "after"])
def test_who_dies_while_it_puts_a_job_off_loses_nothing(cloud: Settings, when: str) -> None:
    """Whatever request is the last one, the next night without a refusal removes what all of the jobs have left."""
    bench = Expiring(cloud, Clock())
    for at in itertools.count():
        jobs = [bench.life(None, payload={"to": LARGE}, idempotency_key=f"{when}{at}{name}") for name in "ab"]
        bench.clock.advance(91 * DAY)
        bench.expire()
        with refusing(jobs[0].id), dying(at, when) as seen:
            bench.night()
        bench.night()
        assert [key for key in bench.of(*jobs) if not key.endswith("/KEY")] == []
        assert bench.known() == []
        if len(seen) <= at:  # it did not die
            break
    assert at > 15


def test_what_aws_refuses_waits_for_the_next_night_and_holds_up_nothing_else(bench: Expiring) -> None:
    first = bench.life(None, idempotency_key="first", payload={"to": HUGE})
    second = bench.life(None, idempotency_key="second")
    bench.clock.advance(91 * DAY)
    bench.expire()
    s3 = aws.client("s3", REGION)

    def refuse(params: dict[str, Any], **_: Any) -> None:
        if first.id in params.get("url", "") + str(params.get("query_string")):
            raise ClientError({"Error": {"Code": "SlowDown"}}, "ListObjectVersions")

    s3.meta.events.register("before-call.s3.ListObjectVersions", refuse)
    bench.night()
    s3.meta.events.unregister("before-call.s3.ListObjectVersions", refuse)
    assert [key for key in bench.of(second) if not key.endswith("/KEY")] == []
    [batch] = bench.known()
    assert [one.job for one in batch.jobs] == [first.id]
    bench.night()
    assert [key for key in bench.of(first) if not key.endswith("/KEY")] == []
    assert bench.known() == []


def test_a_job_with_very_many_rows_takes_several_nights(bench: Expiring) -> None:
    """It ends with the invocation, and each night goes on."""
    job = bench.gone()
    before, nights = len(bench.of(job)), 0
    while bench.known():
        left = iter([840.0] * (before + 3))
        bench.leftovers.work(lambda left=left: next(left, 0.0))  # type: ignore[misc]
        nights += 1
        assert nights < before
    assert nights > 1
    assert [key for key in bench.of(job) if not key.endswith("/KEY")] == []


@contextmanager
def refusing(*jobs: str) -> Iterator[list[str]]:
    """Let S3 refuse the list of these jobs' objects (none: of all jobs); yield the refused requests."""
    s3 = aws.client("s3", REGION)
    tries: list[str] = []

    def refuse(params: dict[str, Any], **_: Any) -> None:
        asked = params.get("url", "") + str(params.get("query_string"))
        if not jobs or any(one in asked for one in jobs):
            tries.append(asked)
            raise ClientError({"Error": {"Code": "AccessDenied"}}, "ListObjectVersions")

    s3.meta.events.register("before-call.s3.ListObjectVersions", refuse)
    try:
        yield tries
    finally:
        s3.meta.events.unregister("before-call.s3.ListObjectVersions", refuse)


def test_after_many_failures_in_a_row_the_rest_waits(bench: Expiring, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal by AWS takes the nightly function no longer than some tries."""
    monkeypatch.setattr(leftovers, "MOST_FAILED", 2)
    for number in range(4):
        bench.expired.keep(ExpiredBatch(f"{number}", [Expired(a_job().id, "a.b", 1.0, payload=True)] * 2), 1.0)
    with refusing() as tries:
        done = bench.leftovers.work(lambda: 840.0)
    assert (len(tries), done.whole, len(bench.known())) == (2, False, 4)


def test_what_fails_each_time_holds_up_nothing_behind_it(bench: Expiring, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each invocation of a night begins with what was not tried, also if more fail than one of them tries."""
    monkeypatch.setattr(leftovers, "MOST_FAILED", 3)
    failing = [Expired(a_job().id, "a.b", 1.0, payload=True) for _ in range(8)]
    for number in range(4):
        bench.expired.keep(ExpiredBatch(f"{number:021}", failing[2 * number : 2 * number + 2]), 1.0)
    job = bench.gone()
    with refusing(*(one.job for one in failing)) as tries:
        for _ in range(3):
            before = len(tries)
            done = bench.leftovers.work(lambda: 840.0)
            assert (0 < len(tries) - before <= 3, done.whole, done.failures) == (True, False, len(tries) - before)
        assert [key for key in bench.of(job) if not key.endswith("/KEY")] == []
        for _ in range(6):
            bench.leftovers.work(lambda: 840.0)
        assert all(sum(one.job in asked for asked in tries) > 1 for one in failing)
    left = [one.job for batch in bench.known() for one in batch.jobs]
    assert sorted(left) == sorted(one.job for one in failing)
    bench.leftovers.work(lambda: 840.0)
    assert bench.known() == []


def test_what_fails_is_tried_once_at_a_time(bench: Expiring) -> None:
    for number in range(3):
        bench.expired.keep(ExpiredBatch(f"{number}", [Expired(a_job().id, "a.b", 1.0, payload=True)]), 1.0)
    with refusing() as tries:
        for night in (1, 2):
            bench.leftovers.work(lambda: 840.0)
            assert len(tries) == 3 * night


def test_a_row_that_nobody_can_read_holds_up_no_other_and_stays(bench: Expiring) -> None:
    control = {"TableName": bench.settings.control_table}
    for name, text in (("0", "[[1,2,3,4,5,6,7,8,9]]"), ("1", "no JSON")):
        row = {"pk": {"S": "EXPIRED"}, "sk": {"S": name}, "jobs": {"S": text}, "expires_at": {"N": "1"}}
        aws.client("dynamodb", REGION).put_item(**control, Item=row)
    job = bench.gone()
    done = bench.leftovers.work(lambda: 840.0)
    assert (done.numbers["expired"], done.whole) == (1, False)
    assert [key for key in bench.of(job) if not key.endswith("/KEY")] == []
    answer = aws.client("dynamodb", REGION).scan(**control)
    names = {row["sk"]["S"] for row in answer["Items"] if row["pk"] == {"S": "EXPIRED"}}
    assert "1" in names
    assert any(name.startswith("~000001~0~") for name in names)


def test_an_entry_before_its_time_removes_nothing(bench: Expiring) -> None:
    """The table removes no row before its expiry, so no record of the table has made it."""
    lost = bench.life(None)
    aws.client("dynamodb", REGION).delete_item(
        TableName=bench.settings.jobs_table, Key={"pk": {"S": lost.id}, "sk": {"S": "META"}}
    )
    before = bench.scan()
    bench.expired.keep(ExpiredBatch("1", [Expired(lost.id, lost.type, bench.clock.now + 1, results=True)]), 1.0)
    bench.night()
    assert bench.scan() == before


def test_an_erasure_ends_only_when_nothing_is_left_of_expired_jobs(bench: Expiring) -> None:
    """Nothing says whose they were, and the one who asked reads that everything is removed."""
    bench.erasing = replace(bench.erasing, nothing_left=lambda left: bench.leftovers.work(left).whole)
    job = bench.gone()
    s3 = aws.client("s3", REGION)

    def refuse(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied"}}, "ListObjectVersions")

    dry = bench.erase("nobody", dry_run=True)
    bench.go_on(120)
    assert (bench.rows.find(dry).open, len(bench.known())) == (False, 1)  # type: ignore[union-attr]
    s3.meta.events.register("before-call.s3.ListObjectVersions", refuse)
    begun = bench.erase("nobody")
    for _ in range(3):
        bench.go_on(120)
    s3.meta.events.unregister("before-call.s3.ListObjectVersions", refuse)
    found = bench.erasing.get(begun)
    assert (found.open, found.problem) == (True, EXPIRED_REMAIN)
    bench.to_the_end()
    assert bench.erasing.get(begun).problem is None
    assert [key for key in bench.of(job) if not key.endswith("/KEY")] == []


@pytest.mark.parametrize("move", [transitions.run_now, transitions.cancel])
def test_a_payload_follows_its_job_when_it_ends_long_before_its_planned_time(
    bench: Expiring, clock: Clock, move: Any
) -> None:
    planned = a_job(
        created_at=clock.now, run_at=clock.now + 300 * DAY, status=Status.SCHEDULED, payload={"to": LARGE}, sent=False
    )
    bench.store.add(planned)
    bench.store.apply(planned.id, move(bench.store.get(planned.id), now=clock.now))
    if move is transitions.run_now:
        ended = worked(bench, planned.id, "completed", clock)
    else:
        ended = bench.store.get(planned.id)
    check_expiries(bench, ended, clock)
    clock.advance(31 * DAY)
    bench.expire()
    bench.night()
    assert bench.of(planned) == []
