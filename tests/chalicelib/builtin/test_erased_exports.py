"""Test that deleted and erased jobs leave the exports, wherever a run ends, and that nothing else does."""

import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.adapters.memory.counters import MemoryCounters
from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.assembly import parts
from chalicelib.builtin import exports, files
from chalicelib.builtin.erased_exports import READING, ErasedExports, ErasedFromExports, erase
from chalicelib.builtin.exports import JobExport, export
from chalicelib.ends.rule import end_of
from chalicelib.erasing.memory import MemoryErasures
from chalicelib.erasing.port import Deletion
from chalicelib.erasing.rule import Erasure, digest_of
from chalicelib.errors import RetryLater
from chalicelib.jobs.constants import DAY
from chalicelib.jobs.job import Job
from chalicelib.jobs.tenants import tag_of
from chalicelib.settings import Settings
from chalicelib.webhooks.payload import Delivery, body_of
from infra.definition.iam.calls import Recorder, recording
from tests.chalicelib.builtin.documented import documented
from tests.chalicelib.builtin.test_exports import (
    BEGINS,
    BUCKET,
    Ended,
    content,
    context,
    ends_at_write,
    exported,
    finished,
)
from tests.support import T0, Clock


@pytest.fixture
def rows() -> MemoryErasures:
    return MemoryErasures(MemoryCounters())


@pytest.fixture
def archive(cloud: Settings, rows: MemoryErasures, clock: Clock) -> Iterator[Any]:
    parts.replace(settings=cloud, erasure_rows=rows, clock=clock)
    client = files.bucket().client
    client.create_bucket(Bucket=BUCKET)
    yield client
    parts.reset()


@pytest.fixture
def store(clock: Clock) -> MemoryJobStore:
    return MemoryJobStore(clock)


def of(tenant: str, number: int, **more: Any) -> Job:
    return finished(number, **{"tags": ("mail", tag_of(tenant)), **more})


def delivery(job: Job, number: int) -> Job:
    payload = Delivery(webhook="billing", registration="1", body=body_of(job, has_result=False), message=None)
    told = {
        "tags": ("ended:completed",),
        "payload": payload.model_dump(mode="json"),
        "idempotency_key": "1 completed 1",
    }
    return finished(number, type="webhook.deliver", parent=job.id, **told)


def erased(rows: MemoryErasures, tenant: str, at: float, *, ended: bool = True, **more: Any) -> str:
    finished_at = at + 60 if ended else None
    new = Erasure(f"{tenant}-{at}", digest_of(tenant), None, "ada", "1f2e", at, finished_at=finished_at, **more)
    rows.add(new)
    return new.id


def run(store: MemoryJobStore, clock: Clock, *, again: bool = False, seconds: float = 895.0) -> ErasedFromExports:
    return erase(ErasedExports(again=again), context(store, clock, seconds), BUCKET, "jobflow/")


def written(store: MemoryJobStore, clock: Clock, jobs: list[Job], **asked: Any) -> str:
    """Export these jobs; return the key of the manifest."""
    for job in jobs:
        store.add(job)
    return export(JobExport(**asked), context(store, clock), BUCKET, "jobflow").manifest


def left(archive: Any, manifest: str) -> set[str]:
    return {row["id"] for row in exported(archive, manifest)}


@pytest.mark.parametrize("bodies", [False, True])
def test_the_jobs_of_an_erased_tenant_go_with_the_deliveries_of_their_ends(
    archive: Any, store: MemoryJobStore, rows: MemoryErasures, clock: Clock, bodies: bool
) -> None:
    gone = [of("acme", number) for number in range(3)]
    gone += [delivery(gone[0], 10)]
    after = of("acme", 50)
    stays = [of("globex", 4), finished(5), after, delivery(of("globex", 6), 11)]
    manifest = written(store, clock, [*gone, *stays], bodies=bodies)
    erased(rows, "acme", BEGINS + 40)
    clock.advance(DAY)
    done = run(store, clock)
    assert done == ErasedFromExports(erasures=1, deletions=0, read=1, rewritten=1, jobs=4)
    assert left(archive, manifest) == {job.id for job in stays}
    assert content(archive, manifest)["erased"] == 4
    assert run(store, clock) == ErasedFromExports(erasures=0, deletions=0, read=0, rewritten=0, jobs=0)
    assert run(store, clock, again=True).read == 1


def test_an_end_job_on_another_day_goes_if_the_export_has_payloads(
    archive: Any, store: MemoryJobStore, rows: MemoryErasures, clock: Clock
) -> None:
    job = of("acme", -500)  # the day before, so its line is in another export
    end = end_of(job, has_result=False).model_dump(mode="json")
    told = finished(3, type="report.generate", parent=job.id, payload=end)
    forged = finished(4, type="report.generate", parent=None, payload=end)
    manifest = written(store, clock, [told, delivery(job, 5), forged], bodies=True)
    erased(rows, "acme", BEGINS)
    run(store, clock)
    assert left(archive, manifest) == {forged.id}


