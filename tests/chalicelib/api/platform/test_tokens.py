"""Test the list of tokens."""

from chalicelib.access.scope import scope_of
from chalicelib.access.tokens import Role
from chalicelib.assembly import parts
from chalicelib.jobs.listing import iso
from tests.chalicelib.api.support import T0, World


def test_an_administrator_sees_every_secret_with_its_scope_and_use_and_no_text_of_one(world: World) -> None:
    world.clock.now += 1
    first, made = parts.tokens.issue(
        Role.OPERATOR, "billing", 3600, "ada", 600, scope_of(["a.b"], ["acme"], payloads=False)
    )
    world.clock.now += 1
    second, _ = parts.tokens.rotate("billing", 60)
    world.token_store.used(made.id, T0 + 2)
    answer = world.get("/tokens")
    new, old, *_ = answer.json["tokens"]
    scope = {"types": ["a.b"], "tenants": ["acme"], "payloads": False, "personal": True}
    assert old == {
        "id": made.id, "principal": made.id, "role": "operator", "label": "billing", "state": "works",
        "created_at": iso(T0 + 1), "expires_at": iso(T0 + 62), "last_used_at": iso(T0 + 2), "revoked_at": None,
        "issued_by": "ada", "rate": 600, **scope,
    }  # fmt: skip
    assert (new["principal"], new["last_used_at"], new["expires_at"]) == (made.id, None, iso(T0 + 3602))
    assert new["id"] != made.id
    assert not [text for text in (first, second, *world.secrets.values()) if text in answer.text]


def test_expired_and_revoked_tokens_are_listed_as_such(world: World) -> None:
    parts.tokens.issue(Role.VIEWER, "short", 1)
    _, gone = parts.tokens.issue(Role.VIEWER, "gone", 1)
    parts.tokens.revoke(gone.id)
    world.clock.now += 1
    states = {row["label"]: row["state"] for row in world.get("/tokens").json["tokens"]}
    assert (states["short"], states["gone"], states["a admin"]) == ("expired", "revoked", "works")
