"""Test that a restore brings nothing back that was deleted or erased, and everything else."""

from collections import Counter

import pytest

from chalicelib.adapters import aws
from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.erasing.dynamo import DynamoErasures, DynamoRemoval
from chalicelib.erasing.port import Deletion
from chalicelib.erasing.rule import Erasure, digest_of
from chalicelib.jobs import transitions
from chalicelib.jobs.constants import DAY
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.port import KeyLock
from chalicelib.jobs.tenants import tag_of
from chalicelib.settings import Settings
from infra.cloud.restore import rows
from infra.cloud.restore.copying import Copying
from infra.cloud.restore.erased import Erased
from tests.infra.cloud.restore.support import BEFORE, stores
from tests.support import REGION, SETTINGS, T0, Clock, a_job

Two = tuple[DynamoJobStore, DynamoJobStore]


@pytest.fixture
def two(cloud: Settings, clock: Clock) -> Two:
    return stores(clock)


def done(tenant: str | None = None, **more: object) -> Job:
    tags = () if tenant is None else (tag_of(tenant),)
    fields = {"status": Status.COMPLETED, "finished_at": T0, "expires_at": int(T0 + 30 * DAY), "tags": tags}
    return a_job(**{**fields, **more})


def restored(two: Two, clock: Clock, erasures: DynamoErasures) -> Counter[str]:
    source, target = two
    return Copying(source, target, T0, clock, erased=Erased(erasures, DynamoRemoval(BEFORE, clock).find, clock)).jobs()


def test_only_what_was_not_erased_comes_back(two: Two, clock: Clock) -> None:
    source, target = two
    erasures = DynamoErasures(SETTINGS, clock)
    deleted, gone, other = done(), done("acme"), done("globex")
    later = done("acme", created_at=T0 + 100)
    reused = done(created_at=T0 + 7)
    copies = [
        done(type="webhook.deliver", parent=job.id, idempotency_key="r failed 1") for job in (deleted, gone, other)
    ]
    child = done(parent=gone.id, idempotency_key="mine")
    for job in (deleted, gone, other, later, reused, *copies, child):
        source.add(job)
    erasures.record(Deletion(deleted.id, deleted.created_at, 1, T0), T0)
    erasures.record(Deletion(reused.id, reused.created_at - 5, 1, T0), T0)  # an earlier job with this id
    erasures.add(Erasure("a1", digest_of("acme"), None, "ada", "1f2e", T0 + 50, finished_at=T0 + 60))
    erasures.add(Erasure("b2", digest_of("globex"), None, "ada", "1f2e", T0 + 50, dry_run=True))
    tally = restored(two, clock, erasures)
    assert tally == Counter({"erased": 4, "completed": 5})
    back = {
        job.id for job in target.get_many([job.id for job in (deleted, gone, other, later, reused, *copies, child)])
    }
    assert back == {other.id, later.id, reused.id, copies[2].id, child.id}


def test_the_key_of_an_erased_job_does_not_come_back(two: Two, clock: Clock) -> None:
    source, target = two
    job = done("acme")
    source.add(job)
    source.acquire("0" * 36, None, KeyLock(job.id, T0 + DAY))
    erasures = DynamoErasures(SETTINGS, clock)
    erasures.add(Erasure("a1", digest_of("acme"), None, "ada", "1f2e", T0 + 50, finished_at=T0 + 60))
    copy = Copying(source, target, T0, clock, erased=Erased(erasures, DynamoRemoval(BEFORE, clock).find, clock))
    client, tables = aws.client("dynamodb", REGION), {"jobs": (BEFORE.jobs_table, SETTINGS.jobs_table)}
    assert rows.keys(client, tables, clock.now, copy.named) == Counter()
    assert target.key_lock("0" * 36) is None


def test_what_the_backup_knows_of_erasures_comes_first_and_goes_on(two: Two, clock: Clock) -> None:
    """The live control table was lost: an erasure that was under way at the restored moment is under way again."""
    then, now = DynamoErasures(BEFORE, clock), DynamoErasures(SETTINGS, clock)
    job = done("acme")
    two[0].add(job)
    then.add(Erasure("a1", digest_of("acme"), "acme", "ada", "1f2e", T0 + 50, position="p", lease_until=T0))
    client = aws.client("dynamodb", REGION)
    tables = {
        name: (getattr(BEFORE, f"{name}_table"), getattr(SETTINGS, f"{name}_table")) for name in ("jobs", "control")
    }
    rows.erasures(client, tables, clock.now)
    assert restored(two, clock, now) == Counter({"erased": 1})
    rows.bring_back(client, tables, clock.now)
    claimed = now.claim("a1", T0 + 100, T0 + 160)
    assert claimed is not None
    assert claimed.position is None


def test_the_delivery_of_a_copy_and_a_copy_whose_job_has_expired_do_not_come_back(two: Two, clock: Clock) -> None:
    source, target = two
    job, expired = done(), done()
    told = done(type="report.send", parent=job.id, idempotency_key="on_end 1")
    delivery = done(type="webhook.deliver", parent=told.id, idempotency_key="r completed 1")
    late = done(type="webhook.deliver", parent=expired.id, idempotency_key="r failed 1")
    stays = done(type="webhook.deliver", parent=done().id, idempotency_key="r failed 1")
    for one in (job, told, delivery, late, stays):
        source.add(one)
    erasures = DynamoErasures(SETTINGS, clock)
    for one in (job, expired):
        erasures.record(Deletion(one.id, one.created_at, 1, T0), T0)
    assert restored(two, clock, erasures) == Counter({"erased": 4, "completed": 1})
    assert target.get(stays.id).id == stays.id


def test_what_is_deleted_while_the_restore_runs_does_not_come_back(two: Two, clock: Clock) -> None:
    source, _ = two
    job, hidden = done("acme"), done()
    source.add(job)
    source.add(hidden)
    two[1].add(hidden)
    two[1].apply(hidden.id, transitions.erase(hidden, now=T0 + 10))
    erasures = DynamoErasures(SETTINGS, clock)
    erased = Erased(erasures, DynamoRemoval(BEFORE, clock).find, clock)
    assert not erased(job)
    erasures.add(Erasure("a1", digest_of("acme"), "acme", "ada", "1f2e", T0 + 50))
    clock.advance(60)
    assert Copying(*two, T0, clock, erased=erased).jobs() == Counter({"erased": 2})
