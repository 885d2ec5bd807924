"""Test exports: the parts of a manifest contain each finished job exactly once, wherever an attempt ends."""

import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from pydantic import BaseModel, Field, ValidationError

from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.assembly import parts
from chalicelib.builtin import exports, files
from chalicelib.builtin.constants import EXPORT_JOBS_PAGE
from chalicelib.builtin.exports import READING, Exported, JobExport, export
from chalicelib.errors import PermanentError, RetryLater
from chalicelib.job_types import jobtype
from chalicelib.job_types.context import JobContext
from chalicelib.job_types.jobtype import job as declare
from chalicelib.job_types.jobtype import registered
from chalicelib.jobs.constants import DAY
from chalicelib.jobs.job import TERMINAL, Job, Status
from chalicelib.jobs.port import JobStore
from chalicelib.jobs.step import Step
from chalicelib.settings import Settings
from chalicelib.worker.context import WorkerContext
from infra.definition.iam.allowed import allows, statements
from infra.definition.iam.calls import Recorder, recording
from tests.chalicelib.builtin.documented import documented
from tests.support import T0, Clock, a_job

BUCKET = "acme-archive"
BEGINS = T0 - T0 % DAY - 7 * DAY
"""The start of the day that is seven days before T0."""


@pytest.fixture
def archive(cloud: Settings) -> Iterator[Any]:
    parts.replace(settings=cloud)
    client = files.bucket().client
    client.create_bucket(Bucket=BUCKET)
    yield client
    parts.reset()


@pytest.fixture
def store(clock: Clock) -> MemoryJobStore:
    return MemoryJobStore(clock)


def finished(number: int, **more: Any) -> Job:
    fields = {"status": Status.COMPLETED, "finished_at": BEGINS + number + 5, "attempts": 1, "result": {"n": number}}
    return a_job(**{**fields, "created_at": BEGINS + number, **more})


def filled(store: JobStore, number: int = 250) -> list[Job]:
    jobs = [finished(place, status=sorted(TERMINAL)[place % 4]) for place in range(number)]
    for job in [*jobs, finished(-1), finished(int(DAY)), finished(9, status=Status.QUEUED)]:
        store.add(job)
    return jobs


def context(store: JobStore, clock: Clock, seconds: float = 895.0, **more: Any) -> JobContext:
    job = a_job(type="job.export", status=Status.PROCESSING, claims=1, attempts=1, created_at=T0, **more)
    store.add(job)
    end = clock.now + seconds
    return WorkerContext(job, store, lambda: end - clock.now, clock)


def content(archive: Any, key: str) -> Any:
    body = archive.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    return [json.loads(row) for row in gzip.decompress(body).splitlines()] if key.endswith(".gz") else json.loads(body)


def exported(archive: Any, manifest: str) -> list[dict[str, Any]]:
    told = content(archive, manifest)
    rows = [row for part in told["parts"] for row in content(archive, part["key"])]
    assert told["jobs"] == len(rows)
    return rows


def test_the_finished_jobs_of_the_day_each_once(archive: Any, store: MemoryJobStore, clock: Clock) -> None:
    jobs = filled(store)
    ctx = context(store, clock)
    done = export(JobExport(), ctx, BUCKET, "jobflow/")
    folder = f"jobflow/2027-01-08/{ctx.job_id}-1"
    assert done == Exported(day="2027-01-08", jobs=250, unfinished=1, parts=1, manifest=f"{folder}/manifest.json")
    rows = exported(archive, done.manifest)
    assert sorted(row["id"] for row in rows) == sorted(job.id for job in jobs)
    row = next(row for row in rows if row["id"] == jobs[0].id)
    assert (row["created_at"], row["finished_at"]) == ("2027-01-08T00:00:00.000Z", "2027-01-08T00:00:05.000Z")
    assert "payload" not in row
    assert "result" not in row


def test_one_type_alone_and_payloads_and_results_when_they_are_asked_for(
    archive: Any, store: MemoryJobStore, clock: Clock
) -> None:
    filled(store, 3)
    store.add(finished(7, type="image.process"))
    done = export(JobExport(type="image.process", bodies=True), context(store, clock), BUCKET, "jobflow")
    (row,) = exported(archive, done.manifest)
    assert (row["type"], row["payload"], row["result"]) == ("image.process", {"to": "ada@example.com"}, {"n": 7})


