"""Decide whether an ID token lets a person sign in, and as whom. Pure; times in seconds since the epoch."""

import base64
import hashlib
import hmac
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from chalicelib.access.tokens import Role
from chalicelib.errors import NoRole, SignInRefused
from chalicelib.sessions.constants import LONGEST_AGE, LONGEST_ID_TOKEN, LONGEST_LABEL, LONGEST_SUBJECT, SKEW
from chalicelib.sessions.provider import Provider

ALGORITHMS: Mapping[str, str] = {"RS256": "RSA", "ES256": "EC"}
"""The signatures that are accepted, with the kind of their keys. All are asymmetric: a public key signs nothing."""
FOREIGN = frozenset({"jku", "jwk", "x5u", "x5c", "crit", "b64", "zip", "enc"})
"""Headers that bring a key of their own, or change how the token is read. No provider needs them in an ID token."""
SECRET = re.compile(r"[A-Za-z0-9_-]{43,86}")
"""What the page keeps of its sign-in: at least 256 random bits. The nonce of the ID token is its SHA-256."""
PART = re.compile(r"[A-Za-z0-9_-]+")
"""One of the three parts of an ID token."""
LATEST = 1e12
"""No time of an ID token is later: an integer of hundreds of digits is no float."""
Claims = Mapping[str, Any]
_TOO_LONG = (
    f"the ID token has more than {LONGEST_ID_TOKEN:,} characters, probably because it lists too many groups. Ask an "
    "administrator to let the identity provider send only the groups of this stage"
)


@dataclass(frozen=True, slots=True)
class Header:
    """What the header of an ID token says about its signature: the algorithm, and the name of the key."""

    algorithm: str
    kid: str


@dataclass(frozen=True, slots=True)
class Person:
    """A person whose ID token was verified.

    `nonce` is used only once; the ID token is from `issued`, and after `until` it is refused anyway.
    """

    principal: str
    role: Role
    label: str
    nonce: str
    issued: float
    until: float


def parts_of(token: str) -> tuple[str, str, str]:
    """Return header, payload and signature of an ID token, encoded; raises SignInRefused."""
    if len(token) > LONGEST_ID_TOKEN:
        raise SignInRefused("too long", _TOO_LONG)
    parts = token.split(".")
    if len(parts) != 3 or not all(PART.fullmatch(part) for part in parts):
        raise SignInRefused("no token", "the text is no signed ID token")
    return parts[0], parts[1], parts[2]


def header_of(header: object) -> Header:
    """Return what is needed of a header; raises SignInRefused."""
    if not isinstance(header, dict):
        raise SignInRefused("no token", "the text is no signed ID token")
    if foreign := sorted(FOREIGN & header.keys()):
        raise SignInRefused("header", f"the header {foreign[0]} is not accepted in an ID token")
    algorithm, kid, kind = header.get("alg"), header.get("kid"), header.get("typ", "JWT")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise SignInRefused("algorithm", f"the ID token must be signed with {' or '.join(ALGORITHMS)}")
    if not isinstance(kind, str) or kind.upper() != "JWT":
        raise SignInRefused("type", "this token is no ID token (header typ)")
    if not isinstance(kid, str) or not 1 <= len(kid) <= 256:
        raise SignInRefused("key", "the ID token does not name its key")
    return Header(algorithm, kid)


def person_of(claims: Claims, provider: Provider, secret: str, now: float) -> Person:
    """Return who signs in; raises SignInRefused, and NoRole for a person without a group that has a role.

    `claims` are those of a token whose signature was verified. `secret`: see SECRET.
    """
    _check_parties(claims, provider)
    issued, expires = _check_times(claims, now)
    nonce = _check_nonce(claims, secret)
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 1 <= len(subject) <= 255 or not subject.isprintable():
        raise SignInRefused("subject", "the ID token does not say who signs in (sub)")
    principal = provider.prefix + subject_of(subject)
    role = provider.role(claims.get(provider.claim))
    if role is None:
        raise NoRole(provider.claim, principal)
    return Person(principal, role, _label(claims, provider), nonce, issued, expires + SKEW)


def withdrawn(issued: float, revoked_at: float) -> bool:
    """Return whether an ID token of this time says what was true before a revocation, such as the person's groups.

    The issuer's clock may be ahead, so whoever may come back signs in SKEW later.
    """
    return issued <= revoked_at + SKEW


def subject_of(subject: str) -> str:
    """Return a subject as principals contain it: without characters that separate parts of a key."""
    quoted = quote(subject, safe="|")
    return quoted if len(quoted) <= LONGEST_SUBJECT else hashlib.sha256(subject.encode()).hexdigest()


def nonce_of(secret: str) -> str:
    """Return the nonce that belongs to the page's secret."""
    return base64.urlsafe_b64encode(hashlib.sha256(secret.encode()).digest()).decode().rstrip("=")


def _check_parties(claims: Claims, provider: Provider) -> None:
    if claims.get("iss") != provider.issuer:
        raise SignInRefused("issuer", "the ID token is of another issuer")
    audience = claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    # An additional audience could use the token here, so it would have to be trusted (OpenID Connect Core, 3.1.3.7).
    if not named or any(one != provider.client for one in named):
        raise SignInRefused("audience", "the ID token is for another application (aud)")
    if claims.get("azp", provider.client) != provider.client:
        raise SignInRefused("authorized party", "the ID token was issued to another application (azp)")
    if claims.get("token_use", "id") != "id":
        raise SignInRefused("type", "this token is no ID token (token_use)")


def _check_times(claims: Claims, now: float) -> tuple[float, float]:
    expires, issued = _time(claims, "exp"), _time(claims, "iat")
    if now >= expires + SKEW:
        raise SignInRefused("expired", "the ID token has expired")
    begins = max(issued, _time(claims, "nbf") if "nbf" in claims else issued)
    if begins > now + SKEW:
        raise SignInRefused("not yet valid", "the ID token is not valid yet: compare the clocks")
    if issued < now - LONGEST_AGE - SKEW:
        raise SignInRefused("too old", f"the ID token is older than {LONGEST_AGE / 60:.0f} minutes")
    return issued, expires


def _time(claims: Claims, name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise SignInRefused("time", f"the ID token has no time {name}")
    if abs(value) > LATEST or not math.isfinite(value):
        raise SignInRefused("time", f"the ID token has no time {name}")
    return float(value)


def _check_nonce(claims: Claims, secret: str) -> str:
    nonce = claims.get("nonce")
    if not SECRET.fullmatch(secret) or not isinstance(nonce, str) or not nonce.isascii():
        raise SignInRefused("nonce", "the ID token does not belong to this sign-in (nonce)")
    if not hmac.compare_digest(nonce.encode(), nonce_of(secret).encode()):
        raise SignInRefused("nonce", "the ID token does not belong to this sign-in (nonce)")
    return nonce


def _label(claims: Claims, provider: Provider) -> str:
    found = claims.get(provider.label) if provider.label else None
    return found.strip()[:LONGEST_LABEL] if isinstance(found, str) and found.isprintable() else ""
