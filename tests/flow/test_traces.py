"""Test traces on the running platform: from a request with `traceparent` to a collector and to a receiver."""

import uuid
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


def test_a_request_and_all_that_follows_from_it_are_one_trace(
    run: Run, collector: Collector, receiver: Receiver
) -> None:
    trace, caller, secret = uuid.uuid4().hex, uuid.uuid4().hex[:16], f"secret-{uuid.uuid4().hex}"
    run.client.post("/webhooks", json={"name": "traced", "url": receiver.url("traced")})
    body = {"type": "flow.traced", "payload": {"secret": secret}, "on_end": "flow.ended", "notify": ["traced"]}
    answer = run.client.post("/jobs", json=body, headers={"traceparent": f"00-{trace}-{caller}-01"})
    job_id = answer.json()["id"]
    until(lambda: receiver.told("traced"))
    wanted = ("process flow.probe", "process flow.ended", "process webhook.deliver")
    until(lambda: all(named(of_trace(collector, trace), name) for name in wanted))
    spans = of_trace(collector, trace)
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
    (posted,) = [headers for path, _, headers in receiver.got if path == "/traced"]
    (delivered,) = named(spans, "process webhook.deliver")
    assert posted["traceparent"] == f"00-{trace}-{delivered.span_id.hex()}-01"
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
    job_id = run.submit("flow.probe", {})
    trace = job_id.replace("-", "")
    until(lambda: named(of_trace(collector, trace), "process flow.probe"))
    (create,) = named(of_trace(collector, trace), "create flow.probe")
    assert create.parent_span_id == b""
    assert run.job(job_id)["trace_id"] == trace


def test_a_request_whose_caller_records_nothing_has_no_spans(run: Run, collector: Collector) -> None:
    trace = uuid.uuid4().hex
    body = {"type": "flow.probe", "payload": {}}
    quiet = run.client.post("/jobs", json=body, headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-00"}).json()["id"]
    run.finished(quiet)
    later = run.submit("flow.probe", {})
    until(lambda: named(of_trace(collector, later.replace("-", "")), "process flow.probe"))
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
    later: list[str] = []

    def exported_again() -> bool:
        later.append(run.submit("flow.probe", {}).replace("-", ""))
        return any(named(of_trace(collector, trace), "process flow.probe") for trace in later)

    until(exported_again)
