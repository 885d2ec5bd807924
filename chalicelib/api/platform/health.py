"""Is it there, and who am I to it."""

from chalicelib.api.http.endpoint import Call, Endpoints
from chalicelib.api.models.responses import Health, Me
from chalicelib.errors import Unauthorized

endpoints = Endpoints()


@endpoints.get("/health", Health, role=None)
def health(_: Call) -> Health:
    """Report that the API is up. Public; sends no request to AWS."""
    return Health()


@endpoints.get("/me", Me)
def me(call: Call) -> Me:
    """Return the id, role and expiry of the token."""
    if call.caller is None:
        raise Unauthorized("Send the header Authorization: Bearer <token>.")
    return Me(role=call.caller.role, label=call.caller.label)
