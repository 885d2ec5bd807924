"""Serve the list of tokens, without their secrets. Commands make, rotate and revoke them, with AWS credentials."""

from typing import Literal

from pydantic import Field

from chalicelib.access.tokens import Role, Token
from chalicelib.api.http.endpoint import Call, Endpoints
from chalicelib.api.models.responses import Answer, Time
from chalicelib.assembly import parts
from chalicelib.jobs.listing import iso

endpoints = Endpoints()


class TokenRow(Answer):
    """One secret of a token."""

    id: str = Field(description="The id of this secret; it cannot be used to call the API")
    principal: str = Field(
        description="Who uses it: the id of the first secret, which stays when the token is rotated. The audit log and "
        "idempotency keys belong to the principal"
    )
    role: Role
    label: str
    state: Literal["works", "expired", "revoked"]
    created_at: Time
    expires_at: Time | None = Field(description="When it expires, or, after a rotation, its overlap ends; null: never")
    last_used_at: Time | None = Field(description="To about an hour; null: never, or longer than 400 days ago")
    revoked_at: Time | None
    issued_by: str | None = Field(description="The AWS identity that issued it; null: a laptop")
    types: list[str] | None = Field(description="The job types that it may touch; null: all")
    tenants: list[str] | None = Field(description="The tenants whose jobs it may touch; null: all")
    payloads: bool = Field(description="Whether it may read payloads, results, error messages, steps and logs")
    personal: bool = Field(description="Whether its scope allows personal fields; viewers see masks also if it is true")
    rate: int | None = Field(description="Its own limit of writing requests a minute; null: that of its address")


class TokenList(Answer):
    """All tokens, the newest first."""

    tokens: list[TokenRow]


@endpoints.get("/tokens", TokenList, role=Role.ADMIN)
def list_tokens(_: Call) -> TokenList:
    """List all tokens, newest first, without their secrets. Expired ones are listed for 90 days more.

    `jobflow token issue`, `rotate` and `revoke` make, rotate and revoke them.
    """
    uses, now = parts.tokens.uses(), parts.clock()
    return TokenList(tokens=[_row(one, uses.get(one.id), now) for one in reversed(parts.tokens.list())])


def _row(token: Token, used: float | None, now: float) -> TokenRow:
    return TokenRow(
        id=token.id, principal=token.principal, role=token.role, label=token.label, state=token.state(now),
        created_at=iso(token.created_at), expires_at=_time(token.expires_at), last_used_at=_time(used),
        revoked_at=_time(token.revoked_at), issued_by=token.issued_by or None, types=list(token.scope.types) or None,
        tenants=list(token.scope.tenants) or None, payloads=token.scope.payloads, personal=token.scope.personal,
        rate=token.rate or None,
    )  # fmt: skip


def _time(at: float | None) -> str | None:
    return None if at is None else iso(at)
