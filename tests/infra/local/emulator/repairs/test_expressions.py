"""An expression is taken apart once, its values are used at each call, and a refusal reads as stock moto's does."""

from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra.local.emulator.inprocess import emulated
from tests.infra.local.emulator.support import make_table

KEY = {"pk": {"S": "a"}, "sk": {"S": "b"}}


class Things:
    """A table with one item, which each call updates."""

    def __init__(self) -> None:
        self._client: Any = boto3.client("dynamodb", region_name="us-east-1")
        self._table = make_table(self._client, "things")
        self._client.put_item(TableName=self._table, Item=KEY | {"n": {"N": "0"}, "text": {"S": "x"}})

    def update(self, expression: str, condition: str, **values: str) -> str:
        """Return the item's attributes after the update, or the error."""
        names = {"ExpressionAttributeNames": {"#n": "n"}} if "#n" in expression + condition else {}
        try:
            answer = self._client.update_item(
                TableName=self._table, Key=KEY, UpdateExpression=expression, ConditionExpression=condition,
                ExpressionAttributeValues={f":{name}": {"N": value} for name, value in values.items()},
                ReturnValues="ALL_NEW", **names,
            )  # fmt: skip
        except self._client.exceptions.ClientError as error:
            return str(error)
        return str(sorted(answer["Attributes"].items()))


@pytest.mark.parametrize(
    "refused",
    [
        ("SET #n = :n + text", "attribute_exists(pk)"),
        ("SET #n = :n, extra = missing, third = text + :n", "attribute_exists(pk)"),
        ("SET #n = list_append(text, :n)", "attribute_exists(pk)"),
        ("SET #n = :absent, extra = :n", "attribute_exists(pk)"),
        ("SET missing.path = :n, #n = :n", "attribute_exists(pk)"),
    ],
)
def test_what_is_refused_gives_the_error_of_stock_moto_every_time(refused: tuple[str, str]) -> None:
    with mock_aws():
        theirs = Things().update(*refused, n="1")
    assert "error" in theirs
    with emulated():
        things = Things()
        assert [things.update(*refused, n="1") for _ in range(2)] == [theirs, theirs]


def test_a_text_that_was_once_right_is_refused_as_by_stock_moto_when_the_item_does_not_fit() -> None:
    calls = [
        ("SET copy = first", "attribute_exists(pk)"),
        ("SET first = :n", "#n < :n"),
        ("SET copy = first", "attribute_exists(pk)"),
        ("REMOVE first SET #n = :n", "#n < :n"),
        ("SET copy = first", "attribute_exists(pk)"),
        ("SET copy = first + :n", "attribute_exists(pk)"),
    ]

    def answers() -> list[str]:
        things = Things()
        return [things.update(*call, **({"n": "3"} if ":n" in "".join(call) else {"unused": "1"})) for call in calls]

    with mock_aws():
        theirs = answers()
    with emulated():
        assert answers() == theirs
    assert len(set(theirs)) >= 3
