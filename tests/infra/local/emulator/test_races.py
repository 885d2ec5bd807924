"""Sixteen clients at once: exact on the emulator."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.local.emulator.processes.child import Emulator
from tests.infra.local.emulator.races import THREADS, additions, conditional_claims, conditional_puts, together
from tests.infra.local.emulator.support import client, make_queue, make_table, receive

ROUNDS = 25
SWITCH_INTERVAL = "1e-5"


@pytest.fixture(scope="module")
def racing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("JOBFLOW_EMULATOR_SWITCH_INTERVAL", SWITCH_INTERVAL)
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
    canceled = dynamodb.exceptions.TransactionCanceledException  # which botocore makes at its first use, in no thread
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
