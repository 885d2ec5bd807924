"""Test the table's stream, which the counters read: every write once, in order."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.local.emulator.processes.child import Emulator
from tests.infra.local.emulator.support import client, make_table

Record = tuple[str, dict[str, Any] | None, dict[str, Any] | None]


def records(streams: Any, table: str) -> list[Record]:
    """Return the stream from its beginning: event, old image, new image."""
    arn = streams.list_streams(TableName=table)["Streams"][0]["StreamArn"]
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    read = streams.get_records(ShardIterator=iterator["ShardIterator"])["Records"]
    numbers = [int(record["dynamodb"]["SequenceNumber"]) for record in read]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    return [(r["eventName"], r["dynamodb"].get("OldImage"), r["dynamodb"].get("NewImage")) for r in read]


@pytest.fixture
def streams(emulator: Emulator) -> Any:
    return client(emulator, "dynamodbstreams")


KEY = {"pk": {"S": "job"}, "sk": {"S": "META"}}


def change(dynamodb: Any, table: str, expression: str, **values: dict[str, Any]) -> None:
    dynamodb.update_item(
        TableName=table,
        Key=KEY,
        UpdateExpression=expression,
        ExpressionAttributeValues={f":{name}": value for name, value in values.items()},
    )


def test_every_write_is_in_the_stream_with_both_images(dynamodb: Any, streams: Any) -> None:
    table = make_table(dynamodb, "jobs")
    dynamodb.put_item(TableName=table, Item=KEY | {"n": {"N": "1"}, "tags": {"L": [{"S": "a"}]}})
    change(dynamodb, table, "SET n = :n", n={"N": "2"})
    dynamodb.delete_item(TableName=table, Key=KEY)
    change(dynamodb, table, "ADD n :n", n={"N": "1"})  # an update that creates an item: also one record
    first, second = (KEY | {"n": {"N": n}, "tags": {"L": [{"S": "a"}]}} for n in "12")
    assert records(streams, table) == [
        ("INSERT", None, first), ("MODIFY", first, second), ("REMOVE", second, None),
        ("INSERT", None, KEY | {"n": {"N": "1"}}),
    ]  # fmt: skip


def test_an_update_that_fails_half_way_has_not_happened(dynamodb: Any, streams: Any) -> None:
    table = make_table(dynamodb, "jobs")
    item = KEY | {"words": {"S": "a"}, "numbers": {"L": [{"N": "0"}]}}
    dynamodb.put_item(TableName=table, Item=item)
    with pytest.raises(ClientError):
        change(dynamodb, table, "SET extra = :n, numbers[0] = :n ADD words :n", n={"N": "1"})
    with pytest.raises(ClientError):
        change(dynamodb, table, "SET extra = :n ADD missing :s", n={"N": "1"}, s={"S": "no number"})
    assert dynamodb.get_item(TableName=table, Key=KEY)["Item"] == item
    assert records(streams, table) == [("INSERT", None, item)]


def test_a_cancelled_transaction_leaves_no_record(dynamodb: Any, streams: Any) -> None:
    table = make_table(dynamodb, "jobs")
    dynamodb.put_item(TableName=table, Item=KEY)
    update = {"TableName": table, "Key": KEY, "UpdateExpression": "SET a = :a"}
    update["ExpressionAttributeValues"] = {":a": {"S": "a"}}
    new = {"TableName": table, "Item": KEY | {"sk": {"S": "NEW"}}}
    refused = {"TableName": table, "Key": KEY | {"sk": {"S": "NONE"}}, "ConditionExpression": "attribute_exists(pk)"}
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException):
        dynamodb.transact_write_items(TransactItems=[{"Update": update}, {"Put": new}, {"ConditionCheck": refused}])
    assert records(streams, table) == [("INSERT", None, KEY)]
    assert dynamodb.scan(TableName=table)["Items"] == [KEY]