def test_kept_steps_and_events_when_they_are_asked_for(archive: Any, clock: Clock) -> None:
    store = DynamoJobStore(parts.settings, clock)
    one, plain = finished(1, kept=1, notify=("billing",)), finished(2)
    for job in (one, plain):
        store.add(job)
    store.keep_step(one, Step("step:read", BEGINS + 2, "x" * 2_000, took=1.5))
    store.keep_step(one, Step("event:approved", BEGINS + 3, {"ok": True}, by="ada"))
    without = export(JobExport(), context(store, clock), BUCKET, "jobflow")
    plainly = {row["id"]: row for row in exported(archive, without.manifest)}
    assert all("steps" not in row for row in plainly.values())
    assert (plainly[one.id]["notify"], plainly[plain.id]["notify"]) == (["billing"], [])
    done = export(JobExport(steps=True), context(store, clock), BUCKET, "jobflow")
    rows = {row["id"]: row["steps"] for row in exported(archive, done.manifest)}
    read, approved = rows[one.id]
    assert (read["kind"], read["name"], read["value"], read["took_s"]) == ("step", "read", "x" * 2_000, 1.5)
    assert (approved["kind"], approved["value"], approved["by"]) == ("event", {"ok": True}, "ada")
    assert rows[plain.id] == []


