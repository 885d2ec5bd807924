"""Store tokens on the control table: one row per token, found by its hash, and one list of all hashes.

When a token was last used is in a row of its own, because the API may not write the rows of tokens.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import UpdateError
from pynamodb.models import Model

from chalicelib.access.scope import WHOLE, Scope
from chalicelib.access.tokens import ID_LENGTH, Role, Token
from chalicelib.adapters.dynamo.tables import binding
from chalicelib.adapters.dynamo.tables.answers import refused
from chalicelib.adapters.dynamo.tables.attributes import Seconds, Text, Whole
from chalicelib.adapters.dynamo.tables.schema import TOKEN, TOKEN_LIST, TOKEN_USES
from chalicelib.jobs.retention import KEEP_TOKENS, KEEP_USES
from chalicelib.settings import Settings
from chalicelib.side_by_side import side_by_side
from chalicelib.telemetry import request_events

SCOPED = "scoped/"
"""Begins the role of a token with a scope: an API that does not know scopes yet cannot read such a role, so it refuses
the token (503), and does not take it for a token that may do everything."""
READ_AT_ONCE = 8
"""Number of tokens that a list reads at the same time."""


class TokenRow(Model):
    """A token under `TOK#<hash>`. Only the API may read such rows."""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default="TOKEN")
    role = UnicodeAttribute()
    label = UnicodeAttribute()
    created_at = NumberAttribute()
    ends_at = NumberAttribute(null=True)
    revoked_at = NumberAttribute(null=True)
    issued_by = UnicodeAttribute(null=True)
    revoked_by = UnicodeAttribute(null=True)
    rate = NumberAttribute(null=True)
    rotates = UnicodeAttribute(null=True)
    scope = UnicodeAttribute(null=True)
    expires_at = NumberAttribute(null=True)


class ListedRow(Model):
    """The hash of a token in the list of all tokens, so that listing is a query and not a scan."""

    pk = UnicodeAttribute(hash_key=True, default=TOKEN_LIST)
    sk = UnicodeAttribute(range_key=True)
    expires_at = NumberAttribute(null=True)


class UseRow(Model):
    """When a token was last used; the sort key is the token's id."""

    pk = Text(hash_key=True, default=TOKEN_USES)
    sk = Text(range_key=True)
    at = Seconds()
    expires_at = Whole()


class DynamoTokenStore:
    """See TokenStore. `unreadable` is told the id of a token whose row `all` cannot read, and the error."""

    def __init__(
        self, settings: Settings, unreadable: Callable[[str, Exception], None] = request_events.token_unreadable
    ) -> None:
        self._unreadable = unreadable
        table = binding.control(settings)
        self._rows = table.bind(TokenRow)
        self._listed = table.bind(ListedRow)
        self._uses = table.bind(UseRow)

    def put(self, token: Token) -> None:
        """See TokenStore."""
        gone_at = None if token.expires_at is None else _gone_at(token.expires_at)
        # List the token first: a working token can then always be found and revoked.
        self._listed(sk=token.hash, expires_at=gone_at).save()
        self._rows(
            pk=_key(token.hash),
            role=f"{SCOPED if token.scope != WHOLE else ''}{token.role}",
            label=token.label,
            created_at=token.created_at,
            ends_at=token.expires_at,
            revoked_at=token.revoked_at,
            issued_by=token.issued_by or None,
            revoked_by=token.revoked_by or None,
            rate=token.rate or None,
            rotates=token.rotates or None,
            scope=None if token.scope == WHOLE else json.dumps(asdict(token.scope)),
            expires_at=gone_at,
        ).save()

    def end(self, token: Token, at: float) -> bool:
        """See TokenStore. One conditional write, and one that lets its place in the list expire."""
        row = TokenRow
        try:
            self._rows(_key(token.hash), "TOKEN").update(
                [row.ends_at.set(at), row.expires_at.set(_gone_at(at))],
                row.role.exists() & row.revoked_at.does_not_exist(),
            )
        except UpdateError as error:
            if not refused(error):
                raise
            return False
        self._listed(sk=token.hash, expires_at=_gone_at(at)).save()
        return True

    def used(self, token_id: str, at: float) -> None:
        """See TokenStore. One write unit."""
        self._uses(TOKEN_USES, token_id).update([UseRow.at.set(at), UseRow.expires_at.set(at + KEEP_USES)])

    def uses(self) -> Mapping[str, float]:
        """See TokenStore. One query."""
        return {row.sk: row.at for row in self._uses.query(TOKEN_USES)}

    def find(self, token_hash: str) -> Token | None:
        """See TokenStore."""
        try:
            row = self._rows.get(_key(token_hash), "TOKEN", consistent_read=True)
        except self._rows.DoesNotExist:
            return None
        return Token(
            token_hash, Role(row.role.removeprefix(SCOPED)), row.label, row.created_at, row.ends_at, row.revoked_at,
            row.issued_by or "", row.revoked_by or "", int(row.rate or 0), row.rotates or "", _scope(row),
        )  # fmt: skip

    def all(self) -> Sequence[Token]:
        """See TokenStore."""
        hashes = [row.sk for row in self._listed.query(TOKEN_LIST, consistent_read=True)]
        found = [token for token in side_by_side(self._readable, hashes, READ_AT_ONCE) if token is not None]
        return sorted(found, key=lambda token: token.created_at)

    def _readable(self, token_hash: str) -> Token | None:
        """Return the token; None without one, or, after a report, for a row that this version cannot read.

        Such a row must not prevent that other tokens are revoked.
        """
        try:
            return self.find(token_hash)
        except (ValueError, KeyError, TypeError) as error:
            self._unreadable(token_hash[:ID_LENGTH], error)
            return None


def _key(token_hash: str) -> str:
    return f"{TOKEN}{token_hash}"


def _scope(row: TokenRow) -> Scope:
    """Return the scope; raises ValueError for a row that has lost it."""
    if not row.role.startswith(SCOPED):
        return WHOLE
    stored = json.loads(row.scope or "")
    personal = stored.get("personal", True)  # tokens that are older than personal fields may see them
    return Scope(tuple(stored["types"]), tuple(stored["tenants"]), stored["payloads"], personal)


def _gone_at(ends_at: float) -> int:
    return int(ends_at + KEEP_TOKENS)
