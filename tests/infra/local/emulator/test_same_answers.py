"""Check that the repaired moto and the stock one give the same answers to the same random calls."""

import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from tests.emulated import emulated
from tests.infra.local.emulator.support import make_table

Call = tuple[str, dict[str, Any]]
CALLS = 160
HASHES = ("a", "b", "c")
RANGES = ("1", "10", "2", "21", "ä", "~")
GROUPS = ("x", "y")
INDEXES: list[tuple[str, list[tuple[str, str]], dict[str, Any]]] = [
    ("by_text", [("g", "HASH"), ("t", "RANGE")], {"ProjectionType": "ALL"}),
    ("by_number", [("g", "HASH"), ("n", "RANGE")], {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["deep", "t"]}),
    ("by_group", [("g", "HASH")], {"ProjectionType": "KEYS_ONLY"}),
]
DEFINITIONS = [{"AttributeName": n, "AttributeType": k} for n, k in (("g", "S"), ("t", "S"), ("n", "N"))]


class Dice:
    """Meaningful random calls, from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def key(self) -> dict[str, Any]:
        return {"pk": {"S": self.random.choice(HASHES)}, "sk": {"S": self.random.choice(RANGES)}}

    def text(self) -> dict[str, str]:
        return {"S": "".join(self.random.choices("ab~é", k=self.random.randint(1, 3)))}

    def number(self) -> dict[str, str]:
        return {"N": self.random.choice(["0", "-1", "2", "10", "9.5", "100"])}

    def item(self) -> dict[str, Any]:
        optional = {
            "g": {"S": self.random.choice(GROUPS)},
            "t": self.text(),
            "n": self.number(),
            "count": self.number(),
            "deep": {"M": {"list": {"L": [self.text(), self.number(), {"NULL": True}]}, "flag": {"BOOL": False}}},
            "set": {"SS": sorted({"p", self.random.choice("qr")})},
            "bytes": {"B": b"\x00\xff"},
            "sets": {"L": [{"NS": ["1", "2"]}, {"BS": [b"\x01"]}]},
        }
        return self.key() | {name: value for name, value in optional.items() if self.random.random() < 0.8}

    def put(self) -> Call:
        more = [{}, {"ReturnValues": "ALL_OLD"}, {"ConditionExpression": "attribute_not_exists(pk)"}]
        return "put_item", {"Item": self.item()} | self.random.choice(more)

    def get(self) -> Call:
        some = {"ProjectionExpression": "g, #c, deep.flag", "ExpressionAttributeNames": {"#c": "count"}}
        return "get_item", {"Key": self.key()} | self.random.choice([{}, some])

    def delete(self) -> Call:
        more = self.random.choice([{}, {"ReturnValues": "ALL_OLD"}])
        return "delete_item", {"Key": self.key()} | more

    def update(self) -> Call:
        changes: list[tuple[str, dict[str, Any]]] = [
            ("SET g = :g REMOVE n", {":g": {"S": self.random.choice(GROUPS)}}),
            ("SET t = :t, n = if_not_exists(n, :n)", {":t": self.text(), ":n": self.number()}),
            ("ADD #c :n, #set :s", {":n": self.number(), ":s": {"SS": ["s"]}}),
            ("REMOVE g", {}),
            ("SET deep.flag = :b, #c = #c + :n", {":b": {"BOOL": True}, ":n": self.number()}),
            ("SET deep.#list[0] = :t DELETE #set :s", {":t": self.text(), ":s": {"SS": ["p"]}}),
        ]
        change, values = self.random.choice(changes)
        names = {name: name[1:] for name in ("#c", "#set", "#list", "#g") if name in change}
        call: dict[str, Any] = {"Key": self.key(), "UpdateExpression": change}
        call["ReturnValues"] = self.random.choice(["ALL_NEW", "ALL_OLD", "UPDATED_NEW", "UPDATED_OLD", "NONE"])
        if self.random.random() < 0.5:
            call["ConditionExpression"] = "attribute_exists(pk) AND (NOT #g IN (:x, :y) OR contains(t, :x))"
            values |= {":x": {"S": "x"}, ":y": {"S": "a"}}
            names["#g"] = "g"
            call["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        if values:
            call["ExpressionAttributeValues"] = values
        if names:
            call["ExpressionAttributeNames"] = names
        return "update_item", call

    def plain_update(self) -> Call:
        """Change whole attributes, as nearly all updates of the platform do."""
        changes: list[tuple[str, dict[str, Any]]] = [
            ("SET #t = :t, #c = if_not_exists(#n, :n) + :n REMOVE #g", {":t": self.text(), ":n": self.number()}),
            ("SET #g = #t, #c = #n - :n ADD #n :n", {":n": self.number()}),
            ("SET #more = :d REMOVE #set, #g ADD #c :n", {":d": {"L": [self.text()]}, ":n": self.number()}),
            ("ADD #more :n", {":n": self.number()}),
        ]
        change, values = self.random.choice(changes)
        names = {f"#{name}": name for name in ("t", "c", "n", "g", "more", "set") if f"#{name}" in change}
        key = {"pk": {"S": "a"}, "sk": {"S": "1"}} if self.random.random() < 0.5 else self.key()
        return "update_item", {
            "Key": key, "UpdateExpression": change, "ReturnValues": "ALL_NEW", "ExpressionAttributeValues": values,
            "ExpressionAttributeNames": names,
        }  # fmt: skip

    def transaction(self) -> Call:
        first, second = (self.key() for _ in range(2))
        check = {"Key": second, "ConditionExpression": "attribute_exists(t)", "TableName": "things"}
        put = {"Item": self.item() | first, "TableName": "things"}
        return "transact_write_items", {"TransactItems": [{"Put": put}, {"ConditionCheck": check}]}

    def batch(self) -> Call:
        items = {(item["pk"]["S"], item["sk"]["S"]): item for item in (self.item() for _ in range(4))}
        return "batch_write_item", {"RequestItems": {"things": [{"PutRequest": {"Item": i}} for i in items.values()]}}

    def query(self) -> Call:
        index, keys, _ = self.random.choice([("", [("pk", "HASH"), ("sk", "RANGE")], {}), *INDEXES])
        value = {"S": self.random.choice(HASHES if not index else GROUPS)}
        condition, values = f"{keys[0][0]} = :h", {":h": value}
        if len(keys) > 1 and self.random.random() < 0.7:
            name, operand = keys[1][0], self.number if keys[1][0] == "n" else self.text
            forms = [f"{name} {sign} :r" for sign in ("=", "<", "<=", ">", ">=")] + [f"{name} BETWEEN :r AND :q"]
            form = self.random.choice(forms if name == "n" else [*forms, f"begins_with({name}, :r)"])
            condition += " AND " + form
            values |= {":r": operand()} | ({":q": operand()} if ":q" in form else {})
        call: dict[str, Any] = {"KeyConditionExpression": condition, "ScanIndexForward": self.random.random() < 0.5}
        call |= {"IndexName": index} if index else {}
        call |= {"Limit": self.random.randint(1, 4)} if self.random.random() < 0.7 else {}
        if self.random.random() < 0.3:
            call["FilterExpression"] = "attribute_exists(deep) AND size(pk) = :one"
            values[":one"] = {"N": "1"}
        call |= {"Select": "COUNT"} if self.random.random() < 0.1 else {}
        return "query", call | {"ExpressionAttributeValues": values}

    def calls(self) -> Iterator[Call]:
        kinds = [self.put, self.put, self.get, self.delete, self.update, self.update, self.transaction, self.batch]
        kinds += [self.plain_update, self.plain_update]
        for _ in range(CALLS):
            yield self.random.choice([*kinds, self.query, self.query, self.query])()


def answers(world: AbstractContextManager[Any], seed: int) -> list[Any]:
    """Return the answers of an emulator to the calls of a seed; a query continues to its last page."""
    with world:
        dynamodb: Any = boto3.client("dynamodb", region_name="us-east-1")
        make_table(dynamodb, "things", attributes=DEFINITIONS, GlobalSecondaryIndexes=indexes())
        given: list[Any] = []
        for name, call in Dice(seed).calls():
            table = {} if name in ("transact_write_items", "batch_write_item") else {"TableName": "things"}
            given.append((name, call))
            answer = ask(getattr(dynamodb, name), call | table)
            given.append(answer)
            while name == "query" and "LastEvaluatedKey" in answer:
                answer = ask(dynamodb.query, call | table | {"ExclusiveStartKey": answer["LastEvaluatedKey"]})
                given.append(answer)
        return given


def indexes() -> list[dict[str, Any]]:
    return [
        {
            "IndexName": name,
            "KeySchema": [{"AttributeName": key, "KeyType": kind} for key, kind in keys],
            "Projection": projection,
        }
        for name, keys, projection in INDEXES
    ]


def ask(call: Callable[..., dict[str, Any]], parameters: dict[str, Any]) -> dict[str, Any]:
    try:
        answer = call(**parameters)
    except ClientError as error:
        answer = dict(error.response)
    return {name: ordered(value) for name, value in answer.items() if name != "ResponseMetadata"}


def ordered(value: Any) -> Any:
    """Return a value with sorted sets, because their order has no meaning."""
    if isinstance(value, dict):
        return {k: sorted(v) if k in ("SS", "NS", "BS") else ordered(v) for k, v in value.items()}
    return [ordered(member) for member in value] if isinstance(value, list) else value


@pytest.mark.parametrize("seed", range(3))
def test_dynamodb_answers_as_stock_moto_does(seed: int) -> None:
    repaired, stock = answers(emulated(), seed), answers(mock_aws(), seed)
    assert sum("Items" in answer for answer in stock if isinstance(answer, dict)) > 20, "too few queries to compare"
    for number, (ours, theirs) in enumerate(zip(repaired, stock, strict=True)):
        assert ours == theirs, stock[max(0, number - 1)]


def pages(world: AbstractContextManager[Any], question: dict[str, Any]) -> list[list[str]]:
    """Return the sort keys of each page of a query over 2.4 MB, with 40 KB for each item."""
    with world:
        dynamodb: Any = boto3.client("dynamodb", region_name="us-east-1")
        make_table(dynamodb, "things", attributes=DEFINITIONS, GlobalSecondaryIndexes=indexes())
        for number in range(60):
            item = {"pk": {"S": "a"}, "sk": {"S": f"{number:02}"}, "g": {"S": "x"}, "t": {"S": str(number % 7)}}
            dynamodb.put_item(TableName="things", Item=item | {"big": {"S": "x" * 40_000}})
        paginator = dynamodb.get_paginator("query")
        return [[item["sk"]["S"] for item in page["Items"]] for page in paginator.paginate(**question)]


@pytest.mark.parametrize("limit", [{}, {"Limit": 2000}, {"Limit": 30}])
@pytest.mark.parametrize("forward", [True, False])
def test_pages_end_at_the_same_megabyte(limit: dict[str, int], forward: bool) -> None:
    question: dict[str, Any] = {
        "TableName": "things",
        "IndexName": "by_text",
        "KeyConditionExpression": "g = :x AND t >= :two",
        "ExpressionAttributeValues": {":x": {"S": "x"}, ":two": {"S": "2"}},
        "ScanIndexForward": forward,
    }
    ours, theirs = (pages(world, question | limit) for world in (emulated(), mock_aws()))
    assert len(theirs) > 1
    assert ours == theirs


def test_conditions_of_the_old_kind_are_answered_alike() -> None:
    question = {
        "TableName": "things",
        "KeyConditions": {"pk": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "a"}]}},
        "QueryFilter": {"t": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "3"}]}},
    }
    ours, theirs = (pages(world, question) for world in (emulated(), mock_aws()))
    assert theirs[0][0] == "03"
    assert ours == theirs
