"""Test signatures with the reference implementation of Standard Webhooks, and with our own client."""

import time
from typing import Any

import pytest
from standardwebhooks import Webhook as Reference
from standardwebhooks import WebhookVerificationError

from chalicelib.webhooks.constants import MOST_SECRETS, ROTATING
from chalicelib.webhooks.signature import Secret, headers, new_secret, rotated
from jobflow.webhooks import WebhookRefused, verify

BODY = '{"type":"job.completed","data":{"text":"ä"}}'.encode()


def test_a_message_is_accepted_by_both_until_a_byte_or_the_secret_differs() -> None:
    secret = new_secret()
    sent = headers([Secret(secret)], "msg-1", time.time(), BODY)
    assert Reference(secret).verify(BODY, sent)["type"] == "job.completed"
    assert verify(BODY, {name.title(): value for name, value in sent.items()}, secret)["data"] == {"text": "ä"}
    for body, head, key in (
        (BODY + b" ", sent, secret), (BODY, {**sent, "webhook-id": "msg-2"}, secret), (BODY, sent, new_secret()),
        (BODY, {**sent, "webhook-signature": "v1,"}, secret), (BODY, {**sent, "webhook-signature": "v1a,x"}, secret),
        (BODY, {**sent, "webhook-timestamp": "1"}, secret),
    ):  # fmt: skip
        with pytest.raises(WebhookVerificationError):
            Reference(key).verify(body, head)
        with pytest.raises(WebhookRefused):
            verify(body, head, key)


@pytest.mark.parametrize("age", [-310, 310])
def test_a_message_from_another_time_is_refused(age: float) -> None:
    secret = new_secret()
    sent = headers([Secret(secret)], "msg-1", time.time() - age, BODY)
    with pytest.raises(WebhookRefused, match="within"):
        verify(BODY, sent, secret)
    with pytest.raises(WebhookVerificationError):
        Reference(secret).verify(BODY, sent)
    assert verify(BODY, sent, secret, tolerance=400)


@pytest.mark.parametrize(
    "wrong",
    [
        {}, {"webhook-id": "a"}, {"webhook-id": "a", "webhook-timestamp": "x", "webhook-signature": "v1,YQ=="},
        {"webhook-id": "a", "webhook-timestamp": "9" * 400, "webhook-signature": "v1,YQ=="},
        {"webhook-id": "a", "webhook-timestamp": "²", "webhook-signature": "v1,YQ=="},
        {"webhook-id": "a", "webhook-timestamp": "1", "webhook-signature": "v1,%%%"},
        {"webhook-id": "a", "webhook-timestamp": "1", "webhook-signature": "v1,é"},
    ],
)  # fmt: skip
def test_headers_of_somebody_else_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(WebhookRefused):
        verify(BODY, wrong, new_secret())


def test_a_secret_that_is_none_is_told_apart_from_a_message_that_is_refused() -> None:
    sent = headers([Secret(new_secret())], "msg-1", time.time(), BODY)
    with pytest.raises(ValueError, match="whsec_"):
        verify(BODY, sent, "whsec_not base64")


def test_while_a_secret_is_rotated_both_verify_and_a_day_later_only_the_new_one() -> None:
    now = time.time()
    old, new = new_secret(), new_secret()
    kept = rotated(rotated((), old, now - 99), new, now)
    sent = headers(kept, "msg-1", now, BODY)
    assert Reference(old).verify(BODY, sent) == Reference(new).verify(BODY, sent) == verify(BODY, sent, [old])
    later = headers(kept, "msg-1", now + ROTATING, BODY)
    assert verify(BODY, later, new, now=now + ROTATING)
    with pytest.raises(WebhookRefused):
        verify(BODY, later, old, now=now + ROTATING)


def test_rotating_again_and_again_keeps_the_newest_secrets() -> None:
    kept: list[Secret] = []
    for second in range(MOST_SECRETS + 2):
        kept = rotated(kept, f"whsec_{second}", 1000.0 + second)
    assert [one.text for one in kept] == ["whsec_4", "whsec_3", "whsec_2"]
    assert rotated(kept, "whsec_9", 1000.0 + 3 * ROTATING)[1:] == [Secret("whsec_4", 1000.0 + 4 * ROTATING)]
