"""Test the stream mapping over a real emulator.

Every change once and in order, the same batch again after a failure.
"""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from infra.local.lambdas.specs import StreamMapping
from tests.infra.local.lambdas.conftest import Stage, until

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@pytest.fixture
def dynamodb(stage: Stage) -> Iterator["DynamoDBClient"]:
    client: DynamoDBClient = boto3.client(
        "dynamodb",
        endpoint_url=stage.emulator.url,
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )
    yield client
    client.close()


class Table:
    """A table with a stream."""

    def __init__(self, dynamodb: "DynamoDBClient", marker: Path) -> None:
        self.name = f"t-{uuid.uuid4().hex[:8]}"
        self._dynamodb = dynamodb
        self._marker = marker
        made = dynamodb.create_table(
            TableName=self.name,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )
        self.stream_arn = made["TableDescription"]["LatestStreamArn"]

    def put(self, *keys: str) -> None:
        for key in keys:
            item: Any = {"id": {"S": key}, "marker": {"S": str(self._marker)}, "raw": {"B": b"\x01"}, "n": {"N": "1.5"}}
            self._dynamodb.put_item(TableName=self.name, Item=item)

    def delete(self, key: str) -> None:
        self._dynamodb.delete_item(TableName=self.name, Key={"id": {"S": key}})


@pytest.fixture
def table(dynamodb: "DynamoDBClient", tmp_path: Path) -> Table:
    return Table(dynamodb, tmp_path / "marker")


def keys(stage: Stage) -> list[str]:
    return [key for batch in stage.lines.said("keys") for key in batch]


def test_every_change_comes_once_in_order_with_lambdas_shape(stage: Stage, table: Table) -> None:
    table.put("a")
    stage.add(StreamMapping(stage.function("on_stream.accept"), table.stream_arn))
    until(lambda: keys(stage) == ["a"])
    table.put("b", "b")
    table.delete("b")

    until(lambda: len(keys(stage)) == 4)

    records = [record for batch in stage.lines.said("records") for record in batch]
    assert [record["eventName"] for record in records] == ["INSERT", "INSERT", "MODIFY", "REMOVE"]
    assert all(record["eventSourceARN"] == table.stream_arn for record in records)
    first, change = records[0], records[0]["dynamodb"]
    assert (first["eventSource"], first["awsRegion"]) == ("aws:dynamodb", "us-east-1")
    assert first["eventID"]
    assert change["Keys"] == {"id": {"S": "a"}}
    assert change["NewImage"]["raw"] == {"B": "AQ=="}
    assert change["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    assert isinstance(change["ApproximateCreationDateTime"], float)
    assert "OldImage" in records[3]["dynamodb"]


def test_a_failed_batch_comes_again_before_anything_else(stage: Stage, table: Table) -> None:
    table.put(*"abc")
    stage.add(StreamMapping(stage.function("on_stream.stumble"), table.stream_arn, batch_size=2))

    until(lambda: len(keys(stage)) == 5)

    assert stage.lines.said("keys") == [["a", "b"], ["a", "b"], ["c"]]


def test_with_the_flag_it_goes_on_from_the_first_reported_failure(stage: Stage, table: Table) -> None:
    table.put(*"abc")
    function = stage.function("on_stream.partial")
    stage.add(StreamMapping(function, table.stream_arn, report_batch_item_failures=True))

    until(lambda: len(keys(stage)) == 5)

    assert stage.lines.said("keys") == [["a", "b", "c"], ["b", "c"]]


def test_a_poisoned_record_is_isolated_by_halves_and_given_up(stage: Stage, table: Table) -> None:
    table.put("a", "b", "poison", "c")
    function = stage.function("on_stream.poisoned")
    stage.add(StreamMapping(function, table.stream_arn, bisect=True, retries=3))

    until(lambda: stage.lines.said("passed")[-1:] == [["c"]])

    assert stage.lines.said("passed") == [["a", "b"], ["c"]]


def test_only_records_that_match_a_pattern_are_delivered(stage: Stage, table: Table) -> None:
    pattern = json.dumps({"eventName": ["INSERT"], "dynamodb": {"Keys": {"id": {"S": ["a", "c"]}}}})
    table.put(*"abc")
    table.put("c")
    table.put("a")
    stage.add(StreamMapping(stage.function("on_stream.accept"), table.stream_arn, patterns=(pattern,)))

    until(lambda: len(keys(stage)) == 2)

    assert stage.lines.said("keys") == [["a", "c"]]


def test_a_record_older_than_the_longest_age_is_given_up(stage: Stage, table: Table) -> None:
    table.put("poison")
    function = stage.function("on_stream.poisoned")
    stage.add(StreamMapping(function, table.stream_arn, longest_age=0))
    until(lambda: any("REPORT" in message for message in stage.lines.messages()))
    table.put("a")

    until(lambda: stage.lines.said("passed") == [["a"]])


def test_a_stream_that_is_not_there_yet_is_waited_for(stage: Stage, table: Table) -> None:
    gone = "arn:aws:dynamodb:us-east-1:123456789012:table/absent/stream/2026-01-01T00:00:00.000000"
    stage.add(StreamMapping(stage.function("on_stream.accept"), gone))
    stage.add(StreamMapping(stage.function("on_stream.accept"), table.stream_arn))

    table.put("a")

    until(lambda: keys(stage) == ["a"])
