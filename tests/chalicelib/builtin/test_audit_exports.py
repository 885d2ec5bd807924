"""Test exports of the audit log: each entry of the day once, and the same bytes however often and however it ended."""

import gzip
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.api.platform.audit import AuditEntry, RefusalCount
from chalicelib.assembly import parts
from chalicelib.audit import rule
from chalicelib.audit.memory import MemoryAudit
from chalicelib.audit.port import AuditLog
from chalicelib.audit.rule import End, Entry, Outcome, Page, Refused, Which, entry_id
from chalicelib.builtin import audit_exports, files
from chalicelib.builtin.audit_exports import READING, AuditExport, AuditExported, export, line, refused_line
from chalicelib.errors import PermanentError
from chalicelib.job_types.access import Allow
from chalicelib.job_types.context import JobContext
from chalicelib.job_types.jobtype import JobType
from chalicelib.jobs.constants import DAY
from chalicelib.jobs.job import Status
from chalicelib.jobs.listing import iso
from chalicelib.jobs.port import JobStore
from chalicelib.jobs.retention import KEEP_AUDIT
from chalicelib.settings import Settings
from chalicelib.worker.context import WorkerContext
from infra.definition.iam import permissions
from infra.definition.iam.allowed import allows, statements
from infra.definition.iam.calls import Recorder, recording
from tests.chalicelib.builtin.documented import documented
from tests.chalicelib.builtin.test_exports import Ended, ends_at_write
from tests.support import T0, Clock, a_job

BUCKET = "acme-archive"
BEGINS = T0 - T0 % DAY - DAY
"""The start of the day before T0."""
DAY_BEFORE = "2027-01-14"
JOB = "6a1de45f-45b5-4cf2-8fa3-0f8b5a0bd1b0"


@pytest.fixture
def archive(cloud: Settings) -> Iterator[Any]:
    parts.replace(settings=cloud, audit=MemoryAudit(), clock=lambda: T0)
    client = files.bucket().client
    client.create_bucket(Bucket=BUCKET)
    yield client
    parts.reset()


@pytest.fixture
def store(clock: Clock) -> MemoryJobStore:
    return MemoryJobStore(clock)


def an_entry(at: float, **more: Any) -> Entry:
    fields = {"action": "job.retry", "kind": "job", "target": JOB, "principal": "0123456789abcdef", "label": "ada"}
    return Entry(entry_id(at, "a"), at, **{**fields, **more})


def filled(log: AuditLog, number: int) -> list[Entry]:
    """Store that many entries in the day, and one on each side of it."""
    entries = [an_entry(BEGINS + place) for place in range(number)]
    for entry in [*entries, an_entry(BEGINS - 1), an_entry(BEGINS + DAY)]:
        log.begin(entry)
        log.end(entry, End(Outcome.DONE, entry.at + 0.5, 200))
    return entries


def context(store: JobStore, clock: Clock, seconds: float = 895.0, **more: Any) -> JobContext:
    """Return an attempt of a job of a schedule, which was made a day ahead."""
    fields = {"created_at": T0 - DAY, "run_at": T0, **more}
    job = a_job(type="audit.export", status=Status.PROCESSING, claims=1, attempts=1, **fields)
    store.add(job)
    end = clock.now + seconds
    return WorkerContext(job, store, lambda: end - clock.now, clock)


def again(ctx: JobContext, store: JobStore, clock: Clock) -> JobContext:
    """Return the context of the next attempt."""
    return WorkerContext(store.get(ctx.job_id), store, lambda: 895.0, clock)


def objects(archive: Any) -> dict[str, bytes]:
    found = archive.list_objects_v2(Bucket=BUCKET).get("Contents", [])
    return {one["Key"]: archive.get_object(Bucket=BUCKET, Key=one["Key"])["Body"].read() for one in found}


