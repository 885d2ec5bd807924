"""The tables' description, the models over it, and how an item is weighed."""

from typing import Any

import pytest

from chalicelib.adapters.dynamo.jobs.rows import AttemptRow, BodyRow, JobRow
from chalicelib.adapters.dynamo.tables import binding
from chalicelib.adapters.dynamo.tables.attributes import Seconds, Text, Whole
from chalicelib.adapters.dynamo.tables.schema import control_table, jobs_table
from chalicelib.adapters.dynamo.tables.sizes import item_size, write_units
from chalicelib.settings import Settings
from tests.support import SETTINGS


def test_every_indexed_attribute_is_one_of_a_jobs() -> None:
    for index in jobs_table()["GlobalSecondaryIndexes"]:
        names = [key["AttributeName"] for key in index["KeySchema"]] + index["Projection"]["NonKeyAttributes"]
        assert set(names) <= set(JobRow.get_attributes()), index["IndexName"]


@pytest.mark.parametrize("table", [jobs_table(), control_table()])
def test_exactly_the_key_attributes_are_defined(table: dict[str, Any]) -> None:
    schemas = [table["KeySchema"], *(index["KeySchema"] for index in table.get("GlobalSecondaryIndexes", []))]
    used = {key["AttributeName"] for schema in schemas for key in schema}
    assert {definition["AttributeName"] for definition in table["AttributeDefinitions"]} == used


@pytest.mark.parametrize("table", [jobs_table(), control_table()])
def test_rows_expire_by_the_attribute_that_they_have(table: dict[str, Any]) -> None:
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert all("expires_at" in model.get_attributes() for model in (JobRow, AttemptRow, BodyRow))


def test_models_of_one_table_share_one_client(cloud: Settings) -> None:
    jobs, control = binding.jobs(cloud), binding.control(cloud)
    assert jobs is binding.jobs(SETTINGS)
    assert jobs.client is control.client
    assert jobs.client.meta.config.connect_timeout == 2
    assert jobs.client.meta.config.read_timeout == 5
    assert jobs.bind(JobRow) is not JobRow
    assert not hasattr(JobRow, "Meta")


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


@pytest.mark.parametrize(("size", "units"), [(0, 1), (1, 1), (1024, 1), (1025, 2), (2048, 2), (300_000, 293)])
def test_a_write_unit_is_a_kilobyte_begun(size: int, units: int) -> None:
    assert write_units(size) == units


def test_numbers_are_written_as_dynamodb_gives_them_back() -> None:
    assert [Seconds().serialize(value) for value in (1.8e9, 1800000000.125, 0, -3.0)] == [
        "1800000000", "1800000000.125", "0", "-3",
    ]  # fmt: skip
    assert isinstance(Seconds().deserialize("5"), float)
    assert [Whole().serialize(value) for value in (5, 5.0, 5.01)] == ["5", "5", "6"]
    assert isinstance(Whole().deserialize("5"), int)
    assert Text().serialize("a\udcffb") == "a?b"
