"""Test sixteen simultaneous clients: the emulator's results are exact."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.local.emulator.processes.child import Emulator
from tests.infra.local.emulator.support import client, make_queue, make_table, receive

ROUNDS = 15
THREADS = 16


def together(action: Callable[[int], Any]) -> list[Any]:
    """Run the action in 16 threads that start at the same moment, and return the result of each."""
    start = threading.Barrier(THREADS)

    def run(number: int) -> Any:
        start.wait(30)
        return action(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


def wins(call: Callable[..., Any], **parameters: Any) -> bool:
    """Return whether a conditional write was made; False if its condition was false."""
    try:
        call(**parameters)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        return False
    return True


def conditional_puts(dynamodb: Any, table: str, rounds: int) -> Counter[int]:
    """Return how many rounds of `attribute_not_exists` had how many winners."""

    def put(name: str, number: int) -> bool:
        item = {"pk": {"S": name}, "sk": {"S": "META"}, "by": {"N": str(number)}}
        return wins(dynamodb.put_item, TableName=table, Item=item, ConditionExpression="attribute_not_exists(pk)")

    return Counter(sum(together(partial(put, f"put {r}"))) for r in range(rounds))


def conditional_claims(dynamodb: Any, table: str, rounds: int) -> Counter[int]:
    """Return how many rounds of the move from QUEUED to RUNNING had how many winners."""

    def claim(name: str, _number: int) -> bool:
        values = {":running": {"S": "RUNNING"}, ":queued": {"S": "QUEUED"}, ":one": {"N": "1"}, ":zero": {"N": "0"}}
        return wins(
            dynamodb.update_item, TableName=table, Key={"pk": {"S": name}, "sk": {"S": "META"}},
            UpdateExpression="SET #s = :running, v = v + :one", ConditionExpression="#s = :queued AND v = :zero",
            ExpressionAttributeNames={"#s": "status"}, ExpressionAttributeValues=values,
        )  # fmt: skip

    counted: Counter[int] = Counter()
    for name in (f"claim {r}" for r in range(rounds)):
        item = {"pk": {"S": name}, "sk": {"S": "META"}, "status": {"S": "QUEUED"}, "v": {"N": "0"}}
        dynamodb.put_item(TableName=table, Item=item)
        counted[sum(together(partial(claim, name)))] += 1
    return counted


def additions(dynamodb: Any, table: str, name: str, each: int) -> int:
    """Return the value of a counter after 16 threads have each added 1 `each` times, beginning without an item."""
    key = {"pk": {"S": name}, "sk": {"S": "COUNT"}}

    def add(_number: int) -> None:
        for _ in range(each):
            dynamodb.update_item(
                TableName=table, Key=key, UpdateExpression="ADD n :one", ExpressionAttributeValues={":one": {"N": "1"}}
            )

    together(add)
    return int(dynamodb.get_item(TableName=table, Key=key)["Item"]["n"]["N"])


@pytest.fixture(scope="module")
def racing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    log: Path = tmp_path_factory.mktemp("races") / "emulator.log"
    with Emulator.start(log_path=log) as emulator:
        yield emulator


@pytest.fixture
def table(racing: Emulator, request: pytest.FixtureRequest) -> tuple[Any, str]:
    dynamodb = client(racing, "dynamodb")
    return dynamodb, make_table(dynamodb, request.node.name[:50])


def test_one_of_many_conditional_puts_wins(table: tuple[Any, str]) -> None:
    assert conditional_puts(*table, ROUNDS) == {1: ROUNDS}


def test_one_of_many_claims_wins(table: tuple[Any, str]) -> None:
    assert conditional_claims(*table, ROUNDS) == {1: ROUNDS}


def test_no_addition_is_lost(table: tuple[Any, str]) -> None:
    assert additions(*table, "steady", 20) == THREADS * 20


def test_no_first_addition_is_lost(table: tuple[Any, str]) -> None:
    assert [additions(*table, f"first {r}", 1) for r in range(ROUNDS)] == [THREADS] * ROUNDS


def test_a_failed_transaction_leaves_others_writes_alone(table: tuple[Any, str]) -> None:
    dynamodb, name = table
    # botocore creates this at its first use, which must not be in a thread
    canceled = dynamodb.exceptions.TransactionCanceledException
    refused = {
        "TableName": name,
        "Key": {"pk": {"S": "nobody"}, "sk": {"S": "META"}},
        "ConditionExpression": "attribute_exists(pk)",
    }

    def work(number: int) -> None:
        for turn in range(15):
            if number % 2:
                with pytest.raises(canceled):
                    dynamodb.transact_write_items(TransactItems=[{"ConditionCheck": refused}])
            else:
                dynamodb.put_item(TableName=name, Item={"pk": {"S": f"put {number}"}, "sk": {"S": str(turn)}})

    together(work)
    kept = dynamodb.scan(TableName=name, Select="COUNT")["Count"]
    assert kept == THREADS // 2 * 15


def test_each_message_is_given_to_one_consumer(racing: Emulator) -> None:
    sqs = client(racing, "sqs")
    url = make_queue(sqs, "shared")
    for number in range(12):
        entries = [{"Id": str(i), "MessageBody": f"{number}-{i}"} for i in range(10)]
        sqs.send_message_batch(QueueUrl=url, Entries=entries)

    def consume(_number: int) -> list[str]:
        seen = []
        while messages := receive(sqs, url, 3):
            seen += [message["Body"] for message in messages]
            entries = [{"Id": m["MessageId"], "ReceiptHandle": m["ReceiptHandle"]} for m in messages]
            assert not sqs.delete_message_batch(QueueUrl=url, Entries=entries).get("Failed")
        return seen

    bodies = [body for seen in together(consume) for body in seen]
    assert sorted(bodies) == sorted(f"{n}-{i}" for n in range(12) for i in range(10))
