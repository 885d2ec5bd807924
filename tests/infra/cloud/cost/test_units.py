"""The meter itself: write units of single writes, by the rules of DynamoDB's bill."""

from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import pytest

from tests.infra.cloud.cost.units import Item, Meter, units
from tests.support import REGION

INDEX = {
    "KeySchema": [{"AttributeName": "group"}, {"AttributeName": "order"}],
    "Projection": {"NonKeyAttributes": ["due_at"]},
}
ROW: Item = {"pk": {"S": "a"}, "group": {"S": "ACTIVE"}, "order": {"S": "1"}, "due_at": {"N": "1"}}


@pytest.mark.parametrize(
    ("before", "after", "spent"),
    [
        ({}, ROW, 2),
        (ROW, {**ROW, "pk": {"S": "b"}}, 1),
        (ROW, {**ROW, "due_at": {"N": "2"}}, 2),
        (ROW, {**ROW, "group": {"S": "FAILED"}}, 3),
        (ROW, {"pk": {"S": "a"}}, 2),
        ({}, {**ROW, "payload": {"S": 1500 * "x"}}, 3),
    ],
    ids=["put", "not projected", "projected", "moved", "left", "two units"],
)
def test_units_of_one_write(before: Item, after: Item, spent: int) -> None:
    assert units(before, after, [INDEX]) == spent


def test_requests_of_other_threads_are_noted_while_the_meter_reads() -> None:
    meter = Meter("test", REGION)
    put = {"Key": "payloads/1/2.json"}
    with ThreadPoolExecutor(1) as pool:

        class Client:
            def get_item(self, **_: Any) -> dict[str, Any]:
                wait([pool.submit(meter.note, "s3", "PutObject", put)], timeout=0.1)
                return {}

        meter._client = Client()
        with meter.acting_as("recount"):
            meter.note(
                "dynamodb", "PutItem", {"TableName": "test-jobs", "Item": {"pk": {"S": "a"}, "sk": {"S": "META"}}}
            )
            meter.settle()
            pool.shutdown()
    assert meter.needed["recount"]["s3:PutObject:payloads/*"] == 2
