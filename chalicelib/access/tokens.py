"""Authorise callers of the API: bearer tokens with a role, kept as hashes only."""

import hashlib
import hmac
import math
import re
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from chalicelib.access.constants import HIGHEST_RATE, LONGEST_LABEL, MOST_TOKENS_REMEMBERED, TOKEN_TRUSTED
from chalicelib.errors import InvalidRequest, TokenNotFound, Unauthorized
from chalicelib.telemetry import request_events

SHAPE = re.compile(r"jf_[A-Za-z0-9_-]{43}")
"""`jf_` and 256 random bits in base64url. Secret scanners can search for this prefix."""
ID_LENGTH = 16
REFUSED = "This token is unknown, expired or revoked. Send another: Authorization: Bearer <token>."


class Role(StrEnum):
    """Rights of a token: read; also write; also manage. Each role includes the rights of the roles before it."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"

    def may(self, needed: "Role") -> bool:
        """Return True when this role has all rights of `needed`."""
        ranks = list(Role)
        return ranks.index(self) >= ranks.index(needed)


@dataclass(frozen=True, slots=True)
class Token:
    """Store a token as the SHA-256 of its text, never as the text. Times in seconds since the epoch.

    `issued_by` and `revoked_by` name the AWS identities that issued and revoked the token. `rate` is the token's limit
    of writing requests a minute, which replaces the limit of its address; 0: the address's limit applies.
    """

    hash: str
    role: Role
    label: str
    created_at: float
    expires_at: float | None = None
    revoked_at: float | None = None
    issued_by: str = ""
    revoked_by: str = ""
    rate: int = 0

    @property
    def id(self) -> str:
        """Return an id for display: a part of the hash that is unique, but useless for calling the API."""
        return self.hash[:ID_LENGTH]

    def good(self, now: float) -> bool:
        """Return True when the token is neither expired nor revoked."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


class TokenStore(Protocol):
    """Store tokens: a port."""

    def put(self, token: Token) -> None:
        """Store a token, replacing an older state."""

    def find(self, token_hash: str) -> Token | None:
        """Return the token with that hash, with a strongly consistent read."""

    def all(self) -> Sequence[Token]:
        """Return every token, including expired and revoked tokens, oldest first."""


class MemoryTokenStore:
    """Tokens in a dict, for tests."""

    def __init__(self) -> None:
        self._tokens: dict[str, Token] = {}

    def put(self, token: Token) -> None:
        """See TokenStore."""
        self._tokens[token.hash] = token

    def find(self, token_hash: str) -> Token | None:
        """See TokenStore."""
        return self._tokens.get(token_hash)

    def all(self) -> Sequence[Token]:
        """See TokenStore."""
        return sorted(self._tokens.values(), key=lambda token: token.created_at)


class Tokens:
    """Issue, list, revoke and verify tokens."""

    def __init__(self, store: TokenStore, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._verified: dict[str, tuple[Token, float]] = {}

    def issue(self, role: Role, label: str, ttl: float | None = None, by: str = "", rate: int = 0) -> tuple[str, Token]:
        """Return the text of a new token, which cannot be read again, and its stored part.

        `ttl` in seconds, None for no end; `by` is the caller's identity; `rate` in writing requests a minute, 0 for the
        address's limit.

        Raises InvalidRequest if the label is empty, too long or not printable, or ttl or rate is out of range.
        """
        if not (label.isprintable() and 1 <= len(label.strip()) <= LONGEST_LABEL):
            raise InvalidRequest(f"A token's label is 1 to {LONGEST_LABEL} printable characters: who or what uses it.")
        if ttl is not None and not 0 < ttl < math.inf:
            raise InvalidRequest("A token's time to live is a positive number of seconds.")
        if not 0 <= rate <= HIGHEST_RATE:
            raise InvalidRequest(f"A token's rate is 1 to {HIGHEST_RATE:,} requests a minute.")
        now = self._clock()
        text = f"jf_{secrets.token_urlsafe(32)}"
        ends = None if ttl is None else now + ttl
        token = Token(hash_of(text), role, label.strip(), now, ends, issued_by=by, rate=rate)
        self._store.put(token)
        request_events.token_issued(token.id, token.role, by)
        return text, token

    def list(self) -> Sequence[Token]:
        """Return every issued token that is still stored, oldest first."""
        return self._store.all()

    def revoke(self, token_id: str, by: str = "") -> Token:
        """Revoke a token everywhere within ten seconds; raises TokenNotFound. A second call changes nothing."""
        found = [token for token in self._store.all() if token.id == token_id]
        if not found:
            raise TokenNotFound(token_id)
        token = found[0]
        if token.revoked_at is None:
            token = replace(token, revoked_at=self._clock(), revoked_by=by)
            self._store.put(token)
        with self._lock:
            self._verified.pop(token.hash, None)
        request_events.token_revoked(token.id, by)
        return token

    def verify(self, text: str) -> Token:
        """Return the token with that text. Raises Unauthorized, with the same words for every reason.

        Errors of the store are not caught: a token that cannot be checked is not accepted.
        """
        now = self._clock()
        token = self._look_up(text, now) if SHAPE.fullmatch(text) else None
        if token is None or not token.good(now):
            raise Unauthorized(REFUSED, *_why_refused(token))
        return token

    def _look_up(self, text: str, now: float) -> Token | None:
        digest = hash_of(text)
        token, until = self._verified.get(digest, (None, 0.0))
        if token is not None and now < until:
            return token
        token = self._store.find(digest)
        # The look-up uses the hash, so the time that it takes reveals nothing about the token's text. The comparison
        # protects against a store that returns the row of another token.
        if token is None or not hmac.compare_digest(token.hash, digest):
            return None
        self._remember(token, now)
        return token

    def _remember(self, token: Token, now: float) -> None:
        with self._lock:
            if len(self._verified) >= MOST_TOKENS_REMEMBERED:
                self._verified.clear()
            self._verified[token.hash] = (token, now + TOKEN_TRUSTED)


def _why_refused(token: Token | None) -> tuple[str, str | None]:
    if token is None:
        return "unknown token", None
    return "revoked token" if token.revoked_at is not None else "expired token", token.id


def hash_of(text: str) -> str:
    """Return the SHA-256 of a token's text; 256 random bits cannot be guessed, so no salt or slow hash is needed."""
    return hashlib.sha256(text.encode()).hexdigest()
