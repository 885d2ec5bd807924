"""Serve sign-in: exchange an ID token for a session, end it (logout), list and revoke sessions."""

from typing import Annotated, Literal

from pydantic import Field

from chalicelib.access.tokens import Role
from chalicelib.api.http.endpoint import Audited, Call, Caller, Endpoints, Reply
from chalicelib.api.models.fields import Body, Reasoned
from chalicelib.api.models.responses import Answer, Time
from chalicelib.assembly import parts
from chalicelib.job_types.checks import PERSON
from chalicelib.jobs.listing import iso
from chalicelib.sessions.constants import LONGEST_SENT, MOST_LISTED, SIGN_INS_A_MINUTE
from chalicelib.sessions.port import Session

endpoints = Endpoints()
Principal = Annotated[str, Field(pattern=f"^{PERSON.pattern}$")]


class SignIn(Body):
    """The end of a sign-in with the identity provider."""

    id_token: str = Field(
        min_length=1, max_length=LONGEST_SENT, description="The ID token; it is accepted once, soon after its issue"
    )
    secret: str = Field(
        min_length=1, max_length=128,
        description="What the page has kept since it began the sign-in. The nonce of the ID token is its SHA-256 in "
        "base64url, so nobody who only has the ID token can use it",
    )  # fmt: skip


class NewSession(Answer):
    """A session, with its text, which cannot be read again."""

    id: str = Field(description="The id of the session; it cannot be used to call the API")
    token: str = Field(description="The text to send as a bearer token")
    principal: str = Field(description="Who has signed in: the issuer, hashed, and its subject")
    role: Role
    expires_at: Time


class EndedSession(Answer):
    """A session that was ended."""

    id: str


class SessionRow(Answer):
    """One session, without its text."""

    id: str = Field(description="The id of the session; it cannot be used to call the API")
    principal: str = Field(description="Who has signed in: the issuer, hashed, and its subject")
    label: str | None = Field(description="The person's name, if the stage asks the provider for it")
    role: Role
    state: Literal["works", "expired", "ended"]
    created_at: Time
    expires_at: Time
    ended_at: Time | None
    ended_by: str | None = Field(description="Who has ended it before its time: the person, or an administrator")


class SessionList(Answer):
    """All sessions, the newest first."""

    sessions: list[SessionRow]


class Revoke(Reasoned):
    """A person whose sessions are to be ended."""

    principal: Principal = Field(description="Who has signed in, as GET /sessions shows it")


class Revoked(Answer):
    """What a revocation has done."""

    principal: str
    sessions: int = Field(description="How many sessions worked until now")


EXAMPLE = {
    "id_token": "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.eyJpc3MiOiJodHRwczovL2xvZ2luLmV4YW1wbGUuY29tIn0.c2lnbmF0dXJl",
    "secret": "the-page-has-kept-43-random-characters-here",
}


def identified(body: SignIn) -> Caller:
    """Return who signs in; raises SignInNotConfigured, SignInRefused, NoRole, SignInUnavailable, RateLimited."""
    person = parts.sessions.identify(body.id_token, body.secret)
    parts.rate_limiter.check("", f"sign-in:{person.principal}", SIGN_INS_A_MINUTE, "for sign-ins of this person")
    parts.sessions.use(person)  # last: who is refused above can send the same ID token again
    return Caller(person.principal, person.role, person.label, issued=person.issued)


@endpoints.post(
    "/session", NewSession, body=SignIn, role=None, statuses=(201, 401, 403, 404, 503), identified=identified,
    examples={"the end of a sign-in": EXAMPLE},
    audit=Audited("session.begin", "session", made="id"),
)  # fmt: skip
def begin_session(call: Call) -> Reply:
    """Exchange an ID token of the identity provider for a session of eight hours.

    The ID token is verified once: signature, issuer, audience, times, nonce. The role follows from the person's groups.
    """
    caller = call.caller
    assert caller is not None  # noqa: S101 - `identified` has returned it
    text, session = parts.sessions.begin(caller.token, caller.role, caller.label, caller.issued)
    made = NewSession(
        id=session.id, token=text, principal=session.principal, role=session.role, expires_at=iso(session.expires_at)
    )
    return Reply(made, 201, {"Location": call.here})


@endpoints.delete(
    "/session", EndedSession, role=Role.VIEWER, statuses=(200, 404),
    audit=Audited("session.end", "session", made="id"),
)  # fmt: skip
def end_session(call: Call) -> EndedSession:
    """End the session of this request (logout). It works nowhere after ten seconds. Safe to repeat within them."""
    session = call.caller.session if call.caller else ""
    return EndedSession(id=parts.sessions.end(session, call.principal))


@endpoints.get("/sessions", SessionList, role=Role.ADMIN)
def list_sessions(_: Call) -> SessionList:
    """List the sessions that have not expired, newest first, at most 2,000.

    Ended and expired ones are listed for up to a day more.
    """
    now, newest = parts.clock(), parts.sessions.list()[-MOST_LISTED:]
    return SessionList(sessions=[_row(one, now) for one in reversed(newest)])


@endpoints.post(
    "/sessions/revoke", Revoked, body=Revoke, role=Role.ADMIN,
    examples={"a person": {"principal": "oidc:0f1e2d3c:00u1a2b3c4"}},
    audit=Audited("session.revoke", "person", made="principal"),
)  # fmt: skip
def revoke_sessions(call: Call) -> Revoked:
    """End all sessions of a person. They work nowhere after ten seconds.

    ID tokens from before are refused. The person can sign in again some minutes later, until the identity provider
    refuses it or no group of the person has a role.
    """
    return Revoked(principal=call.body.principal, sessions=parts.sessions.revoke(call.body.principal, call.principal))


def _row(session: Session, now: float) -> SessionRow:
    return SessionRow(
        id=session.id, principal=session.principal, label=session.label or None, role=session.role,
        state=session.state(now), created_at=iso(session.created_at), expires_at=iso(session.expires_at),
        ended_at=None if session.ended_at is None else iso(session.ended_at), ended_by=session.ended_by or None,
    )  # fmt: skip