def test_a_member_of_a_batch_is_exported_with_its_batch_round_and_parent(
    archive: Any, store: MemoryJobStore, clock: Clock
) -> None:
    store.add(finished(1, batch="0b8f4d52-5c0a-4c55-9d6c-6f0c7c2f5a11", round=2, parent="p-1"))
    store.add(finished(2))
    done = export(JobExport(), context(store, clock), BUCKET, "jobflow")
    rows = [(row["batch"], row["round"], row["parent"]) for row in exported(archive, done.manifest)]
    assert rows == [(None, None, None), ("0b8f4d52-5c0a-4c55-9d6c-6f0c7c2f5a11", 2, "p-1")]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make parts with about one page each, so that 300 jobs need several parts."""
    monkeypatch.setattr(exports, "EXPORT_PART_BYTES", 1)


class Ended(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("number", range(9))
def test_it_may_end_at_any_write_and_the_next_attempt_goes_on(
    archive: Any, store: MemoryJobStore, clock: Clock, small: None, number: int, after: bool
) -> None:
    jobs = filled(store, 300)
    ctx = context(store, clock)
    with ends_at_write(archive, number, after), pytest.raises(Ended):
        export(JobExport(), ctx, BUCKET, "jobflow")
    done = export(JobExport(), ctx, BUCKET, "jobflow")
    rows = exported(archive, done.manifest)
    assert sorted(row["id"] for row in rows) == sorted(job.id for job in jobs)
    assert (done.jobs, done.unfinished) == (300, 1)


class ends_at_write:  # noqa: N801 - read as a phrase
    """End the process at the n-th object that is written, before or after the write."""

    def __init__(self, client: Any, number: int, after: bool) -> None:
        self._events, self._left = client.meta.events, number
        self._name = f"{'after-call' if after else 'before-parameter-build'}.s3.PutObject"

    def _count(self, **_: Any) -> None:
        self._left -= 1
        if self._left < 0:
            raise Ended

    def __enter__(self) -> None:
        self._events.register(self._name, self._count)

    def __exit__(self, *_: object) -> None:
        self._events.unregister(self._name, self._count)


def test_when_the_time_ends_it_comes_again_and_goes_on(
    archive: Any, store: MemoryJobStore, clock: Clock, small: None
) -> None:
    jobs = filled(store, 300)
    ctx = context(store, clock, seconds=45)
    with pytest.raises(RetryLater, match="100 jobs are written"):
        export(JobExport(), ctx, BUCKET, "jobflow")
    later = WorkerContext(replace(ctx.job, claims=2), store, lambda: 895.0, clock)
    store._jobs[ctx.job_id] = later.job
    done = export(JobExport(), later, BUCKET, "jobflow")
    assert sorted(row["id"] for row in exported(archive, done.manifest)) == sorted(job.id for job in jobs)


def test_memory_is_bounded_by_the_part(archive: Any, store: MemoryJobStore, clock: Clock, small: None) -> None:
    filled(store, 450)
    done = export(JobExport(), context(store, clock), BUCKET, "jobflow")
    sizes = [part["jobs"] for part in content(archive, done.manifest)["parts"]]
    assert max(sizes) <= EXPORT_JOBS_PAGE
    assert sum(sizes) == 450


def test_another_export_of_the_day_has_a_folder_of_its_own(archive: Any, store: MemoryJobStore, clock: Clock) -> None:
    filled(store, 3)
    first = export(JobExport(day="2027-01-08"), context(store, clock), BUCKET, "jobflow")
    again = export(JobExport(), context(store, clock, gen=2), BUCKET, "jobflow")
    assert first.manifest != again.manifest
    assert (first.jobs, again.jobs) == (3, 3)


def test_a_day_that_is_not_over_and_what_is_no_day_are_refused(
    archive: Any, store: MemoryJobStore, clock: Clock
) -> None:
    for day in ("2027-01-15", "2027-02-01"):
        with pytest.raises(PermanentError, match="2027"):
            export(JobExport(day=day), context(store, clock), BUCKET, "jobflow")
    assert "Contents" not in archive.list_objects_v2(Bucket=BUCKET)
    for day in ("2027-1-5", "2027-02-30", ""):
        with pytest.raises(ValidationError, match="day"):
            JobExport(day=day)


@pytest.mark.parametrize("more", [{}, {"bodies": True}, {"steps": True}], ids=["jobs", "bodies", "steps"])
def test_the_documented_type_runs_with_its_grants_and_needs_them(
    archive: Any, clock: Clock, more: dict[str, Any]
) -> None:
    kind, store = documented("restore.md", "job_export"), DynamoJobStore(parts.settings, clock)
    filled(store, 3)
    store.add(finished(3, kept=1))
    recorder = Recorder("test")
    with recording(recorder), recorder.acting_as("worker"):
        done = kind.run(JobExport(**more), context(store, clock))
    assert done.jobs == 4
    assert kind.timeout < 900
    needed = {re.sub(r"^dynamodb:(\w+Item):jobs/.*", r"dynamodb:\1:jobs", grant) for grant in recorder.needed["worker"]}
    of_every_worker = {f"dynamodb:{name}:jobs" for name in ("GetItem", "PutItem", "Query", "UpdateItem")}
    own = {f"s3:{name}:jobflow/*" for name in ("GetObject", "PutObject")}
    assert needed - of_every_worker == {*READING, *own}
    assert set(READING) <= {grant for grant in kind.access.grants if isinstance(grant, str)}
    (statement,) = statements(allows(kind.access, "jobflow-prod"))
    assert statement["Action"] == ["s3:GetObject", "s3:PutObject"]
    assert str(statement["Resource"]).count(f"{BUCKET}/jobflow/*") == 1


class Person(BaseModel):
    mail: str = Field(json_schema_extra={"personal": True})
    plain: str = ""


def _greet(payload: Person, ctx: JobContext) -> Person:
    return payload


@pytest.fixture
def _with_personal() -> Iterator[None]:
    """Declare a type with personal fields."""
    jobtype.load_once()
    before, names = dict(registered), set(jobtype.with_personal)
    declare("person.greet")(_greet)
    yield
    registered.clear()
    registered.update(before)
    jobtype.with_personal.clear()
    jobtype.with_personal.update(names)


@pytest.mark.usefixtures("_with_personal")
def test_personal_values_are_not_exported_unless_they_are_asked_for(archive: Any, clock: Clock) -> None:
    store = DynamoJobStore(parts.settings, clock)
    body = {"mail": "ada@example.com", "plain": "x"}
    for number, kind in enumerate(("person.greet", "person.gone")):
        job = finished(number, type=kind, payload=body, result=body, kept=1)
        store.add(job)
        store.keep_step(job, Step("step:one", BEGINS + 2, body, took=1.5))
    caller = finished(2, type="email.send", payload={"to": "b@example.org"}, kept=2)
    store.add(caller)
    store.keep_step(caller, Step("call:one", BEGINS + 2, [body], took=1.5, function="person.greet"))
    store.keep_step(caller, Step("step:own", BEGINS + 2, "own", took=1.5))
    rows = {}
    for personal in (False, True):
        asked = JobExport(bodies=True, steps=True, personal=personal)
        rows[personal] = exported(archive, export(asked, context(store, clock), BUCKET, "jobflow").manifest)
    assert "ada@example.com" not in json.dumps(rows[False])
    shown = next(row for row in rows[False] if row["type"] == "person.greet")
    assert shown["payload"] == shown["result"] == {"mail": "[personal]", "plain": "x"}
    assert [step["value"] for row in rows[False] if row["type"] == "email.send" for step in row["steps"]] == [
        None,
        "own",
    ]
    whole = [row for row in rows[True] if row["type"] != "email.send"]
    assert all(row["payload"] == row["result"] == row["steps"][0]["value"] == body for row in whole)
