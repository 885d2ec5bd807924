"""Compare the grants of a stage with webhooks with the requests of its functions, and count what an end costs there."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from chalicelib.assembly import parts
from chalicelib.ends.constants import CHECKED_AFTER
from chalicelib.job_types.context import JobContext
from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.queues import queues_of
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.port import Filter
from chalicelib.webhooks.post import Answer, Poster
from infra.cloud.cost import webhooks as cost
from infra.definition.iam import grants
from infra.definition.iam.calls import allows
from tests.chalicelib.api.support import Note, only_types
from tests.chalicelib.webhooks.support import DELIVERING
from tests.infra.cloud.acting import STACK, Stage, stage
from tests.infra.cloud.rights.day import created
from tests.support import Clock

BODY = {"url": "https://hooks.example.com", "types": ["export.run"]}


def _export(payload: Note, ctx: JobContext) -> str:
    return payload.text


EXPORT: JobType[Note, str] = JobType("export.run", _export, Note)


@dataclass
class Receiver(Poster):
    """Answers with this status."""

    status: int = 200

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        return Answer(self.status, b"")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def acting(clock: Clock) -> Iterator[Stage]:
    with only_types(EXPORT, DELIVERING), pytest.MonkeyPatch.context() as environment, stage(environment, clock) as one:
        yield one


def answer_with(status: int) -> None:
    """Let the receiver answer with this status."""
    vars(parts)["poster"] = Receiver(status=status)
    vars(parts).pop("deliverer", None)


def run(acting: Stage) -> str:
    """Create a job and process it; return its id."""
    job = created(acting, EXPORT.name, {"to": ["ada"], "text": "short"})
    acting.work(EXPORT)
    acting.recorder.settle()
    acting.recorder.needed.clear()
    acting.recorder.units.clear()
    return job


def register(acting: Stage) -> None:
    status, answer = acting.call("POST", "/webhooks", {"name": "billing", **BODY})
    assert status == 201, answer


def deliveries(parent: str) -> list[Job]:
    return list(parts.job_store.page(Filter(parent=parent), limit=100).jobs)


def refused(granted: list[str], asked: Counter[str]) -> list[str]:
    # a query names its partition in its condition, which the recorder does not read
    named = [grant.partition("/")[0] if ":Query:control/" in grant else grant for grant in granted]
    return [need for need in asked if not any(allows(one, need) for one in named)]


def test_an_end_in_a_stage_without_registered_webhooks_costs_half_a_read_for_all_ends_of_a_batch(acting: Stage) -> None:
    run(acting)
    assert acting.follow()["batchItemFailures"] == []
    acting.recorder.settle()
    assert acting.recorder.needed["followup"] == {"dynamodb:Query:control": 1}, "half a read unit: END_READS"
    assert not acting.recorder.units


def test_the_ledger_of_a_delivery(acting: Stage) -> None:
    register(acting)
    job = run(acting)
    acting.follow()
    acting.recorder.settle()
    asked = Counter(place.partition("/")[0] for place in acting.recorder.needed["followup"].elements())
    # the webhooks and their states, once for all ends of a batch; the rest is what any job costs that a job makes
    assert asked == {
        "dynamodb:Query:control": 2, "dynamodb:BatchGetItem:jobs": 1, "dynamodb:GetItem:jobs": 1,
        "sqs:SendMessage:webhook-deliver": 1, "dynamodb:UpdateItem:jobs": 1, "dynamodb:PutItem:jobs": 2,
    }  # fmt: skip
    assert acting.recorder.units["followup", f"{STACK}-jobs"] == cost.MADE_UNITS
    reads = asked["dynamodb:BatchGetItem:jobs"] + asked["dynamodb:GetItem:jobs"]
    assert reads == cost.MADE_READS
    assert refused(grants.followup([DELIVERING]), acting.recorder.needed["followup"]) == []
    acting.follow()
    assert [one.status for one in deliveries(job)] == [Status.QUEUED]


@pytest.mark.parametrize(("status", "ends"), [(200, Status.COMPLETED), (503, Status.RETRYING), (410, Status.FAILED)])
def test_the_role_of_the_worker_allows_what_a_delivery_asks_for(acting: Stage, status: int, ends: Status) -> None:
    register(acting)
    job = run(acting)
    acting.follow()
    answer_with(status)
    acting.work(DELIVERING)
    assert [one.status for one in deliveries(job)] == [ends]
    granted = [*grants.worker(*queues_of([DELIVERING])), "secretsmanager:GetSecretValue:webhooks/*"]
    assert refused(granted, acting.recorder.needed["webhook-deliver"]) == []


def test_the_ledger_of_a_message_that_is_accepted(acting: Stage) -> None:
    register(acting)
    run(acting)
    acting.follow()
    answer_with(200)
    acting.recorder.settle()
    acting.recorder.needed.clear()
    acting.recorder.units.clear()
    acting.work(DELIVERING)
    acting.recorder.settle()
    asked = Counter(place.partition("/")[0] for place in acting.recorder.needed["webhook-deliver"].elements())
    assert asked["dynamodb:GetItem:control"] == cost.SENT_READS
    assert acting.recorder.units["webhook-deliver", f"{STACK}-jobs"] == cost.SENT_UNITS
    assert set(acting.recorder.units) == {("webhook-deliver", f"{STACK}-jobs")}, "a receiver that works has no state"
    assert sum(number for place, number in asked.items() if place.startswith("secretsmanager:")) == 1


def test_the_role_of_the_api_allows_every_act_on_webhooks(acting: Stage) -> None:
    register(acting)
    acting.call("GET", "/webhooks")
    for method, rest, body in (
        ("GET", "", None), ("PUT", "", BODY), ("POST", "/rotate", {}), ("GET", "/deliveries", None),
    ):  # fmt: skip
        status, answer = acting.call(method, f"/webhooks/billing{rest}", body, "/webhooks/{name}" + rest)
        assert status == 200, answer
    job = run(acting)
    acting.follow()
    answer_with(410)
    acting.work(DELIVERING)
    [delivery] = deliveries(job)
    again: Any = {"name": "billing", "delivery_id": delivery.id}
    route = "/webhooks/{name}/deliveries/{delivery_id}/send-again"
    assert acting.call("POST", "/webhooks/billing/enable", {}, "/webhooks/{name}/enable")[0] == 200
    assert acting.call("POST", route.format(**again), {}, route)[0] == 200
    answer_with(200)
    acting.work(DELIVERING)
    status, answer = acting.call("POST", route.format(**again), {}, route)
    assert (status, answer["webhook_id"]) == (201, delivery.id)
    assert acting.call("DELETE", "/webhooks/billing", None, "/webhooks/{name}")[0] == 200
    queues = queues_of([EXPORT, DELIVERING])
    assert refused(grants.api(queues), acting.recorder.needed["api"]) == []
    without = grants.api(queues_of([EXPORT]))
    assert refused(without, acting.recorder.needed["api"]), "a stage without webhooks has no rights for them"


def test_the_recount_makes_up_for_a_delivery_with_its_own_role(acting: Stage, clock: Clock) -> None:
    register(acting)
    job = run(acting)
    clock.advance(CHECKED_AFTER + 1)
    with acting.recorder.acting_as("recount"):
        found = [one for page in parts.census.pages(0, None) for one in page.jobs]
        ended = [one.ended for part in range(4) for page in parts.census.pages(part, None) for one in page.jobs]
        assert found is not None
        assert parts.delivery_maker.repair([one for one in ended if one is not None]) == 1
    assert len(deliveries(job)) == 1
    assert refused(grants.recount(), acting.recorder.needed["recount"]) == []
