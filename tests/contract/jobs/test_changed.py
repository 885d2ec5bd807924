"""Test that a record of the table's stream is read as the job before and after the change."""

import base64
from dataclasses import replace
from typing import Any

from chalicelib.adapters import aws
from chalicelib.adapters.dynamo.jobs.changed import changes
from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.adapters.dynamo.tables.schema import META
from chalicelib.jobs import transitions
from chalicelib.jobs.change import Claimant
from chalicelib.jobs.changed import JobChanged
from chalicelib.jobs.job import Job
from chalicelib.settings import Settings
from tests.support import REGION, T0, Clock, a_job


def image(cloud: Settings, job_id: str) -> dict[str, Any]:
    """Return the main item in the form of a stream record."""
    key = {"pk": {"S": job_id}, "sk": {"S": META}}
    found: Any = aws.client("dynamodb", REGION).get_item(TableName=cloud.jobs_table, Key=key)["Item"]
    found["s"] = {"B": base64.b64encode(b"signature").decode()}
    if "trace" in found:
        found["trace"] = {"B": base64.b64encode(found["trace"]["B"]).decode()}
    return dict(found)


def record(number: str, old: dict[str, Any] | None, new: dict[str, Any] | None) -> dict[str, Any]:
    images = {name: one for name, one in (("OldImage", old), ("NewImage", new)) if one is not None}
    keys = {name: (new or old or {})[name] for name in ("pk", "sk")}
    return {"dynamodb": {"SequenceNumber": number, "Keys": keys, **images}}


def test_a_change_has_the_job_before_and_after_it(cloud: Settings, dynamo_store: DynamoJobStore, clock: Clock) -> None:
    new = a_job(
        on_end="export.ended", tags=("a", "tenant=acme"), start_by=T0 + 60, parent=None, correlation_id="c",
        trace=bytes(range(25)),
    )  # fmt: skip
    dynamo_store.add(new)
    queued = image(cloud, new.id)
    held = dynamo_store.apply(
        new.id, transitions.claim(1, now=T0 + 1, lease_until=T0 + 60, by=Claimant("r", False, 1), job_type=new.type)
    )
    running = image(cloud, new.id)
    done = dynamo_store.apply(new.id, transitions.complete(held, now=T0 + 2, result={"rows": 1}))
    records = [
        record("1", None, queued), record("2", queued, running), record("3", running, image(cloud, new.id)),
        record("4", image(cloud, new.id), None),
    ]  # fmt: skip

    def plain(job: Job) -> Job:
        return replace(job, payload=None, result=None)

    assert list(changes(records, unreadable)) == [
        JobChanged("1", None, plain(new)),
        JobChanged("2", plain(new), plain(held)),
        JobChanged("3", plain(held), plain(done), has_result=True),
        JobChanged("4", plain(done), None),
    ]


def test_other_rows_are_no_changes_and_a_record_that_cannot_be_read_holds_up_no_other(
    cloud: Settings, dynamo_store: DynamoJobStore
) -> None:
    new = a_job()
    dynamo_store.add(new)
    good = image(cloud, new.id)
    attempt = {**good, "sk": {"S": "ATT#1"}}
    bad = {**good, "status": {"S": "unheard of"}}
    skipped: list[tuple[str, str]] = []
    found = changes(
        [record("1", None, attempt), record("2", None, bad), record("3", None, good), {}],
        lambda item, number, why: skipped.append((item, number)),
    )
    assert [one.sequence for one in found] == ["3"]
    assert skipped == [(new.id, "2"), ("?", "")]


def unreadable(item: str, sequence: str, why: str) -> None:
    raise AssertionError(why)
