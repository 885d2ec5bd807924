"""The rate limit over HTTP: POST only, every POST, by the address that API Gateway saw."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from chalicelib.access.tokens import Role
from chalicelib.assembly import parts
from tests.chalicelib.api.support import BODY, T0, World


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
    # the viewer's POST ends at the gateway and never comes this far
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


def test_a_tokens_own_limit_holds_in_place_of_its_addresss(world: World) -> None:
    one = World(settings=replace(world.settings, rate_limit_max=1))
    producer, _ = parts.tokens.issue(Role.OPERATOR, "a producer", rate=3)
    assert [one.post("/jobs", BODY, token=producer).status for _ in range(3)] == [201] * 3
    held = one.post("/jobs", BODY, token=producer)
    assert (held.status, held.json["detail"]) == (429, "At most 3 writing requests in 60 seconds for this token.")
    assert one.post("/jobs", BODY).status == 201, "its address has sent nothing by its own count"
