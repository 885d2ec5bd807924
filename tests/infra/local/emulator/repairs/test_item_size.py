"""An item is measured once when it is put, and refused at the size at which stock moto refuses it."""

from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra.local.emulator.inprocess import emulated
from tests.infra.local.emulator.support import make_table

MOST = 405_000
"""Bytes of names and values that moto takes."""
ATTRIBUTES = 300


def put(padding: int) -> str:
    """Put an item of ATTRIBUTES + 3 attributes, one of `padding` bytes; the answer, or the error's code."""
    dynamodb: Any = boto3.client("dynamodb", region_name="us-east-1")
    table = make_table(dynamodb, "things")
    item = {"pk": {"S": "a"}, "sk": {"S": "b"}, "big": {"S": "x" * padding}}
    try:
        dynamodb.put_item(TableName=table, Item=item | {f"n{n:03}": {"N": "1"} for n in range(ATTRIBUTES)})
    except dynamodb.exceptions.ClientError as error:
        return f"{error.response['Error']['Code']}: {error.response['Error']['Message']}"
    return "put"


@pytest.mark.parametrize(("more", "refused"), [(0, False), (1, True)])
def test_an_item_is_refused_at_the_same_size(more: int, refused: bool) -> None:
    padding = MOST - len("pkskbig") - 2 - 5 * ATTRIBUTES + more
    with mock_aws():
        theirs = put(padding)
    with emulated():
        ours = put(padding)
    assert ours == theirs
    assert (theirs != "put") == refused


def grow(dynamodb: Any, table: str, padding: int) -> str:
    """Update an item of ATTRIBUTES + 2 attributes by one of `padding` bytes; return "updated" or the error."""
    key = {"pk": {"S": "a"}, "sk": {"S": "b"}}
    dynamodb.put_item(TableName=table, Item=key | {f"n{n:03}": {"N": "1"} for n in range(ATTRIBUTES)})
    values = {":big": {"S": "x" * padding}, ":one": {"N": "2"}}
    try:
        dynamodb.update_item(
            TableName=table, Key=key, UpdateExpression="SET n001 = :one, big = :big", ExpressionAttributeValues=values
        )
    except dynamodb.exceptions.ClientError as error:
        return f"{error.response['Error']['Code']}: {error.response['Error']['Message']}"
    return "updated"


@pytest.mark.parametrize(("more", "refused"), [(0, False), (1, True)])
def test_an_update_is_refused_at_the_same_size_and_changes_nothing_then(more: int, refused: bool) -> None:
    padding = MOST - len("pkskbig") - 2 - 5 * ATTRIBUTES + more
    with mock_aws():
        theirs: Any = boto3.client("dynamodb", region_name="us-east-1")
        answer = grow(theirs, make_table(theirs, "things"), padding)
    with emulated():
        ours: Any = boto3.client("dynamodb", region_name="us-east-1")
        table = make_table(ours, "things")
        assert grow(ours, table, padding) == answer
        item = ours.get_item(TableName=table, Key={"pk": {"S": "a"}, "sk": {"S": "b"}})["Item"]
    assert (answer != "updated") == refused
    assert item["n001"] == {"N": "1" if refused else "2"}
