"""Every route, every role, every state a token can be in."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from chalice.local import LocalGateway

from chalicelib.access.tokens import MemoryTokenStore, Role, Token
from chalicelib.api import routes
from chalicelib.api.http.auth import authorize, bearer
from chalicelib.api.http.endpoint import Endpoint
from chalicelib.assembly import parts
from chalicelib.errors import Unauthorized
from tests.chalicelib.api.support import NOTE, OTHER, World, only_types

NEEDED = {
    "GET /health": None,
    "GET /me": "viewer",
    "GET /meta": "viewer",
    "GET /metrics/health": "viewer",
    "GET /jobs": "viewer",
    "GET /jobs/{job_id}": "viewer",
    "GET /jobs/{job_id}/logs": "viewer",
    "GET /jobs/{job_id}/payloads/{gen}": "viewer",
    "GET /job-types": "viewer",
    "GET /metrics": "viewer",
    "GET /metrics/series": "viewer",
    "GET /errors": "viewer",
    "GET /openapi.json": "viewer",
    "GET /docs": None,
    "POST /jobs": "operator",
    "POST /jobs/batch": "operator",
    "POST /jobs/bulk": "operator",
    "POST /bulk": "operator",
    "GET /bulk": "viewer",
    "GET /job-types/{job_type}/tenants": "viewer",
    "GET /bulk/{bulk_id}": "viewer",
    "POST /bulk/{bulk_id}/stop": "operator",
    "POST /dead-letters/redrive": "operator",
    "POST /jobs/{job_id}/retry": "operator",
    "POST /jobs/{job_id}/cancel": "operator",
    "POST /jobs/{job_id}/run-now": "operator",
    "POST /jobs/{job_id}/discard": "operator",
    "POST /uploads": "operator",
    "POST /errors/{fingerprint}/acknowledge": "operator",
    "POST /errors/{fingerprint}/reopen": "operator",
    "POST /errors/{fingerprint}/resolve": "operator",
    "GET /schedules": "viewer",
    "GET /schedules/preview": "viewer",
    "GET /schedules/{schedule_id}": "viewer",
    "POST /schedules": "admin",
    "PUT /schedules/{schedule_id}": "admin",
    "DELETE /schedules/{schedule_id}": "admin",
    "POST /schedules/{schedule_id}/pause": "operator",
    "POST /schedules/{schedule_id}/resume": "operator",
    "POST /schedules/{schedule_id}/run": "operator",
    "GET /job-types/{job_type}/pauses": "viewer",
    "POST /job-types/{job_type}/pause": "admin",
    "POST /job-types/{job_type}/resume": "admin",
}
"""Who may call what, written down a second time: a route that is declared with another role fails here."""
REFUSED = ("no token", "empty", "no scheme", "basic", "bad", "unknown", "expired", "revoked")
GOOD = ("viewer", "operator", "admin")
STATES = (*REFUSED, *GOOD)
JOB_ID = "6a1de45f-45b5-4cf2-8fa3-0f8b5a0bd1b0"
ROUTES = {f"{endpoint.method} {endpoint.path}": endpoint for endpoint in routes.all_endpoints()}


def header(world: World, state: str) -> str | None:
    """The Authorization header of a caller in that state."""
    tokens = parts.tokens
    if state == "no token":
        return None
    if state == "revoked":
        text, token = tokens.issue(Role.ADMIN, "revoked")
        tokens.verify(text)
        tokens.revoke(token.id)
        return f"Bearer {text}"
    if state == "expired":
        text, _ = tokens.issue(Role.ADMIN, "short", ttl=60)
        tokens.verify(text)
        world.clock.now += 60
        return f"Bearer {text}"
    if state in GOOD:
        return f"bearer  {world.secrets[Role(state)]}" if state == "admin" else f"Bearer {world.secrets[Role(state)]}"
    return {
        "empty": "Bearer ", "no scheme": world.secrets[Role.ADMIN], "basic": f"Basic {world.secrets[Role.ADMIN]}",
        "bad": "Bearer nonsense", "unknown": "Bearer jf_" + "x" * 43,
    }[state]  # fmt: skip


def path_of(endpoint: Endpoint) -> str:
    """The endpoint's path with names in it that could be some."""
    given = {"{job_id}": JOB_ID, "{job_type}": NOTE.name, "{fingerprint}": "5d41402abc4b"}
    return "/".join(given.get(part, part) for part in endpoint.path.split("/"))


def call(world: World, endpoint: Endpoint, state: str) -> int:
    text = header(world, state)
    sent = {} if text is None else {"Authorization": text}
    path = (
        endpoint.path.replace("{job_id}", JOB_ID)
        .replace("{job_type}", NOTE.name)
        .replace("{fingerprint}", "5d41402abc4b")
    )
    return world.call(endpoint.method, path, role=None, headers=sent).status


def expected(endpoint: Endpoint, state: str) -> int | None:
    """401, 403, or None: let in, whatever the answer is then."""
    if endpoint.role is None:
        return None
    if state in REFUSED:
        return 401
    return None if Role(state).may(endpoint.role) else 403