def exported(archive: Any, done: AuditExported) -> list[dict[str, Any]]:
    there = objects(archive)
    told = json.loads(there[done.manifest])
    rows = list[dict[str, Any]]()
    for part in told["parts"]:
        content = gzip.decompress(there[part["key"]])
        assert part["lines_sha256"] == hashlib.sha256(content).hexdigest()
        new = [json.loads(one) for one in content.splitlines()]
        assert part["entries"] == len(new)
        rows += new
    assert (told["entries"], told["day"]) == (len(rows), done.day)
    return rows


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make parts of 20 entries, read in pages of 7."""
    monkeypatch.setattr(audit_exports, "AUDIT_PART_ENTRIES", 20)
    monkeypatch.setattr(audit_exports, "MOST_LOOKED", 7)


def test_the_entries_of_the_day_before_each_once_and_those_under_listed_jobs(
    archive: Any, cloud: Settings, store: MemoryJobStore, clock: Clock, small: None
) -> None:
    entries = filled(parts.audit, 50)
    below = rule.named(entries[3], [("job", JOB)])
    parts.audit.begin(below[0])
    done = export(AuditExport(), context(store, clock), BUCKET, "audit/")
    manifest = f"audit/{cloud.stage}/{DAY_BEFORE}/manifest.json"
    assert done == AuditExported(day=DAY_BEFORE, entries=51, parts=4, manifest=manifest)
    rows = exported(archive, done)
    assert [row["id"] for row in rows] == [one.id for one in [*entries[::-1], *below]]
    assert (rows[0]["at"], rows[0]["outcome"], rows[0]["status"]) == ("2027-01-14T00:00:49.000Z", "done", 200)
    assert (rows[0]["ended_at"], rows[0]["ip"], rows[-1]["outcome"]) == ("2027-01-14T00:00:49.500Z", None, "named")


def test_a_second_export_of_the_day_writes_the_same_objects(
    archive: Any, store: MemoryJobStore, clock: Clock, small: None
) -> None:
    filled(parts.audit, 45)
    first = export(AuditExport(), context(store, clock), BUCKET, "audit")
    before = objects(archive)
    clock.advance(5)
    second = export(AuditExport(day=DAY_BEFORE), context(store, clock, gen=2), BUCKET, "audit")
    assert (second, objects(archive)) == (first, before)
    assert len(before) == 4


def test_two_stages_that_write_to_one_bucket_keep_both_archives(
    archive: Any, cloud: Settings, store: MemoryJobStore, clock: Clock
) -> None:
    done = list[AuditExported]()
    for stage, number in (("prod", 5), ("dev", 2)):
        parts.replace(settings=replace(cloud, stage=stage), audit=MemoryAudit(), clock=lambda: T0)
        filled(parts.audit, number)
        done.append(export(AuditExport(), context(store, clock), BUCKET, "audit"))
    assert [len(exported(archive, one)) for one in done] == [5, 2]
    assert [json.loads(objects(archive)[one.manifest])["stage"] for one in done] == ["prod", "dev"]


def test_a_day_that_the_log_no_longer_keeps_is_refused_and_its_objects_stay(
    archive: Any, cloud: Settings, store: MemoryJobStore, clock: Clock
) -> None:
    filled(parts.audit, 3)
    done = export(AuditExport(), context(store, clock), BUCKET, "audit")
    before, now = objects(archive), Clock(BEGINS + KEEP_AUDIT)
    parts.replace(settings=cloud, audit=parts.audit, clock=now)
    assert export(AuditExport(day=DAY_BEFORE), context(store, clock, run_at=None), BUCKET, "audit") == done
    parts.replace(settings=cloud, audit=MemoryAudit(), clock=now)
    now.advance(1)
    with pytest.raises(PermanentError, match=DAY_BEFORE):
        export(AuditExport(day=DAY_BEFORE), context(store, clock, run_at=None), BUCKET, "audit")
    assert objects(archive) == before


def test_nothing_is_replaced_if_entries_expire_while_they_are_read(
    archive: Any, cloud: Settings, store: MemoryJobStore, clock: Clock
) -> None:
    filled(parts.audit, 3)
    export(AuditExport(), context(store, clock), BUCKET, "audit")
    before, later = objects(archive), Clock(BEGINS + KEEP_AUDIT - 60)

    class Slow(MemoryAudit):
        def page(self, which: Which, limit: int, now: float, position: str | None = None) -> Page[Entry]:
            later.advance(120)
            return super().page(which, limit, now, position)

    parts.replace(settings=cloud, audit=Slow(), clock=later)
    with pytest.raises(PermanentError, match=DAY_BEFORE):
        export(AuditExport(day=DAY_BEFORE), context(store, clock, run_at=None), BUCKET, "audit")
    assert objects(archive) == before


def test_the_lines_have_the_same_digest_however_they_are_compressed(
    archive: Any, store: MemoryJobStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(parts.audit, 30)
    done = export(AuditExport(), context(store, clock), BUCKET, "audit")
    before, pack = objects(archive), gzip.compress
    monkeypatch.setattr(gzip, "compress", lambda content, **_: pack(content, compresslevel=1))
    export(AuditExport(), context(store, clock), BUCKET, "audit")
    after = objects(archive)
    assert after != before
    assert after[done.manifest] == before[done.manifest]


def test_a_line_has_the_fields_of_the_api() -> None:
    assert json.loads(line(an_entry(T0))).keys() == AuditEntry.model_fields.keys()
    assert json.loads(refused_line(Refused(int(T0), "a", "b", 1))).keys() == RefusalCount.model_fields.keys()


def refused_in(archive: Any, done: AuditExported) -> list[dict[str, Any]]:
    """Return the exported numbers of refused requests, and check what the manifest says about them."""
    there = objects(archive)
    told = json.loads(there[done.manifest])
    contents = [(part, gzip.decompress(there[part["key"]])) for part in told["refused_parts"]]
    for part, content in contents:
        assert part["lines_sha256"] == hashlib.sha256(content).hexdigest()
        assert part["entries"] == len(content.splitlines())
    rows = [json.loads(one) for _, content in contents for one in content.splitlines()]
    assert told["refused"] == done.refused == len(rows)
    return rows


@pytest.mark.parametrize("number", [0, 3, 45])
def test_refused_requests_of_the_day_each_minute_once(
    archive: Any, store: MemoryJobStore, clock: Clock, small: None, number: int
) -> None:
    minutes = [int(BEGINS) + 60 * place for place in range(number)]
    for minute in [*minutes, int(BEGINS) - 60, int(BEGINS + DAY)]:
        parts.audit.add_refusals(Refused(minute, "192.0.2.7", "unknown token", 5))
        parts.audit.add_refusals(Refused(minute, "0123456789abcdef", "Forbidden", 2))
    entries = filled(parts.audit, 3)
    done = export(AuditExport(), context(store, clock), BUCKET, "audit")
    rows = refused_in(archive, done)
    told = [(row["minute"], row["principal"], row["reason"], row["count"]) for row in rows]
    wanted = [
        one for minute in reversed(minutes) for one in (
            (iso(minute), "192.0.2.7", "unknown token", 5), (iso(minute), "0123456789abcdef", "Forbidden", 2),
        )
    ]  # fmt: skip
    assert told == wanted
    assert [row["id"] for row in exported(archive, done)] == [one.id for one in entries[::-1]]
    before = objects(archive)
    export(AuditExport(day=DAY_BEFORE), context(store, clock, gen=2), BUCKET, "audit")
    assert objects(archive) == before


def test_a_day_without_changes_says_so(archive: Any, store: MemoryJobStore, clock: Clock) -> None:
    filled(parts.audit, 0)
    done = export(AuditExport(), context(store, clock), BUCKET, "audit")
    assert (done.entries, done.parts, exported(archive, done)) == (0, 0, [])
    assert list(objects(archive)) == [done.manifest]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("number", range(4))
def test_it_may_end_at_any_write_and_the_next_attempt_goes_on(
    archive: Any, store: MemoryJobStore, clock: Clock, small: None, number: int, after: bool
) -> None:
    entries = filled(parts.audit, 45)
    ctx = context(store, clock)
    with ends_at_write(archive, number, after), pytest.raises(Ended):
        export(AuditExport(), ctx, BUCKET, "audit")
    done = export(AuditExport(), again(ctx, store, clock), BUCKET, "audit")
    assert [row["id"] for row in exported(archive, done)] == [one.id for one in entries[::-1]]
    assert len(objects(archive)) == 4


def test_a_retry_of_a_failed_night_exports_that_night(archive: Any, store: MemoryJobStore, clock: Clock) -> None:
    filled(parts.audit, 3)
    ctx = context(store, clock)
    with ends_at_write(archive, 0, False), pytest.raises(Ended):
        export(AuditExport(), ctx, BUCKET, "audit")
    clock.advance(3 * DAY)
    job = replace(store.get(ctx.job_id), run_at=None)
    done = export(AuditExport(), WorkerContext(job, store, lambda: 895.0, clock), BUCKET, "audit")
    assert (done.day, done.entries) == (DAY_BEFORE, 3)


def test_a_job_that_is_due_at_once_counts_from_its_first_attempt(
    archive: Any, store: MemoryJobStore, clock: Clock
) -> None:
    filled(parts.audit, 3)
    done = export(AuditExport(), context(store, clock, run_at=None), BUCKET, "audit")
    assert (done.day, done.entries) == (DAY_BEFORE, 3)


def test_no_part_has_more_entries_than_memory_allows(
    archive: Any, store: MemoryJobStore, clock: Clock, small: None
) -> None:
    filled(parts.audit, 90)
    done = export(AuditExport(), context(store, clock), BUCKET, "audit")
    told = json.loads(objects(archive)[done.manifest])
    assert [part["entries"] for part in told["parts"]] == [20, 20, 20, 20, 10]


def test_a_day_that_is_not_over_and_what_is_no_day_are_refused(
    archive: Any, store: MemoryJobStore, clock: Clock
) -> None:
    for day in ("2027-01-15", "2027-02-01"):
        with pytest.raises(PermanentError, match="2027"):
            export(AuditExport(day=day), context(store, clock), BUCKET, "audit")
    assert objects(archive) == {}
    with pytest.raises(ValidationError, match="day"):
        AuditExport(day="2027-1-5")


class Asking(Recorder):
    """Also record which partitions of the control table are queried."""

    def __init__(self, stack: str) -> None:
        super().__init__(stack)
        self.partitions = set[str]()

    def note(self, service: str, operation: str, params: Any) -> None:
        super().note(service, operation, params)
        if operation == "Query" and params["TableName"].endswith("control"):
            name = re.search(r"#0 = (:\w+)", params["KeyConditionExpression"])
            assert name, params["KeyConditionExpression"]
            self.partitions.add(params["ExpressionAttributeValues"][name[1]]["S"])


def test_the_documented_type_runs_with_its_grants_and_needs_them(archive: Any, cloud: Settings, clock: Clock) -> None:
    parts.reset()
    parts.replace(settings=cloud)
    kind, store = documented("audit.md", "audit_export"), DynamoJobStore(cloud, clock)
    filled(parts.audit, 3)
    recorder = Asking("test")
    with recording(recorder), recorder.acting_as("worker"):
        done = kind.run(AuditExport(), context(store, clock))
    assert (done.entries, kind.timeout < 900) == (3, True)
    needed = {re.sub(r"^dynamodb:(\w+Item):jobs/.*", r"dynamodb:\1:jobs", grant) for grant in recorder.needed["worker"]}
    of_every_worker = {f"dynamodb:{name}:jobs" for name in ("GetItem", "PutItem", "Query", "UpdateItem")}
    assert needed - of_every_worker == {"dynamodb:Query:control", "s3:PutObject:audit/*"}
    assert recorder.partitions == {"AUDIT#2027-01", "AUDIT#NAMED#2027-01", "REFUSED#2027-01"}
    assert [grant for grant in kind.access.grants if isinstance(grant, str)] == list(READING)
    reading = permissions.statements("jobflow-prod", list(READING))
    keys = [one["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"] for one in reading]
    assert sorted(key for some in keys for key in some) == ["AUDIT#*", "REFUSED#*"]
    (statement,) = statements(allows(kind.access, "jobflow-prod"))
    assert statement["Action"] == ["s3:PutObject"]
    assert str(statement["Resource"]).count(f"{BUCKET}/audit/*") == 1


def below(kind: JobType[Any, Any]) -> list[str]:
    """Return the prefixes of the resources to which the type's function has access."""
    allowed = [grant for grant in kind.access.grants if isinstance(grant, Allow)]
    return [one.removesuffix("*") for grant in allowed for one in grant.every_resource]


def test_no_other_documented_export_can_replace_the_archive() -> None:
    of_log, of_jobs = below(documented("audit.md", "audit_export")), below(documented("restore.md", "job_export"))
    assert of_log
    assert of_jobs
    assert not [(a, b) for a in of_log for b in of_jobs if a.startswith(b) or b.startswith(a)]
