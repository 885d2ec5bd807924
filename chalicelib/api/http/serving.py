"""Convert a Chalice request to a Chalice response, in the same way for every endpoint."""

import math
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from chalice import Response
from chalice.app import Request
from pydantic import BaseModel

from chalicelib.access.address import counted_as
from chalicelib.access.constants import MOST_READ_UNITS_OF_ONE
from chalicelib.access.reads import counting
from chalicelib.api.constants import LONGEST_CORRELATION_ID
from chalicelib.api.http import problems
from chalicelib.api.http.auditing import changed
from chalicelib.api.http.auth import caller_of, require
from chalicelib.api.http.body import read_object
from chalicelib.api.http.conditional import ETAG, IF_NONE_MATCH, etag, known
from chalicelib.api.http.encoding import encode
from chalicelib.api.http.endpoint import Call, Caller, Endpoint, Reply, Text, nothing, read_body, read_query
from chalicelib.api.http.masking import masked, wish
from chalicelib.api.http.scoping import within
from chalicelib.assembly import parts
from chalicelib.errors import JobFlowError, MalformedRequest, NoRole, SignInNotConfigured, Unauthorized
from chalicelib.job_types import jobtype
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

CREATE = "/jobs"
CREATING = frozenset({CREATE, "/jobs/batch"})
REFUSALS = frozenset({401, 403, 429})
"""Statuses that are counted in the audit log, before the answer. 503 is not among them: the table that could not check
a token should not be asked to store this."""
NOBODY = "-"
IDENTIFIED = "identified"
"""Who a request to a public endpoint comes from, once its body has been read; for the log."""

Answered = BaseModel | Reply | Text


def serve(endpoint: Endpoint, request: Request, path: Mapping[str, str]) -> Response:
    """Answer one request. An error becomes a JSON problem that shows no internal details."""
    correlation_id = correlation_id_of(request)
    began = time.perf_counter()
    with gathering():
        caller = _caller(endpoint, request)
        asker = {"principal": _principal(caller), "ip": address_of(request)}
        # A request that creates a job gives the job its correlation id. The job's log lines already contain this id, so
        # they need no `request`.
        with within_request(**asker, **({} if endpoint.path in CREATING else {"request": correlation_id})):
            refused = None
            try:
                answer = _answer(endpoint, request, path, caller, correlation_id)
                response = _respond(endpoint, answer, request.headers.get(IF_NONE_MATCH))
            except Exception as error:
                response = refuse(error, endpoint.path, correlation_id)
                refused = _why(error) if response.status_code in REFUSALS else None
                if refused:
                    known = _principal(caller or error)
                    request.context.setdefault(IDENTIFIED, known)
                    who = counted_as(address_of(request)) if known == NOBODY else known
                    parts.refusals.count(who, refused, known=known != NOBODY and not isinstance(error, NoRole))
            took = 1000 * (time.perf_counter() - began)
            told = {**asker, "correlation_id": correlation_id, **_of_gateway(request)}
            if endpoint.identified is not None:
                told["principal"] = request.context.get(IDENTIFIED, NOBODY)
            request_events.request_served(endpoint.method, endpoint.path, response.status_code, took, told, refused)
    return response


def _caller(endpoint: Endpoint, request: Request) -> Caller | JobFlowError | None:
    """Return the caller, None for a public endpoint, or the error with which the request is refused."""
    if endpoint.role is None:
        return None
    try:
        return caller_of(request.headers.get("authorization"))
    except JobFlowError as error:
        return error


def _principal(caller: Caller | Exception | None) -> str:
    """Return the principal, also of a stored token or a person that is refused; NOBODY if nobody is known."""
    known = caller.token if isinstance(caller, Caller) else getattr(caller, "principal", None)
    return known or NOBODY


def address_of(request: Request) -> str:
    """Return the caller's network address, as API Gateway saw it."""
    return str(request.context.get("identity", {}).get("sourceIp", "-"))


def _of_gateway(request: Request) -> dict[str, str]:
    """Return API Gateway's id of the request, which is also in its access log; nothing with `chalice local`."""
    found = request.context.get("requestId")
    return {"gateway_request": str(found)} if found else {}


def _why(error: Exception) -> str:
    """Return why a request is refused, in words: the problem's name, which the answer has too, or what is wrong."""
    return error.why if isinstance(error, Unauthorized) else problems.words_of(error)


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


def _answer(
    endpoint: Endpoint,
    request: Request,
    path: Mapping[str, str],
    caller: Caller | JobFlowError | None,
    correlation_id: str,
) -> Answered:
    if isinstance(caller, JobFlowError):
        raise caller
    if endpoint.role and caller:
        require(caller, endpoint.role)
        # without types that have personal fields, no header is read
        hide, never = wish(request.headers.get("accept", "")) if jobtype.with_personal else (False, False)
        if never:
            caller = replace(caller, scope=replace(caller.scope, personal=False))
        endpoint = within(caller.scope, endpoint)
        if not caller.sees_personal or hide:
            endpoint = masked(endpoint)
    if endpoint.identified is not None and not parts.settings.sign_in:
        raise SignInNotConfigured  # before the count, which is a write
    # Count the request first, because every write of a known caller counts, including a write that is refused below.
    admitted = _counted(endpoint, request, caller) if endpoint.writes else nothing
    try:
        return _admitted(endpoint, request, path, caller, correlation_id, admitted)
    except Exception:
        admitted()
        raise


def _counted(endpoint: Endpoint, request: Request, caller: Caller | None) -> Callable[[], None]:
    """Count a write; return what waits for the count. The creation of a job sends its message meanwhile."""
    who = address_of(request), caller.token if caller else "", caller.rate if caller else 0
    if endpoint.path == CREATE:
        return parts.rate_limiter.begin(*who)
    parts.rate_limiter.check(*who)
    return nothing


def _admitted(
    endpoint: Endpoint,
    request: Request,
    path: Mapping[str, str],
    caller: Caller | None,
    correlation_id: str,
    admitted: Callable[[], None],
) -> Answered:
    if caller and (endpoint.searches or not endpoint.writes):
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
        admitted=admitted,
    )
    if endpoint.identified is not None:
        caller = endpoint.identified(call.body)
        call = replace(call, caller=caller)
        request.context[IDENTIFIED] = caller.token
    # a write has no limit of read units, because it must not stop half-way: its finished part cannot be undone
    with counting(math.inf if endpoint.writes else MOST_READ_UNITS_OF_ONE) as spent:
        try:
            return changed(endpoint, call, address_of(request))
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