def test_the_roles_are_the_ones_written_down() -> None:
    assert {name: endpoint.role and str(endpoint.role) for name, endpoint in ROUTES.items()} == NEEDED


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("route", ROUTES)
def test_route_by_token_state(world: World, route: str, state: str) -> None:
    status = call(world, ROUTES[route], state)
    wanted = expected(ROUTES[route], state)
    assert status == wanted if wanted else status not in (401, 403)


@pytest.mark.parametrize("role", [None, *GOOD])
@pytest.mark.parametrize("route", ROUTES)
def test_the_api_checks_again_what_the_gateway_let_through(world: World, route: str, role: str | None) -> None:
    endpoint = ROUTES[route]
    context = {"token": "t", "role": role, "label": "x", "expires": ""} if role else None
    answer = behind_the_gateway(world, endpoint, context)

    wanted = expected(endpoint, role or "no token")
    if wanted is None:
        assert answer["statusCode"] not in (401, 403)
        return
    assert answer["statusCode"] == wanted
    assert answer["headers"]["Content-Type"] == "application/problem+json"
    assert ("WWW-Authenticate" in answer["headers"]) == (wanted == 401)


@pytest.mark.parametrize(
    "context",
    [
        {},
        {"principalId": "x"},
        {"token": "t", "role": "root", "label": "x", "expires": ""},
        {"token": "t", "role": "admin", "label": "x"},
        {"token": "t", "role": "admin", "label": "x", "expires": "soon"},
        {"token": "t", "role": "admin", "label": "x", "expires": "1"},
    ],
)
def test_an_authorizer_context_that_is_not_whole_is_nobody(world: World, context: dict[str, str]) -> None:
    assert behind_the_gateway(world, ROUTES["GET /jobs"], context)["statusCode"] == 401


def test_a_token_that_expires_while_its_policy_is_cached_is_refused(world: World) -> None:
    context = {"token": "t", "role": "admin", "label": "x", "expires": repr(world.clock.now + 10)}
    assert behind_the_gateway(world, ROUTES["GET /jobs"], context)["statusCode"] == 200
    world.clock.now += 10
    assert behind_the_gateway(world, ROUTES["GET /jobs"], context)["statusCode"] == 401


@pytest.mark.parametrize("role", list(Role))
def test_one_policy_is_good_for_every_route_of_the_role(world: World, role: Role) -> None:
    """API Gateway keeps the answer to one route and uses it for the others."""
    guard = world.app.handler_map["authorize"]
    event = {
        "type": "TOKEN",
        "authorizationToken": f"Bearer {world.secrets[role]}",
        "methodArn": "arn:aws:execute-api:eu-west-1:1:api/prod/GET/me",
    }
    answer = guard(event, None)

    allowed = set(answer["policyDocument"]["Statement"][0]["Resource"])
    assert allowed == {
        f"arn:aws:execute-api:eu-west-1:1:api/prod/{endpoint.method}/{star(endpoint.path)}"
        for endpoint in ROUTES.values()
        if endpoint.role is None or role.may(endpoint.role)
    }
    assert answer["context"] == {
        "token": answer["principalId"], "role": str(role), "label": f"a {role}", "expires": "",
    }  # fmt: skip
    assert world.secrets[role] not in str(answer)


class Silent(MemoryTokenStore):
    """A control table that does not answer."""

    def find(self, token_hash: str) -> Token | None:
        raise ConnectionError("no route")


def test_a_token_that_cannot_be_checked_is_not_believed(world: World) -> None:
    with only_types(NOTE, OTHER):
        broken = World(parts={"token_store": Silent()})
        answer = broken.get("/jobs")
    assert answer.status == 500
    assert answer.json["status"] == 500
    assert "no route" not in answer.text


@pytest.mark.parametrize("text", ["", "Bearer", "Bearer ", "Token jf_x", "jf_x", "Bearer jf_x y", "Bearer jf_é"])
def test_what_is_no_bearer_token(world: World, text: str) -> None:
    with pytest.raises(Unauthorized):
        parts.tokens.verify(bearer(text))


def test_the_decision_knows_only_declared_routes(world: World) -> None:
    class Request:
        token = f"Bearer {world.secrets[Role.ADMIN]}"

    assert authorize(Request(), []).routes == []


def behind_the_gateway(world: World, endpoint: Endpoint, context: Mapping[str, Any] | None) -> Any:
    """What the API's Lambda answers when API Gateway has let a request through."""
    gateway: LocalGateway = world.gateway()
    path = (
        endpoint.path.replace("{job_id}", JOB_ID)
        .replace("{job_type}", NOTE.name)
        .replace("{fingerprint}", "5d41402abc4b")
    )
    event = gateway.event_converter.create_lambda_event(endpoint.method, path, {}, b"")
    if context is not None:
        event["requestContext"]["authorizer"] = context
    return world.app(event, None)


def star(path: str) -> str:
    return "/".join("*" if part.startswith("{") else part for part in path.strip("/").split("/"))


@pytest.fixture(autouse=True)
def types() -> Iterator[None]:
    """The job types a path may name."""
    with only_types(NOTE, OTHER):
        yield
