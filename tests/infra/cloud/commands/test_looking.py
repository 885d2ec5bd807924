"""Test the commands that read a stage: who gets its alarms, manual changes, correct counters, who has access."""

import io
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from botocore.stub import Stubber

from chalicelib.access.tokens import Role, Token
from chalicelib.adapters.dynamo.control.tokens import DynamoTokenStore
from chalicelib.settings import Settings
from infra.cloud.__main__ import main
from infra.cloud.account import Account
from infra.cloud.commands.drift import CHANGED, drift
from infra.cloud.commands.recount import Found, recount
from infra.cloud.commands.tokens import line_of, token_row
from infra.cloud.errors import CloudError
from infra.cloud.stack.cloudformation import Stack
from infra.cloud.stack.subscriptions import unconfirmed
from tests.support import REGION, T0

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


NOW = datetime(2026, 1, 1, tzinfo=UTC)
UP = {"Stacks": [{"StackName": "jobflow-new", "StackStatus": "CREATE_COMPLETE", "CreationTime": NOW}]}
ID = "0123456789"


@pytest.fixture
def stack() -> Stack:
    account = Account(boto3.Session("x", "x", region_name="us-east-1"), "1", "us-east-1")
    return Stack(account, "jobflow-new", sleep=lambda _: None)


@pytest.fixture
def aws(stack: Stack) -> Iterator[Stubber]:
    with Stubber(stack.account.cloudformation) as stub:
        stub.add_response("describe_stacks", UP)
        stub.add_response("detect_stack_drift", {"StackDriftDetectionId": ID}, {"StackName": "jobflow-new"})
        yield stub
        stub.assert_no_pending_responses()


def state(status: str, **more: str) -> dict[str, Any]:
    return {"StackId": "s", "StackDriftDetectionId": ID, "DetectionStatus": status, "Timestamp": NOW, **more}


def drifted(name: str, status: str, *differences: tuple[str, str, str]) -> dict[str, Any]:
    told = [
        {"PropertyPath": path, "ExpectedValue": expected, "ActualValue": actual, "DifferenceType": "NOT_EQUAL"}
        for path, expected, actual in differences
    ]
    return {"StackId": "s", "LogicalResourceId": name, "ResourceType": "x", "StackResourceDriftStatus": status,
            "Timestamp": NOW, "PropertyDifferences": told}  # fmt: skip


def test_each_change_is_a_line(stack: Stack, aws: Stubber) -> None:
    aws.add_response("describe_stack_drift_detection_status", state("DETECTION_IN_PROGRESS"))
    aws.add_response("describe_stack_drift_detection_status", state("DETECTION_COMPLETE"))
    drifts = [
        drifted("EmailSendFunction", "MODIFIED", ("/MemorySize", "512", "1024")),
        drifted("StalledAlarm", "DELETED"),
    ]
    asked = {"StackName": "jobflow-new", "StackResourceDriftStatusFilters": CHANGED, "MaxResults": 100}
    aws.add_response("describe_stack_resource_drifts", {"StackResourceDrifts": drifts[:1], "NextToken": "more"}, asked)
    rest = {**asked, "NextToken": "more"}
    aws.add_response("describe_stack_resource_drifts", {"StackResourceDrifts": drifts[1:]}, rest)
    assert drift(stack) == ["EmailSendFunction: MemorySize is 1024, not 512", "StalledAlarm: deleted"]


def test_a_comparison_that_fails_says_why(stack: Stack, aws: Stubber) -> None:
    told = state("DETECTION_FAILED", DetectionStatusReason="no right to read roles")
    aws.add_response("describe_stack_drift_detection_status", told)
    with pytest.raises(CloudError, match="no right to read roles"):
        drift(stack)


