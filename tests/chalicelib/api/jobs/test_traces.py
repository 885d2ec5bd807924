"""Test the header `traceparent`: it is kept, shown and carried on, and an invalid one is no error."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.adapters import aws
from chalicelib.jobs import trace
from chalicelib.jobs.job import Job
from tests.chalicelib.api.support import BODY, World
from tests.support import REGION, SETTINGS, written

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
HEADER = {"traceparent": f"00-{TRACE}-{SPAN}-01"}
CONTEXT = bytes.fromhex(TRACE + SPAN + "01")


def below(job: Job) -> bytes:
    """Return the context of what follows from the span of the job's creation."""
    return (job.trace or b"")[:16] + trace.creation_span(job) + b"\x01"


def stored(world: World) -> list[Job]:
    return list(world.store._jobs.values())


def test_a_job_of_a_traced_request_belongs_to_its_trace(world: World) -> None:
    with written() as lines:
        made = world.post("/jobs", BODY, headers=HEADER)
    (job,) = stored(world)
    assert job.trace == CONTEXT
    detail = world.get(f"/jobs/{made.json['id']}").json
    assert (detail["trace_id"], detail["trace_url"]) == (TRACE, None)
    (created,) = [line for line in lines if line["message"] == "job.created"]
    assert (created["trace_id"], created["span_id"]) == (TRACE, trace.creation_span(job).hex())
    (message,) = world.queue.messages["test.note"]
    assert message.message.trace == below(job)


@pytest.mark.parametrize("header", ["", "nonsense", f"00-{'0' * 32}-{SPAN}-01", "0" * 5000])
def test_an_invalid_header_is_ignored(world: World, header: str) -> None:
    with written() as lines:
        assert world.post("/jobs", BODY, headers={"traceparent": header}).status == 201
    (job,) = stored(world)
    assert job.trace is None
    detail = world.get(f"/jobs/{job.id}").json
    assert (detail["trace_id"], detail["trace_url"]) == (None, None)
    assert not any("trace_id" in line for line in lines)
    assert world.queue.messages["test.note"][0].message.trace is None


def test_jobs_of_one_request_and_members_of_a_batch_belong_to_its_trace(world: World) -> None:
    world.post("/jobs/batch", {"jobs": [BODY, BODY]}, headers=HEADER)
    batch = world.post("/batches", {}, headers=HEADER).json["id"]
    world.post(f"/batches/{batch}/jobs", {"jobs": [BODY]}, headers=HEADER)
    assert [job.trace for job in stored(world)] == [CONTEXT] * 3


def test_a_repeated_request_of_another_trace_gets_the_job_of_the_first_one(world: World) -> None:
    first = world.post("/jobs", BODY, headers={**HEADER, "Idempotency-Key": "k"})
    second = world.post("/jobs", BODY, headers={"Idempotency-Key": "k"})
    assert (first.status, second.status, second.json["id"]) == (201, 200, first.json["id"])
    assert [job.trace for job in stored(world)] == [CONTEXT]


def test_a_debounced_job_belongs_to_the_trace_of_the_last_request(world: World) -> None:
    asked = {**BODY, "debounce": {"key": "doc", "seconds": 30}}
    world.post("/jobs", asked)
    world.post("/jobs", asked, headers=HEADER)
    (job,) = stored(world)
    assert (job.trace, job.gen) == (CONTEXT, 2)
    world.post("/jobs", asked)
    assert stored(world)[0].trace is None


def test_a_retried_job_stays_in_its_trace(world: World) -> None:
    made = world.post("/jobs", BODY, headers=HEADER).json
    world.post(f"/jobs/{made['id']}/cancel")
    world.post(f"/jobs/{made['id']}/retry")
    (job,) = stored(world)
    assert (job.gen, job.trace) == (2, CONTEXT)


def test_a_stage_that_exports_spans_begins_a_trace_for_each_other_job(world: World) -> None:
    traced = World(
        settings=replace(world.settings, traced=True, trace_url="https://traces.example.com/t/{trace_id}?a=b")
    )
    job_id = traced.create()
    detail = traced.get(f"/jobs/{job_id}").json
    own = job_id.replace("-", "")
    assert (detail["trace_id"], detail["trace_url"]) == (own, f"https://traces.example.com/t/{own}?a=b")
    traced.post("/jobs", BODY, headers=HEADER)
    assert {job.trace for job in stored(traced)} == {trace.begun(job_id), CONTEXT}
    # a header whose parent is only zeros is not valid, so the reader of a message would ignore it
    assert all(trace.read(trace.write(one.message.trace or b"")) for one in traced.queue.messages["test.note"])


def test_a_debounced_job_that_begins_a_trace_keeps_the_one_of_its_own_id(world: World) -> None:
    traced = World(settings=replace(world.settings, traced=True))
    asked = {**BODY, "debounce": {"key": "doc", "seconds": 30}}
    for headers in ({}, {}, HEADER, {}):
        traced.post("/jobs", asked, headers=headers)
    (job,) = stored(traced)
    assert (job.gen, job.trace) == (4, trace.begun(job.id))


def row(job_id: str) -> Any:
    key = {"pk": {"S": job_id}, "sk": {"S": "META"}}
    return aws.client("dynamodb", REGION).get_item(TableName=SETTINGS.jobs_table, Key=key)["Item"]


def test_only_a_job_with_a_trace_stores_it_and_has_it_in_its_message(over_aws: Callable[..., World]) -> None:
    world = over_aws()
    plain, traced = (world.post("/jobs", BODY, headers=one).json["id"] for one in ({}, HEADER))
    assert "trace" not in row(plain)
    assert row(traced)["trace"] == {"B": CONTEXT}
    assert world.get(f"/jobs/{traced}").json["trace_id"] == TRACE
    sqs = aws.client("sqs", REGION)
    url = sqs.get_queue_url(QueueName="test-test-note")["QueueUrl"]
    received = sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], MessageSystemAttributeNames=["All"]
    )["Messages"]
    by_id = {plain in one["Body"]: one for one in received}
    assert "MessageAttributes" not in by_id[True]
    assert "AWSTraceHeader" not in by_id[True]["Attributes"]
    create = trace.creation_span(world.store.get(traced)).hex()
    assert by_id[False]["MessageAttributes"]["traceparent"]["StringValue"] == f"00-{TRACE}-{create}-01"
    assert by_id[False]["Attributes"]["AWSTraceHeader"] == f"Root=1-{TRACE[:8]}-{TRACE[8:]};Parent={create};Sampled=1"
