"""Provide an identity provider with its own keys, and ID tokens that it has or has not made."""

import base64
import functools
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from chalicelib.sessions.fetch import NotFetched
from chalicelib.sessions.keys import DISCOVERY
from chalicelib.sessions.provider import provider_of
from chalicelib.sessions.rule import nonce_of
from tests.support import T0, Clock

ISSUER, CLIENT = "https://login.example.com/tenant/v2.0", "console"
KEYS_AT = "https://login.example.com/tenant/keys"
SETTING = json.dumps({
    "issuer": ISSUER, "client": CLIENT, "viewers": "readers", "operators": "ops, on-call", "admins": "platform",
    "label": "name",
})  # fmt: skip
PROVIDER = provider_of(SETTING)
SECRET = secrets.token_urlsafe(32)
SUBJECT = "00u1a2b3c4"
assert PROVIDER is not None
WHO = PROVIDER.prefix + SUBJECT


@functools.cache
def rsa_key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    """Return a key, made once for each name."""
    return rsa.generate_private_key(65_537, bits)


@functools.cache
def ec_key(name: str, curve: type[ec.EllipticCurve] = ec.SECP256R1) -> ec.EllipticCurvePrivateKey:
    """Return a key, made once for each name."""
    return ec.generate_private_key(curve())


def public(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, kid: str, **more: Any) -> dict[str, Any]:
    """Return the public key as an issuer publishes it."""
    known = key.public_key()
    made = RSAAlgorithm.to_jwk(known, True) if isinstance(known, rsa.RSAPublicKey) else ECAlgorithm.to_jwk(known, True)
    return {**{name: value for name, value in made.items() if name != "key_ops"}, "kid": kid, "use": "sig", **more}


def pem(key: rsa.RSAPrivateKey) -> bytes:
    """Return the public key as text, which an attacker knows."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def encoded(value: Any) -> str:
    """Return base64url of a value, as JSON unless it is bytes."""
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@dataclass
class Issuer:
    """An issuer with a key for RS256 (`r1`) and one for ES256 (`e1`). `documents` are what it serves; None: nothing."""

    clock: Clock = field(default_factory=Clock)
    documents: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    down: bool = False

    def __post_init__(self) -> None:
        self.publish(public(rsa_key("r1"), "r1", alg="RS256"), public(ec_key("e1"), "e1"))

    def publish(self, *keys: Mapping[str, Any]) -> None:
        """Serve these keys from now on."""
        self.documents = {
            ISSUER + DISCOVERY: {"issuer": ISSUER, "jwks_uri": KEYS_AT}, KEYS_AT: {"keys": [*keys]},
        }  # fmt: skip

    def get(self, url: str) -> bytes:
        """Serve a document."""
        self.asked.append(url)
        if self.down or url not in self.documents:
            raise NotFetched("status 503")
        found = self.documents[url]
        return found if isinstance(found, bytes) else json.dumps(found).encode()

    def claims(self, **changed: Any) -> dict[str, Any]:
        """Return the claims of a good ID token with some changed; None removes a claim."""
        now = int(self.clock.now)
        good = {
            "iss": ISSUER, "aud": CLIENT, "sub": SUBJECT, "iat": now, "exp": now + 3600, "nonce": nonce_of(SECRET),
            "groups": ["readers", "other"], "name": "Ada Lovelace", "email": "ada@example.com",
        }  # fmt: skip
        return {name: value for name, value in (good | changed).items() if value is not None}

    def token(
        self, *, key: Any = None, algorithm: str = "RS256", kid: str | None = "r1",
        headers: Mapping[str, Any] | None = None, **changed: Any,
    ) -> str:  # fmt: skip
        """Return an ID token with these claims, signed with the issuer's own key unless another is given."""
        signing = key or (ec_key("e1") if algorithm == "ES256" else rsa_key("r1"))
        more = {**({"kid": kid} if kid else {}), **(headers or {})}
        return jwt.encode(self.claims(**changed), signing, algorithm, headers=more)


Make = Callable[[Issuer], str]
__all__ = ["CLIENT", "ISSUER", "KEYS_AT", "PROVIDER", "SECRET", "SETTING", "SUBJECT", "T0", "WHO", "Issuer", "Make"]
