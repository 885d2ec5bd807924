"""Test the description of the tables, their models, and the size of an item."""

from typing import Any

import pytest

from chalicelib.adapters.dynamo.jobs.rows import AttemptRow, BodyRow, JobRow
from chalicelib.adapters.dynamo.tables.attributes import Seconds, Text, Whole
from chalicelib.adapters.dynamo.tables.schema import control_table, jobs_table
from chalicelib.adapters.dynamo.tables.sizes import item_size


@pytest.mark.parametrize("table", [jobs_table(), control_table()])
def test_rows_expire_by_the_attribute_that_they_have(table: dict[str, Any]) -> None:
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert all("expires_at" in model.get_attributes() for model in (JobRow, AttemptRow, BodyRow))


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": ""}, 0), ({"S": "abc"}, 3), ({"S": "ü"}, 2), ({"BOOL": True}, 1), ({"NULL": True}, 1),
        ({"N": "0"}, 1), ({"N": "7"}, 2), ({"N": "1800000000"}, 2), ({"N": "1800000000.123"}, 8), ({"N": "-12"}, 3),
        ({"L": []}, 3), ({"L": [{"S": "a"}, {"S": "bc"}]}, 8), ({"M": {"k": {"S": "v"}}}, 6),
    ],
)  # fmt: skip
def test_values_weigh_what_dynamodb_says(value: dict[str, Any], size: int) -> None:
    assert item_size({"name": value}) == len("name") + size


def test_numbers_are_written_as_dynamodb_gives_them_back() -> None:
    assert [Seconds().serialize(value) for value in (1.8e9, 1800000000.125, 0, -3.0)] == [
        "1800000000", "1800000000.125", "0", "-3",
    ]  # fmt: skip
    assert isinstance(Seconds().deserialize("5"), float)
    assert [Whole().serialize(value) for value in (5, 5.0, 5.01)] == ["5", "5", "6"]
    assert isinstance(Whole().deserialize("5"), int)
    assert Text().serialize("a\udcffb") == "a?b"
