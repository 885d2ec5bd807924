"""Check which parts of a job are in the main item, in other items, and in S3, and for how long."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.adapters import aws
from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.errors import JobExists, MoveRefused
from chalicelib.jobs import transitions
from chalicelib.jobs.change import Claimant
from chalicelib.jobs.constants import DAY
from chalicelib.jobs.job import JSON, Attempt, Job, Status
from chalicelib.settings import Settings
from tests.chalicelib.adapters.dynamo.conftest import Items
from tests.support import REGION, T0, Clock, a_job, requests_to, written

Look = Callable[[str], Items]
BIG = {"text": "x" * 900}
HUGE = {"text": "x" * 310_000}


def claimed(store: DynamoJobStore, job: Job) -> Job:
    return store.apply(job.id, transitions.claim(job.gen, now=T0, lease_until=T0 + 65, by=Claimant("request-1")))


def refusing(code: str) -> Callable[..., None]:
    def get_object(**_: str) -> None:
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, "GetObject")

    return get_object


def objects(settings: Settings) -> list[str]:
    found = aws.client("s3", REGION).list_objects_v2(Bucket=settings.files_bucket)
    return [entry["Key"] for entry in found.get("Contents", [])]


@pytest.mark.parametrize(
    ("planned", "kept_until"),
    [({}, T0 + 180 * DAY), ({"status": Status.SCHEDULED, "run_at": T0 + 365 * DAY}, T0 + 545 * DAY)],
)
def test_a_payload_of_some_size_lies_beside_the_main_item_and_outlives_its_run(
    store: DynamoJobStore, items: Look, planned: dict[str, Any], kept_until: float
) -> None:
    job = a_job(payload=BIG, **planned)
    store.add(job)
    kept = items(job.id)
    assert "payload" not in kept["META"]
    reference = kept["META"]["payload_ref"]["S"]
    assert json.loads(kept[reference]["body"]["S"]) == BIG
    assert kept[reference]["expires_at"] == {"N": f"{kept_until:.0f}"}


def test_a_payload_or_result_beyond_300_kb_goes_to_s3(store: DynamoJobStore, items: Look, cloud: Settings) -> None:
    job = a_job(payload=HUGE)
    store.add(job)
    held = claimed(store, job)
    store.apply(job.id, transitions.complete(held, now=T0, result=HUGE))
    assert list(items(job.id)) == ["META"]
    payload, result = sorted(objects(cloud))
    assert payload.startswith(f"payloads/email-send/{job.id}/")
    assert result.startswith(f"results/email-send/{job.id}/")
    found = store.get(job.id)
    assert (found.payload, found.result) == (HUGE, HUGE)


@pytest.mark.parametrize("payload", [BIG, HUGE], ids=["in the table", "in S3"])
def test_a_payload_that_somebody_wrote_over_is_not_given_out(
    store: DynamoJobStore, items: Look, cloud: Settings, payload: JSON
) -> None:
    job = a_job(payload=payload, attempts=1, status=Status.FAILED)
    store.add(job)
    forged = json.dumps({"to": "eve@example.com"})
    reference = items(job.id)["META"]["payload_ref"]["S"]
    key = {"pk": {"S": job.id}, "sk": {"S": reference}}
    if reference.startswith("s3:"):
        aws.client("s3", REGION).put_object(Bucket=cloud.files_bucket, Key=reference[3:], Body=forged.encode())
    else:
        aws.client("dynamodb", REGION).update_item(
            TableName=cloud.jobs_table, Key=key, UpdateExpression="SET body = :b",
            ExpressionAttributeValues={":b": {"S": forged}},
        )  # fmt: skip
    with written() as lines:
        again = store.apply(job.id, transitions.requeue(job, now=T0))
        run = store.apply(
            job.id,
            transitions.claim(again.gen, now=T0, lease_until=T0 + 9, by=Claimant("r"), job_type=job.type),
        )
        assert (again.payload, run.payload, store.get(job.id).payload) == (None, None, None)
    assert {line["message"] for line in lines} == {"payload.differs"}


def test_the_payload_before_an_edit_is_no_other_object(store: DynamoJobStore, cloud: Settings) -> None:
    job, other = a_job(), a_job(payload=HUGE)
    store.add(job)
    store.add(other)
    [foreign] = objects(cloud)
    store.keep_payload(job.id, 1, {"a": 1})
    aws.client("dynamodb", REGION).update_item(
        TableName=cloud.jobs_table, Key={"pk": {"S": job.id}, "sk": {"S": "PAST#0001"}},
        UpdateExpression="SET body = :b", ExpressionAttributeValues={":b": {"S": f"s3:{foreign}"}},
    )  # fmt: skip
    assert store.payload_of(job.id, 1) is None


def test_a_payload_that_s3_does_not_give_out_is_none_and_one_that_it_cannot_give_out_just_now_an_error(
    store: DynamoJobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = a_job(payload=HUGE)
    store.add(job)
    s3 = aws.client("s3", REGION)
    monkeypatch.setattr(s3, "get_object", refusing("SlowDown"))
    with pytest.raises(ClientError, match="SlowDown"):
        store.get(job.id)
    for code in ("NoSuchKey", "AccessDenied"):
        monkeypatch.setattr(s3, "get_object", refusing(code))
        assert store.view(job.id).job.payload is None
    assert claimed(store, job).payload is None


def test_the_result_of_a_late_finisher_overwrites_nothing(store: DynamoJobStore) -> None:
    job = a_job()
    store.add(job)
    lost = claimed(store, job)
    by = Claimant("request-2")
    taken = store.apply(job.id, transitions.take_over(lost, now=T0 + 66, lease_until=T0 + 130, by=by))
    with requests_to("dynamodb") as asked:
        store.apply(job.id, transitions.complete(taken, now=T0 + 67, result=BIG))
    assert asked == ["UpdateItem", "UpdateItem"], "it is written before the job points to it"
    with pytest.raises(MoveRefused):
        store.apply(job.id, transitions.complete(lost, now=T0 + 68, result={"text": "late" * 300}))
    assert store.get(job.id).result == BIG


def test_a_key_that_comes_again_does_not_write_its_large_payload_again(store: DynamoJobStore) -> None:
    job = a_job(payload=BIG, idempotency_key="order-1042")
    store.add(job)
    with requests_to("dynamodb") as asked, pytest.raises(JobExists) as conflict:
        store.add(replace(job, writer="another"))
    assert conflict.value.existing == job
    assert asked == ["GetItem", "GetItem"]


def test_only_moves_that_hand_the_job_out_read_its_large_payload(store: DynamoJobStore) -> None:
    job = a_job(payload=BIG)
    store.add(job)
    with requests_to("dynamodb") as asked:
        held = claimed(store, job)
    assert asked == ["UpdateItem", "GetItem"]
    assert held.payload == BIG
    with requests_to("dynamodb") as asked:
        told = store.apply(job.id, transitions.report(held, now=T0, percent=1, note=None))
    assert asked == ["UpdateItem"]
    assert told.payload is None


def test_a_payload_that_is_gone_is_none_and_breaks_nothing(store: DynamoJobStore, cloud: Settings, items: Look) -> None:
    job = a_job(payload=BIG)
    store.add(job)
    key = {"pk": {"S": job.id}, "sk": items(job.id)["META"]["payload_ref"]}
    aws.client("dynamodb", REGION).delete_item(TableName=cloud.jobs_table, Key=key)
    assert (store.get(job.id).payload, claimed(store, job).payload) == (None, None)


def test_a_claim_whose_payload_cannot_be_read_now_is_a_claim(
    store: DynamoJobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The claim is stored.

    With an error, the job would have no holder, and an outage of S3 would spend its attempts.
    """
    job = a_job(payload=HUGE)
    store.add(job)
    with monkeypatch.context() as outage:
        outage.setattr(aws.client("s3", REGION), "get_object", refusing("SlowDown"))
        held = claimed(store, job)
    assert (held.status, held.payload, held.claims) == (Status.PROCESSING, None, 1)
    assert store.get(job.id) == replace(held, payload=job.payload)


