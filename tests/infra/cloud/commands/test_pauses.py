"""Check that a paused type stays paused when an update replaces its event source mapping."""

import json
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from chalicelib.adapters.dynamo.counting.counters import DynamoCounters
from chalicelib.counters.port import Pause
from chalicelib.job_types.queue import Queue
from chalicelib.pausing.dynamo import DynamoPastPauses
from infra.cloud.account import Account
from infra.cloud.commands import access, pauses
from infra.cloud.stack.changes import Change
from infra.cloud.stack.cloudformation import Stack
from infra.definition import stateful
from infra.definition.parameters import outputs
from tests.support import built_in

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


def test_a_pause_does_not_return_with_a_queue_that_was_removed_in_between(account: Account) -> None:
    name, mail = "jobflow-moves", Queue("mail")
    kinds = built_in()
    told = {output: outputs()[output] for output in ("ControlTableName", "JobsTableName")}
    template = json.dumps({"Resources": stateful(kinds, name), "Outputs": told})
    account.cloudformation.create_stack(StackName=name, TemplateBody=template)
    stack, said = Stack(account, name), list[str]()
    settings = access.settings(account, stack)
    counters, past = DynamoCounters(settings), DynamoPastPauses(settings)
    for queue in ("email.send", "report.generate"):
        counters.pause(queue, Pause(1.0, "ada", "the provider is down"))
    moved = [replace(kind, queue=mail) if kind.name == "email.send" else kind for kind in kinds]
    pauses.end_of_removed(account, stack, {kind.queue_key for kind in moved}, said.append, lambda: 9.0)
    assert said == ["The pause of email.send has ended: this version has no such queue."]
    assert set(counters.standing().paused) == {"report.generate"}
    (ended,) = past.newest("email.send", 5)
    assert (ended.pause.by, ended.until) == ("ada", 9.0)
