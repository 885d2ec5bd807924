"""Alarms that reach nobody are told: an address that has not confirmed, and none that has."""

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from infra.cloud.account import Account
from infra.cloud.stack.cloudformation import Stack
from infra.cloud.stack.subscriptions import unconfirmed

REFUSED = ClientError({"Error": {"Code": "AuthorizationError"}}, "ListSubscriptionsByTopic")
TOPIC = "arn:aws:sns:us-east-1:123456789012:jobflow-prod-alarms"
MADE = {"PhysicalResourceId": TOPIC, "ResourceType": "AWS::SNS::Topic", "ResourceStatus": "CREATE_COMPLETE"}


class Sns:
    """Answers with the subscriptions of a topic, by address and ARN, or refuses."""

    def __init__(self, found: dict[str, str] | None) -> None:
        self.found = found

    def get_paginator(self, _: str) -> "Sns":
        return self

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        if self.found is None:
            raise REFUSED
        return [{"Subscriptions": [{"Endpoint": to, "SubscriptionArn": arn} for to, arn in self.found.items()]}]


@pytest.mark.parametrize(
    ("found", "pending"),
    [
        ({}, []),
        ({"ada@example.com": f"{TOPIC}:1f2e"}, []),
        ({"ada@example.com": "PendingConfirmation", "bob@example.com": f"{TOPIC}:1f2e"}, ["ada@example.com"]),
        (None, []),
    ],
    ids=["nobody", "confirmed", "one", "refused"],
)
def test_who_has_not_confirmed_is_named(
    found: dict[str, str] | None, pending: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Account, "client", lambda *_: Sns(found))
    monkeypatch.setattr(Stack, "resources", lambda _: [MADE])
    account = Account(boto3.Session("x", "x", region_name="us-east-1"), "123456789012", "us-east-1")
    assert unconfirmed(account, Stack(account, "jobflow-prod")) == pending
