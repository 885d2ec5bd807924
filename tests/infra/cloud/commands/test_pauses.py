"""Check that a paused type stays paused when an update replaces its event source mapping."""

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from infra.cloud.account import Account
from infra.cloud.commands import pauses
from infra.cloud.stack.changes import Change
from infra.cloud.stack.cloudformation import Stack

PAUSED, OTHER = "LedgerEntryFunctionSource", "EmailSendFunctionSource"
BUSY = ClientError({"Error": {"Code": "ResourceInUseException"}}, "UpdateEventSourceMapping")


class Lambda:
    """Records requests; at first a mapping is still being created."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def update_event_source_mapping(self, **asked: Any) -> None:
        self.asked.append(asked)
        if len(self.asked) == 1:
            raise BUSY


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Lambda:
    client = Lambda()
    monkeypatch.setattr(Account, "client", lambda *_: client)
    monkeypatch.setattr(pauses, "_paused", lambda *_: ["ledger.entry"])
    found = [{"LogicalResourceId": name, "PhysicalResourceId": name.lower()} for name in (PAUSED, OTHER)]
    monkeypatch.setattr(Stack, "resources", lambda _: found)
    return client


def kept(*changes: Change) -> list[str]:
    said: list[str] = []
    account = Account(boto3.Session("x", "x", region_name="us-east-1"), "123456789012", "us-east-1")
    pauses.keep(account, Stack(account, "jobflow-prod", sleep=lambda _: None), changes, said.append)
    return said


def test_a_mapping_that_was_made_anew_is_switched_off_when_its_type_is_paused(asked: Lambda) -> None:
    said = kept(Change("replace", PAUSED, pauses.MAPPING), Change("replace", OTHER, pauses.MAPPING))
    assert asked.asked == [{"UUID": PAUSED.lower(), "Enabled": False}] * 2
    assert said == ["ledger.entry stays paused: the mapping of its new queue is switched off."]


@pytest.mark.parametrize("kind", ["modify", "remove"])
def test_a_mapping_that_stays_is_left_alone(asked: Lambda, kind: str) -> None:
    assert kept(Change(kind, PAUSED, pauses.MAPPING)) == []
    assert asked.asked == []
