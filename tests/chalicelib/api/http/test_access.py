"""Test every route with every role and every state of a token."""

import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.access.tokens import MemoryTokenStore, Role, Token
from chalicelib.api import routes
from chalicelib.api.http.endpoint import Endpoint
from chalicelib.assembly import parts
from chalicelib.errors import ReadsLimited
from tests.chalicelib.api.support import BODY, NOTE, T0, World

PUBLIC = {"GET /health", "GET /docs"}
FOR_ADMINS = {
    "POST /schedules", "PUT /schedules/{schedule_id}", "DELETE /schedules/{schedule_id}",
    "POST /job-types/{job_type}/pause", "POST /job-types/{job_type}/resume",
}  # fmt: skip
REFUSED = ("no token", "empty", "no scheme", "basic", "bad", "unknown", "expired", "revoked")
GOOD = ("viewer", "operator", "admin")
ROUTES = {f"{endpoint.method} {endpoint.path}": endpoint for endpoint in routes.all_endpoints()}


def header(world: World, state: str) -> dict[str, str]:
    """Return the Authorization header of a caller in that state."""
    tokens = parts.tokens
    if state == "no token":
        return {}
    if state in ("revoked", "expired"):
        text, token = tokens.issue(Role.ADMIN, state, ttl=60)
        tokens.verify(text)
        if state == "revoked":
            tokens.revoke(token.id)
        else:
            world.clock.now += 60
        return {"Authorization": f"Bearer {text}"}
    admin = world.secrets[Role.ADMIN]
    sent = {
        "empty": "Bearer ", "no scheme": admin, "basic": f"Basic {admin}", "bad": "Bearer nonsense",
        "unknown": "Bearer jf_" + "x" * 43, "admin": f"bearer  {admin}",
    }  # fmt: skip
    return {"Authorization": sent.get(state) or f"Bearer {world.secrets[Role(state)]}"}


def path_of(endpoint: Endpoint) -> str:
    """Return the endpoint's path with valid names in it."""
    given = {"job_id": "6a1de45f-45b5-4cf2-8fa3-0f8b5a0bd1b0", "job_type": NOTE.name, "fingerprint": "5d41402abc4b"}
    return endpoint.path.format(**given, schedule_id="daily", bulk_id="0" * 20, gen="1", name="approved")


def expected(endpoint: Endpoint, state: str) -> int | None:
    """Return 401 or 403, or None if the request is accepted (its answer is not checked here)."""
    if endpoint.role is None:
        return None
    if state in REFUSED:
        return 401
    return None if Role(state).may(endpoint.role) else 403


def test_everybody_sees_two_routes_viewers_read_operators_act_and_admins_change_what_is_set_up() -> None:
    """Compare with a second list of all routes: if the role of a route changes, this test fails."""

    def needed(name: str) -> Role | None:
        if name in PUBLIC:
            return None
        return Role.ADMIN if name in FOR_ADMINS else Role.VIEWER if name.startswith("GET ") else Role.OPERATOR

    assert {name: endpoint.role for name, endpoint in ROUTES.items()} == {name: needed(name) for name in ROUTES}


@pytest.mark.parametrize("state", [*REFUSED, *GOOD])
def test_each_route_by_token_state(world: World, state: str) -> None:
    sent = header(world, state)
    for route, endpoint in ROUTES.items():
        status = world.call(endpoint.method, path_of(endpoint), role=None, headers=sent).status
        wanted = expected(endpoint, state)
        assert status == wanted if wanted else status not in (401, 403), route


