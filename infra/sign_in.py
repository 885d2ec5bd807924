"""Find the addresses of an identity provider, and describe the provider for the console and for the functions."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from chalicelib.sessions.fetch import NotFetched, fetch
from chalicelib.sessions.keys import DISCOVERY
from chalicelib.sessions.provider import fits
from infra.definition.web.sign_in import AUTHORIZE, ISSUER, NAME, SCOPES, SETTING, TOKEN


class NotDiscovered(Exception):
    """The provider does not say where its addresses are; `str` says why."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the console begins a sign-in, and where it exchanges the code."""

    authorize: str
    token: str


def discovered(issuer: str, get: Callable[[str], bytes] = fetch, *, local: bool = False) -> Addresses:
    """Return the addresses that the issuer publishes; raises NotDiscovered. `local`: see provider.fits."""
    place = issuer.rstrip("/") + DISCOVERY
    if not fits(issuer, local=local):
        raise NotDiscovered(f"{issuer!r} is not the https:// address of a provider.")
    try:
        found = json.loads(get(place))
    except (NotFetched, ValueError) as error:
        raise NotDiscovered(f"{place} could not be read ({error}).") from error
    if not isinstance(found, dict) or found.get("issuer") != issuer:
        raise NotDiscovered(f"{place} names another issuer than {issuer}: write the issuer exactly as it does.")
    addresses = Addresses(found.get("authorization_endpoint", ""), found.get("token_endpoint", ""))
    for address in (addresses.authorize, addresses.token):
        if not isinstance(address, str) or not fits(address, local=local):
            raise NotDiscovered(f"{place} names no addresses for the code flow.")
    return addresses


def missing(given: Mapping[str, str], chosen: Mapping[str, str]) -> bool:
    """Return whether a deployment must ask the issuer for its addresses: they are not set, or the issuer changes.

    `given` are the parameters of this deployment, `chosen` those of the stage after it.
    """
    if not chosen[ISSUER]:
        return False
    stale = ISSUER in given and not {AUTHORIZE, TOKEN} <= given.keys()
    return stale or not (chosen[AUTHORIZE] and chosen[TOKEN])


def setting(values: Mapping[str, str]) -> str:
    """Return the setting SIGN_IN of a stage with these parameters; empty without an issuer."""
    return json.dumps({part: values[name] for part, name in SETTING.items()}) if values[ISSUER] else ""


def of_console(values: Mapping[str, str]) -> dict[str, str] | None:
    """Return what the console must know about the provider of a stage with these parameters; None without one."""
    if not values[ISSUER]:
        return None
    return {
        "name": values["SignInName"], "issuer": values[ISSUER], "clientId": values["SignInClientId"],
        "authorizeUrl": values[AUTHORIZE], "tokenUrl": values[TOKEN], "scopes": values["SignInScopes"],
    }  # fmt: skip


def of_local_console(text: str, get: Callable[[str], bytes] = fetch) -> dict[str, str] | None:
    """Return the same for the variable SIGN_IN of a laptop, whose provider may be on it; raises NotDiscovered."""
    if not text:
        return None
    given = json.loads(text)
    addresses = discovered(given["issuer"], get, local=True)
    return {
        "name": given.get("name", NAME), "issuer": given["issuer"], "clientId": given["client"],
        "authorizeUrl": addresses.authorize, "tokenUrl": addresses.token, "scopes": given.get("scopes", SCOPES),
    }  # fmt: skip
