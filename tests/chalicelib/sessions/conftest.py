"""Provide an API whose people sign in with an issuer of the test."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from chalicelib.access.tokens import Role
from chalicelib.assembly import parts
from chalicelib.settings import Settings
from tests.chalicelib.api.support import NOTE, ORIGIN, OTHER, Answer, World, only_types
from tests.chalicelib.sessions.issuer import SECRET, SETTING, Issuer


@dataclass
class SignIn:
    """A stage and its issuer."""

    world: World
    issuer: Issuer

    def post(self, id_token: str, secret: str = SECRET, **more: Any) -> Answer:
        """Send the end of a sign-in."""
        return self.world.post("/session", {"id_token": id_token, "secret": secret}, role=None, **more)

    def person(self, secret: str = SECRET, **claims: Any) -> str:
        """Sign a person in; return the text of the session."""
        answer = self.post(self.issuer.token(**claims), secret)
        assert answer.status == 201, answer
        return str(answer.json["token"])

    def refusals(self) -> list[tuple[str, str]]:
        """Return the counted refusals: who, and why."""
        found = self.world.get("/audit/refusals").json["refusals"]
        return [(one["principal"], one["reason"]) for one in found]

    def log(self) -> list[dict[str, Any]]:
        """Return the audit log."""
        entries: list[dict[str, Any]] = self.world.get("/audit", role=Role.ADMIN).json["entries"]
        return entries


def made(issuer: Issuer, **given: Any) -> SignIn:
    """Return a stage for this issuer."""
    settings = Settings.from_env({"CORS_ORIGIN": ORIGIN, "RATE_LIMIT_MAX": "0", "SIGN_IN": SETTING})
    world = World(clock=issuer.clock, settings=settings, parts={"issuer_documents": issuer.get, **given})
    return SignIn(world, issuer)


@pytest.fixture
def stage() -> Iterator[SignIn]:
    with only_types(NOTE, OTHER):
        yield made(Issuer())
        parts.reset()
