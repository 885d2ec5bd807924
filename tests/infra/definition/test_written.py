"""Check that a worker's role allows its moves, and names no attribute that none of them writes."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.adapters import aws
from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.queues import queues_of
from chalicelib.jobs import job as j
from chalicelib.jobs import transitions
from chalicelib.jobs.attempt import attempt_of
from chalicelib.jobs.change import Change, Claimant
from chalicelib.jobs.job import LOST, Job, Status
from chalicelib.jobs.port import KeyLock
from chalicelib.jobs.retention import KEEP_BODIES
from chalicelib.jobs.step import Step
from chalicelib.limits import turns
from chalicelib.settings import Settings
from infra.definition import functions, stateful
from infra.definition.iam.grants import MOST_NAMED, worker
from infra.definition.iam.written import KINDS, OF_SERIAL_WORKER, OF_WORKER
from infra.definition.lambdas.compute import compute, role_id
from infra.local.roles.asked import Asked, asked, attributes_of
from infra.local.roles.policy import Statement
from infra.local.roles.resolve import statements
from tests.infra.cloud.rights.judging import allows
from tests.infra.definition.types.test_reaching import Empty
from tests.support import REGION, T0, Clock, a_job

STACK = "jobflow-dev"
BUCKET = "arn:aws:s3:::jobflow-dev-files-123456789012-us-east-1"
INDEX_KEYS = {"everything", "born"}
"""Written only at creation; IAM requires every key of an index to be listed."""
TYPES = [
    JobType("a.plain", lambda _payload, _ctx: None, Empty),
    JobType("a.serial", lambda _payload, _ctx: None, Empty, serial_by="id"),
    JobType("a.making", lambda _payload, _ctx: None, Empty, enqueues=("a.plain",)),
]
BIG = {"text": "x" * 900}
ERROR = ("ValueError", "it failed")
BY = Claimant("r", cold_start=True, receive_count=2)
LOST_JOB: dict[str, Any] = {"status": Status.PROCESSING, "attempts": 1, "started_at": T0, "lease_until": T0 + 1}
HELD: dict[str, Any] = {**LOST_JOB, "lease_until": T0 + 60}
WAITING: dict[str, Any] = {"status": Status.SCHEDULED, "next_attempt_at": T0, "run_at": T0}
SUSPENDED: dict[str, Any] = {"status": Status.SUSPENDED, "next_attempt_at": T0 + 99, "waits": "event:approved"}
BLOCKED: dict[str, Any] = {"status": Status.BLOCKED, "waits": "limit:1.a.b", "passed": 1}
WOKEN: dict[str, Any] = {"status": Status.QUEUED, "waits": "limit:3.openai", "passed": 1}
NOW = T0 + 9
MOVES: Mapping[str, tuple[dict[str, Any], Callable[[Job], list[Change]]]] = {
    "claim": ({}, lambda _: [transitions.claim(1, now=NOW, lease_until=NOW + 9, by=BY, job_type="email.send")]),
    "take_over": (LOST_JOB, lambda job: [transitions.take_over(job, now=NOW, lease_until=NOW + 9, by=BY)]),
    "complete": (HELD, lambda job: [transitions.complete(job, now=NOW, result=value) for value in ("done", BIG)]),
    "postpone": (HELD, lambda job: [
        transitions.postpone(job, now=NOW, not_before=NOW + 9, error=ERROR, parked=parked) for parked in (True, False)
    ]),
    "defer": (HELD, lambda job: [
        transitions.defer(job, now=NOW, not_before=NOW + 9, error=ERROR, parked=True, stalled=True),
        turns.give_back(job, now=NOW, turn=NOW + 9, parked=True),
    ]),
    "fail": (HELD, lambda job: [transitions.fail(job, now=NOW, error=ERROR)]),
    "stop": (HELD, lambda job: [transitions.stop(job, now=NOW), transitions.skip(job, now=NOW, unfinished="job-1")]),
    "exhaust": (HELD, lambda job: [transitions.exhaust(job, now=NOW, error=ERROR)]),
    "expire": ({**WAITING, "start_by": NOW - 1}, lambda job: [transitions.expire(job, now=NOW)]),
    "give_up": (LOST_JOB, lambda job: [transitions.give_up(job, now=NOW, error=ERROR)]),
    "wait_for_turn": (WAITING, lambda job: [turns.wait_for_turn(job, now=NOW, turn=NOW + 9, parked=True)]),
    "take_turn": (WAITING, lambda job: [turns.wait_for_turn(job, now=NOW, turn=NOW + 9, parked=False)]),
    "suspend": (HELD, lambda job: [
        transitions.suspend(job, now=NOW, until=NOW + 9999, what="time", parked=True, kept=1, progressed=progressed)
        for progressed in (True, False)
    ]),
    "redeliver": ({**WAITING, "sent": True}, lambda job: [
        transitions.redeliver(job, now=NOW, due_at=NOW + 9, stalled=False)
    ]),
    "block": (HELD, lambda job: [
        transitions.block(job, now=NOW, limit="1.a.b", position=position) for position in (None, 7)
    ]),
    "unblock": (BLOCKED, lambda job: [
        transitions.unblock(job, now=NOW, limit="1.a.b", sent=sent) for sent in (True, False)
    ]),
    "block_again": (WOKEN, lambda job: [transitions.block_again(job, now=NOW)]),
    "wake": (SUSPENDED, lambda job: [transitions.wake(job, now=NOW, sent=True)]),
    "report": (HELD, lambda job: [transitions.report(job, now=NOW, percent=5, note="so far")]),
}  # fmt: skip
"""A worker's changes of a job, by the move's name: the job before it, and each form of the change."""


Requests = list[tuple[str, Mapping[str, Any]]]


@contextmanager
def writes() -> Iterator[Requests]:
    """Record the writes to DynamoDB within the block, as (operation, parameters)."""
    seen: Requests = []

    def note(model: Any, params: Mapping[str, Any], **_: Any) -> None:
        seen.append((model.name, params))

    events = aws.client("dynamodb", REGION).meta.events
    names = [f"provide-client-params.dynamodb.{operation}" for operation in ("PutItem", "UpdateItem", "DeleteItem")]
    for name in names:
        events.register(name, note)
    yield seen
    for name in names:
        events.unregister(name, note)


@pytest.fixture
def store(cloud: Settings, clock: Clock) -> DynamoJobStore:
    clock.now = NOW
    return DynamoJobStore(cloud, clock, lambda: ["email.send"])


def moves_of(store: DynamoJobStore, clock: Clock) -> Requests:
    """Make each change of a worker, record attempts, and claim a job whose payload is then kept for longer."""
    requests: Requests = []
    for name, (fields, changes) in MOVES.items():
        for number in range(len(changes(a_job()))):
            job = a_job(payload=BIG, tags=("a",), principal="ada", **fields)
            store.add(job)
            clock.advance(KEEP_BODIES - 60 if name == "claim" else 0)
            change = changes(job)[number]
            with writes() as more:
                store.apply(job.id, change)
                for outcome in (LOST, "error"):
                    store.record(job.id, attempt_of(job, outcome, NOW, ValueError("it failed"), 5))
            clock.now = NOW
            requests += more
    return requests


def role_of(name: str) -> list[Statement]:
    """Return the role's statements for a type's function."""
    made, short = functions(TYPES, STACK), name.replace(".", "-")
    roles = compute(made)
    function = next(one for one in made if one.short == short)
    return [*statements(roles[role_id(function)], {**roles, **stateful(TYPES, STACK)}, {})]


def allowed(role: list[Statement], operation: str, params: Mapping[str, Any]) -> bool:
    body = json.dumps({**params, "TableName": f"{STACK}-jobs"}, default=str).encode()  # a signature is stored as bytes
    found = asked("dynamodb", "POST", "/", {"x-amz-target": f"DynamoDB_20120810.{operation}"}, body)
    return bool(found) and all(allows(role, one) for one in found)


def test_every_move_of_a_worker_is_played() -> None:
    assert MOVES.keys() == {move.name for move in (*j.MOVES, *j.NOTES) if "worker" in move.actor} | {"give_up"}


def test_a_worker_writes_each_attribute_that_its_role_names_and_no_other(store: DynamoJobStore, clock: Clock) -> None:
    requests = moves_of(store, clock)
    with writes() as steps:
        for step in (
            Step("step:a", NOW, {"a": 1}, took=0.1, invocation="r"),
            Step("event:b", NOW, "x" * 2000, until=NOW, by="ada"),
        ):
            store.keep_step(a_job(), step)
    requests += steps
    assert {operation for operation, _ in requests} == {"UpdateItem"}
    assert {name for _, params in requests for name in attributes_of(params)} | INDEX_KEYS == KINDS[OF_WORKER]
    with writes() as keys:
        store.acquire("SERIAL#a.serial#k", None, KeyLock("job-1", NOW))
    named = {name for _, params in keys for name in attributes_of(params)}
    assert KINDS[OF_SERIAL_WORKER] - KINDS[OF_WORKER] == named - KINDS[OF_WORKER]
    plain, serial = role_of("a.plain"), role_of("a.serial")
    assert [params for operation, params in requests if not allowed(plain, operation, params)] == []
    assert [params for operation, params in (*requests, *keys) if not allowed(serial, operation, params)] == []
    assert [allowed(plain, operation, params) for operation, params in keys] == [False]


ROW = {"pk": {"S": "foreign"}, "sk": {"S": "META"}}
FORGED = {**ROW, "type": {"S": "email.send"}, "payload": {"S": "{}"}, "principal": {"S": "ada"}}
FENCED = (
    "type",
    "payload",
    "payload_ref",
    "payload_bytes",
    "tags",
    "principal",
    "created_at",
    "run_at",
    "parent",
    "acted",
)


@pytest.mark.parametrize("name", ["a.plain", "a.serial"])
def test_a_type_that_makes_no_jobs_cannot_write_what_a_job_is_about(name: str) -> None:
    role = role_of(name)
    for field in FENCED:
        for expression in (f"SET {field} = :v", "SET #n = :v, gen = :v REMOVE result", "REMOVE #n", "ADD #n :v"):
            params = {
                "Key": ROW, "UpdateExpression": expression, "ExpressionAttributeNames": {"#n": field},
                "ExpressionAttributeValues": {":v": {"S": "x"}},
            }  # fmt: skip
            assert not allowed(role, "UpdateItem", params), params
        older = {"Key": ROW, "AttributeUpdates": {field: {"Action": "PUT", "Value": {"S": "x"}}}}
        assert not allowed(role, "UpdateItem", older)
    assert not allowed(role, "PutItem", {"Item": FORGED})
    for kind, entry in (("Put", {"Item": FORGED}), ("Update", {"Key": ROW, "UpdateExpression": "SET payload = :v"})):
        item = {kind: {"TableName": f"{STACK}-jobs", **entry}}
        assert not allowed(role, "TransactWriteItems", {"TransactItems": [item]})
    for operation in ("BatchWriteItem", "DeleteItem", "ExecuteStatement"):
        assert not allowed(role, operation, {"RequestItems": {f"{STACK}-jobs": []}, "Key": ROW})


@pytest.mark.parametrize("name", ["a.plain", "a.serial", "a.making"])
@pytest.mark.parametrize("folder", ["payloads/b-other", "results/b-other", "payloads/past", "payloads"])
def test_large_bodies_of_another_type_are_out_of_reach(name: str, folder: str) -> None:
    key = f"{BUCKET}/{folder}/job-1/x.json"
    assert [allows(role_of(name), Asked(f"s3:{action}", key)) for action in ("GetObject", "PutObject")] == [False] * 2


def test_large_bodies_of_the_own_type_are_not_and_payloads_only_of_the_types_that_it_makes() -> None:
    def can(name: str, action: str, folder: str) -> bool:
        return allows(role_of(name), Asked(f"s3:{action}Object", f"{BUCKET}/{folder}/job-1/x.json"))

    assert can("a.plain", "Get", "payloads/a-plain")
    assert can("a.plain", "Put", "results/a-plain")
    assert not can("a.plain", "Put", "payloads/a-plain")
    assert can("a.making", "Put", "payloads/a-plain")
    many = replace(TYPES[2], enqueues=tuple(f"a.plain{number}" for number in range(MOST_NAMED + 1)))
    assert [grant for grant in worker(*queues_of([many])) if ":payloads/" in grant and "Put" in grant] == [
        "s3:PutObject:payloads/*"
    ]
    assert not can("a.making", "Get", "payloads/a-plain")
