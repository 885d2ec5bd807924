"""Test long polls, visibility timeouts, the dead-letter queue, and that the depth does not change the cost."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from infra.local.emulator.processes.child import Emulator
from tests.infra.local.emulator.support import make_queue, receive

LONG = 20


def until_waiting(emulator: Emulator, count: int) -> None:
    """Wait until this many long polls wait in the emulator; fail after a time that no healthy run needs."""
    ends_at = time.monotonic() + LONG / 2
    while json.loads(httpx.get(f"{emulator.url}/_jobflow/health", timeout=60).text)["waiting_receives"] != count:
        assert time.monotonic() < ends_at, f"there are not {count} receives waiting"
        time.sleep(0.01)


Poll = Callable[[str], tuple[threading.Thread, list[dict[str, Any]]]]


@pytest.fixture
def poll(emulator: Emulator, sqs: Any) -> Poll:
    """Start a long poll of a queue in a thread, and return once it waits."""

    def start(url: str) -> tuple[threading.Thread, list[dict[str, Any]]]:
        messages: list[dict[str, Any]] = []
        thread = threading.Thread(target=lambda: messages.extend(receive(sqs, url, wait=LONG)))
        thread.start()
        until_waiting(emulator, 1)
        return thread, messages

    return start


def finished_before_its_time(thread: threading.Thread) -> bool:
    """Return whether a long poll ended before the end of its 20 seconds."""
    thread.join(LONG - 5)
    return not thread.is_alive()


Wake = Callable[[Emulator, Any], Iterator[str]]
"""Prepares, yields the URL of the polled queue, and does what makes the message "here" visible."""


def a_send(_: Emulator, sqs: Any) -> Iterator[str]:
    yield (url := make_queue(sqs, "q"))
    sqs.send_message(QueueUrl=url, MessageBody="here")


def a_message_given_back(_: Emulator, sqs: Any) -> Iterator[str]:
    url = make_queue(sqs, "q")
    sqs.send_message(QueueUrl=url, MessageBody="here")
    handle = receive(sqs, url)[0]["ReceiptHandle"]
    yield url
    entries = [{"Id": "1", "ReceiptHandle": handle, "VisibilityTimeout": 0}]
    sqs.change_message_visibility_batch(QueueUrl=url, Entries=entries)


def a_delay_that_ends(_: Emulator, sqs: Any) -> Iterator[str]:
    url = make_queue(sqs, "q")
    sqs.send_message(QueueUrl=url, MessageBody="here", DelaySeconds=1)
    yield url


def the_clock(emulator: Emulator, sqs: Any) -> Iterator[str]:
    url = make_queue(sqs, "q")
    sqs.send_message(QueueUrl=url, MessageBody="here", DelaySeconds=900)
    yield url
    emulator.advance(901)


def a_dead_letter(_: Emulator, sqs: Any) -> Iterator[str]:
    dead, live = dead_and_live(sqs, 1)
    sqs.send_message(QueueUrl=live, MessageBody="here")
    handle = receive(sqs, live)[0]["ReceiptHandle"]
    yield dead
    sqs.change_message_visibility(QueueUrl=live, ReceiptHandle=handle, VisibilityTimeout=0)
    assert receive(sqs, live) == []


def the_first_of_its_group_that_is_deleted(_: Emulator, sqs: Any) -> Iterator[str]:
    url = make_queue(sqs, "q.fifo", FifoQueue="true", ContentBasedDeduplication="true")
    for body in ("first", "here"):
        sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId="group")
    first = receive(sqs, url, 1)[0]
    yield url
    sqs.delete_message(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"])


WAKES = (
    a_send, a_message_given_back, a_delay_that_ends, the_clock, a_dead_letter, the_first_of_its_group_that_is_deleted,
)  # fmt: skip


@pytest.mark.parametrize("wake", WAKES)
def test_what_comes_wakes_a_long_poll(emulator: Emulator, sqs: Any, poll: Poll, wake: Wake) -> None:
    steps = wake(emulator, sqs)
    thread, messages = poll(next(steps))
    assert next(steps, None) is None
    assert finished_before_its_time(thread)
    assert [message["Body"] for message in messages] == ["here"]


def test_an_empty_long_poll_ends_and_holds_up_nobody(emulator: Emulator, sqs: Any, poll: Poll) -> None:
    thread, _ = poll(make_queue(sqs, "other"))
    url = make_queue(sqs, "q")
    with ThreadPoolExecutor(12) as pool:
        answered = list(pool.map(lambda _: receive(sqs, url, wait=1), range(12)))
    assert answered == [[]] * 12
    emulator.reset()
    thread.join()


def test_a_message_is_not_given_to_a_client_that_has_gone(emulator: Emulator, sqs: Any) -> None:
    url = make_queue(sqs, "q")
    body = json.dumps({"QueueUrl": url, "WaitTimeSeconds": LONG}).encode()
    head = f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
    head += "X-Amz-Target: AmazonSQS.ReceiveMessage\r\n"
    signed = "Authorization: AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/sqs/aws4_request, Signature=0\r\n\r\n"
    with socket.create_connection(("127.0.0.1", int(emulator.url.rpartition(":")[2]))) as gone:
        gone.sendall((head + signed).encode() + body)
        until_waiting(emulator, 1)
    until_waiting(emulator, 0)
    sqs.send_message(QueueUrl=url, MessageBody="kept")
    assert [message["Body"] for message in receive(sqs, url)] == ["kept"]


def test_a_reset_answers_the_long_polls(emulator: Emulator, sqs: Any, poll: Poll) -> None:
    thread, messages = poll(make_queue(sqs, "q"))
    emulator.reset()
    assert finished_before_its_time(thread)
    assert messages == []


def dead_and_live(sqs: Any, receives: int) -> tuple[str, str]:
    dead = make_queue(sqs, "dead")
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": receives})
    return dead, make_queue(sqs, "live", RedrivePolicy=policy)


def leave_for_the_dead_letter_queue(emulator: Emulator, sqs: Any, url: str) -> None:
    emulator.advance(31)
    assert receive(sqs, url) == []


def expire(emulator: Emulator, sqs: Any, url: str) -> None:
    emulator.advance(5 * 24 * 3600)
    assert receive(sqs, url) == []


def purge(_emulator: Emulator, sqs: Any, url: str) -> None:
    sqs.purge_queue(QueueUrl=url)


@pytest.mark.parametrize("go", [leave_for_the_dead_letter_queue, expire, purge])
def test_a_known_receipt_can_always_be_deleted(emulator: Emulator, sqs: Any, go: Callable[..., None]) -> None:
    _dead, live = dead_and_live(sqs, 1)
    sqs.send_message(QueueUrl=live, MessageBody="gone")
    handle = receive(sqs, live)[0]["ReceiptHandle"]
    go(emulator, sqs, live)
    sqs.delete_message(QueueUrl=live, ReceiptHandle=handle)
    answer = sqs.delete_message_batch(QueueUrl=live, Entries=[{"Id": "1", "ReceiptHandle": handle}])
    assert [entry["Id"] for entry in answer["Successful"]] == ["1"]
    with pytest.raises(sqs.exceptions.ReceiptHandleIsInvalid):
        sqs.delete_message(QueueUrl=live, ReceiptHandle="never given")
