"""Check the role of a caller: in the authorizer in front of the API, and again in the API."""

import json
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from chalice import AuthResponse, AuthRoute
from chalice.app import AuthRequest

from chalicelib.access.tokens import REFUSED, Role, Token
from chalicelib.api.http import problems
from chalicelib.api.http.endpoint import Caller, Endpoint
from chalicelib.assembly import parts
from chalicelib.errors import Forbidden, Unauthorized
from chalicelib.telemetry import request_events


def authorize(request: AuthRequest, endpoints: Iterable[Endpoint]) -> AuthResponse:
    """Return the policy for the token's role.

    The policy allows every route of the role, because API Gateway caches the policy. API Gateway answers 401 if the
    error says that the token is bad. If the token cannot be checked, API Gateway answers 500, so an unchecked call is
    never allowed.
    """
    try:
        token = parts.tokens.verify(bearer(request.token))
    except Unauthorized as error:
        request_events.token_refused(error.principal, error.why, *_asked(request.method_arn))
        raise _gateway_error(error) from None
    except Exception as error:
        request_events.authorizer_down(error)
        raise _gateway_error(error) from error
    return AuthResponse(routes_of(token.role, endpoints), principal_id=token.id, context=context_of(token))


def bearer(header: str) -> str:
    """Return the token in an Authorization header; raises Unauthorized for any other scheme."""
    scheme, _, text = header.strip().partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthorized("Send the header Authorization: Bearer <token>.")
    return text.strip()


def routes_of(role: Role, endpoints: Iterable[Endpoint]) -> list[AuthRoute]:
    """Return the routes that a role may call; in a route's path, `*` matches any id."""
    allowed = [endpoint for endpoint in endpoints if endpoint.role is None or role.may(endpoint.role)]
    return [AuthRoute(_pattern(endpoint.path), [endpoint.method]) for endpoint in allowed]


def context_of(token: Token) -> dict[str, str]:
    """Return the context that the authorizer passes to the API: only texts, because API Gateway passes nothing else."""
    expires = "" if token.expires_at is None else repr(token.expires_at)
    found = {"token": token.id, "role": str(token.role), "label": token.label, "expires": expires}
    return {**found, "rate": str(token.rate)} if token.rate else found


def caller_of(request_context: Mapping[str, Any], now: float) -> Caller:
    """Return the caller that the authorizer found; raises Unauthorized without a caller, or with an expired token."""
    found = request_context.get("authorizer") or {}
    try:
        expires_at = float(found["expires"]) if found["expires"] else None
        caller = Caller(found["token"], Role(found["role"]), found["label"], expires_at)
    except (KeyError, ValueError):
        raise Unauthorized("Send the header Authorization: Bearer <token>.") from None
    if expires_at is not None and now >= expires_at:
        raise Unauthorized(REFUSED, "expired token", caller.token)
    return caller


def require(caller: Caller, needed: Role) -> None:
    """Raise Forbidden unless the caller's role includes the rights of `needed`."""
    if not caller.role.may(needed):
        raise Forbidden(f"This request needs the role {needed}; the token has the role {caller.role}.")


def _asked(method_arn: str) -> tuple[str, str]:
    """Return method and path of an ARN: arn:aws:execute-api:<region>:<account>:<api>/<stage>/<method>/<path>."""
    parts = method_arn.split("/", 3)
    return (parts[2], f"/{parts[3]}") if len(parts) == 4 else ("-", "-")


def _pattern(path: str) -> str:
    return "/".join("*" if part.startswith("{") else part for part in path.split("/"))


def _gateway_error(error: Exception) -> Exception:
    body = problems.problem_of(error)
    local = sys.modules.get("chalice.local")
    if local is None:
        # API Gateway answers 401 if an authorizer raises exactly the text "Unauthorized", and 500 for any other text.
        return Exception("Unauthorized" if body["status"] == 401 else "The token cannot be checked.")
    # `chalice local` and tests emulate API Gateway with Chalice's own code, which handles only Chalice's error classes.
    kind = local.NotAuthorizedError if body["status"] == 401 else local.InvalidAuthorizerError
    headers = {**problems.headers_of(error), "Content-Type": problems.CONTENT_TYPE}
    gateway_error: Exception = kind(headers, json.dumps(body).encode())
    return gateway_error