@dataclass
class Answering:
    """An account with the stack, whose function gives these answers in turn; the last one is repeated."""

    answers: list[dict[str, Any]]
    id: str = "123456789012"
    region: str = "eu-central-1"
    identity: str = "arn:aws:iam::123456789012:user/ada"
    asked: list[dict[str, Any]] = field(default_factory=list)

    @property
    def cloudformation(self) -> "Answering":
        return self

    def describe_stacks(self, **_: Any) -> dict[str, Any]:
        return {"Stacks": [{"StackStatus": "CREATE_COMPLETE"}]}

    def client(self, service: str, config: Any) -> "Answering":
        assert service == "lambda"
        self.asked.append({"read_timeout": config.read_timeout})
        return self

    def invoke(self, **asked: Any) -> dict[str, Any]:
        self.asked.append(asked)
        said = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return {**said, "Payload": io.BytesIO(json.dumps(said["Payload"]).encode())}


def answer(payload: Any, **more: Any) -> dict[str, Any]:
    return {"Payload": payload, **more}


def recounted(*answers: dict[str, Any]) -> tuple[Found, Answering]:
    account = Answering(list(answers))
    real = cast("Account", account)
    return recount(real, Stack(real, "jobflow-prod"), lambda _: None, lambda _: None), account


DONE = {"phase": "idle", "judged": True, "jobs": 1200, "wrong": {}, "repaired": {}}
COUNTING, WAITING = ({"phase": phase, "judged": False} for phase in ("counting", "waiting"))


def test_the_stages_own_function_is_waited_for_as_long_as_it_may_run() -> None:
    found, account = recounted(answer(DONE))
    assert (found.right, found.lines()) == (True, ["1,200 jobs, 0 counters wrong."])
    assert account.asked == [
        {"read_timeout": 870}, {"FunctionName": "jobflow-prod-recount", "Payload": b'{"start":true}'}]  # fmt: skip


def test_it_is_invoked_until_it_has_counted_everything_and_the_stream_has_passed() -> None:
    found, account = recounted(answer(COUNTING), answer(COUNTING), answer(WAITING), answer(DONE))
    assert (found.jobs, len(account.asked)) == (1200, 5)


def test_a_stream_that_stays_behind_is_said() -> None:
    with pytest.raises(CloudError, match="counters-behind"):
        recounted(answer(WAITING))


def test_what_is_wrong_is_told_and_whether_it_still_is() -> None:
    found = Found(5, {"email.send#completed": 2, "email.send#queued": -1}, {"email.send#queued": -1})
    assert found.lines()[1:] == [
        "email.send completed: off by +2, not repaired: another recount was faster",
        "email.send queued: off by -1, repaired",
    ]
    assert not found.right
    assert Found(5, found.wrong, found.wrong).right


def test_a_function_that_fails_is_said_with_where_to_look() -> None:
    with pytest.raises(CloudError, match=r"Task timed out.*/aws/lambda/jobflow-prod-recount"):
        recounted(answer({"errorMessage": "Task timed out"}, FunctionError="Unhandled"))


DAY = 86_400.0


@pytest.fixture
def stage(cloud: Settings) -> list[str]:
    """A stage whose stack names the existing tables; returns the arguments with which every command ends."""
    outputs = {"ControlTableName": {"Value": cloud.control_table}, "JobsTableName": {"Value": cloud.jobs_table}}
    template = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}, "Outputs": outputs}
    stacks = boto3.client("cloudformation", region_name=REGION)
    stacks.create_stack(StackName="jobflow-prod", TemplateBody=json.dumps(template))
    return ["--stage", "prod"]


def test_a_token_is_issued_listed_and_revoked(stage: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["token", "issue", *stage, "--role", "operator", "--label", "billing", "--days", "7"]) == 0
    text = capsys.readouterr().out.strip()
    assert text.startswith("jf_")
    assert main(["token", "list", *stage]) == 0
    listed = capsys.readouterr().out
    assert ("operator" in listed, "works" in listed, "billing" in listed, text in listed) == (True, True, True, False)
    assert main(["token", "revoke", *stage, "--id", listed.split()[0]]) == 0
    assert main(["token", "list", *stage]) == 0
    assert "revoked" in capsys.readouterr().out


