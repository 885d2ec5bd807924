"""What cannot work is said before anything is changed, each in one line with the way out."""

from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from chalicelib.job_types import jobtype
from infra.cloud.account import Account
from infra.cloud.commands.deploy import Deployment
from infra.cloud.preflight.basics import Facts, Identity, chosen, findings, look
from infra.cloud.stack.cloudformation import Stack
from tests.infra.cloud.support import terminal_of

TYPES = jobtype.load()
MINE = {"MailFrom": "jobs@mine.example", "MailIdentity": "mine.example"}
GOOD = Facts(1000, Identity(verified=True), True, "arn:aws:iam::1:role/logs", {})


def told(facts: Facts = GOOD, **values: str) -> list[str]:
    return [finding.line() for finding in findings(chosen({**MINE, **values}), facts, TYPES, "eu-west-1")]


def test_an_account_in_which_everything_works_is_told_nothing() -> None:
    assert told() == []
    assert told(Facts(1000, Identity(True, "tracked"), True, "r", {}), MailConfigurationSet="tracked") == []


@pytest.mark.parametrize(
    ("facts", "values", "said", "way_out"),
    [
        (GOOD, {"MailFrom": "jobs@example.com"}, "no mailbox has", "MailFrom=jobs@your.domain"),
        (Facts(1000, None, False, "r", {}), {}, "no identity mine.example in eu-west-1", "create-email-identity"),
        (Facts(1000, Identity(verified=False), True, "r", {}), {}, "not verified", "DNS records"),
        (Facts(1000, Identity(True, "tracked"), True, "r", {}), {}, "is tracked", "MailConfigurationSet=tracked"),
        (Facts(10, Identity(True), True, "r", {}), {}, "runs 10 functions at once", "L-B99A9384"),
        (Facts(1000, Identity(True), True, "", {}), {}, "not logged", "AccessLogsRole=true"),
        (Facts(None, None, True, None, {"mail": "AccessDenied"}), {}, "(mail): could not be looked at", "AccessDenied"),
    ],
)
def test_each_is_one_line_that_says_what_to_do(facts: Facts, values: dict[str, str], said: str, way_out: str) -> None:
    (line,) = told(facts, **values)
    assert said in line
    assert way_out in line
    assert "\n" not in line
    assert line.startswith("Note")


def test_logs_without_the_role_would_fail_and_stop_it() -> None:
    without = Facts(1000, Identity(True), True, "", {})
    (line,) = told(without, AccessLogs="true")
    assert line.startswith("Stop (access logs)")
    assert told(without, AccessLogs="true", AccessLogsRole="true") == []


def test_the_account_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
        "lambda": ("get_account_settings", {"AccountLimit": {"ConcurrentExecutions": 10}}, {}),
        "sesv2": (
            "get_email_identity",
            {"VerifiedForSendingStatus": True, "ConfigurationSetName": "s"},
            {"EmailIdentity": "m"},
        ),
        "apigateway": ("get_account", {"cloudwatchRoleArn": "arn"}, {}),
    }  # fmt: skip
    clients = {}
    session = boto3.Session("x", "x", region_name="us-east-1")
    for service, (operation, answer, asked) in answers.items():
        clients[service] = session.client(service)  # type: ignore[call-overload]
        stub = Stubber(clients[service])
        stub.add_response(operation, answer, asked)
        stub.activate()
    monkeypatch.setattr(Account, "client", lambda _, service, **__: clients[service])
    account = Account(boto3.Session(region_name="us-east-1"), "1", "us-east-1")
    assert look(account, "m") == Facts(10, Identity(True, "s"), True, "arn", {})


def test_an_identity_that_is_not_there_is_no_refusal(account: Account) -> None:
    facts = look(account, "mine.example")
    assert not facts.identity_exists
    assert "mail" not in facts.refused


@pytest.mark.parametrize(("given", "chosen_for_it"), [({}, "true"), ({"AccessLogs": "false"}, "false")])
def test_requests_are_logged_where_they_can_be_unless_somebody_chose(
    account: Account, given: dict[str, str], chosen_for_it: str
) -> None:
    role = "arn:aws:iam::123456789012:role/logs"
    account.client("apigateway").update_account(
        patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": role}]
    )
    deployment = Deployment(account, Stack(account, "jobflow-new"), terminal_of(), given, dashboard=None)
    deployment._preflight()
    assert deployment.given["AccessLogs"] == chosen_for_it
