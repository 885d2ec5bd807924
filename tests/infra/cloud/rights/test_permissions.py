"""Check that each function's role allows exactly the requests of its code."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import boto3
import pytest

from chalicelib.adapters.dynamo.tables.schema import LIMITS, LINE
from chalicelib.api.routes import all_endpoints
from chalicelib.job_types.keep import Keep, hours
from chalicelib.job_types.queues import queues_of
from infra.cloud.restore.rows import KINDS, How, kinds_of
from infra.cloud.restore.tables import TABLES
from infra.definition.iam import grants
from infra.definition.iam.calls import allows
from tests.chalicelib.api.support import only_types
from tests.infra.cloud.acting import REGION, STACK, stage
from tests.infra.cloud.rights.day import TYPES, VARIABLES, live
from tests.infra.cloud.rights.judging import unnamed

GRANTED: Mapping[str, list[str]] = {
    "api": grants.api(),
    "watchdog": grants.watchdog(),
    "counters": grants.counters(),
    "recount": grants.recount(),
    **{queue.short: grants.worker(queue) for queue in queues_of(TYPES)},
}
SIGNED = {
    "api": {"s3:PutObject:uploads/*"},
    "image-process": {"s3:GetObject:processed/*"},
    "report-generate": {"s3:GetObject:reports/*"},
}
"""A signed form or link is a request that another client sends later, with the signer's permissions."""
PLACES = ("GetObject:payloads", "GetObject:results", "PutObject:results")
LARGE_BODIES = {f"s3:{place}{folder}/*" for place in PLACES for folder in ("", *(f"/{kind.short}" for kind in TYPES))}
"""Data that DynamoDB cannot hold: any type may have such a payload or result, but no built-in type has such a
result."""


@dataclass(frozen=True)
class Day:
    """The requests of every function, the routes of the API that were used, and the rows at the end.

    `updated` are the attributes of jobs that each function's updates name."""

    needed: Mapping[str, Counter[str]]
    called: set[tuple[str, str]]
    updated: Mapping[str, set[str]]
    rows: Mapping[str, list[dict[str, Any]]]


def never_seen(actor: str) -> set[str]:
    """Yield the grants that no request of the code needs, each with the reason."""
    queues = {kind.short for kind in TYPES}
    # Lambda's poller sends these requests with the function's role; the function itself does not
    poller = {f"sqs:{action}:{actor}" for action in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")}
    # the new message of a job that raises `RetryLater` more often than SQS delivers a message; no job of the day does
    # this
    polls = {f"sqs:SendMessage:{actor}"}
    # the kept steps of a job: only an e-mail with an approval has steps
    steps = {"dynamodb:Query:jobs"} if actor != "email-send" else set()
    reader = {f"dynamodb:{action}:jobs/stream" for action in ("DescribeStream", "GetRecords", "GetShardIterator")}
    reader.add("dynamodb:ListStreams:jobs/streams")
    by_lambda = poller | polls | steps if actor in queues else reader if actor == "counters" else set()
    # a record of a query has no partition key; tests/infra/definition/test_permissions.py shows that these are needed
    listed = {"dynamodb:Query:control/TOKENS", "dynamodb:Query:control/SESSIONS"} if actor == "api" else set()
    # the woken job of a paused type waits again: test_limits.py shows that these are needed
    lines = {f"dynamodb:UpdateItem:control/{row}" for row in (f"{LINE}*", LIMITS) if actor in ("api", "recount")}
    # a job that another request changes at the same moment: the deletion is withdrawn
    withdrawn = {"dynamodb:DeleteItem:control/ERASING"} if actor == "api" else set()
    return by_lambda | listed | lines | withdrawn | SIGNED.get(actor, set())


@pytest.fixture(scope="module")
def day() -> Iterator[Day]:
    """Create, process, fail, retry, cancel and count jobs."""
    with (
        only_types(*(replace(kind, keep=Keep(payload=hours(1))) for kind in TYPES)),
        pytest.MonkeyPatch.context() as environment,
        stage(environment, None, **VARIABLES) as acting,
    ):
        live(acting)
        client = boto3.client("dynamodb", region_name=REGION)
        pages = client.get_paginator("scan").paginate
        rows = {
            short: [row for page in pages(TableName=f"{STACK}-{short}") for row in page["Items"]] for short in TABLES
        }
        yield Day(acting.recorder.needed, acting.called, acting.recorder.updated, rows)


@pytest.fixture
def needed(day: Day) -> Mapping[str, Counter[str]]:
    return day.needed


def test_every_route_was_used(day: Day) -> None:
    # /docs only redirects to another page
    assert {(endpoint.method, endpoint.path) for endpoint in all_endpoints()} - day.called == {("GET", "/docs")}


def test_restore_knows_each_kind_of_row_that_a_day_leaves(day: Day) -> None:
    """Add a new kind of row to `rows.KINDS`, with the reason why it is restored or not."""
    found = {
        (table, row["pk"]["S"], row["sk"]["S"]): kinds_of(table, row)
        for table, rows in day.rows.items()
        for row in rows
    }
    assert {place: kinds for place, kinds in found.items() if len(kinds) != 1} == {}
    seen = {kind.name for kinds in found.values() for kind in kinds}
    assert {"StepRow", *(kind.name for kind in KINDS if kind.how is How.AS_IT_IS)} - seen == set()


@pytest.mark.parametrize("actor", GRANTED)
def test_role_allows_every_request(actor: str, needed: Mapping[str, Counter[str]]) -> None:
    asked = needed.get(actor, Counter())
    assert asked, f"{actor} did nothing"
    assert [need for need in asked if not any(allows(granted, need) for granted in GRANTED[actor])] == []


@pytest.mark.parametrize("actor", [queue.short for queue in queues_of(TYPES)])
def test_role_allows_every_attribute_of_an_update(actor: str, day: Day) -> None:
    assert unnamed(GRANTED[actor], day.updated[actor]) == set()


@pytest.mark.parametrize("actor", GRANTED)
def test_role_allows_nothing_else(actor: str, needed: Mapping[str, Counter[str]]) -> None:
    asked = needed.get(actor, Counter())
    shapes = {shape(need) for need in asked} | LARGE_BODIES
    unused = {granted for granted in GRANTED[actor] if not any(allows(shape(granted), need) for need in shapes)}
    assert unused == never_seen(actor)


@pytest.mark.parametrize("actor", GRANTED)
@pytest.mark.parametrize("row", ["TOK#1f2e3d4c", "TOKENS"])
def test_no_role_can_make_itself_a_token(actor: str, row: str) -> None:
    writing = [
        f"dynamodb:{action}:control/{row}" for action in ("UpdateItem", "PutItem", "DeleteItem", "BatchWriteItem")
    ]
    assert not [granted for granted in GRANTED[actor] if any(allows(granted, need) for need in writing)]


def shape(grant: str) -> str:
    """Return a grant with a placeholder for its queue: the requests about the queues of all types are the same."""
    service, action, *where = grant.split(":")
    if service in ("sqs", "logs", "lambda"):
        where = ["any-dlq" if where[0].endswith("-dlq") else "any"]
    return ":".join([service, action, *where])
