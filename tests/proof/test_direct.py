"""Check that direct calls of the emulator have the same answers as calls over a connection, and that faults apply."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pynamodb.expressions.operand import Path

from chalicelib.adapters import aws
from chalicelib.adapters.dynamo.tables.binding import jobs
from chalicelib.adapters.dynamo.tables.schema import ACTIVE
from chalicelib.settings import Settings
from tests.proof.grounds.direct import direct
from tests.proof.grounds.partitions import empty_answered
from tests.support import REGION

PLACED = {"pk": {"S": "b"}, "sk": {"S": "META"}, "group": {"S": "ACTIVE#t#1"}, "order": {"S": "2027-01-15"}}


def of_partition(group: str, before: str) -> dict[str, Any]:
    """Make a query as the watchdog does."""
    return {
        "IndexName": "active",
        "KeyConditionExpression": "(#0 = :0 AND #1 < :1)",
        "ExpressionAttributeNames": {"#0": "group", "#1": "order"},
        "ExpressionAttributeValues": {":0": {"S": group}, ":1": {"S": before}},
        "ReturnConsumedCapacity": "TOTAL",
    }


CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("dynamodb", "put_item", {"Item": {"pk": {"S": "a"}, "sk": {"S": "META"}, "gen": {"N": "1"}}}),
    ("dynamodb", "get_item", {"Key": {"pk": {"S": "a"}, "sk": {"S": "META"}}, "ConsistentRead": True}),
    ("dynamodb", "get_item", {"Key": {"pk": {"S": "none"}, "sk": {"S": "META"}}}),
    (
        "dynamodb",
        "put_item",
        {
            "Item": {"pk": {"S": "a"}, "sk": {"S": "META"}},
            "ConditionExpression": "attribute_not_exists(pk)",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        },
    ),
    ("dynamodb", "query", of_partition("ACTIVE#t#1", "2028")),
    ("dynamodb", "put_item", {"Item": PLACED}),
    ("dynamodb", "query", of_partition("ACTIVE#t#1", "2028")),
    ("dynamodb", "query", of_partition("ACTIVE#t#1", "2026")),
    ("dynamodb", "query", of_partition("ACTIVE#t#2", "2028")),
    ("sqs", "send_message", {"MessageBody": "one"}),
    ("sqs", "delete_message", {"ReceiptHandle": "never given"}),
    ("sqs", "get_queue_attributes", {"AttributeNames": ["ApproximateNumberOfMessages"]}),
    ("sqs", "receive_message", {"MaxNumberOfMessages": 1}),
    ("sqs", "receive_message", {"MaxNumberOfMessages": 1}),
]
OF_ONE_ANSWER = frozenset({"ResponseMetadata", "MessageId", "ReceiptHandle"})


def answer(service: str, operation: str, parameters: dict[str, Any], where: dict[str, Any]) -> Any:
    """Return the caller's result: an answer or an error, without the parts that differ each time."""
    try:
        return plain(getattr(aws.client(service, REGION), operation)(**where, **parameters))
    except ClientError as error:
        return type(error).__name__, plain(error.response)


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items() if key not in OF_ONE_ANSWER}
    return [plain(inner) for inner in value] if isinstance(value, list) else value


@contextmanager
def shortened(heard: list[str]) -> Iterator[None]:
    """Both clients with direct calls."""
    dynamodb, sqs = aws.client("dynamodb", REGION), aws.client("sqs", REGION)
    hear, silent = heard.append, (lambda _: None)
    with direct(dynamodb, hear, silent), direct(sqs, hear, silent):
        yield


@pytest.fixture
def queues(cloud: Settings) -> dict[str, dict[str, Any]]:
    client = aws.client("sqs", REGION)
    return {name: client.create_queue(QueueName=name)["QueueUrl"] for name in ("long", "short")}


def test_the_short_way_answers_as_the_long_one(cloud: Settings, queues: dict[str, Any]) -> None:
    def all_calls(table: str, queue: str) -> list[Any]:
        where: dict[str, Any] = {"dynamodb": {"TableName": table}, "sqs": {"QueueUrl": queues[queue]}}
        return [answer(service, name, parameters, where[service]) for service, name, parameters in CALLS]

    heard: list[str] = []
    long_way = all_calls(cloud.jobs_table, "long")
    client = aws.client("dynamodb", REGION)
    for name in ("a", "b"):
        client.delete_item(TableName=cloud.jobs_table, Key={"pk": {"S": name}, "sk": {"S": "META"}})
    with shortened(heard):
        short_way = all_calls(cloud.jobs_table, "short")
    assert short_way == long_way
    found = [got["Count"] for got in short_way if "Count" in got]
    assert found == [0, 1, 0, 0], "queries of partitions with and without an item"
    assert sum(isinstance(found, tuple) for found in short_way) == 2, "both errors are among the answers"
    assert [name.lower() for name in heard] == [name.replace("_", "") for _, name, _ in CALLS]


def test_an_empty_partition_is_answered_as_the_emulator_answers(cloud: Settings) -> None:
    table, heard = jobs(cloud), list[str]()
    for item in (PLACED, {**PLACED, "pk": {"S": "c"}, "order": {"S": "2028"}}):
        aws.client("dynamodb", REGION).put_item(TableName=cloud.jobs_table, Item=item)

    def asked() -> list[Any]:
        early = Path(["order"]) < "2028"
        of_index = [
            table.query(table.name, place, range_key_condition=early, index_name=ACTIVE, limit=5)
            for place in ("ACTIVE#t#1", "ACTIVE#t#2", "b")
        ]
        return [plain(answer) for answer in (*of_index, table.query(table.name, "b"), table.query(table.name, "z"))]

    long_way = asked()
    with empty_answered(heard.append, lambda _: None):
        assert asked() == long_way
    assert [answer["Count"] for answer in long_way] == [1, 0, 0, 1, 0]
    assert heard == ["Query", "Query"], "only the empty partitions of the index"


def test_a_client_takes_the_long_way_again_afterwards(cloud: Settings) -> None:
    client = aws.client("sqs", REGION)
    with shortened([]):
        assert "_make_api_call" in vars(client)
    assert "_make_api_call" not in vars(client)