def test_text_that_is_no_unicode_does_not_keep_a_job_from_failing(store: DynamoJobStore) -> None:
    job = a_job()
    store.add(job)
    held = claimed(store, job)
    store.record(job.id, Attempt(1, 1, "error", T0, T0, "E", "bad \udcff", "File \udcff"))
    store.apply(job.id, transitions.fail(held, now=T0, error=("E", "bad \udcff")))
    view = store.view(job.id)
    assert (view.job.error_message, view.attempts[0].stack) == ("bad ?", "File ?")


def test_an_error_is_cut_in_bytes_at_a_whole_character(store: DynamoJobStore) -> None:
    job = a_job()
    store.add(job)
    after = store.apply(job.id, transitions.fail(claimed(store, job), now=T0, error=("E" * 90, "x" + "漢" * 200)))
    assert (after.error_class, after.error_message) == ("E" * 57 + "…", "x" + "漢" * 30 + "…")
    assert store.get(job.id) == after


@pytest.mark.parametrize(("age", "kept_until"), [(10 * DAY, 180 * DAY), (89 * DAY, 269 * DAY)])
def test_a_job_that_runs_again_keeps_its_payload(
    store: DynamoJobStore, items: Look, clock: Clock, age: float, kept_until: float
) -> None:
    job = a_job(payload=BIG, status=Status.DEAD_LETTER)
    store.add(job)
    clock.now = T0 + age
    again = store.apply(job.id, transitions.requeue(job, now=clock.now))
    kept = items(job.id)
    assert again.payload == BIG
    assert kept[kept["META"]["payload_ref"]["S"]]["expires_at"] == {"N": f"{T0 + kept_until:.0f}"}


