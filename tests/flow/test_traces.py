"""Test traces on the running platform: from a request with `traceparent` to a collector and to a receiver."""

import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from tests.chalicelib.traces.collector import Collector
from tests.flow.receiver import Receiver
from tests.infra.local.running import Run, until


def of_trace(collector: Collector, trace: str) -> list[Any]:
    """Return the spans of a trace, each once: a change that is delivered again has the same spans."""
    found = {span.span_id: span for span in collector.spans if span.trace_id.hex() == trace}
    return list(found.values())


def named(spans: list[Any], name: str) -> list[Any]:
    return sorted((span for span in spans if span.name == name), key=lambda span: int(span.start_time_unix_nano))


AGAIN_SECONDS = 10.0
"""Spans that a slow machine exports late are given up, and a collector that has failed gets none for half a minute."""


def exported(collector: Collector, create: Callable[[], str], **wanted: int) -> str:
    """Create a job, and others from time to time, until the spans of one are there; return its trace.

    `wanted`: how many spans of each name, with `_` and `__` for a point and a space.
    """
    made: list[str] = []
    due = time.monotonic()
    numbers = {name.replace("__", " ").replace("_", "."): number for name, number in wanted.items()}

    def whole() -> str | None:
        nonlocal due
        if time.monotonic() >= due:
            made.append(create())
            due = time.monotonic() + AGAIN_SECONDS
        return next((trace for trace in made if _has(of_trace(collector, trace), numbers)), None)

    return str(until(whole))


def _has(spans: list[Any], numbers: Mapping[str, int]) -> bool:
    return all(len(named(spans, name)) >= number for name, number in numbers.items())


def test_a_request_and_all_that_follows_from_it_are_one_trace(
    run: Run, collector: Collector, receiver: Receiver
) -> None:
    caller, secret, jobs = uuid.uuid4().hex[:16], f"secret-{uuid.uuid4().hex}", dict[str, str]()
    run.client.post("/webhooks", json={"name": "traced", "url": receiver.url("traced")})
    body = {"type": "flow.traced", "payload": {"secret": secret}, "on_end": "flow.ended", "notify": ["traced"]}

    def create_traced() -> str:
        trace = uuid.uuid4().hex
        answer = run.client.post("/jobs", json=body, headers={"traceparent": f"00-{trace}-{caller}-01"})
        jobs[trace] = answer.json()["id"]
        return trace

    trace = exported(
        collector, create_traced, create__flow_traced=1, process__flow_traced=2, wait__flow_traced=2, step__pay=1,
        create__flow_probe=1, process__flow_probe=1, create__flow_ended=1, process__flow_ended=1,
        create__webhook_deliver=1, process__webhook_deliver=1,
    )  # fmt: skip
    job_id, spans = jobs[trace], of_trace(collector, trace)
    (create,) = named(spans, "create flow.traced")
    first, second = named(spans, "process flow.traced")
    (step,) = named(spans, "step pay")
    assert create.parent_span_id.hex() == caller
    assert {span.parent_span_id for span in (first, second, *named(spans, "wait flow.traced"))} == {create.span_id}
    assert len(named(spans, "wait flow.traced")) == 2
    assert step.parent_span_id == first.span_id
    assert (first.status.code, second.status.code) == (2, 0)
    (child,), (ended,), (delivery,) = (
        named(spans, f"create {name}") for name in ("flow.probe", "flow.ended", "webhook.deliver")
    )
    assert child.parent_span_id == first.span_id
    assert ended.parent_span_id == delivery.parent_span_id == second.span_id
    posted = {headers["traceparent"] for path, _, headers in receiver.got if path == "/traced"}
    delivered = {f"00-{trace}-{span.span_id.hex()}-01" for span in named(spans, "process webhook.deliver")}
    assert {one for one in posted if trace in one} == delivered
    detail = run.job(job_id)
    assert (detail["trace_id"], detail["trace_url"]) == (trace, f"http://127.0.0.1:16686/trace/{trace}")
    logged: list[Any] = []

    def of_attempts() -> set[str]:
        logged[:] = run.client.get(f"/jobs/{job_id}/logs").json()["lines"]
        return {line["fields"].get("span_id") for line in logged}

    until(lambda: {first.span_id.hex(), second.span_id.hex()} <= of_attempts())
    assert {line["fields"]["trace_id"] for line in logged if "trace_id" in line["fields"]} == {trace}
    assert not any(secret.encode() in body for body, _ in list(collector.got)), "neither payload, tag nor message"
    run.client.delete("/webhooks/traced")


def test_a_job_of_a_request_without_a_trace_begins_one_with_its_own_id(run: Run, collector: Collector) -> None:
    trace = exported(collector, lambda: traced_by_itself(run), create__flow_probe=1, process__flow_probe=1)
    (create,) = named(of_trace(collector, trace), "create flow.probe")
    assert create.parent_span_id == b""
    assert run.job(str(uuid.UUID(trace)))["trace_id"] == trace


def traced_by_itself(run: Run) -> str:
    """Create a job whose trace has the id of the job; return the trace."""
    return run.submit("flow.probe", {}).replace("-", "")


def test_a_request_whose_caller_records_nothing_has_no_spans(run: Run, collector: Collector) -> None:
    trace = uuid.uuid4().hex
    body = {"type": "flow.probe", "payload": {}}
    quiet = run.client.post("/jobs", json=body, headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-00"}).json()["id"]
    run.finished(quiet)
    exported(collector, lambda: traced_by_itself(run), process__flow_probe=1)
    assert of_trace(collector, trace) == []
    assert run.job(quiet)["trace_id"] == trace


def test_a_collector_that_hangs_holds_up_neither_jobs_nor_ends(run: Run, collector: Collector) -> None:
    collector.hangs = True
    try:
        job_id = run.submit("flow.probe", {}, on_end="flow.ended")
        until(lambda: run.client.get("/jobs", params={"parent": job_id}).json()["jobs"])
        run.finished(run.client.get("/jobs", params={"parent": job_id}).json()["jobs"][0]["id"])
    finally:
        collector.hangs = False
        collector.released.set()
    exported(collector, lambda: traced_by_itself(run), process__flow_probe=1)
