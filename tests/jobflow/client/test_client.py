"""Test jobs through the client, with the real API: created, read, changed; and refused requests."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import httpx
import pytest
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, use_span
from pydantic import BaseModel, Field

from chalicelib.access.tokens import Role
from chalicelib.job_types.at_most import AtMost
from chalicelib.jobs.job import Attempt, Status
from chalicelib.jobs.step import Step
from jobflow import JobFlow, JobNotCompleted, NewJob, WaitTimeout, errors, problems
from jobflow.models import Descendants
from tests.chalicelib.api.support import NOTE, T0, World, only_types
from tests.jobflow.support import Connect, Slept, Wire

PAYLOAD = {"to": ["a@example.com"]}


class Letter(BaseModel):
    """A payload as a handler declares it, with a field that has another name in JSON."""

    receivers: list[str] = Field(serialization_alias="to")


def test_a_job_is_created_and_read(client: JobFlow, world: World) -> None:
    job = client.submit("test.note", PAYLOAD, tags=["customer:42"], max_attempts=2, expires=timedelta(minutes=5))
    assert (job.type, job.status, job.tags, job.max_attempts) == ("test.note", "queued", ["customer:42"], 2)
    assert job.expires_at == datetime.fromtimestamp(T0 + 300, UTC)
    found = client.get(job)
    assert (found.id, found.payload, found.attempt_history) == (job.id, {**PAYLOAD, "text": "hello"}, [])
    assert found.created_at == datetime.fromtimestamp(T0, UTC)


def test_a_job_has_the_priority_that_is_said(client: JobFlow, wire: Wire) -> None:
    with only_types(NOTE, replace(NOTE, name="test.limited", limits=(AtMost(1),))):
        made = client.submit("test.limited", PAYLOAD, priority="high")
        assert (made.priority, client.get(made).priority) == ("high", "high")
        client.submit("test.note", PAYLOAD, priority="normal")
        assert "priority" not in json.loads(wire.asked[-1].content), "an API of before refuses it"
        with pytest.raises(problems.InvalidRequest, match=r"test\.note has no limits="):
            client.submit("test.note", PAYLOAD, priority="low")


def test_a_model_is_a_payload(client: JobFlow) -> None:
    job = client.submit("test.note", Letter(receivers=["b@example.com"]))
    assert client.get(job.id).payload == {"to": ["b@example.com"], "text": "hello"}


def test_the_same_key_makes_one_job(client: JobFlow) -> None:
    first, second = (client.submit("test.note", PAYLOAD, key="order-1") for _ in range(2))
    assert first.id == second.id
    with pytest.raises(problems.IdempotencyMismatch):
        client.submit("test.note", {"to": ["c@example.com"]}, key="order-1")


def test_a_lost_answer_makes_no_second_job(client: JobFlow, wire: Wire) -> None:
    wire.lost = 1
    client.submit("test.note", PAYLOAD)
    assert len(wire.asked) == 2
    assert len(list(client.iterate())) == 1


@pytest.mark.parametrize("number", [Decimal("1.5"), Fraction(3, 2)])
def test_a_delay_can_be_any_real_number(client: JobFlow, wire: Wire, number: Any) -> None:
    client.submit("test.note", PAYLOAD, delay=number, expires=number)
    sent = json.loads(wire.asked[0].content)
    assert (sent["delay_seconds"], sent["expires_seconds"]) == (2, 2)


def test_a_delay_is_rounded_up_and_a_time_is_sent_in_utc(client: JobFlow, wire: Wire) -> None:
    client.submit("test.note", PAYLOAD, delay=timedelta(seconds=1.2))
    client.submit("test.note", PAYLOAD, run_at=datetime(2027, 1, 15, 10, tzinfo=UTC) - timedelta(hours=1))
    sent = [json.loads(request.content) for request in wire.asked]
    assert (sent[0]["delay_seconds"], sent[1]["run_at"]) == (2, "2027-01-15T09:00:00.000Z")
    assert [job.status for job in client.iterate()] == ["scheduled", "scheduled"]


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({"delay": 5, "run_at": datetime(2027, 1, 15, 10, tzinfo=UTC)}, "delay and run_at"),
        ({"delay": 5, "debounce": ("k", 5)}, "delay and debounce"),
        ({"run_at": "2027-01-15T10:00Z", "debounce": ("k", 5)}, "run_at and debounce"),
    ],
)
def test_two_answers_to_when_a_job_runs_are_refused_in_the_callers_names(
    client: JobFlow, wire: Wire, asked: dict[str, Any], names: str
) -> None:
    with pytest.raises(ValueError, match=f"{names} exclude each other"):
        client.submit("test.note", PAYLOAD, **asked)
    assert wire.asked == []


def test_iterate_goes_over_all_pages(client: JobFlow, wire: Wire) -> None:
    made = [client.submit("test.note", PAYLOAD, tags=["a"]).id for _ in range(5)]
    client.submit("test.other", PAYLOAD)
    wire.asked.clear()
    found = [
        job.id for job in client.iterate(page_size=2, type="test.note", tag="a", created_after="2020-01-01T00:00:00Z")
    ]
    assert sorted(found) == sorted(made)
    assert len(wire.asked) >= 3


def test_a_batch_of_any_size_answers_for_each_job_in_order(client: JobFlow, wire: Wire) -> None:
    jobs = [NewJob("test.note", PAYLOAD, tags=[f"n:{n}"]) for n in range(30)]
    jobs[27] = NewJob("test.note", {"to": []})
    results = client.batch(jobs)
    assert len(wire.asked) == 2
    assert [result.job.tags for result in results[:27] if result.job] == [[f"n:{n}"] for n in range(27)]
    assert results[27].job is None
    assert results[27].problem is not None
    assert results[27].problem.type == "urn:jobflow:problem:invalid-payload"


def test_a_job_of_a_batch_is_read_like_any_other(client: JobFlow) -> None:
    made, refused = client.batch([NewJob("test.note", PAYLOAD), NewJob("test.none", {})])
    assert made.job is not None
    assert client.get(made).id == client.cancel(made).id == made.job.id
    with pytest.raises(ValueError, match=r"did not create this job: .*test\.none"):
        client.get(refused)


def test_an_address_where_nobody_answers_is_named(client: JobFlow, wire: Wire) -> None:
    wire.instead = [httpx.ConnectError("[Errno 111] Connection refused")] * 4
    with pytest.raises(errors.NotReached, match=r"No answer from the API at https://jobs\.example\.com: \[Errno 111\]"):
        client.me()


def test_the_error_of_a_job_without_a_result_is_whole(client: JobFlow, world: World) -> None:
    long = f"{'The role does not allow it. ' * 20}Add this line: grants=(…)"
    job = world.create()
    world.put_in(job, Status.FAILED, finished_at=T0, error_class="AccessDenied", error_message=f"{long[:100]}…")
    world.store.record(job, Attempt(1, 1, "error", T0, T0, error_class="AccessDenied", error_message=long))
    with pytest.raises(JobNotCompleted, match=r"Add this line"):
        client.result(job)


def test_a_job_that_a_lost_answer_had_made_is_a_new_one(client: JobFlow, wire: Wire) -> None:
    wire.lost = 1
    assert [client.submit("test.note", PAYLOAD, key="k").existing for _ in range(2)] == [None, "key"]


@pytest.mark.parametrize("key", ["", "größe", "two words", "line\n", "k" * 256])
def test_a_key_that_is_none_is_refused_before_anything_is_sent(client: JobFlow, wire: Wire, key: str) -> None:
    with pytest.raises(ValueError, match="1 to 255 visible ASCII"):
        client.submit("test.note", PAYLOAD, key=key)
    with pytest.raises(ValueError, match="1 to 255 visible ASCII"):
        NewJob("test.note", PAYLOAD, key=key)
    assert wire.asked == []


def test_a_batch_too_large_for_one_request_is_split(client: JobFlow) -> None:
    large = {"to": ["a@example.com"], "text": "x" * 100_000}
    assert [result.status for result in client.batch([NewJob("test.note", large) for _ in range(5)])] == [201] * 5


def test_a_job_that_is_too_large_does_not_hide_those_that_were_made(client: JobFlow) -> None:
    jobs = [NewJob("test.note", PAYLOAD) for _ in range(27)]
    jobs[25] = NewJob("test.note", {"to": ["a@example.com"], "text": "x" * 300_000})
    results = client.batch(jobs)
    assert [result.status for result in results] == [201] * 25 + [413, 201]
    assert results[25].problem is not None
    assert (results[25].job, results[25].problem.type) == (None, "urn:jobflow:problem:body-too-large")
    assert "at most 262144" in results[25].problem.detail


def test_wait_returns_the_finished_job_and_its_result(connect: Connect, wire: Wire, world: World) -> None:
    slept = Slept()
    client = connect(wire, slept)
    job = client.submit("test.note", PAYLOAD)
    slept.then = lambda: (
        world.put_in(job.id, Status.COMPLETED, finished_at=T0 + 1, result=7) if len(slept) == 2 else None
    )
    assert client.wait(job).status == "completed"
    assert [round(seconds, 3) for seconds in slept] == [0.1, 0.15]
    assert client.result(job) == 7


def test_wait_ends_at_its_timeout(connect: Connect, wire: Wire, world: World) -> None:
    slept = Slept()
    slept.then = lambda: world.clock.advance(slept[-1])
    client = connect(wire, slept)
    job = client.submit("test.note", PAYLOAD)
    with pytest.raises(WaitTimeout, match="is still queued after 2 s") as late:
        client.wait(job, timeout=2)
    assert (round(sum(slept), 3), late.value.job.id) == (2.0, job.id)


def test_a_debounced_job_is_replaced(client: JobFlow) -> None:
    first = client.submit("test.note", PAYLOAD, debounce=("doc-17", 30))
    again = client.submit("test.note", {"to": ["late@example.com"]}, debounce=("doc-17", 30))
    assert (again.id, again.gen, again.payload["to"]) == (first.id, 2, ["late@example.com"])
    [result] = client.batch([NewJob("test.note", PAYLOAD, debounce=("doc-17", 30))])
    assert (result.status, result.job and result.job.id) == (200, first.id)


def test_cancel_retry_and_discard(client: JobFlow, world: World) -> None:
    job = client.submit("test.note", PAYLOAD)
    assert client.cancel(job).status == "cancelled"
    again = client.retry(job, {"to": ["d@example.com"]})
    assert (again.status, again.gen) == ("queued", 2)
    with pytest.raises(problems.JobConflict):
        client.retry(job)
    world.put_in(job.id, Status.FAILED, finished_at=T0)
    assert client.discard(job).finished_at is not None


def test_retry_from_a_step(client: JobFlow, world: World) -> None:
    job = client.submit("test.note", PAYLOAD)
    world.put_in(job.id, Status.FAILED, finished_at=T0)
    world.store.keep_step(world.store.get(job.id), Step("step:pay", T0, number=1))
    assert client.preview_retry(job).places == ["pay"]
    assert client.preview_retry(job, "pay").anew == ["pay"]
    assert client.retry(job, from_="pay").gen == 2
    assert client.steps(job).steps == []


def test_a_job_is_cancelled_with_what_it_made(client: JobFlow, wire: Wire) -> None:
    job = client.submit("test.note", PAYLOAD)
    assert client.cancel(job, descendants=True).descendants == Descendants(0, 0, 0, more=False)
    wire.lost = 1
    # the request is sent again, and is not a conflict
    assert client.cancel(job, descendants=True).status == "cancelled"
    assert list(client.iterate(parent=job.id)) == []


def test_a_retry_whose_answer_was_lost_is_not_sent_again(client: JobFlow, wire: Wire) -> None:
    job = client.cancel(client.submit("test.note", PAYLOAD).id)
    wire.asked.clear()
    wire.lost = 1
    with pytest.raises(errors.NotReached, match="the answer got lost"):
        client.retry(job.id)
    assert len(wire.asked) == 1


def test_many_are_cancelled_and_retried_by_filter_or_id(client: JobFlow, wire: Wire) -> None:
    ids = [client.submit("test.note", PAYLOAD, tags=["x"]).id for _ in range(3)]
    assert client.cancel_many(tag="x", dry_run=True).matched == 3
    assert client.cancel_many(tag="x").done == 3
    unknown = [f"00000000-0000-4000-8000-{n:012}" for n in range(100)]
    wire.asked.clear()
    answer = client.retry_many([*ids, *unknown])
    assert (answer.done, len(answer.skipped), len(wire.asked)) == (3, 100, 2)


def test_each_refusal_is_an_error_of_its_name(connect: Connect, client: JobFlow, wire: Wire) -> None:
    with pytest.raises(problems.JobNotFound) as missing:
        client.get("00000000-0000-4000-8000-000000000000")
    assert (missing.value.status, bool(missing.value.correlation_id)) == (404, True)
    with pytest.raises(problems.UnknownJobType):
        client.submit("test.none", {})
    with pytest.raises(problems.InvalidPayload, match=r"payload\.to: ") as invalid:
        client.submit("test.note", {})
    assert [error.loc for error in invalid.value.errors] == [["payload", "to"]]
    with pytest.raises(errors.NotAllowed):
        connect(wire, role=Role.VIEWER).submit("test.note", PAYLOAD)


def test_a_stranger_at_the_address_is_named(client: JobFlow, wire: Wire) -> None:
    wire.instead = [httpx.Response(200, text="<html>")]
    with pytest.raises(errors.UnexpectedAnswer, match="/meta"):
        client.meta()
    wire.instead = [httpx.Response(302, headers={"Location": "https://elsewhere.example.com"})]
    with pytest.raises(errors.ApiError, match="answered 302"):
        client.meta()
    assert {request.url.host for request in wire.asked} == {"jobs.example.com"}


@pytest.mark.parametrize(
    "ask",
    [
        lambda client: client.get(""),
        lambda client: client.cancel(""),
        lambda client: client.result(""),
        lambda client: client.event("", "approved"),
        lambda client: client.event("job-1", ""),
        lambda client: client.bulk_action(""),
        lambda client: client.schedule(""),
        lambda client: client.delete_schedule(""),
        lambda client: client.resolve(""),
        lambda client: client.pause(""),
        lambda client: client.tenants(""),
    ],
)
def test_an_empty_id_is_refused_because_its_path_would_be_that_of_a_list(
    client: JobFlow, wire: Wire, ask: Callable[[JobFlow], object]
) -> None:
    with pytest.raises(ValueError, match="empty"):
        ask(client)
    assert wire.asked == []


TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_jobs_belong_to_the_trace_that_the_program_gives(client: JobFlow, wire: Wire) -> None:
    job = client.submit("test.note", PAYLOAD, traceparent=TRACEPARENT)
    assert client.get(job).trace_id == "4bf92f3577b34da6a3ce929d0e0e4736"
    (many,) = client.batch([NewJob("test.note", PAYLOAD)], traceparent=TRACEPARENT)
    batch = client.start_batch([NewJob("test.note", PAYLOAD)], traceparent=TRACEPARENT)
    (member,) = client.iterate(batch=batch.id)
    assert many.job is not None
    assert {client.get(one).trace_id for one in (many.job, member)} == {"4bf92f3577b34da6a3ce929d0e0e4736"}
    client.submit("test.note", PAYLOAD)
    assert "traceparent" not in wire.asked[-1].headers


@pytest.mark.parametrize("wrong", ["", "00-4bf9\n", "übung", "nothing of this kind"])
def test_an_invalid_trace_does_not_prevent_a_job(client: JobFlow, wrong: str) -> None:
    assert client.get(client.submit("test.note", PAYLOAD, traceparent=wrong)).trace_id is None


def test_without_one_jobs_belong_to_the_trace_of_the_current_span(client: JobFlow, wire: Wire) -> None:
    found = SpanContext(
        0x4BF92F3577B34DA6A3CE929D0E0E4736, 0x00F067AA0BA902B7, is_remote=False, trace_flags=TraceFlags(1)
    )
    with use_span(NonRecordingSpan(found)):
        job = client.submit("test.note", PAYLOAD)
        client.me()
    asked = [request.headers.get("traceparent") for request in wire.asked]
    assert asked == [TRACEPARENT, None], "only requests that create jobs have it"
    assert client.get(job).trace_id == "4bf92f3577b34da6a3ce929d0e0e4736"
