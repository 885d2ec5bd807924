"""Test every route with every role and every state of a token."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from chalicelib.access.last_use import LastUses
from chalicelib.access.port import Window
from chalicelib.access.tokens import MemoryTokenStore, Role, Token, Tokens
from chalicelib.adapters.memory.jobs import MemoryRateWindows
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.api import routes
from chalicelib.api.http.endpoint import Endpoint
from chalicelib.assembly import parts
from chalicelib.audit.rule import Which
from chalicelib.errors import ReadsLimited
from chalicelib.jobs.port import Message
from chalicelib.side_by_side import at_once
from tests.chalicelib.api.support import BODY, NOTE, T0, World

PUBLIC = {"GET /health", "GET /docs", "POST /session"}
FOR_VIEWERS = {"DELETE /session"}
FOR_ADMINS = {
    "POST /schedules", "PUT /schedules/{schedule_id}", "DELETE /schedules/{schedule_id}",
    "POST /webhooks", "PUT /webhooks/{name}", "DELETE /webhooks/{name}", "POST /webhooks/{name}/rotate",
    "POST /webhooks/{name}/enable", "POST /job-types/{job_type}/pause", "POST /job-types/{job_type}/resume",
    "GET /audit", "GET /audit/refusals", "GET /tokens", "GET /sessions", "POST /sessions/revoke",
    "POST /erasures", "GET /erasures", "GET /erasures/{erasure_id}",
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
    given |= {"delivery_id": given["job_id"], "schedule_id": "daily", "bulk_id": "0" * 20, "batch_id": given["job_id"]}
    given["erasure_id"] = "0" * 20
    return endpoint.path.format(**given, gen="1", name="approved", view_id="0" * 16, limit_name="1.test.note")


def expected(endpoint: Endpoint, state: str) -> int | None:
    """Return 401 or 403, or None if the request is accepted (its answer is not checked here)."""
    if endpoint.role is None:
        return None
    if state in REFUSED:
        return 401
    return None if Role(state).may(endpoint.role) else 403


def test_everybody_sees_two_routes_and_signs_in_viewers_read_operators_act_and_admins_change_what_is_set_up() -> None:
    """Compare with a second list of all routes: if the role of a route changes, this test fails."""

    def needed(name: str) -> Role | None:
        if name in PUBLIC:
            return None
        looks = name.startswith("GET ") or name in FOR_VIEWERS
        return Role.ADMIN if name in FOR_ADMINS else Role.VIEWER if looks else Role.OPERATOR

    assert {name: endpoint.role for name, endpoint in ROUTES.items()} == {name: needed(name) for name in ROUTES}


@pytest.mark.parametrize("state", [*REFUSED, *GOOD])
def test_each_route_by_token_state(world: World, state: str) -> None:
    sent = header(world, state)
    for route, endpoint in ROUTES.items():
        status = world.call(endpoint.method, path_of(endpoint), role=None, headers=sent).status
        wanted = expected(endpoint, state)
        assert status == wanted if wanted else status not in (401, 403), route


def test_every_refusal_says_which_header_to_send(world: World) -> None:
    for state in REFUSED:
        answer = world.get("/jobs", role=None, headers=header(world, state))
        assert answer.status == 401
        assert "Authorization: Bearer <token>" in answer.json["detail"]
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_revoked_token_is_refused_within_ten_seconds_by_a_process_that_has_just_used_it(world: World) -> None:
    text, token = parts.tokens.issue(Role.VIEWER, "somebody")
    assert world.get("/jobs", token=text).status == 200
    Tokens(world.token_store, world.clock).revoke(token.id)  # in another process
    world.clock.now += 10
    assert world.get("/jobs", token=text).status == 401


class Deaf(MemoryTokenStore):
    """A control table that can be read, and refuses writes."""

    def used(self, token_id: str, at: float) -> None:
        raise ConnectionError("no route")


@pytest.mark.parametrize("store", [MemoryTokenStore(), Deaf()])
def test_a_request_with_a_valid_token_stores_its_use_and_one_with_another_does_not(
    world: World, store: MemoryTokenStore
) -> None:
    world = World(parts={"token_store": store, "last_uses": LastUses(store, world.clock, at_once)})
    [viewer] = [one.id for one in store.all() if one.role is Role.VIEWER]
    world.get("/jobs", role=None, headers=header(world, "unknown"))
    assert world.get("/jobs", role=Role.VIEWER).status == 200
    assert store.uses() == ({} if isinstance(store, Deaf) else {viewer: T0})


def test_a_request_is_answered_also_if_its_use_cannot_be_noted(world: World) -> None:
    class Broken(LastUses):
        def used(self, token_id: str) -> None:
            raise ImportError(token_id)

    world = World(parts={"last_uses": Broken(world.token_store, world.clock, at_once)})
    assert world.get("/jobs", role=Role.VIEWER).status == 200


class Silent(MemoryTokenStore):
    """A control table that does not answer."""

    def find(self, token_hash: str) -> Token | None:
        raise ConnectionError("no route")


def test_a_token_that_cannot_be_checked_is_not_believed(world: World) -> None:
    answer = World(parts={"token_store": Silent()}).get("/jobs")
    assert (answer.status, answer.json["type"]) == (503, "urn:jobflow:problem:token-not-checked")
    assert "www-authenticate" not in answer.headers
    assert int(answer.headers["retry-after"]) > 0
    assert "no route" not in answer.text
    assert not parts.audit.refusals(Which(), 1, world.clock()).rows, "nor is this table asked to count it"


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


def test_a_jobs_message_is_sent_while_the_request_is_counted(world: World) -> None:
    both = threading.Barrier(2, timeout=60)

    class Queue(MemoryJobQueue):
        def send(self, message: Message, delay: int = 0) -> None:
            both.wait()

    class Windows(MemoryRateWindows):
        def hit(self, address: str, start: int, length: int, by: int = 1) -> Window:
            both.wait()
            return super().hit(address, start, length, by)

    quick = World(
        settings=replace(world.settings, rate_limit_max=1), parts={"job_queue": Queue(), "rate_windows": Windows()}
    )
    assert quick.post("/jobs", BODY).status == 201
    assert not both.broken, "one of the two requests began only after the other"


def test_a_request_over_the_limit_stores_nothing(world: World) -> None:
    one = World(settings=replace(world.settings, rate_limit_max=1))
    assert one.post("/jobs", BODY).status == 201
    for asked in (BODY, {}, {**BODY, "type": "absent"}):
        assert one.post("/jobs", asked).status == 429
    assert one.post("/jobs", BODY, headers={"Idempotency-Key": "k"}).status == 429
    assert sum(one.store.totals().values()) == 1


def test_a_producer_that_stays_at_its_limit_leaves_one_message_without_a_job(world: World) -> None:
    limited = World(settings=replace(world.settings, rate_limit_max=60))
    statuses = []
    for _ in range(400):
        statuses.append(limited.post("/jobs", BODY).status)
        limited.clock.now += 0.5
    jobs, messages = sum(limited.store.totals().values()), sum(map(len, limited.queue.messages.values()))
    assert statuses.count(429) > 100
    assert jobs == statuses.count(201)
    assert messages <= jobs + 1


def test_every_post_counts_and_no_get_does(world: World) -> None:
    few = World(settings=replace(world.settings, rate_limit_max=6))
    kinds = [
        few.post("/jobs", raw=b"{"), few.post("/jobs", {}), few.post("/jobs", BODY, role=Role.VIEWER),
        few.post("/jobs/1/cancel"), few.post("/jobs", BODY, headers={"Content-Type": "text/plain"}),
        few.post("/jobs/batch", {"jobs": [BODY] * 25}),
    ]  # fmt: skip
    # a POST for which the viewer has no right is refused before it is counted
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
