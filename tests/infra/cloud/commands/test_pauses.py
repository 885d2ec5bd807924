"""Check that a paused type stays paused when an update replaces its event source mapping."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

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
from tests.chalicelib.api.support import only_types
from tests.support import built_in

PAUSED, OTHER = "EmailSendFunctionSource", "ReportGenerateFunctionSource"
URGENT = "EmailSendFunctionUrgent"
BUSY = ClientError({"Error": {"Code": "ResourceInUseException"}}, "UpdateEventSourceMapping")


class Lambda:
    """Records requests; at first a mapping is still being created. `state` is that of each mapping."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.state = "Enabled"
        self.meanwhile: Callable[[], object] = lambda: None

    def update_event_source_mapping(self, **asked: Any) -> None:
        self.asked.append(asked)
        if len(self.asked) == 1:
            raise BUSY
        self.meanwhile()

    def get_event_source_mapping(self, UUID: str) -> dict[str, str]:  # noqa: N803  # the name of the parameter in AWS
        return {"UUID": UUID, "State": self.state}


@pytest.fixture
def stack(account: Account) -> Stack:
    """A stage with its tables, whose queue email.send an operator has paused."""
    name = "jobflow-prod"
    told = {output: outputs()[output] for output in ("ControlTableName", "JobsTableName")}
    template = json.dumps({"Resources": stateful(built_in(), name), "Outputs": told})
    account.cloudformation.create_stack(StackName=name, TemplateBody=template)
    made = Stack(account, name, sleep=lambda _: None)
    counters_of(account, made).pause("email.send", Pause(1.0, "ada", "the provider is down"))
    return made


def counters_of(account: Account, stack: Stack) -> DynamoCounters:
    return DynamoCounters(access.settings(account, stack))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, stack: Stack) -> Lambda:
    client, real = Lambda(), Account.client
    monkeypatch.setattr(
        Account, "client", lambda self, service, **more: client if service == "lambda" else real(self, service, **more)
    )
    found = [{"LogicalResourceId": name, "PhysicalResourceId": name.lower()} for name in (PAUSED, OTHER)]
    monkeypatch.setattr(stack, "resources", lambda: found)
    return client


@pytest.fixture
def kept(account: Account, stack: Stack) -> Callable[..., list[str]]:
    def keep(*changes: Change) -> list[str]:
        said: list[str] = []
        pauses.keep(account, stack, changes, said.append)
        return said

    return keep


def test_a_mapping_that_was_made_anew_is_switched_off_when_its_type_is_paused(
    asked: Lambda, kept: Callable[..., list[str]]
) -> None:
    said = kept(Change("replace", PAUSED, pauses.MAPPING), Change("replace", OTHER, pauses.MAPPING))
    assert asked.asked == [{"UUID": PAUSED.lower(), "Enabled": False}] * 2
    assert said == ["email.send stays paused: the mapping of its new queue is switched off."]


def test_the_mapping_of_a_new_urgent_queue_is_switched_off_when_its_type_is_paused(
    asked: Lambda, kept: Callable[..., list[str]], stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [{"LogicalResourceId": name, "PhysicalResourceId": name.lower()} for name in (PAUSED, URGENT)]
    monkeypatch.setattr(stack, "resources", lambda: found)
    kept(Change("add", URGENT, pauses.MAPPING))
    assert asked.asked[-1] == {"UUID": URGENT.lower(), "Enabled": False}
    assert {one["UUID"] for one in asked.asked} == {URGENT.lower()}


@pytest.fixture
def with_urgent(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stack has an urgent queue of the paused type and of another."""
    names = (PAUSED, URGENT, "ReportGenerateFunctionUrgent")
    found = [{"LogicalResourceId": name, "PhysicalResourceId": name.lower()} for name in names]
    monkeypatch.setattr(stack, "resources", lambda: found)


def test_a_deployment_stops_the_urgent_queue_of_a_paused_type_if_the_one_that_added_it_had_died(
    asked: Lambda, kept: Callable[..., list[str]], with_urgent: None
) -> None:
    assert kept() == ["email.send stays paused: the mapping of its urgent queue is switched off."]
    assert asked.asked == [{"UUID": URGENT.lower(), "Enabled": False}] * 2
    asked.asked.clear()
    asked.state = "Disabled"
    assert kept() == []
    assert asked.asked == []


def test_a_type_that_an_operator_resumes_meanwhile_stays_resumed(
    asked: Lambda, kept: Callable[..., list[str]], with_urgent: None, account: Account, stack: Stack
) -> None:
    asked.meanwhile = partial(counters_of(account, stack).resume, "email.send")
    assert kept() == []
    assert asked.asked[-1] == {"UUID": URGENT.lower(), "Enabled": True}


@pytest.mark.parametrize("kind", ["modify", "remove"])
def test_a_mapping_that_stays_is_left_alone(asked: Lambda, kept: Callable[..., list[str]], kind: str) -> None:
    assert kept(Change(kind, PAUSED, pauses.MAPPING)) == []
    assert asked.asked == []


def test_a_rollback_keeps_the_pause_of_a_queue_that_the_newer_version_did_not_have(
    asked: Lambda, kept: Callable[..., list[str]]
) -> None:
    email = next(kind for kind in built_in() if kind.name == "email.send")
    with only_types(replace(email, queue=Queue("mail"))):  # this process has the code of the newer version
        said = kept(Change("add", PAUSED, pauses.MAPPING), Change("add", OTHER, pauses.MAPPING))
    assert asked.asked == [{"UUID": PAUSED.lower(), "Enabled": False}] * 2
    assert said == ["email.send stays paused: the mapping of its new queue is switched off."]


def test_a_pause_does_not_return_with_a_queue_that_was_removed_in_between(account: Account, stack: Stack) -> None:
    said = list[str]()
    settings = access.settings(account, stack)
    counters, past = counters_of(account, stack), DynamoPastPauses(settings)
    counters.pause("report.generate", Pause(2.0, "ada", "the provider is down"))
    moved = [replace(kind, queue=Queue("mail")) if kind.name == "email.send" else kind for kind in built_in()]
    pauses.end_of_removed(account, stack, {kind.queue_key for kind in moved}, said.append, lambda: 9.0)
    assert said == ["The pause of email.send has ended: this version has no such queue."]
    assert set(counters.pauses()) == {"report.generate"}
    (ended,) = past.newest("email.send", 5)
    assert (ended.pause.by, ended.until) == ("ada", 9.0)
