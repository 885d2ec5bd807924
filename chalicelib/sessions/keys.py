"""Keep the public keys of the issuer, and fetch them again when they are old or a new one is named."""

import json
import threading
from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.errors import SignInRefused, SignInUnavailable
from chalicelib.sessions import events
from chalicelib.sessions.constants import KEYS_AGAIN, KEYS_FAILED, KEYS_KEPT, MOST_KEYS
from chalicelib.sessions.fetch import NotFetched
from chalicelib.sessions.provider import fits, origin

DISCOVERY = "/.well-known/openid-configuration"
Key = Mapping[str, Any]
Keys = Mapping[tuple[str, str], Key]
"""Keys by their name and kind."""


class IssuerKeys:
    """The keys of one issuer. `fetch` returns a document or raises NotFetched; `local`: see provider.fits.

    One thread fetches at a time; the others wait, and then find what it has found, or that it has failed.

    Without keys, nobody signs in: keys that are older than KEYS_KEPT are not used while the issuer does not answer.
    """

    def __init__(
        self, issuer: str, fetch: Callable[[str], bytes], clock: Callable[[], float], *, local: bool = False
    ) -> None:
        self._issuer, self._fetch, self._clock, self._local = issuer, fetch, clock, local
        self._lock = threading.Lock()
        self._keys: Keys = {}
        self._fetched_at: float | None = None
        self._failed_at: float | None = None

    def find(self, kid: str, kind: str) -> Key:
        """Return the key with this name and kind; raises SignInRefused for an unknown one, and SignInUnavailable.

        A name that is not known is looked for in the issuer's present keys, at most once in KEYS_AGAIN.
        """
        with self._lock:
            now = self._clock()
            known = KEYS_KEPT if (kid, kind) in self._keys else KEYS_AGAIN
            if self._fetched_at is None or now >= self._fetched_at + known:
                self._renew(now)
            found = self._keys.get((kid, kind))
        if found is None:
            raise SignInRefused("key", "the issuer has no key of this name")
        return found

    def _renew(self, now: float) -> None:
        if self._failed_at is not None and now < self._failed_at + KEYS_FAILED:
            raise SignInUnavailable
        try:
            self._keys = self._read()
        except (NotFetched, ValueError, RecursionError) as error:
            # its end counts: a fetch that times out would otherwise be due again at once
            self._failed_at = self._clock()
            events.keys_not_fetched(error)
            raise SignInUnavailable from error
        self._fetched_at, self._failed_at = now, None

    def _read(self) -> Keys:
        about = _object(self._fetch(self._issuer.rstrip("/") + DISCOVERY))
        place = about.get("jwks_uri")
        if about.get("issuer") != self._issuer:
            raise NotFetched("the document is of another issuer")
        if not isinstance(place, str) or not fits(place, local=self._local) or origin(place) != origin(self._issuer):
            raise NotFetched("the keys are not at the issuer's own address")
        return keys_of(_object(self._fetch(place)))


def keys_of(document: Mapping[str, Any]) -> Keys:
    """Return the keys in a document that verify signatures; raises NotFetched. Others are left out."""
    listed = document.get("keys")
    if not isinstance(listed, list) or len(listed) > MOST_KEYS:
        raise NotFetched(f"the document has no list of at most {MOST_KEYS} keys")
    found: dict[tuple[str, str], Key] = {}
    for key in listed:
        if isinstance(key, dict) and _verifies(key):
            found.setdefault((key["kid"], key["kty"]), key)
    return found


def _verifies(key: Mapping[str, Any]) -> bool:
    public = isinstance(key.get("kid"), str) and key.get("kty") in ("RSA", "EC") and "d" not in key
    uses = key.get("key_ops", ["verify"])
    return public and key.get("use", "sig") == "sig" and isinstance(uses, list) and "verify" in uses


def _object(raw: bytes) -> Mapping[str, Any]:
    found = json.loads(raw)
    if not isinstance(found, dict):
        raise NotFetched("the document is no object")
    return found
