"""Serve the health check, and the caller's own token."""

from chalicelib.api.http.endpoint import Call, Endpoints
from chalicelib.api.models.responses import Health, Me
from chalicelib.errors import Unauthorized
from chalicelib.jobs.listing import iso

endpoints = Endpoints()


@endpoints.get("/health", Health, role=None)
def health(_: Call) -> Health:
    """Report that the API is up. Public; sends no request to AWS."""
    return Health()


@endpoints.get("/me", Me)
def me(call: Call) -> Me:
    """Return the id, role, label, expiry and scope of the token."""
    if call.caller is None:
        raise Unauthorized("Send the header Authorization: Bearer <token>.")
    caller = call.caller
    until = None if caller.expires_at is None else iso(caller.expires_at)
    scope = caller.scope
    return Me(
        id=caller.token, role=caller.role, label=caller.label, expires_at=until, types=list(scope.types) or None,
        tenants=list(scope.tenants) or None, payloads=scope.payloads, personal=caller.sees_personal,
    )  # fmt: skip
