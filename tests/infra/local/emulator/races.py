"""Races of many clients for one item: what the emulator must win and stock moto loses. Bounded in rounds."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

THREADS = 16


def together(action: Callable[[int], Any]) -> list[Any]:
    """Run the action in 16 threads that start at the same moment, and return what each came to."""
    start = threading.Barrier(THREADS)

    def run(number: int) -> Any:
        start.wait(30)
        return action(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


def wins(call: Callable[..., Any], **parameters: Any) -> bool:
    """Whether a conditional write was done; False when its condition refused it."""
    try:
        call(**parameters)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        return False
    return True


def conditional_puts(dynamodb: Any, table: str, rounds: int) -> Counter[int]:
    """How many rounds had how many winners of `attribute_not_exists`."""

    def put(name: str, number: int) -> bool:
        item = {"pk": {"S": name}, "sk": {"S": "META"}, "by": {"N": str(number)}}
        return wins(dynamodb.put_item, TableName=table, Item=item, ConditionExpression="attribute_not_exists(pk)")

    return Counter(sum(together(partial(put, f"put {r}"))) for r in range(rounds))


def conditional_claims(dynamodb: Any, table: str, rounds: int) -> Counter[int]:
    """How many rounds had how many winners of the move from QUEUED to RUNNING."""

    def claim(name: str, _number: int) -> bool:
        return wins(
            dynamodb.update_item,
            TableName=table,
            Key={"pk": {"S": name}, "sk": {"S": "META"}},
            UpdateExpression="SET #s = :running, v = v + :one",
            ConditionExpression="#s = :queued AND v = :zero",
            ExpressionAttributeNames={"#s": "status"},
            ExpressionAttributeValues={
                ":running": {"S": "RUNNING"},
                ":queued": {"S": "QUEUED"},
                ":one": {"N": "1"},
                ":zero": {"N": "0"},
            },
        )

    counted: Counter[int] = Counter()
    for name in (f"claim {r}" for r in range(rounds)):
        item = {"pk": {"S": name}, "sk": {"S": "META"}, "status": {"S": "QUEUED"}, "v": {"N": "0"}}
        dynamodb.put_item(TableName=table, Item=item)
        counted[sum(together(partial(claim, name)))] += 1
    return counted


def additions(dynamodb: Any, table: str, name: str, each: int) -> int:
    """What a counter stands at after 16 threads have added 1 to it `each` times, from no item at all."""
    key = {"pk": {"S": name}, "sk": {"S": "COUNT"}}

    def add(_number: int) -> None:
        for _ in range(each):
            dynamodb.update_item(
                TableName=table,
                Key=key,
                UpdateExpression="ADD n :one",
                ExpressionAttributeValues={":one": {"N": "1"}},
            )

    together(add)
    return int(dynamodb.get_item(TableName=table, Key=key)["Item"]["n"]["N"])
