"""Store tokens on the control table: one row per token, found by its hash, and one list of all hashes."""

from collections.abc import Sequence

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.models import Model

from chalicelib.access.tokens import Role, Token
from chalicelib.adapters.dynamo.tables import binding
from chalicelib.jobs.retention import KEEP_TOKENS
from chalicelib.settings import Settings

LIST = "TOKENS"


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
    expires_at = NumberAttribute(null=True)


class ListedRow(Model):
    """The hash of a token in the list of all tokens, so that listing is a query and not a scan."""

    pk = UnicodeAttribute(hash_key=True, default=LIST)
    sk = UnicodeAttribute(range_key=True)
    expires_at = NumberAttribute(null=True)


class DynamoTokenStore:
    """See TokenStore."""

    def __init__(self, settings: Settings) -> None:
        table = binding.control(settings)
        self._rows = table.bind(TokenRow)
        self._listed = table.bind(ListedRow)

    def put(self, token: Token) -> None:
        """See TokenStore."""
        gone_at = None if token.expires_at is None else int(token.expires_at + KEEP_TOKENS)
        # List the token first: a working token can then always be found and revoked.
        self._listed(sk=token.hash, expires_at=gone_at).save()
        self._rows(
            pk=_key(token.hash),
            role=str(token.role),
            label=token.label,
            created_at=token.created_at,
            ends_at=token.expires_at,
            revoked_at=token.revoked_at,
            issued_by=token.issued_by or None,
            revoked_by=token.revoked_by or None,
            rate=token.rate or None,
            expires_at=gone_at,
        ).save()

    def find(self, token_hash: str) -> Token | None:
        """See TokenStore."""
        try:
            row = self._rows.get(_key(token_hash), "TOKEN", consistent_read=True)
        except self._rows.DoesNotExist:
            return None
        return Token(
            token_hash, Role(row.role), row.label, row.created_at, row.ends_at, row.revoked_at,
            row.issued_by or "", row.revoked_by or "", int(row.rate or 0),
        )  # fmt: skip

    def all(self) -> Sequence[Token]:
        """See TokenStore."""
        hashes = [row.sk for row in self._listed.query(LIST, consistent_read=True)]
        found = [token for token in map(self.find, hashes) if token is not None]
        return sorted(found, key=lambda token: token.created_at)


def _key(token_hash: str) -> str:
    return f"TOK#{token_hash}"
