"""Check that what stock moto refuses is also refused.

With the same text, at the same size, every time, without effect.
"""

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from tests.emulated import emulated
from tests.infra.local.emulator.support import make_table

Call = tuple[str, dict[str, Any]]
KEY = {"pk": {"S": "a"}, "sk": {"S": "b"}}
MANY = {f"n{n:03}": {"N": "1"} for n in range(300)}
ROOM = 405_000 - len("pkskbig") - 2 - 5 * len(MANY)
"""Bytes that moto counts for one more attribute, `big`, of an item with this many attributes."""


def put(**more: dict[str, str]) -> Call:
    return "put_item", {"Item": {**KEY, **more}}


def update(expression: str, condition: str = "attribute_exists(pk)", **values: dict[str, str]) -> Call:
    names = {"ExpressionAttributeNames": {"#n": "n"}} if "#n" in expression + condition else {}
    given = values or {"n": {"N": "1"}}
    return "update_item", {
        "Key": KEY, "UpdateExpression": expression, "ConditionExpression": condition,
        "ExpressionAttributeValues": {f":{name}": value for name, value in given.items()}, **names,
    }  # fmt: skip


STORIES: dict[str, list[Call]] = {
    "a text added": [update("SET #n = :n + text")] * 2,
    "one that is missing": [update("SET #n = :n, extra = missing, third = text + :n")] * 2,
    "no list": [update("SET #n = list_append(text, :n)")] * 2,
    "no such value": [update("SET #n = :absent, extra = :n")] * 2,
    "no such path": [update("SET missing.path = :n, #n = :n")] * 2,
    "right, and later wrong": [
        update("SET copy = first"), update("SET first = :n", "#n < :n"), update("SET copy = first"),
        update("REMOVE first SET #n = :n", "#n < :n"), update("SET copy = first"), update("SET copy = first + :n"),
    ],
    "an item too large": [put(**MANY, big={"S": "x" * size}) for size in (ROOM, ROOM + 1)],
    "grown too large": [
        put(**MANY),
        *(update("SET n001 = :n, big = :b", n={"N": "2"}, b={"S": "x" * size}) for size in (ROOM + 1, ROOM)),
    ],
}  # fmt: skip


def told(calls: list[Call]) -> tuple[list[str], Any]:
    """Return the result of each call on a table with one item, and the item afterwards."""
    dynamodb: Any = boto3.client("dynamodb", region_name="us-east-1")
    table = make_table(dynamodb, "things")
    dynamodb.put_item(TableName=table, Item={**KEY, "n": {"N": "0"}, "text": {"S": "x"}})
    given = []
    for name, call in calls:
        try:
            getattr(dynamodb, name)(TableName=table, **call)
            given.append("done")
        except ClientError as error:
            given.append(str(error))
    return given, dynamodb.get_item(TableName=table, Key=KEY)["Item"]


@pytest.mark.parametrize("story", STORIES)
def test_what_is_refused_is_refused_as_by_stock_moto(story: str) -> None:
    with mock_aws():
        theirs = told(STORIES[story])
    assert any("error" in answer for answer in theirs[0])
    with emulated():
        assert told(STORIES[story]) == theirs
