"""Check that the emulator deletes expired items, and that the stream says who deleted them."""

import time
from typing import Any

import httpx

from infra.local.emulator.processes.child import Emulator
from infra.local.lambdas.events.stream_records import for_lambda
from tests.infra.local.emulator.support import client, make_table


def test_expired_items_go_and_the_stream_says_so(emulator: Emulator) -> None:
    dynamodb, streams = client(emulator, "dynamodb"), client(emulator, "dynamodbstreams")
    table = make_table(dynamodb, "expiring")
    ends = {"AttributeName": "expires_at", "Enabled": True}
    dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=ends)
    for name, left in (("old", -5), ("soon", 1_000), ("later", 10_000)):
        item: dict[str, Any] = {
            "pk": {"S": name},
            "sk": {"S": "META"},
            "expires_at": {"N": str(int(time.time()) + left)},
        }
        dynamodb.put_item(TableName=table, Item=item)
    dynamodb.put_item(TableName=table, Item={"pk": {"S": "for ever"}, "sk": {"S": "META"}})
    expire(emulator)
    assert names(dynamodb, table) == ["for ever", "later", "soon"]
    expire(emulator, ahead=2_000)
    assert names(dynamodb, table) == ["for ever", "later"]
    dynamodb.delete_item(TableName=table, Key={"pk": {"S": "later"}, "sk": {"S": "META"}})
    arn = streams.list_streams(TableName=table)["Streams"][0]["StreamArn"]
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    start = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    records = streams.get_records(ShardIterator=start["ShardIterator"])["Records"]
    removed = [for_lambda(one) for one in records if one["eventName"] == "REMOVE"]
    by_table = {"principalId": "dynamodb.amazonaws.com", "type": "Service"}
    told = [(one["dynamodb"]["OldImage"]["pk"]["S"], one.get("userIdentity")) for one in removed]
    assert told == [("old", by_table), ("soon", by_table), ("later", None)]


def expire(emulator: Emulator, ahead: float = 0) -> None:
    """Let the emulator delete the items that expire within `ahead` seconds."""
    httpx.post(f"{emulator.url}/_jobflow/expire", json={"ahead": ahead}, timeout=60).raise_for_status()


def names(dynamodb: Any, table: str) -> list[str]:
    return sorted(item["pk"]["S"] for item in dynamodb.scan(TableName=table)["Items"])
