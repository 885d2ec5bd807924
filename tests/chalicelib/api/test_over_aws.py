"""The whole API over DynamoDB and SQS, and what each call asks of them."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from pydantic import BaseModel

from chalicelib.access.tokens import Role
from chalicelib.adapters import aws
from chalicelib.adapters.dynamo.control.rate_windows import DynamoRateWindows
from chalicelib.adapters.dynamo.control.tokens import DynamoTokenStore
from chalicelib.adapters.dynamo.counting.counters import DynamoCounters
from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.adapters.sqs import SqsJobQueue
from chalicelib.api.http import serving
from chalicelib.assembly import parts
from chalicelib.job_types.jobtype import JobType
from chalicelib.jobs import transitions
from chalicelib.jobs.change import Claimant
from chalicelib.jobs.job import Status
from chalicelib.jobs.message import parse_message
from chalicelib.settings import Settings
from tests.chalicelib.api.support import BODY, NOTE, OTHER, World, only_types
from tests.support import REGION, T0, Clock, requests_to


@pytest.fixture
def deployed(cloud: Settings, clock: Clock) -> Iterator[Callable[[int], World]]:
    """Makes an API on the emulator with a rate limit."""
    for kind in (NOTE, OTHER):
        for name in (f"test-{kind.queue}", f"test-{kind.queue}-dlq"):
            aws.client("sqs", REGION).create_queue(QueueName=name)

    def make(limit: int) -> World:
        parts = {
            "job_store": DynamoJobStore(cloud, clock), "job_queue": SqsJobQueue(cloud),
            "rate_windows": DynamoRateWindows(cloud), "token_store": DynamoTokenStore(cloud),
            "counters": DynamoCounters(cloud),
        }  # fmt: skip
        return World(clock=clock, settings=replace(cloud, rate_limit_max=limit), parts=parts)

    with only_types(NOTE, OTHER):
        yield make


def test_one_token_cannot_read_the_tables_away_from_another(cloud: Settings, clock: Clock) -> None:
    ports = {"job_store": DynamoJobStore(cloud, clock), "rate_windows": DynamoRateWindows(cloud)}
    with only_types(NOTE, OTHER):
        world = World(clock=clock, settings=replace(cloud, rate_limit_max=0, read_units_max=100), parts=ports)
        greedy, modest = (parts.tokens.issue(Role.VIEWER, name)[0] for name in ("greedy", "modest"))
        answers = [world.get("/jobs?error=zzzz", token=greedy) for _ in range(60)]
        refused = next(answer for answer in answers if answer.status != 200)
        assert (refused.status, refused.json["type"]) == (429, "urn:jobflow:problem:rate-limited")
        assert answers[-1].status == 429
        assert world.get("/jobs?error=zzzz", token=modest).status == 200
        assert world.post("/jobs", BODY, token=parts.tokens.issue(Role.OPERATOR, "o")[0]).status == 201
        clock.advance(int(refused.headers["retry-after"]))
        assert world.get("/jobs?error=zzzz", token=greedy).status == 200


def test_a_request_that_reads_more_than_one_may_says_what_to_narrow(
    cloud: Settings, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "MOST_OF_ONE", 2)
    with only_types(NOTE, OTHER):
        world = World(
            clock=clock, settings=replace(cloud, rate_limit_max=0), parts={"job_store": DynamoJobStore(cloud, clock)}
        )
        answer = world.get("/jobs?error=zzzz")
        assert (answer.status, answer.locs) == (422, [["query"]])
        assert "less time" in answer.text
        assert (
            world.post("/jobs/bulk", {"action": "cancel", "filter": {"error": "zzzz"}, "dry_run": True}).status == 200
        )


def waiting() -> int:
    url = aws.client("sqs", REGION).get_queue_url(QueueName=f"test-{NOTE.queue}")["QueueUrl"]
    wanted = ["ApproximateNumberOfMessages"]
    answer = aws.client("sqs", REGION).get_queue_attributes(QueueUrl=url, AttributeNames=wanted)
    return int(answer["Attributes"]["ApproximateNumberOfMessages"])


def named_by_messages() -> set[tuple[str, int]]:
    """Every job and generation that a waiting message names."""
    sqs = aws.client("sqs", REGION)
    url, named = sqs.get_queue_url(QueueName=f"test-{NOTE.queue}")["QueueUrl"], set()
    while found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
        named |= {(message.id, message.gen) for message in (parse_message(one["Body"]) for one in found)}
    return named


def test_fifty_posts_with_one_key_are_one_job(deployed: Callable[[int], World]) -> None:
    world = deployed(0)
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: world.post("/jobs", BODY, headers={"Idempotency-Key": "k"}), range(50)))
    assert sorted(answer.status for answer in answers) == [200] * 49 + [201]
    assert len({answer.json["id"] for answer in answers}) == 1
    # those that came before the job was stored have sent a message each, all for the one job
    assert named_by_messages() == {(answers[0].json["id"], 1)}


def test_two_hundred_posts_from_one_address_admit_exactly_sixty(deployed: Callable[[int], World]) -> None:
    world = deployed(60)
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: world.post("/jobs", BODY), range(200)))
    assert sorted(answer.status for answer in answers) == [201] * 60 + [429] * 140
    assert waiting() == 60


def test_a_life(deployed: Callable[[int], World]) -> None:
    world = deployed(60)
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
    assert world.get("/metrics").status == 200


def test_a_bulk_retry_in_steps_reaches_each_job_once(deployed: Callable[[int], World]) -> None:
    world = deployed(0)
    store: DynamoJobStore = parts.job_service.store  # type: ignore[assignment]
    same = []
    for number in range(9):
        world.clock.now += 1
        same.append(world.post("/jobs", {**BODY, "tags": ["x"]}).json["id"])
        claim = transitions.claim(1, now=T0 + 60, lease_until=T0 + 125, by=Claimant("r"))
        end = (transitions.fail, transitions.exhaust)[number % 2]
        error = ("TimeoutError", f"no answer in {number} s" if number < 7 else "never")
        store.apply(same[-1], end(store.apply(same[-1], claim), now=T0 + 61, error=error))
    body = {
        "action": "retry", "limit": 2, "filter": {"tag": "x", "fingerprint": store.get(same[0]).fingerprint},
    }  # fmt: skip
    done: list[int] = []
    cursor: dict[str, str] | None = {}
    while cursor is not None:
        answer = world.post("/jobs/bulk", {**body, **cursor}).json
        done.append(answer["done"])
        cursor = {"cursor": answer["next_cursor"]} if answer["more"] else None
    assert sum(done) == 7
    assert max(done) == 2
    assert [store.get(job_id).gen for job_id in same] == [2] * 7 + [1] * 2


class Large(BaseModel):
    """A payload with a number that is an id somewhere else."""

    number: int


LARGE = JobType("test.large", lambda payload, ctx: None, Large)


def test_integers_that_no_float_can_hold_come_back_as_they_went_in(deployed: Callable[[int], World]) -> None:
    world = deployed(0)
    number = 2**53 + 1
    with only_types(LARGE):
        aws.client("sqs", REGION).create_queue(QueueName=f"test-{LARGE.queue}")
        made = world.post("/jobs", {"type": LARGE.name, "payload": {"number": number}})
        job_id = made.json["id"]
        store: DynamoJobStore = parts.job_service.store  # type: ignore[assignment]
        claim = transitions.claim(1, now=T0 + 1, lease_until=T0 + 65, by=Claimant("r"))
        held = store.apply(job_id, claim)
        store.apply(job_id, transitions.complete(held, now=T0 + 2, result={"number": -number, "more": [2**63 - 1]}))
        answers = [made, world.get(f"/jobs/{job_id}"), world.get("/jobs")]
    assert all(f'"number":{number}}}' in answer.text for answer in answers)
    assert all(f'"number":{-number},"more":[{2**63 - 1}]' in answer.text for answer in answers[1:])


def test_what_each_call_asks_of_dynamodb(deployed: Callable[[int], World]) -> None:
    world = deployed(60)
    keyed = {"Idempotency-Key": "k"}
    world.post("/jobs", {})  # the address has a window and the token is known

    with requests_to("dynamodb") as asked:
        job_id = world.post("/jobs", BODY, headers=keyed).json["id"]
    assert asked == ["UpdateItem", "GetItem", "PutItem"]  # the rate limit, no job of that key, the job

    with requests_to("dynamodb") as asked:
        world.post("/jobs", BODY, headers=keyed)
    assert asked == ["UpdateItem", "GetItem", "PutItem", "GetItem"]  # it is there; one writer alone decides that

    with requests_to("dynamodb") as asked:
        world.get(f"/jobs/{job_id}")
    assert asked == ["Query", "Query"]  # the job and its attempts; while it waits, the line it is in

    world.post(f"/jobs/{job_id}/cancel")
    with requests_to("dynamodb") as asked:
        world.get(f"/jobs/{job_id}")
    assert asked == ["Query"]

    with requests_to("dynamodb") as asked:
        world.get("/health")
        world.get("/job-types")
        world.post("/jobs", role=None)
    assert asked == []
