"""Read the setting SIGN_IN: the identity provider, and which of its groups have which role. Pure."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from chalicelib.access.tokens import Role
from chalicelib.errors import ConfigurationError
from chalicelib.sessions.constants import MOST_GROUPS

GROUPS = "groups"
"""The claim with a person's groups, unless the setting names another one."""
TEXTS = ("issuer", "client", "claim", "label", "viewers", "operators", "admins")
OF_THE_PAGE = ("name", "scopes")
"""On a laptop, the setting also has what the console shows and asks for; in the cloud, `config.json` has it."""
PLAIN = re.compile(r"[A-Za-z0-9._~:/%@!$&()+=\[\]-]+")
"""The characters of an address. One becomes a part of the console's security policy: no space, semicolon or star."""
LOOPBACK = ("localhost", "127.0.0.1")


@dataclass(frozen=True, slots=True)
class Provider:
    """An OpenID Connect provider, and this stage as its client.

    `label`: the claim that names a person for display; empty: nobody is named. `groups` are the groups of each role, by
    exact name.
    """

    issuer: str
    client: str
    claim: str
    label: str
    groups: Mapping[Role, frozenset[str]]

    @property
    def prefix(self) -> str:
        """Return how the principals of this issuer's people begin."""
        return f"oidc:{hashlib.sha256(self.issuer.encode()).hexdigest()[:8]}:"

    def role(self, groups: object) -> Role | None:
        """Return the highest role of these groups, None without one. Anything else than a list has no groups."""
        if not isinstance(groups, list):
            return None
        named = {one for one in groups if isinstance(one, str)}
        return next((role for role in reversed(Role) if self.groups[role] & named), None)


def provider_of(text: str, *, local: bool = False) -> Provider | None:
    """Return the provider that the setting describes, None for an empty one; raises ConfigurationError.

    `local`: the issuer may be a server on this machine, without TLS.
    """
    if not text:
        return None
    try:
        given = json.loads(text)
    except ValueError as error:
        raise ConfigurationError(f"SIGN_IN is not JSON: {error}") from error
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        raise ConfigurationError(f"SIGN_IN must be an object of texts: {', '.join(TEXTS)}")
    if unknown := sorted(given.keys() - {*TEXTS, *OF_THE_PAGE}):
        raise ConfigurationError(f"SIGN_IN has no {', '.join(unknown)}; it has {', '.join(TEXTS)}")
    return _provider(given, local=local)


def _provider(given: Mapping[str, Any], *, local: bool) -> Provider:
    issuer = given.get("issuer", "")
    if not fits(issuer, local=local):
        raise ConfigurationError("SIGN_IN: issuer must be the https:// address of the provider, without a query")
    if not given.get("client"):
        raise ConfigurationError("SIGN_IN: client must be the client id that the provider has given to this stage")
    groups = {role: frozenset(listed(given.get(f"{role}s", ""))) for role in Role}
    if not any(groups.values()):
        raise ConfigurationError(
            "SIGN_IN: name a group for viewers, operators or admins; without one nobody has a role"
        )
    if max(map(len, groups.values())) > MOST_GROUPS:
        raise ConfigurationError(f"SIGN_IN: a role has at most {MOST_GROUPS} groups")
    return Provider(issuer, given["client"], given.get("claim") or GROUPS, given.get("label", ""), groups)


def listed(text: str) -> Sequence[str]:
    """Return the names in a text with commas."""
    return [name.strip() for name in text.split(",") if name.strip()]


def fits(url: str, *, local: bool = False) -> bool:
    """Return whether a document may be fetched from this address: by HTTPS, or from this machine if `local`."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return False
    plain = local and parts.scheme == "http" and host in LOOPBACK
    bare = parts.username is None and parts.password is None and not parts.query and not parts.fragment
    return (parts.scheme == "https" or plain) and bool(host) and bare and PLAIN.fullmatch(url) is not None


def origin(url: str) -> str:
    """Return scheme, host and port of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()
