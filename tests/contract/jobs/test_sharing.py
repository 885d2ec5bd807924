"""Every job store counts whose jobs of a type are at work, in a number of requests that is bounded."""

from dataclasses import replace

import pytest

from chalicelib.adapters.dynamo.jobs import pages
from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.port import JobStore, Sharing
from tests.contract.filling import fill
from tests.support import T0, a_job, requests_to

TYPE = "email.send"


def of(tenant: str | None, place: int = 0, status: Status = Status.QUEUED, kind: str = TYPE) -> Job:
    tags = ("vip", f"tenant={tenant}") if tenant else ("vip",)
    return a_job(type=kind, status=status, created_at=T0 + place, tags=tags)


def crowd(number: int) -> list[Job]:
    """Return jobs with the same ids, and so in the same shards, each time: the first 30 of one tenant."""
    return [replace(of("first" if place < 30 else "last", place), id=f"job-{place}") for place in range(number)]


def test_jobs_at_work_count_for_their_tenants_and_others_do_not(store: JobStore) -> None:
    crowd = [of("acme"), of("acme", status=Status.PROCESSING), of("bolt", status=Status.RETRYING), of(None)]
    crowd += [of("acme", status=status) for status in Status if status not in ("queued", "processing", "retrying")]
    fill(store, [*crowd, of("acme", kind="image.process")])
    assert store.sharing(TYPE) == Sharing({"acme": 2, "bolt": 1}, 4, whole=True)
    assert store.sharing("no.such") == Sharing({}, 0, whole=True)


@pytest.mark.parametrize(("jobs", "requests"), [(30, 4), (80, 8), (400, 8)])
def test_a_look_takes_eight_requests_at_most_and_says_if_it_was_all(
    dynamo_store: DynamoJobStore, monkeypatch: pytest.MonkeyPatch, jobs: int, requests: int
) -> None:
    monkeypatch.setattr(pages, "SHARE_LOOKS", 120)
    fill(dynamo_store, crowd(jobs))
    with requests_to("dynamodb") as asked:
        sharing = dynamo_store.sharing(TYPE)
    assert set(asked) == {"Query"}
    assert len(asked) <= requests
    assert (sharing.whole, sharing.looked) == ((True, jobs) if jobs < 400 else (False, 120))
    assert set(sharing.tenants) == ({"first"} if jobs == 30 else {"first", "last"})