@pytest.mark.parametrize(("reference", "asked"), [
    ("{own}", ["GetObject", "PutObject"]), ("payloads/email-send/{id}/{name}", ["GetObject", "PutObject"]),
    ("payloads/email-send/another/{name}", ["GetObject"]),
    ("payloads/other/{id}/{name}", ["GetObject"]),
])  # fmt: skip
def test_a_retry_of_an_old_job_writes_its_payload_in_s3_again_and_no_other_object(
    store: DynamoJobStore, items: Look, cloud: Settings, clock: Clock, reference: str, asked: list[str]
) -> None:
    """The row may be forged: it then names an object that is not the job's."""
    job = a_job(payload=HUGE, status=Status.DEAD_LETTER)
    store.add(job)
    own = items(job.id)["META"]["payload_ref"]["S"].removeprefix("s3:")
    named = reference.format(own=own, id=job.id, name=own.rpartition("/")[2])
    bucket = {"Bucket": cloud.files_bucket}
    body = aws.client("s3", REGION).get_object(**bucket, Key=own)["Body"].read()
    aws.client("s3", REGION).put_object(**bucket, Key=named, Body=body)
    aws.client("dynamodb", REGION).update_item(
        TableName=cloud.jobs_table, Key={"pk": {"S": job.id}, "sk": {"S": "META"}},
        UpdateExpression="SET payload_ref = :r", ExpressionAttributeValues={":r": {"S": f"s3:{named}"}},
    )  # fmt: skip
    before = sorted(objects(cloud))
    clock.now = T0 + 89 * DAY
    with requests_to("s3") as seen:
        again = store.apply(job.id, transitions.requeue(job, now=clock.now))
    assert (again.payload, seen, sorted(objects(cloud))) == (HUGE, asked, before)
