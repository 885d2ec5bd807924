"""Write spans as OTLP/JSON: the body of a request to a collector. Pure."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.traces.rule import Span

NANO = 1_000_000_000
LATEST = 2**63 - 1
SCOPE = "jobflow"
OK, ERROR = 1, 2
"""Codes of a span's status, as OTLP numbers them; without a code, nothing is said."""


def body_of(spans: Sequence[Span], service: str) -> bytes:
    """Return the request with these spans (`ExportTraceServiceRequest`); `service` is the name of the stack."""
    scope = {"scope": {"name": SCOPE}, "spans": [_span(span) for span in spans]}
    resource = {"attributes": _attributes({"service.name": service})}
    whole = {"resourceSpans": [{"resource": resource, "scopeSpans": [scope]}]}
    return json.dumps(whole, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")


def rejected(answer: bytes) -> int:
    """Return how many spans a collector has refused in an answer with status 200; they must not be sent again."""
    try:
        partial = json.loads(answer or b"{}").get("partialSuccess") or {}
        return max(0, int(partial.get("rejectedSpans", 0)))
    except (ValueError, TypeError, AttributeError, RecursionError):
        return 0


def _span(span: Span) -> dict[str, Any]:
    # OTLP/JSON writes ids in hexadecimal, and 64-bit numbers as text
    written: dict[str, Any] = {
        "traceId": span.trace_id,
        "spanId": span.span_id.hex(),
        "name": span.name,
        "kind": int(span.kind),
        "startTimeUnixNano": _nano(span.begun_at),
        "endTimeUnixNano": _nano(span.ended_at),
        "attributes": _attributes({**span.attributes, **({"error.type": span.error} if span.error else {})}),
        "flags": 1,
    }
    if span.parent is not None:
        written["parentSpanId"] = span.parent.hex()
    if span.links:
        written["links"] = [{"traceId": of, "spanId": link.hex()} for of, link in span.links]
    if span.error:
        written["status"] = {"code": ERROR}
    return written


def _nano(seconds: float) -> str:
    """Return a time in nanoseconds: milliseconds are exact, as times are stored.

    A time of a forged row that OTLP cannot write is the last one that it can: a collector refuses a request as a whole.
    """
    return str(min(max(0, round(seconds * 1000) * (NANO // 1000)), LATEST))


def _attributes(values: Mapping[str, str | int]) -> list[dict[str, Any]]:
    return [{"key": name, "value": _value(value)} for name, value in values.items()]


def _value(value: str | int) -> dict[str, Any]:
    return {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}