def test_a_deleted_job_goes_and_a_later_one_with_its_id_stays(
    archive: Any, store: MemoryJobStore, rows: MemoryErasures, clock: Clock
) -> None:
    first, second = finished(1), finished(2)
    manifest = written(store, clock, [first, second, delivery(first, 9), delivery(second, 10)])
    rows.record(Deletion(first.id, first.created_at, 1, T0 - DAY), T0)
    rows.record(Deletion(second.id, second.created_at - 90 * DAY, 1, second.created_at - 50 * DAY), T0)
    done = run(store, clock)
    assert (done.deletions, done.jobs) == (2, 2)
    rows_left = exported(archive, manifest)
    assert [row["parent"] for row in rows_left if row["type"] == "webhook.deliver"] == [second.id]
    assert {row["id"] for row in rows_left} >= {second.id}


def test_what_is_not_over_is_looked_for_again(
    archive: Any, store: MemoryJobStore, rows: MemoryErasures, clock: Clock
) -> None:
    """Its jobs may still come into an export, and one that has just ended may be in the memory of an export."""
    manifest = written(store, clock, [of("acme", 1), of("globex", 2)])
    erased(rows, "acme", clock.now - 120)
    erased(rows, "globex", clock.now - 120, ended=False)
    assert run(store, clock).jobs == 2
    later = written(store, clock, [of("acme", 3), of("globex", 4)])
    clock.advance(DAY)
    assert run(store, clock).jobs == 4, "the second export has all of them again"
    assert (left(archive, manifest), left(archive, later)) == (set(), set())
    clock.advance(DAY)
    assert run(store, clock).erasures == 1


