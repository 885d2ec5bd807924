"""Test the whole API over DynamoDB and SQS, and the requests of each call."""

from collections.abc import Callable

import pytest
from pydantic import BaseModel

from chalicelib.access.scope import WHOLE, scope_of
from chalicelib.access.tokens import Role
from chalicelib.api.http import serving
from chalicelib.assembly import parts
from chalicelib.job_types.jobtype import JobType
from chalicelib.jobs import transitions
from chalicelib.jobs.change import Claimant
from chalicelib.jobs.job import Status
from tests.chalicelib.api.support import BODY, World
from tests.support import T0, requests_to


def test_one_token_cannot_read_the_tables_away_from_another(over_aws: Callable[..., World]) -> None:
    world = over_aws(read_units_max=20)
    greedy, modest = (parts.tokens.issue(Role.VIEWER, name)[0] for name in ("greedy", "modest"))
    answers = [world.get("/jobs?error=zzzz", token=greedy) for _ in range(14)]
    refused = next(answer for answer in answers if answer.status != 200)
    assert (refused.status, refused.json["type"]) == (429, "urn:jobflow:problem:rate-limited")
    assert answers[-1].status == 429
    assert world.get("/jobs?error=zzzz", token=modest).status == 200
    hungry, _ = parts.tokens.issue(Role.OPERATOR, "hungry")
    count = {"action": "cancel", "filter": {"error": "zzzz"}, "dry_run": True}
    assert [world.post("/jobs/bulk", count, token=hungry).status for _ in range(14)][-1] == 429
    assert {world.post(path, count, token=hungry).status for path in ("/bulk", "/jobs/bulk")} == {429}
    assert world.post("/jobs", BODY, token=hungry).status == 201, "a job is never lost for what was read"
    assert world.post("/jobs", BODY, token=parts.tokens.issue(Role.OPERATOR, "o")[0]).status == 201
    world.clock.advance(int(refused.headers["retry-after"]))
    assert world.get("/jobs?error=zzzz", token=greedy).status == 200


def test_a_request_that_reads_more_than_one_may_says_what_to_narrow(
    over_aws: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "MOST_READ_UNITS_OF_ONE", 2)
    world = over_aws()
    answer = world.get("/jobs?error=zzzz")
    assert (answer.status, answer.locs, "less time" in answer.text) == (422, [["query"]], True)
    count = {"action": "cancel", "filter": {"error": "zzzz"}, "dry_run": True}
    assert world.post("/jobs/bulk", count).status == 200


@pytest.mark.parametrize("path", ["/jobs/bulk", "/bulk"])
def test_an_id_may_be_listed_twice_with_a_scope(over_aws: Callable[..., World], path: str) -> None:
    """DynamoDB refuses to read an item twice in one request."""
    world = over_aws()
    made = world.create()
    token = parts.tokens.issue(Role.OPERATOR, "x", scope=scope_of([BODY["type"]]))[0]
    body = {"action": "cancel", "ids": [made, made.upper(), made], "dry_run": True}
    assert world.post(path, body, token=token).status == world.post(path, body).status


def test_a_life(over_aws: Callable[..., World]) -> None:
    world = over_aws(rate_limit_max=60)
    made = []
    for number in range(3):
        made.append(world.post("/jobs", {**BODY, "tags": [f"n{number}"]}).json["id"])
        world.clock.now += 1

    assert [job["id"] for job in world.get("/jobs").json["jobs"]] == made[::-1]
    assert [job["id"] for job in world.get("/jobs?tag=n1").json["jobs"]] == [made[1]]
    page = world.get("/jobs?limit=2&status=queued").json
    rest = world.get(f"/jobs?limit=2&status=queued&cursor={page['next_cursor']}").json
    assert [job["id"] for job in (*page["jobs"], *rest["jobs"])] == made[::-1]

    assert world.post(f"/jobs/{made[0]}/cancel").json["status"] == "cancelled"
    assert world.post(f"/jobs/{made[0]}/cancel").status == 409
    assert world.post(f"/jobs/{made[0]}/retry", {"payload": {"to": ["b"]}}).json["payload"]["to"] == ["b"]
    detail = world.get(f"/jobs/{made[0]}").json
    assert (detail["status"], detail["gen"], detail["payload"]["to"]) == (Status.QUEUED, 2, ["b"])

    batch = world.post("/jobs/batch", {"jobs": [BODY] * 12}).json["results"]
    assert [result["status"] for result in batch] == [201] * 12
    bulk = world.post("/jobs/bulk", {"action": "cancel", "filter": {"type": "test.note"}}).json
    assert bulk == {"matched": 15, "done": 15, "skipped": [], "more": False, "next_cursor": None}
    edit = {"action": "retry", "ids": made[:2], "edit": {"to.0": "ada@example.com"}}
    assert world.post("/bulk", edit).json["done"] == 2
    assert [world.get(f"/jobs/{one}").json["payload"]["to"] for one in made[:2]] == [["ada@example.com"]] * 2
    assert world.get(f"/jobs/{made[0]}/payloads/2").json["payload"]["to"] == ["b"]
    assert world.get("/metrics").status == 200


