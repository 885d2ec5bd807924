"""A query of the repaired moto costs what its page costs, whatever else is in the table."""

import sys
from typing import Any

import boto3
import pytest

from infra.local.emulator.inprocess import emulated
from tests.infra.local.emulator.support import make_table

INDEX = {
    "IndexName": "by_text",
    "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}, {"AttributeName": "t", "KeyType": "RANGE"}],
    "Projection": {"ProjectionType": "ALL"},
}
ATTRIBUTES = [{"AttributeName": name, "AttributeType": "S"} for name in ("g", "t")]
QUESTIONS: dict[str, dict[str, Any]] = {
    "the rows of a key": {"KeyConditionExpression": "pk = :k"},
    "those with a prefix": {"KeyConditionExpression": "pk = :k AND begins_with(sk, :s)"},
    "those up to one": {"KeyConditionExpression": "pk = :k AND sk <= :s"},
    "a page of an index": {"KeyConditionExpression": "g = :k", "IndexName": "by_text", "Limit": 3},
    "a stretch of an index": {"KeyConditionExpression": "g = :k AND t <= :s", "IndexName": "by_text", "Limit": 3},
}


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_other_rows_cost_a_query_nothing(question: dict[str, Any]) -> None:
    values = {":k": {"S": "mine"}} | ({":s": {"S": "row"}} if ":s" in question["KeyConditionExpression"] else {})
    few, many = (_calls_of(question | {"ExpressionAttributeValues": values}, others) for others in (5, 100))
    # Not to the call: what the garbage collector calls meanwhile is counted too.
    assert many < 1.2 * few


def _calls_of(question: dict[str, Any], others: int) -> int:
    """How many Python functions one query calls beside so many rows of others."""
    called = 0

    def count(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal called
        called += event == "call"

    with emulated():
        dynamodb = boto3.client("dynamodb")
        table = make_table(dynamodb, "pages", attributes=ATTRIBUTES, GlobalSecondaryIndexes=[INDEX])
        for key in ["mine", *(f"{number}" for number in range(others))]:
            item = {"pk": key, "sk": "row", "g": key, "t": "row"}
            dynamodb.put_item(TableName=table, Item={name: {"S": value} for name, value in item.items()})
        # The first one builds the view of the index, which is kept from then on.
        assert dynamodb.query(TableName=table, **question)["Count"] == 1
        before = sys.getprofile()
        sys.setprofile(count)
        try:
            dynamodb.query(TableName=table, **question)
        finally:
            sys.setprofile(before)
    return called