def test_a_token_with_a_scope_is_rotated_and_then_both_secrets_are_revoked(
    stage: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    scoped = ["--types", "email.send, report.*", "--tenants", "acme", "--expires", "90d"]
    scoped += ["--without-payloads", "--without-personal"]
    assert main(["token", "issue", *stage, "--role", "operator", "--label", "billing", *scoped]) == 0
    first = capsys.readouterr().out.strip()
    assert main(["token", "rotate", "billing", *stage, "--overlap", "2h"]) == 0
    second = capsys.readouterr().out.strip()
    assert second != first
    assert main(["token", "list", *stage, "--json"]) == 0
    old, new = json.loads(capsys.readouterr().out)
    assert (old["principal"], new["principal"]) == (old["id"], old["id"])
    for row in (old, new):
        assert (row["types"], row["tenants"]) == (["email.send", "report.*"], ["acme"])
        assert (row["payloads"], row["personal"]) == (False, False)
        assert (row["state"], row["last_used_at"]) == ("works", None)
    assert old["expires_at"] < new["expires_at"]
    assert main(["token", "revoke", new["id"], *stage]) == 0
    capsys.readouterr()
    assert main(["token", "list", *stage]) == 0
    listed = capsys.readouterr().out
    assert listed.count("  revoked  ") == 2
    assert "(types email.send, report.*; tenants acme; without payloads; without personal fields)" in listed


@pytest.mark.parametrize(
    "wrong",
    [["rotate"], ["revoke"], ["issue", "--label", "x", "--expires", "soon"],
     ["issue", "--label", "x", "--expires", "1d", "--days", "1"]],
)  # fmt: skip
def test_options_that_do_not_fit_are_refused(stage: list[str], wrong: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["token", *wrong, *stage])
    assert ended.value.code == 2


@pytest.mark.parametrize("names", [["--tenants", ""], ["--types", ","], ["--types", "email.send,"]])
def test_an_empty_list_makes_no_token_for_everything(
    stage: list[str], names: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """As from a variable of a shell that is not set."""
    with pytest.raises(SystemExit) as ended:
        main(["token", "issue", *stage, "--label", "x", *names])
    assert ended.value.code == 2
    capsys.readouterr()
    assert main(["token", "list", *stage]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("names", "told"), [([], "everything"), (["--tenants", "acme"], "tenants acme")])
def test_a_new_token_is_shown_with_its_scope(
    stage: list[str], names: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for action in (["issue", "--label", "x", *names], ["rotate", "x"]):
        assert main(["token", *action, *stage]) == 0
        said = capsys.readouterr().err
        assert "viewer" in said
        assert told in said


def test_a_rotation_tells_of_the_secret_of_another_one_and_of_an_error(
    stage: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["token", "issue", *stage, "--label", "x"]) == 0
    end = DynamoTokenStore.end
    monkeypatch.setattr(DynamoTokenStore, "end", lambda *_: True)  # as if each rotation had not seen the other secret
    assert main(["token", "rotate", "x", *stage]) == 0
    assert "Rotate again to end both" in capsys.readouterr().err

    def down(*_: Any) -> bool:
        raise EndpointConnectionError(endpoint_url="https://dynamodb.test")

    monkeypatch.setattr(DynamoTokenStore, "end", down)
    with suppress(EndpointConnectionError):
        assert main(["token", "rotate", "x", *stage]) == 1
    assert "Repeat the command" in capsys.readouterr().err
    monkeypatch.setattr(DynamoTokenStore, "end", end)
    assert main(["token", "rotate", "x", *stage]) == 0
    assert "Rotate again" not in capsys.readouterr().err


def test_a_token_that_cannot_be_read_is_reported_and_the_others_are_listed(
    stage: list[str], cloud: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    for label in ("strange", "other"):
        assert main(["token", "issue", *stage, "--label", label]) == 0
    strange = next(one for one in DynamoTokenStore(cloud).all() if one.label == "strange")
    boto3.client("dynamodb", region_name=REGION).update_item(
        TableName=cloud.control_table, Key={"pk": {"S": f"TOK#{strange.hash}"}, "sk": {"S": "TOKEN"}},
        UpdateExpression="SET #r = :r", ExpressionAttributeNames={"#r": "role"},
        ExpressionAttributeValues={":r": {"S": "newer/admin"}},
    )  # fmt: skip
    capsys.readouterr()
    assert main(["token", "list", *stage, "--json"]) == 0
    printed = capsys.readouterr()
    assert [row["label"] for row in json.loads(printed.out)] == ["other"]
    assert strange.id in printed.err


@pytest.mark.parametrize("action", ["rotate", "revoke"])
@pytest.mark.parametrize(
    "option", [["--types", "a.b"], ["--tenants", "acme"], ["--without-payloads"], ["--role", "viewer"], ["--rate", "9"]]
)
def test_a_scope_that_an_action_would_ignore_is_refused(
    stage: list[str], action: str, option: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["token", "issue", *stage, "--label", "x"]) == 0
    assert main(["token", "list", *stage]) == 0
    token_id = capsys.readouterr().out.split()[1]
    with pytest.raises(SystemExit) as ended:
        main(["token", action, token_id, *stage, *option])
    assert ended.value.code == 2
    assert f"{action} does not use {option[0]}" in capsys.readouterr().err
    assert main(["token", "list", *stage]) == 0
    assert [line.split()[3] for line in capsys.readouterr().out.splitlines()] == ["works"]


def test_the_name_of_a_token_may_follow_the_options(stage: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["token", "issue", *stage, "--label", "billing"]) == 0
    assert main(["token", "rotate", *stage, "--overlap", "0m", "billing"]) == 0
    capsys.readouterr()
    assert main(["token", "list", *stage, "--json"]) == 0
    old, _ = json.loads(capsys.readouterr().out)
    assert main(["token", "revoke", *stage, old["principal"]]) == 0


@pytest.mark.parametrize(
    "wrong", [["issue", "--label", "x", "billing"], ["issue", "--label", "x", "--types", "a.b,", "c.d"],
              ["list", "--json", "billing"], ["revoke", "a", "b"]],
)  # fmt: skip
def test_a_name_that_an_action_does_not_take_is_refused(stage: list[str], wrong: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["token", *wrong, *stage])
    assert ended.value.code == 2


def test_a_token_of_a_stage_needs_a_label(stage: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["token", "issue", *stage, "--role", "viewer"]) == 1
    assert "label" in capsys.readouterr().err


@pytest.mark.parametrize("days", ["0", "-1", "nan", "inf"])
def test_a_token_for_no_time_is_refused_and_does_not_work_for_ever(
    stage: list[str], days: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["token", "issue", *stage, "--label", "billing", "--days", days])
    assert ended.value.code == 2
    assert "positive" in capsys.readouterr().err
    assert main(["token", "list", *stage]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("expires", "revoked", "told"),
    [(None, None, "works"), (T0 + 1, None, "works"), (T0, None, "expired"), (T0, T0 - DAY, "revoked")],
)
def test_a_token_is_shown_as_it_is(expires: float | None, revoked: float | None, told: str) -> None:
    token = Token("f" * 64, Role.VIEWER, "a label", T0 - 2 * DAY, expires, revoked)
    ends = [] if expires is None else ["expires", f"{datetime.fromtimestamp(expires, UTC):%Y-%m-%dT%H:%M}"]
    shown = line_of(token_row(token, T0, T0)).split()
    assert shown == ["f" * 16, "viewer", "2027-01-13", told, "a", "label", *ends, "used", "2027-01-15T08h"]
