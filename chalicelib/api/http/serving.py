"""Convert a Chalice request to a Chalice response, in the same way for every endpoint."""

import math
import time
import uuid
from collections.abc import Mapping
from typing import Any

from chalice import Response
from chalice.app import Request
from pydantic import BaseModel

from chalicelib.access.constants import MOST_READ_UNITS_OF_ONE
from chalicelib.access.reads import counting
from chalicelib.api.constants import LONGEST_CORRELATION_ID
from chalicelib.api.http import problems
from chalicelib.api.http.auth import caller_of, require
from chalicelib.api.http.body import read_object
from chalicelib.api.http.conditional import ETAG, IF_NONE_MATCH, etag, known
from chalicelib.api.http.encoding import encode
from chalicelib.api.http.endpoint import Call, Endpoint, Reply, Text, read_body, read_query
from chalicelib.assembly import parts
from chalicelib.errors import JobFlowError, MalformedRequest
from chalicelib.job_types.checks import KEY
from chalicelib.telemetry import request_events
from chalicelib.telemetry.emf import gathering
from chalicelib.telemetry.logger import within_request

CORRELATION_ID = "X-Correlation-Id"
STRICT_TRANSPORT = "max-age=63072000"
"""For two years, in seconds, browsers use only HTTPS for this host. Browsers ignore the header over plain HTTP, for
example on a laptop."""
ALWAYS = {
    "Cache-Control": "no-store",
    "Strict-Transport-Security": STRICT_TRANSPORT,
    "X-Content-Type-Options": "nosniff",
}

CREATING = frozenset({"/jobs", "/jobs/batch"})
REFUSALS = frozenset({401, 403, 429})

Answered = BaseModel | Reply | Text


def serve(endpoint: Endpoint, request: Request, path: Mapping[str, str]) -> Response:
    """Answer one request. An error becomes a JSON problem that shows no internal details."""
    correlation_id = correlation_id_of(request)
    began = time.perf_counter()
    asker = _asker(request)
    # A request that creates a job gives the job its correlation id. The job's log lines already contain this id, so
    # they need no `request`.
    with within_request(**asker, **({} if endpoint.path in CREATING else {"request": correlation_id})):
        refused = None
        try:
            with gathering():
                answer = _answer(endpoint, request, path, correlation_id)
                response = _respond(endpoint, answer, request.headers.get(IF_NONE_MATCH))
        except Exception as error:
            response = refuse(error, endpoint.path, correlation_id)
            refused = type(error).__name__ if response.status_code in REFUSALS else None
        took = 1000 * (time.perf_counter() - began)
        told = {**asker, "correlation_id": correlation_id}
        request_events.request_served(endpoint.method, endpoint.path, response.status_code, took, told, refused)
    return response


def _asker(request: Request) -> dict[str, str]:
    """Return the caller (the token's id) and the caller's IP address."""
    found = request.context.get("authorizer") or {}
    address = request.context.get("identity", {}).get("sourceIp", "-")
    return {"principal": str(found.get("token", "-")), "ip": address}


def refuse(error: Exception, route: str, correlation_id: str) -> Response:
    """Return the problem for an error; log an internal error with its traceback."""
    body = problems.problem_of(error, correlation_id)
    if body["status"] >= 500:
        request_events.request_failed(route, correlation_id)
    return problem_response(body, problems.headers_of(error))


def problem_response(body: dict[str, Any], headers: Mapping[str, str]) -> Response:
    """Return a problem as a response."""
    return Response(encode(body), {**headers, "Content-Type": problems.CONTENT_TYPE}, body["status"])


def correlation_id_of(request: Request | None) -> str:
    """Return the correlation id: the caller's if it is valid, or else a new one.

    Every call for one request returns the same id.
    """
    if request is None:
        return str(uuid.uuid4())
    kept = request.context.get("correlationId")
    if kept is None:
        sent = request.headers.get("x-correlation-id") or ""
        sane = len(sent) <= LONGEST_CORRELATION_ID and KEY.fullmatch(sent)
        kept = request.context["correlationId"] = sent if sane else str(uuid.uuid4())
    return str(kept)


def _answer(endpoint: Endpoint, request: Request, path: Mapping[str, str], correlation_id: str) -> Answered:
    if endpoint.writes:
        # Count the request first, because every write counts, including a write that is refused below.
        known = request.context.get("authorizer") or {}
        rate = int(known.get("rate") or 0)
        parts.rate_limiter.check(request.context["identity"]["sourceIp"], str(known.get("token", "")), rate)
    caller = caller_of(request.context, parts.clock()) if endpoint.role else None
    if endpoint.role and caller:
        require(caller, endpoint.role)
        if endpoint.searches or not endpoint.writes:
            parts.read_limiter.check(caller.token)
    raw = read_object(_raw_body(request), request.headers.get("content-type")) if endpoint.writes else {}
    values = request.query_params
    query = {name: values.getlist(name) for name in values} if values else {}
    call = Call(
        here=request.context.get("path", request.path).rstrip("/"),
        path=path,
        headers=request.headers,
        body=read_body(endpoint.body, raw),
        query=read_query(endpoint.query, query),
        caller=caller,
        correlation_id=correlation_id,
    )
    # a write has no limit of read units, because it must not stop half-way: its finished part cannot be undone
    with counting(math.inf if endpoint.writes else MOST_READ_UNITS_OF_ONE) as spent:
        try:
            return endpoint.handler(call)
        finally:
            if caller:
                parts.read_limiter.spent(caller.token, spent.units)


def _raw_body(request: Request) -> bytes:
    try:
        raw = request.raw_body
    except ValueError:
        raise MalformedRequest("The body cannot be decoded.") from None
    return raw.encode() if isinstance(raw, str) else raw


def _respond(endpoint: Endpoint, answer: Answered, known_tags: str | None) -> Response:
    if isinstance(answer, Text):
        return Response(answer.content, {**answer.headers, "Content-Type": answer.content_type}, answer.status)
    reply = answer if isinstance(answer, Reply) else Reply(answer)
    if not isinstance(reply.body, endpoint.answer):
        raise JobFlowError(f"{endpoint.name} answered {type(reply.body).__name__}, not {endpoint.answer.__name__}")
    headers = dict(reply.headers)
    if endpoint.moving is not None:
        headers[ETAG] = etag(reply.body, endpoint.moving)
        if known(known_tags, headers[ETAG]):
            return Response("", headers, 304)
    return Response(encode(reply.body), {**headers, "Content-Type": "application/json"}, reply.status)