@pytest.mark.parametrize("role", [None, *GOOD])
def test_the_api_checks_again_what_the_gateway_let_through(world: World, role: str | None) -> None:
    context = {"token": "t", "role": role, "label": "x", "expires": ""} if role else None
    for route, endpoint in ROUTES.items():
        answer = behind_the_gateway(world, endpoint, context)
        wanted = expected(endpoint, role or "no token")
        if wanted is None:
            assert answer["statusCode"] not in (401, 403), route
            continue
        assert answer["statusCode"] == wanted, route
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
    """API Gateway caches the policy of one route and uses it for the others."""
    arn = "arn:aws:execute-api:eu-west-1:1:api/prod"
    event = {"type": "TOKEN", "authorizationToken": f"Bearer {world.secrets[role]}", "methodArn": f"{arn}/GET/me"}
    answer = world.app.handler_map["authorize"](event, None)
    assert set(answer["policyDocument"]["Statement"][0]["Resource"]) == {
        f"{arn}/{endpoint.method}/{star(endpoint.path)}"
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
    answer = World(parts={"token_store": Silent()}).get("/jobs")
    assert (answer.status, answer.json["status"]) == (500, 500)
    assert "no route" not in answer.text


def behind_the_gateway(world: World, endpoint: Endpoint, context: Mapping[str, Any] | None) -> Any:
    """Return the answer of the API's Lambda to a request that API Gateway has accepted."""
    event = world.gateway().event_converter.create_lambda_event(endpoint.method, path_of(endpoint), {}, b"")
    if context is not None:
        event["requestContext"]["authorizer"] = context
    return world.app(event, None)


def star(path: str) -> str:
    return "/".join("*" if part.startswith("{") else part for part in path.strip("/").split("/"))


def test_two_hundred_posts_at_once_admit_exactly_sixty_and_later_again(world: World) -> None:
    limited = World(settings=replace(world.settings, rate_limit_max=60))
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: limited.post("/jobs", BODY), range(200)))

    assert sorted(answer.status for answer in answers) == [201] * 60 + [429] * 140
    refused = [answer for answer in answers if answer.status == 429]
    assert {answer.headers["retry-after"] for answer in refused} == {"61"}
    assert {answer.headers["content-type"] for answer in refused} == {"application/problem+json"}
    assert sum(limited.store.totals().values()) == 60
    limited.clock.now = T0 + 61
    assert limited.post("/jobs", BODY).status == 201


def test_every_post_counts_and_no_get_does(world: World) -> None:
    few = World(settings=replace(world.settings, rate_limit_max=6))
    kinds = [
        few.post("/jobs", raw=b"{"), few.post("/jobs", {}), few.post("/jobs", BODY, role=Role.VIEWER),
        few.post("/jobs/1/cancel"), few.post("/jobs", BODY, headers={"Content-Type": "text/plain"}),
        few.post("/jobs/batch", {"jobs": [BODY] * 25}),
    ]  # fmt: skip
    # API Gateway refuses the viewer's POST, so the function does not get it
    assert [answer.status for answer in kinds] == [400, 422, 403, 404, 415, 200]
    assert all(few.get("/jobs").status == 200 for _ in range(10))
    assert few.post("/jobs", raw=b"x" * 300_000).status == 413
    assert few.post("/jobs", raw=b"x" * 300_000).status == 429


def test_the_address_is_the_gateways_and_not_the_callers(world: World) -> None:
    one = World(settings=replace(world.settings, rate_limit_max=1))
    forged = {"X-Forwarded-For": "198.51.100.7", "Forwarded": "for=198.51.100.7"}
    assert one.post("/jobs", BODY).status == 201
    assert one.post("/jobs", BODY, headers=forged).status == 429
    assert one.post("/jobs", BODY, address="198.51.100.7").status == 201


@pytest.mark.parametrize(
    ("event_sources", "told"),
    [("", r"start `jobflow dev` or `make dev` with {variable}=… \(0: no limit\)"), ("a=1", "parameter {parameter}")],
    ids=["on a laptop", "in a stage"],
)
def test_a_limit_says_where_it_is_set(world: World, event_sources: str, told: str) -> None:
    settings = replace(world.settings, rate_limit_max=1, read_units_max=1, event_sources=event_sources)
    one = World(settings=settings)
    assert one.post("/jobs", BODY).status == 201
    writes = one.post("/jobs", BODY).json["detail"]
    assert re.search(told.format(variable="RATE_LIMIT_MAX", parameter="RateLimitMax"), writes)
    assert "`token issue --rate 6000`" in writes
    parts.read_limiter.spent("token", 100)
    parts.read_limiter.spent("token", 100)
    with pytest.raises(ReadsLimited, match=told.format(variable="READ_UNITS_MAX", parameter="ReadUnitsMax")):
        parts.read_limiter.check("token")


def test_a_tokens_own_limit_holds_in_place_of_its_addresss(world: World) -> None:
    one = World(settings=replace(world.settings, rate_limit_max=1))
    producer, _ = parts.tokens.issue(Role.OPERATOR, "a producer", rate=3)
    assert [one.post("/jobs", BODY, token=producer).status for _ in range(3)] == [201] * 3
    held = one.post("/jobs", BODY, token=producer)
    assert (held.status, held.json["detail"]) == (429, "At most 3 writing requests in 60 seconds for this token.")
    assert one.post("/jobs", BODY).status == 201, "its address has sent nothing by its own count"