class Large(BaseModel):
    """A payload with a number that is an id elsewhere."""

    number: int


LARGE = JobType("test.large", lambda payload, ctx: None, Large)


def test_integers_that_no_float_can_hold_come_back_as_they_went_in(over_aws: Callable[..., World]) -> None:
    world, number = over_aws(kinds=(LARGE,)), 2**53 + 1
    made = world.post("/jobs", {"type": LARGE.name, "payload": {"number": number}})
    job_id, store = made.json["id"], parts.job_store
    held = store.apply(job_id, transitions.claim(1, now=T0 + 1, lease_until=T0 + 65, by=Claimant("r")))
    store.apply(job_id, transitions.complete(held, now=T0 + 2, result={"number": -number, "more": [2**63 - 1]}))
    answers = [made, world.get(f"/jobs/{job_id}"), world.get("/jobs")]
    assert all(f'"number":{number}}}' in answer.text for answer in answers)
    assert all(f'"number":{-number},"more":[{2**63 - 1}]' in answer.text for answer in answers[1:])


def test_what_each_call_asks_of_dynamodb(over_aws: Callable[..., World]) -> None:
    world = over_aws(rate_limit_max=60)
    keyed = {"Idempotency-Key": "k"}
    world.post("/jobs", {})  # the window of the address exists, and the token is cached

    with requests_to("dynamodb") as asked:
        job_id = world.post("/jobs", BODY, headers=keyed).json["id"]
    # the search for a job with that key, beside the rate limit; then the job
    assert (sorted(asked[:2]), asked[2:]) == (["GetItem", "UpdateItem"], ["PutItem"])

    with requests_to("dynamodb") as asked:
        world.post("/jobs", BODY, headers=keyed)
    # the job exists; the conditional write finds this out
    assert (sorted(asked[:2]), asked[2:]) == (["GetItem", "UpdateItem"], ["PutItem", "GetItem"])

    with requests_to("dynamodb") as asked:
        world.get(f"/jobs/{job_id}")
    assert asked == ["Query", "Query"]  # the job and its attempts; for a waiting job also its queue

    world.post(f"/jobs/{job_id}/cancel")
    with requests_to("dynamodb") as asked:
        world.get(f"/jobs/{job_id}")
    assert asked == ["Query"]

    with requests_to("dynamodb") as asked:
        world.get("/health")
        world.get("/job-types")
        world.post("/jobs", role=None)
    assert asked == []


class Order(BaseModel):
    """A payload with a tenant."""

    customer: str = "acme"


def test_a_scope_holds_over_dynamodb_and_costs_a_token_without_one_nothing(over_aws: Callable[..., World]) -> None:
    kinds = [
        JobType(name, lambda payload, ctx: None, Order, fair_by="customer") for name in ("shop.order", "shop.parcel")
    ]
    world = over_aws(kinds=tuple(kinds))
    made = {
        (kind, tenant): world.post("/jobs", {"type": kind, "payload": {"customer": tenant}}).json["id"]
        for kind in ("shop.order", "shop.parcel") for tenant in ("acme", "globex")
    }  # fmt: skip
    scope = scope_of(["shop.order"], ["acme"], payloads=False)
    scoped, whole = (parts.tokens.issue(Role.OPERATOR, "x", scope=one)[0] for one in (scope, WHOLE))
    mine = made.pop(("shop.order", "acme"))
    listed = world.get("/jobs", token=scoped).json["jobs"]
    assert [(job["id"], job["payload"]) for job in listed] == [(mine, None)]
    for other in made.values():
        for method, path in (("GET", ""), ("POST", "/cancel"), ("POST", "/discard")):
            assert world.call(method, f"/jobs/{other}{path}", token=scoped).status == 404
    asked = {"action": "cancel", "ids": [mine, *made.values()]}
    done = world.post("/jobs/bulk", asked, token=scoped).json
    assert (done["matched"], done["done"], len(done["skipped"])) == (4, 1, 3)
    assert {world.get(f"/jobs/{other}").json["status"] for other in made.values()} == {"queued"}
    with requests_to("dynamodb") as of_whole:
        world.get(f"/jobs/{mine}", token=whole)
    with requests_to("dynamodb") as of_scoped:
        world.get(f"/jobs/{mine}", token=scoped)
    assert len(of_scoped) == len(of_whole) + 1
