"""Provide a collector on the loopback address, which reads requests with the official types."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from google.protobuf.json_format import ParseDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.loopback import serving

IDS = ("traceId", "spanId", "parentSpanId")
"""Fields that OTLP/JSON writes in hexadecimal, and protobuf's own JSON in base64."""


def read(body: bytes) -> ExportTraceServiceRequest:
    """Return a request as the official type; raises ParseError for a field that it does not have."""
    request = ExportTraceServiceRequest()
    ParseDict(_based(json.loads(body)), request)
    return request


def _based(value: Any) -> Any:
    if isinstance(value, list):
        return [_based(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        name: base64.b64encode(bytes.fromhex(inner)).decode() if name in IDS else _based(inner)
        for name, inner in value.items()
    }


def spans_in(body: bytes) -> list[Any]:
    """Return the spans of a request."""
    return [span for one in read(body).resource_spans for scope in one.scope_spans for span in scope.spans]


@dataclass
class Collector:
    """Answers with `status` and `answer`. If it `hangs`, it answers after `released`; if it `dies`, never."""

    port: int = 0
    status: int = 200
    answer: bytes = b"{}"
    hangs: bool = False
    dies: bool = False
    got: list[tuple[bytes, dict[str, str]]] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """Return its address."""
        return f"http://127.0.0.1:{self.port}/v1/traces"

    @property
    def spans(self) -> list[Any]:
        """Return all spans that it has got."""
        return [span for body, _ in list(self.got) for span in spans_in(body)]


@contextmanager
def collecting() -> Iterator[Collector]:
    """Yield a collector that runs."""
    collector = Collector()

    def answer(request: BaseHTTPRequestHandler) -> None:
        if collector.dies:
            request.close_connection = True
            return
        body = request.rfile.read(int(request.headers["Content-Length"]))
        collector.got.append((body, {name.lower(): value for name, value in request.headers.items()}))
        if collector.hangs:
            collector.released.wait(60)
        request.send_response(collector.status)
        request.send_header("Content-Length", str(len(collector.answer)))
        request.end_headers()
        request.wfile.write(collector.answer)

    with serving(answer) as collector.port:
        try:
            yield collector
        finally:
            collector.released.set()
