"""moto inside the test's own process: one winner under threads, a clock in the test's hand, nothing left behind."""

import os
import threading
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.dynamodb.models.table import Table
from moto.sqs import models as sqs_models

from infra.local.emulator.inprocess import emulated
from tests.infra.local.emulator.support import make_queue, receive

LONG = 20


def test_the_clock_is_the_tests_own() -> None:
    now = [1_700_000_000.0]
    with emulated(lambda: now[0]):
        sqs = boto3.client("sqs")
        url = make_queue(sqs, "q", VisibilityTimeout="30", MessageRetentionPeriod="60")
        sqs.send_message(QueueUrl=url, MessageBody="x")
        handle = receive(sqs, url)[0]["ReceiptHandle"]
        assert receive(sqs, url, wait=LONG) == [], "a wait on a clock that stands still must not be waited for"
        sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0)
        assert receive(sqs, url)[0]["Attributes"]["SentTimestamp"] == "1700000000000"
        now[0] += 30
        assert receive(sqs, url)[0]["Attributes"]["ApproximateReceiveCount"] == "3"
        now[0] += 30
        assert receive(sqs, url) == [], "its retention is over"


def test_without_a_clock_a_send_wakes_a_receive() -> None:
    with emulated():
        sqs = boto3.client("sqs")
        url = make_queue(sqs, "q")
        messages: list[dict[str, Any]] = []
        thread = threading.Thread(target=lambda: messages.extend(receive(sqs, url, wait=LONG)))
        thread.start()
        boto3.client("dynamodb").list_tables()
        sqs.send_message(QueueUrl=url, MessageBody="here")
        thread.join(LONG - 5)
        assert not thread.is_alive()
        assert [message["Body"] for message in messages] == ["here"]


def test_other_services_are_there_too() -> None:
    with emulated():
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket="files")
        s3.put_object(Bucket="files", Key="key", Body=b"content")
        assert s3.get_object(Bucket="files", Key="key")["Body"].read() == b"content"
        email = boto3.client("sesv2")
        with pytest.raises(email.exceptions.MessageRejected, match="not verified"):
            send(email)
        email.create_email_identity(EmailIdentity="from@example.com")
        assert send(email)


def send(email: Any) -> Any:
    return email.send_email(
        FromEmailAddress="from@example.com",
        Destination={"ToAddresses": ["to@example.com"]},
        Content={"Simple": {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}}}},
    )["MessageId"]


def test_each_block_begins_empty_and_leaves_moto_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    before = sqs_models.Queue, sqs_models.unix_time, Table.query, Table.put_item
    for _ in range(2):
        with emulated():
            sqs = boto3.client("sqs")
            assert "QueueUrls" not in sqs.list_queues()
            make_queue(sqs, "q")
            assert sqs_models.Queue is not before[0]
    assert (sqs_models.Queue, sqs_models.unix_time, Table.query, Table.put_item) == before
    assert "AWS_DEFAULT_REGION" not in os.environ
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    with mock_aws():
        assert "QueueUrls" not in boto3.client("sqs", region_name="us-east-1").list_queues()
