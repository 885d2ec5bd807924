"""Test `jobflow sessions`: who is signed in, and how all sessions of a person end."""

from chalicelib.access.tokens import Role
from chalicelib.assembly import parts
from tests.chalicelib.api.support import World
from tests.jobflow.cli.conftest import Shell

ADA, BOB = "oidc:0f1e2d3c:ada", "oidc:0f1e2d3c:bob"


def test_the_sessions_of_a_person_are_listed_and_ended(shell: Shell, world: World) -> None:
    for who in (ADA, ADA, BOB):
        parts.sessions.begin(who, Role.VIEWER, "Ada" if who == ADA else "", parts.clock())
        world.clock.now += 1
    assert [one["principal"] for one in shell("sessions list").lines] == [BOB, ADA, ADA]
    assert f"Ada ({ADA})" in shell("sessions list --table").out
    assert f"Ended 2 sessions of {ADA}." in shell(f"sessions revoke {ADA} --reason 'lost laptop'").err
    assert [one["principal"] for one in shell("sessions list").lines] == [BOB]
    assert len(shell("sessions list --all").lines) == 3
    assert shell("sessions revoke nobody").code == 1
