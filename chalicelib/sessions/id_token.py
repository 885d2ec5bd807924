"""Verify the signature of an ID token. Only this module imports the library for it, at the first sign-in."""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from typing import Any

from jwt import PyJWK, PyJWS
from jwt.exceptions import PyJWTError

from chalicelib.errors import SignInRefused
from chalicelib.sessions.constants import LARGEST_KEY
from chalicelib.sessions.provider import Provider
from chalicelib.sessions.rule import ALGORITHMS, Person, header_of, parts_of, person_of

Key = Mapping[str, Any]
"""A public key of the issuer (RFC 7517)."""
Find = Callable[[str, str], Key]
"""Returns the issuer's key of a name and a kind (RSA, EC), or raises SignInRefused or SignInUnavailable."""
CURVE = "P-256"


class Verifier:
    """Find out who has an ID token of one issuer. `find`: the issuer's keys."""

    def __init__(self, provider: Provider, find: Find, clock: Callable[[], float]) -> None:
        self._provider, self._find, self._clock = provider, find, clock

    def __call__(self, id_token: str, secret: str) -> Person:
        """Return who signs in with the ID token, and the page's secret; raises as `verified` and `person_of`."""
        return person_of(verified(id_token, self._find), self._provider, secret, self._clock())


def verified(token: str, find: Find) -> dict[str, Any]:
    """Return the claims of an ID token whose signature is the issuer's; raises SignInRefused, and what `find` raises.

    No key ever comes from the token.
    """
    encoded, _payload, _signature = parts_of(token)
    header = header_of(_object(_decoded(encoded)))
    key = find(header.kid, ALGORITHMS[header.algorithm])
    options: Any = {"enforce_minimum_key_length": True}
    try:
        known = PyJWK(dict(key), header.algorithm)
        _check_size(known, key)
        payload = PyJWS([header.algorithm]).decode_complete(token, known, [header.algorithm], options)["payload"]
    except (PyJWTError, TypeError, ValueError) as error:
        raise SignInRefused("signature", "its signature is not that of the issuer") from error
    return _object(payload)


def _check_size(known: PyJWK, key: Key) -> None:
    if key.get("alg", known.algorithm_name) != known.algorithm_name:
        raise ValueError("the key is for another algorithm")
    if key.get("kty") == "EC" and key.get("crv") != CURVE:
        raise ValueError("the key is on another curve")
    if getattr(known.key, "key_size", 0) > LARGEST_KEY:
        raise ValueError("the key is too large")


def _decoded(part: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except (binascii.Error, ValueError) as error:
        raise SignInRefused("no token", "the text is no signed ID token") from error


def _object(raw: bytes) -> dict[str, Any]:
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise SignInRefused("no token", "the text is no signed ID token") from error
    if not isinstance(found, dict):
        raise SignInRefused("no token", "the text is no signed ID token")
    return found
