"""The meter itself: write units of single writes, by the rules of DynamoDB's bill."""

import pytest

from tests.infra.cloud.units import Item, units

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
