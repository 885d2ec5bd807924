"""Declare an endpoint with `@get`, `@post`, `@put` or `@delete`: path, role, input and output.

The routes, the policies of the roles and the OpenAPI document are made from these declarations.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from chalicelib.access.scope import WHOLE, Scope
from chalicelib.access.tokens import Role
from chalicelib.api.models.schemas import NoBody, NoQuery, ReasonOnly
from chalicelib.errors import FieldError, InvalidRequest, MalformedRequest
from chalicelib.job_types.checks import KEY, field_errors
from chalicelib.jobs import trace

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Caller:
    """The caller: the token's principal, role and label, and its expiry (epoch seconds; None: never).

    The principal is the id of the first token, which stays when the token is rotated; or a person (`oidc:…`). `rate` is
    the token's own limit of writing requests a minute; 0: the limit of its address applies. `session` is the hash of
    the person's session; empty: the request has a token. `issued`: the time of the ID token of a sign-in.
    """

    token: str
    role: Role
    label: str
    expires_at: float | None = None
    rate: int = 0
    scope: Scope = WHOLE
    session: str = ""
    issued: float = 0.0

    @property
    def sees_personal(self) -> bool:
        """Return whether the caller may see the values of personal fields: operators and administrators may."""
        return self.role is not Role.VIEWER and self.scope.personal and self.scope.payloads


def nothing() -> None:
    """Do nothing."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request that has passed the checks that all endpoints share.

    `here` is the path as the caller wrote it, including the stage's name that API Gateway puts before the route.
    `admitted` waits until the request is counted and raises RateLimited; before it, nothing may be stored. `bulk` is
    the id under which a request that changes many jobs is recorded, and which each changed job stores. `masked`:
    personal fields are masked in the answer.
    """

    here: str
    path: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    query: Any
    caller: Caller | None
    correlation_id: str
    admitted: Callable[[], None] = nothing
    bulk: str | None = None
    masked: bool = False

    @property
    def sees_personal(self) -> bool:
        """Return whether the caller may see personal fields; a request may still ask for an answer with masks."""
        return self.caller is not None and self.caller.sees_personal

    @property
    def principal(self) -> str:
        """Return the principal, under which the caller's idempotency keys are stored."""
        return self.caller.token if self.caller else ""

    @property
    def scope(self) -> Scope:
        """Return the scope of the caller's token."""
        return self.caller.scope if self.caller else WHOLE

    @property
    def person(self) -> str:
        """Return the caller's name for display: the token's label, or its id."""
        return (self.caller and self.caller.label) or self.principal

    def idempotency_key(self) -> str | None:
        """Return the header Idempotency-Key; raises MalformedRequest unless it is 1 to 255 visible ASCII characters."""
        key = self.headers.get("idempotency-key")
        if key is not None and not KEY.fullmatch(key):
            raise MalformedRequest("The Idempotency-Key must be 1 to 255 visible ASCII characters.")
        return key

    def trace(self) -> bytes | None:
        """Return the trace context of the header `traceparent`; None without a valid one."""
        return trace.read(self.headers.get(trace.HEADER))


@dataclass(frozen=True, slots=True)
class Audited:
    """Declare what the audit log says about an endpoint that changes something.

    `on` is the kind of what is changed (see `audit.rule.SHAPES`). `path` names the path parameter with its id, `made`
    the field of the answer that has the id of what was made. `by` completes the action with a field of the body, and
    `unless` names a field of the body that says that nothing is changed. `many`: it changes many jobs, and gets an id
    of a bulk action before it begins (`Call.bulk`).
    """

    action: str
    on: str
    path: str = ""
    made: str = ""
    by: str = ""
    unless: str = ""
    many: bool = False