def test_a_dry_run_removes_nothing(archive: Any, store: MemoryJobStore, rows: MemoryErasures, clock: Clock) -> None:
    manifest = written(store, clock, [of("acme", 1)])
    erased(rows, "acme", clock.now - DAY, dry_run=True)
    assert run(store, clock).erasures == 0
    assert len(left(archive, manifest)) == 1


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("number", range(11))
def test_it_may_end_at_any_write_and_the_next_run_goes_on(
    archive: Any, store: MemoryJobStore, rows: MemoryErasures, clock: Clock, number: int, after: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Also with each line in a part of its own: no delivery stays because its job's line has gone before."""
    monkeypatch.setattr(exports, "EXPORT_PART_BYTES", 1)
    monkeypatch.setattr(exports, "EXPORT_JOBS_PAGE", 1)
    gone, stays = of("acme", 1), of("globex", 2)
    every = [[gone, stays, delivery(gone, 3)], [of("acme", 11), of("globex", 12), delivery(stays, 13)]]
    manifests = [written(store, clock, some) for some in every]
    erased(rows, "acme", clock.now - DAY)
    with ends_at_write(archive, number, after):
        try:
            run(store, clock)
        except Ended:
            clock.advance(30)
    run(store, clock)
    for manifest in manifests:
        left_over = exported(archive, manifest)
        assert [row for row in left_over if tag_of("acme") in row["tags"] or row["parent"] == gone.id] == []
    assert [len(left(archive, one)) for one in manifests] == [1, 3], "the second export has what the first one has"
    assert run(store, clock).erasures == 0


def test_a_run_that_has_no_time_goes_on_in_the_next_invocation(
    archive: Any, store: MemoryJobStore, rows: MemoryErasures, clock: Clock
) -> None:
    manifest = written(store, clock, [of("acme", 1)])
    erased(rows, "acme", clock.now - DAY)
    with pytest.raises(RetryLater):
        run(store, clock, seconds=20)
    assert run(store, clock).jobs == 1
    assert left(archive, manifest) == set()


def test_a_line_that_nobody_can_read_stays(
    archive: Any, store: MemoryJobStore, rows: MemoryErasures, clock: Clock
) -> None:
    manifest = written(store, clock, [of("acme", 1)])
    key = content(archive, manifest)["parts"][0]["key"]
    mine = gzip.decompress(archive.get_object(Bucket=BUCKET, Key=key)["Body"].read())
    archive.put_object(Bucket=BUCKET, Key=key, Body=gzip.compress(b"no job\n" + mine + b"[]\n"))
    erased(rows, "acme", clock.now - DAY)
    assert run(store, clock).jobs == 1
    assert gzip.decompress(archive.get_object(Bucket=BUCKET, Key=key)["Body"].read()) == b"no job\n[]\n"


def test_a_day_with_more_parts_than_an_invocation_can_read_is_cleaned_in_several(
    archive: Any, store: MemoryJobStore, rows: MemoryErasures, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "EXPORT_PART_BYTES", 1)
    monkeypatch.setattr(exports, "EXPORT_JOBS_PAGE", 1)
    jobs = [of("acme" if number % 2 else "globex", number) for number in range(40)]
    manifest = written(store, clock, jobs)
    erased(rows, "acme", clock.now - DAY)

    def pass_time(**_: Any) -> None:
        clock.advance(20)

    archive.meta.events.register("before-call.s3.GetObject", pass_time)
    runs = 0
    while True:
        runs += 1
        assert runs < 20
        begun = clock.now
        try:
            done = run(store, clock)
        except RetryLater:
            assert clock.now < begun + 895
            continue
        break
    archive.meta.events.unregister("before-call.s3.GetObject", pass_time)
    assert runs > 1
    assert (done.jobs, left(archive, manifest)) == (20, {job.id for job in jobs[::2]})
    assert run(store, clock).read == 0


def test_what_is_no_part_of_an_export_is_left_alone_and_counted(
    archive: Any, store: MemoryJobStore, rows: MemoryErasures, clock: Clock
) -> None:
    manifest = written(store, clock, [of("acme", 1)])
    folder = manifest.rpartition("/")[0]
    strange = [{"id": [], "type": "x", "created_at": "y"}, {"id": "1", "type": "x", "created_at": "y", "tags": 5}]
    odd = {"id": "2", "type": "webhook.deliver", "created_at": "z", "parent": "1", "payload": {"body": 7}}
    lines = b"".join(json.dumps(one).encode() + b"\n" for one in [*strange, odd])
    bodies = {
        f"{folder}/part-0000.txt": b"notes", f"{folder}/part-9999.jsonl.gz": gzip.compress(lines)[:-9],
        "jobflow/audit/part-1.gz": gzip.compress(lines), "jobflow/audit/manifest.json": b'{"parts": [{"entries": 5}]}',
        "jobflow/other/manifest.json": b"no JSON",
    }  # fmt: skip
    for key, body in bodies.items():
        archive.put_object(Bucket=BUCKET, Key=key, Body=body)
    erased(rows, "acme", clock.now - DAY)
    done = run(store, clock)
    assert (done.jobs, done.unreadable) == (1, 4)
    assert left(archive, manifest) == set()
    assert {key: archive.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in bodies} == bodies


@pytest.mark.parametrize("body", [b"no JSON", b'{"done": ["1"], "task": null}', b"[]"])
def test_a_note_that_nobody_can_read_lets_everything_be_applied_again(
    archive: Any, store: MemoryJobStore, rows: MemoryErasures, clock: Clock, body: bytes
) -> None:
    manifest = written(store, clock, [of("acme", 1)])
    archive.put_object(Bucket=BUCKET, Key="jobflow/erased.json", Body=body)
    erased(rows, "acme", clock.now - DAY)
    assert run(store, clock).jobs == 1
    assert left(archive, manifest) == set()


def test_the_note_does_not_grow_with_the_deletions(
    archive: Any, store: MemoryJobStore, rows: MemoryErasures, clock: Clock
) -> None:
    written(store, clock, [of("acme", 1)])
    for number in range(200):
        job = finished(number)
        rows.record(Deletion(job.id, job.created_at, 1, clock.now - 5 * DAY), clock.now - 2 * DAY)
    assert run(store, clock).deletions == 200
    assert archive.head_object(Bucket=BUCKET, Key="jobflow/erased.json")["ContentLength"] < 1_000
    job = finished(500)  # asked for long ago, and removed only now
    rows.record(Deletion(job.id, job.created_at, 1, clock.now - 5 * DAY), clock.now + 60)
    clock.advance(DAY)
    assert run(store, clock).deletions == 1


def test_the_documented_type_runs_with_its_grants(archive: Any, cloud: Settings, clock: Clock) -> None:
    written(MemoryJobStore(clock), clock, [of("acme", 1)])
    parts.reset()
    parts.replace(settings=cloud, clock=clock)
    kind = documented("erasing.md", "job_export_erase")
    parts.erasure_rows.add(Erasure("1", digest_of("acme"), None, "ada", "1f2e", clock.now - DAY, finished_at=clock.now))
    recorder = Recorder("test")
    with recording(recorder), recorder.acting_as("worker"):
        done = kind.run(ErasedExports(), context(DynamoJobStore(cloud, clock), clock))
    assert (done.jobs, kind.timeout < 900) == (1, True)
    needed = {one for one in recorder.needed["worker"] if ":jobs" not in one}
    assert needed == {
        "dynamodb:Query:control", "s3:GetObject:jobflow/*", "s3:PutObject:jobflow/*", "s3:ListObjectsV2:jobflow/*",
    }  # fmt: skip
    assert [grant for grant in kind.access.grants if isinstance(grant, str)] == list(READING)
    allowed = json.dumps([one.every_resource for one in kind.access.grants if not isinstance(one, str)])
    assert f"{BUCKET}/jobflow/*" in allowed
