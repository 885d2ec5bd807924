"""Find the caller of a request by the bearer token or session, and check the caller's role."""

from chalicelib.access.secret_text import SESSION_PREFIX
from chalicelib.access.tokens import Role
from chalicelib.api.http.endpoint import Caller
from chalicelib.assembly import parts
from chalicelib.errors import Forbidden, TokenNotChecked, Unauthorized
from chalicelib.telemetry import request_events

SESSION_BEGINS = len(SESSION_PREFIX)
SEND = "Send the header Authorization: Bearer <token>."


def caller_of(header: str | None) -> Caller:
    """Return the caller whose token or session is in the header Authorization; raises Unauthorized.

    Raises TokenNotChecked if the token cannot be looked up: an unchecked request is never accepted, and an answer 401
    would make clients drop a good token.
    """
    try:
        text = bearer(header or "")
        if text[:SESSION_BEGINS] == SESSION_PREFIX:
            return _of_session(text)
        token = parts.tokens.verify(text)
    except Unauthorized:
        raise
    except Exception as error:
        request_events.token_not_checked(error)
        raise TokenNotChecked from error
    _note_use(token.id)
    return Caller(token.principal, token.role, token.label, token.expires_at, token.rate, token.scope)


def _of_session(text: str) -> Caller:
    session = parts.sessions.verify(text)
    return Caller(session.principal, session.role, session.label, session.expires_at, session=session.hash)


def _note_use(token_id: str) -> None:
    """Note the use of a token. A request with a good token is answered whether or not that works."""
    try:
        parts.last_uses.used(token_id)
    except Exception as error:
        request_events.use_not_stored(token_id, error)


def bearer(header: str) -> str:
    """Return the token in an Authorization header; raises Unauthorized for any other scheme."""
    scheme, _, text = header.strip().partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthorized(SEND)
    return text.strip()


def require(caller: Caller, needed: Role) -> None:
    """Raise Forbidden unless the caller's role includes the rights of `needed`."""
    if not caller.role.may(needed):
        raise Forbidden(f"This request needs the role {needed}; the token has the role {caller.role}.")
