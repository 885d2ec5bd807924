"""Test the command line with a token that has a scope, and with one that has expired."""

from chalicelib.access.scope import scope_of
from chalicelib.access.tokens import Role
from chalicelib.assembly import parts
from chalicelib.jobs.job import Status
from tests.chalicelib.api.support import T0, World
from tests.jobflow.cli.conftest import Shell


def test_a_token_without_payloads_is_shown_a_job_without_its_steps(shell: Shell, world: World, job: str) -> None:
    world.put_in(job, Status.PROCESSING, attempts=1, started_at=T0)
    world.secrets[Role.ADMIN], _ = parts.tokens.issue(Role.OPERATOR, "scoped", scope=scope_of(payloads=False))
    said = shell(f"jobs show {job} --table")
    assert (said.code, job in said.out, "processing" in said.out) == (0, True, True), said.err


def test_a_token_of_a_tenant_is_shown_the_types_without_their_numbers(shell: Shell, world: World) -> None:
    world.secrets[Role.ADMIN], _ = parts.tokens.issue(Role.OPERATOR, "scoped", scope=scope_of(tenants=["acme"]))
    for line in ("types list --table", "types show test.note --table"):
        said = shell(line)
        assert (said.code, "test.note" in said.out) == (0, True), said.err
    assert all(row["numbers"] is None for row in shell("types list --json").lines)


def test_what_the_scope_refuses_is_still_an_error_where_it_is_asked_for(shell: Shell, world: World) -> None:
    world.secrets[Role.ADMIN], _ = parts.tokens.issue(Role.OPERATOR, "scoped", scope=scope_of(tenants=["acme"]))
    said = shell("metrics --table")
    assert (said.code, "scope" in said.err) == (1, True)


def test_an_expired_token_is_told_with_the_time_of_its_end(shell: Shell, world: World) -> None:
    world.secrets[Role.ADMIN], _ = parts.tokens.issue(Role.VIEWER, "short", 60)
    assert shell("whoami").code == 0
    world.clock.now += 3600
    said = shell("whoami")
    assert (said.code, "expired at " in said.err, "jobflow login" in said.err) == (1, True, True), said.err