@dataclass(frozen=True, slots=True)
class Unaudited:
    """An endpoint whose requests have no entry in the audit log, and why."""

    why: str


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with a status or headers in addition to its body."""

    body: BaseModel
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Text:
    """An answer that is not JSON."""

    content: str
    content_type: str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Call], BaseModel | Reply | Text]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method on one path. `role` None: public. `statuses`: the statuses of its answers, except common errors.

    `moving`: fields of the answer that change only with the clock; if given, the answer has an ETag.
    `also`: models that the body refers to. `types`: content types of the answers other than JSON.
    `examples`: bodies by name; each can be sent unchanged.
    `searches`: True for a write that first searches for jobs, so that the token's limit of reads also applies to it.
    `audit`: how its requests are recorded; a test demands it for every write. `identified`: for a public endpoint whose
    body says who the caller is; it returns the caller, or raises.
    """

    method: str
    path: str
    handler: Handler
    role: Role | None
    answer: type[BaseModel]
    body: type[BaseModel] = NoBody
    query: type[BaseModel] = NoQuery
    statuses: tuple[int, ...] = (200,)
    also: tuple[type[BaseModel], ...] = ()
    types: tuple[str, ...] = ()
    examples: Mapping[str, Any] = field(default_factory=dict)
    moving: tuple[str, ...] | None = None
    searches: bool = False
    audit: Audited | Unaudited | None = None
    identified: Callable[[Any], Caller] | None = None

    @property
    def writes(self) -> bool:
        """Return True if the endpoint changes something; it then has a body and counts towards the rate limit."""
        return self.method != "GET"

    @property
    def name(self) -> str:
        """Return the operation's name, which is the function's name."""
        return self.handler.__name__


class Endpoints:
    """The endpoints of one resource, in the order of their declaration."""

    def __init__(self) -> None:
        self.declared: list[Endpoint] = []

    def get(self, path: str, answer: type[BaseModel], **more: Any) -> Callable[[Handler], Handler]:
        """Declare a read; viewers may call it unless `role` is set."""
        return self._declare("GET", path, answer, **{"role": Role.VIEWER, **more})

    def post(self, path: str, answer: type[BaseModel], **more: Any) -> Callable[[Handler], Handler]:
        """Declare a write; operators may call it unless `role` is set."""
        return self._declare("POST", path, answer, **{"role": Role.OPERATOR, **more})

    def put(self, path: str, answer: type[BaseModel], **more: Any) -> Callable[[Handler], Handler]:
        """Declare a write that replaces something; administrators may call it unless `role` is set."""
        return self._declare("PUT", path, answer, **{"role": Role.ADMIN, **more})

    def delete(self, path: str, answer: type[BaseModel], **more: Any) -> Callable[[Handler], Handler]:
        """Declare a deletion; administrators may call it unless `role` is set."""
        return self._declare("DELETE", path, answer, **{"role": Role.ADMIN, **more})

    def _declare(self, method: str, path: str, answer: type[BaseModel], **more: Any) -> Callable[[Handler], Handler]:
        if isinstance(more.get("audit"), Audited) and "body" not in more:
            more["body"] = ReasonOnly

        def declare(handler: Handler) -> Handler:
            self.declared.append(Endpoint(method, path, handler, answer=answer, **more))
            return handler

        return declare


def read_body(model: type[M], raw: Mapping[str, Any]) -> M:
    """Return the body as the model; raises InvalidRequest that names each wrong field."""
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        raise InvalidRequest("The request body is not valid.", field_errors(error, model)) from None


def read_query(model: type[M], raw: Mapping[str, list[str]]) -> M:
    """Return the query string as the model; raises InvalidRequest that names each wrong parameter."""
    twice = [FieldError(("query", name), "is given more than once") for name, values in raw.items() if len(values) > 1]
    if twice:
        raise InvalidRequest("The query is not valid.", twice)
    try:
        return model.model_validate({name: values[-1] for name, values in raw.items()})
    except ValidationError as error:
        raise InvalidRequest("The query is not valid.", field_errors(error, model, "query")) from None
