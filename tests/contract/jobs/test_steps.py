"""Test kept steps.

The first value counts and never changes, and it belongs to one job, one line of runs and one life.
"""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.adapters import aws
from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.errors import PayloadUnreadable, RowNotSigned
from chalicelib.jobs.job import Status
from chalicelib.jobs.port import JobStore
from chalicelib.jobs.retention import KEEP_BODIES
from chalicelib.jobs.step import Step
from chalicelib.settings import Settings
from tests.support import REGION, T0, Clock, a_job

VALUE = {"n": [1, None, "ü"]}
LARGE = "x" * 400_000
MASTER = "AAAAAAAAAAAAAAAAAAAAAA"


def test_a_kept_value_never_changes_whoever_comes_later(store: JobStore) -> None:
    job = a_job()
    first = Step("step:a", T0, VALUE, took=0.25, invocation="r-1")
    assert store.kept_steps(job) == []
    assert store.keep_step(job, first) == first
    assert store.keep_step(job, first) == first, "the SDK repeats a write whose answer was lost"
    assert store.keep_step(job, Step("step:a", T0 + 1, "other")) == first
    assert (store.kept_step(job, "step:a"), store.kept_step(job, "step:b")) == (first, None)


def test_steps_come_in_the_order_in_which_they_were_kept(store: JobStore) -> None:
    job = a_job()
    kept = [Step(key, T0 + n, n) for n, key in enumerate(("step:z", "sleep:1", "wait:a", "event:a", "now:1"))]
    for step in reversed(kept):
        store.keep_step(job, step)
    assert list(store.kept_steps(job)) == kept
    assert store.kept_steps(replace(job, line=2)) == []
    assert store.kept_steps(a_job()) == []


def test_a_job_that_has_the_id_of_an_expired_one_has_none_of_its_steps(store: JobStore) -> None:
    job = a_job()
    store.keep_step(job, Step("step:a", T0, "old"))
    again = replace(job, created_at=T0 + KEEP_BODIES / 2)
    assert (store.kept_steps(again), store.kept_step(again, "step:a")) == ([], None)
    new = Step("step:a", again.created_at, "new")
    assert store.keep_step(again, new) == new


@pytest.mark.parametrize("size", [1_000, 2_000, 400_000])
def test_a_value_of_any_size_comes_back(store: JobStore, size: int) -> None:
    job = a_job()
    step = Step("step:a", T0, "x" * size)
    store.keep_step(job, step)
    store.keep_step(job, Step("step:a", T0, "y" * size))
    [listed] = store.kept_steps(job)
    found = store.kept_step(job, "step:a")
    assert found is not None
    assert (found.value, found.reference) == (step.value, None)
    assert listed.value in (None, step.value)
    assert (listed.value is None) == (listed.reference is not None)


def test_a_value_that_is_gone_is_no_other_value(dynamo_store: DynamoJobStore, cloud: Settings) -> None:
    job = a_job()
    dynamo_store.keep_step(job, Step("step:a", T0, "x" * 2_000))
    [listed] = dynamo_store.kept_steps(job)
    key = {"pk": {"S": job.id}, "sk": {"S": str(listed.reference)}}
    aws.client("dynamodb", REGION).delete_item(TableName=cloud.jobs_table, Key=key)
    with pytest.raises(PayloadUnreadable):
        dynamo_store.kept_step(job, "step:a")


def test_an_event_is_kept_until_long_after_its_planned_job_has_run(
    dynamo_store: DynamoJobStore, cloud: Settings
) -> None:
    job = a_job(status=Status.SCHEDULED, run_at=T0 + 2 * KEEP_BODIES, next_attempt_at=T0 + 2 * KEEP_BODIES)
    for name, data in (("small", 1), ("large", "x" * 2_000)):
        dynamo_store.keep_step(job, Step(f"event:{name}", T0, data))
    asked = {"KeyConditionExpression": "pk = :job", "ExpressionAttributeValues": {":job": {"S": job.id}}}
    rows = aws.client("dynamodb", REGION).query(TableName=cloud.jobs_table, **asked)["Items"]
    assert len(rows) == 3
    assert all(float(row["expires_at"]["N"]) >= T0 + 3 * KEEP_BODIES for row in rows)


def test_a_row_that_another_function_wrote_is_no_step(cloud: Settings, clock: Clock) -> None:
    job = a_job()
    signed = replace(cloud, signing_key=MASTER)
    DynamoJobStore(cloud, clock).keep_step(job, Step("event:approved", T0, by="eve"))
    with pytest.raises(RowNotSigned):
        DynamoJobStore(signed, clock).kept_steps(job)
    with pytest.raises(RowNotSigned):
        DynamoJobStore(signed, clock).kept_step(job, "event:approved")
    other = replace(job, id="job-2")
    DynamoJobStore(signed, clock).keep_step(other, Step("event:approved", T0, by="ada"))
    assert [step.by for step in DynamoJobStore(signed, clock).kept_steps(other)] == ["ada"]


@pytest.mark.parametrize(
    ("name", "forged"),
    [("n", {"N": "7"}), ("fn", {"S": "ship"}), ("in", {"S": "x"}), ("took", {"N": "9"}), ("pt", {"S": "inner"})],
)
def test_what_decides_whether_a_kept_step_still_fits_the_code_cannot_be_forged(
    cloud: Settings, clock: Clock, name: str, forged: Any
) -> None:
    job, store = a_job(), DynamoJobStore(replace(cloud, signing_key=MASTER), clock)
    store.keep_step(job, Step("step:pay", T0, 1, took=1, number=1, function="pay", input="y", part="undo"))
    assert [step.number for step in store.kept_steps(job)] == [1]
    aws.client("dynamodb", REGION).update_item(
        TableName=cloud.jobs_table, Key={"pk": {"S": job.id}, "sk": {"S": "STEP#0001#step:pay"}},
        UpdateExpression="SET #name = :forged",
        ExpressionAttributeNames={"#name": name}, ExpressionAttributeValues={":forged": forged},
    )  # fmt: skip
    with pytest.raises(RowNotSigned):
        store.kept_steps(job)
