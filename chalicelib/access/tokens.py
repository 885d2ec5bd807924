"""Authorise callers of the API: bearer tokens with a role, kept as hashes only."""

import hashlib
import hmac
import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal, Protocol

from chalicelib.access.constants import (
    HIGHEST_RATE,
    LONGEST_LABEL,
    LONGEST_OVERLAP,
    MOST_TOKENS_REMEMBERED,
    TOKEN_TRUSTED,
)
from chalicelib.access.scope import WHOLE, Scope
from chalicelib.access.secret_text import new_text, possible
from chalicelib.errors import InvalidRequest, TokenNotFound, Unauthorized
from chalicelib.jobs.listing import iso
from chalicelib.telemetry import request_events

ID_LENGTH = 16
REFUSED = "This token is unknown or revoked. Send another: Authorization: Bearer <token>."
EXPIRED = "This token expired at {}. Send another: Authorization: Bearer <token>."


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
    of writing requests a minute, which replaces the limit of its address; 0: the address's limit applies. `rotates` is
    the principal whose secret this token replaces; empty: it is the first secret of its principal.
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
    rotates: str = ""
    scope: Scope = WHOLE

    @property
    def id(self) -> str:
        """Return an id for display: a part of the hash that is unique, but useless for calling the API."""
        return self.hash[:ID_LENGTH]

    @property
    def principal(self) -> str:
        """Return who uses the token: the id of the first token, which stays when the token is rotated."""
        return self.rotates or self.id

    @property
    def life(self) -> float | None:
        """Return for how many seconds the token was issued; None: without an end."""
        return None if self.expires_at is None else self.expires_at - self.created_at

    def state(self, now: float) -> Literal["works", "expired", "revoked"]:
        """Return whether the token works, and if not, why."""
        if self.good(now):
            return "works"
        return "expired" if self.revoked_at is None else "revoked"

    def good(self, now: float) -> bool:
        """Return True when the token is neither expired nor revoked."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


class TokenStore(Protocol):
    """Store tokens: a port."""

    def put(self, token: Token) -> None:
        """Store a token, replacing an older state."""

    def end(self, token: Token, at: float) -> bool:
        """Let a token expire at that time; False, without a change, if it was revoked meanwhile."""

    def find(self, token_hash: str) -> Token | None:
        """Return the token with that hash, with a strongly consistent read."""

    def used(self, token_id: str, at: float) -> None:
        """Store when the token with that id was last used."""

    def uses(self) -> Mapping[str, float]:
        """Return when each token was last used, by its id; a token that was never used is missing."""

    def all(self) -> Sequence[Token]:
        """Return every token, including expired and revoked tokens, oldest first.

        A row that this version cannot read is left out and reported.
        """


class MemoryTokenStore:
    """Tokens in a dict, for tests."""

    def __init__(self) -> None:
        self._tokens: dict[str, Token] = {}
        self._uses: dict[str, float] = {}

    def put(self, token: Token) -> None:
        """See TokenStore."""
        self._tokens[token.hash] = token

    def end(self, token: Token, at: float) -> bool:
        """See TokenStore."""
        found = self._tokens.get(token.hash)
        if found is None or found.revoked_at is not None:
            return False
        self._tokens[token.hash] = replace(found, expires_at=at)
        return True

    def used(self, token_id: str, at: float) -> None:
        """See TokenStore."""
        self._uses[token_id] = at

    def uses(self) -> Mapping[str, float]:
        """See TokenStore."""
        return dict(self._uses)

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

    def issue(
        self, role: Role, label: str, ttl: float | None = None, by: str = "", rate: int = 0, scope: Scope = WHOLE
    ) -> tuple[str, Token]:
        """Return the text of a new token, which cannot be read again, and its stored part.

        `ttl` in seconds, None for no end; `by` is the caller's identity; `rate` in writing requests a minute, 0 for the
        address's limit.

        Raises InvalidRequest if the label is empty, too long or not printable, or ttl or rate is out of range.
        """
        if not (label.isprintable() and 1 <= len(label.strip()) <= LONGEST_LABEL):
            raise InvalidRequest(f"A token's label is 1 to {LONGEST_LABEL} printable characters: who or what uses it.")
        if not 0 <= rate <= HIGHEST_RATE:
            raise InvalidRequest(f"A token's rate is 1 to {HIGHEST_RATE:,} requests a minute.")
        text = new_text()
        now = self._clock()
        token = Token(hash_of(text), role, label.strip(), now, _end(now, ttl), issued_by=by, rate=rate, scope=scope)
        self._store.put(token)
        request_events.token_issued(token.id, token.role, by)
        return text, token

    def rotate(self, name: str, overlap: float, ttl: float | None = None, by: str = "") -> tuple[str, Token]:
        """Return another secret of a token, and its stored part; the earlier ones expire in `overlap` seconds.

        `name` is the id of the token, or its label if no other working token has it. The principal, the role, the
        scope and the rate stay. `ttl` in seconds; None: as long as the token was issued for. A repeated call makes one
        more secret, and also ends the one before; so does one after an error of the store. Two calls at the same time
        may both make a secret, and neither ends that of the other: `besides` lists it.

        Raises TokenNotFound without a working token of that name, and InvalidRequest.
        """
        if not 0 <= overlap <= LONGEST_OVERLAP:
            raise InvalidRequest(f"The overlap of two secrets is at most {LONGEST_OVERLAP / 86400:.0f} days.")
        now = self._clock()
        earlier = self._working(name, now)
        newest = earlier[-1]
        text = new_text()
        ends = _end(now, newest.life if ttl is None else ttl)
        token = replace(
            newest, hash=hash_of(text), created_at=now, expires_at=ends, issued_by=by, rotates=newest.principal
        )
        # Store the new secret first: if the process dies here, the earlier one still works. Then end the earlier ones:
        # if one was revoked meanwhile, that revocation may have missed the new one.
        self._store.put(token)
        for one in earlier:
            until = now + overlap if one.expires_at is None else min(one.expires_at, now + overlap)
            if not self._store.end(one, until):
                self.revoke(token.id, by)
                raise TokenNotFound(name)
            self._forget(one)
        request_events.token_rotated(token.principal, token.id, by)
        return text, token

    def besides(self, token: Token, at: float) -> Sequence[Token]:
        """Return the other secrets of the token's principal that work at that time.

        After a rotation, these are secrets of another one at the same time, which a further rotation ends. Of two
        rotations, the later one sees both secrets, because it looks after it has stored its own.
        """
        return [one for one in self._of(token.principal) if one.id != token.id and one.good(at)]

    def list(self) -> Sequence[Token]:
        """Return every issued token that is still stored, oldest first."""
        return self._store.all()

    def uses(self) -> Mapping[str, float]:
        """Return when each token was last used, by its id, to about an hour."""
        return self._store.uses()

    def revoke(self, token_id: str, by: str = "") -> Token:
        """Revoke all secrets of a token everywhere within ten seconds; return the one with this id, or the newest.

        `token_id` is the id of a secret, or the principal. Raises TokenNotFound. A second call changes nothing.
        """
        done: dict[str, Token] = {}
        # Look again after the writes: a rotation at the same time either sees one of them, or is seen here.
        while found := [one for one in self._of(token_id) if one.hash not in done]:
            for token in found:
                done[token.hash] = self._revoked(token, by)
        if not done:
            raise TokenNotFound(token_id)
        return next((one for one in done.values() if one.id == token_id), [*done.values()][-1])

    def _revoked(self, token: Token, by: str) -> Token:
        if token.revoked_at is None:
            token = replace(token, revoked_at=self._clock(), revoked_by=by)
            self._store.put(token)
        self._forget(token)
        request_events.token_revoked(token.id, by)
        return token

    def _of(self, token_id: str) -> Sequence[Token]:
        """Return all secrets of the principal that has a secret with this id."""
        every = self._store.all()
        principals = {one.principal for one in every if token_id in (one.id, one.principal)}
        return [one for one in every if one.principal in principals]

    def _working(self, name: str, now: float) -> Sequence[Token]:
        """Return the working secrets of the one principal with this id or label, oldest first."""
        good = [one for one in self._store.all() if one.good(now)]
        principals = {one.principal for one in good if name in (one.id, one.principal)}
        principals = principals or {one.principal for one in good if one.label == name}
        if not principals:
            raise TokenNotFound(name)
        if len(principals) > 1:
            several = ", ".join(sorted(principals))
            raise InvalidRequest(f"Several tokens have the label {name!r}. Give the id of one: {several}.")
        return [one for one in good if one.principal in principals]

    def _forget(self, token: Token) -> None:
        with self._lock:
            self._verified.pop(token.hash, None)

    def verify(self, text: str) -> Token:
        """Return the token with that text. Raises Unauthorized; the words tell only an expired token from others.

        Errors of the store are not caught: a token that cannot be checked is not accepted.
        """
        now = self._clock()
        token = self._look_up(text, now) if possible(text) else None
        if token is None or not token.good(now):
            raise _refusal(token)
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


def _refusal(token: Token | None) -> Unauthorized:
    if token is None:
        return Unauthorized(REFUSED, "unknown token")
    if token.revoked_at is not None:
        return Unauthorized(REFUSED, "revoked token", token.principal)
    # only who has the token learns that it was valid
    return Unauthorized(EXPIRED.format(iso(token.expires_at or 0.0)), "expired token", token.principal)


def _end(now: float, ttl: float | None) -> float | None:
    if ttl is not None and not 0 < ttl < math.inf:
        raise InvalidRequest("A token's time to live is a positive number of seconds.")
    return None if ttl is None else now + ttl


def hash_of(text: str) -> str:
    """Return the SHA-256 of a token's text; 256 random bits cannot be guessed, so no salt or slow hash is needed."""
    return hashlib.sha256(text.encode()).hexdigest()
