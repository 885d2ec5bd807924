"""What preflight finds of quotas, names in use, rights, mail and production, with what to do about each."""

import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from pydantic import BaseModel
from rich.console import Console

from chalicelib.jobs.types import jobtype
from chalicelib.jobs.types.jobtype import JobType
from chalicelib.jobs.types.reach import Reach
from infra.cloud import __main__ as command
from infra.cloud.account import Account
from infra.cloud.commands.check import check
from infra.cloud.commands.deploy import Deployment
from infra.cloud.errors import CloudError
from infra.cloud.preflight import basics, production, rights, room, sending
from infra.cloud.preflight.asking import Asking
from infra.cloud.preflight.finding import Finding
from infra.cloud.stack.cloudformation import Stack
from infra.cloud.terminal import Terminal
from infra.local.emulator.inprocess import emulated

TYPES = jobtype.load()
REGION = "us-east-1"
Answers = dict[str, list[tuple[str, dict[str, Any] | str]]]
Told = Callable[[Answers], Asking]


@pytest.fixture
def asking(monkeypatch: pytest.MonkeyPatch) -> Told:
    """Ask an account that gives these answers; a text is the code of an error."""

    def make(answers: Answers) -> Asking:
        clients, session = {}, boto3.Session("x", "x", region_name=REGION)
        for service, given in answers.items():
            clients[service] = session.client(service)  # type: ignore[call-overload]
            stub = Stubber(clients[service])
            for operation, answer in given:
                if isinstance(answer, str):
                    stub.add_client_error(operation, answer)
                else:
                    stub.add_response(operation, answer)
            stub.activate()
        monkeypatch.setattr(Account, "client", lambda _, service, **__: clients[service])
        return Asking(Account(session, "123456789012", REGION))

    return make


def lines(found: Iterator[Finding]) -> list[str]:
    return [finding.line() for finding in found]


def lambda_stores(used: int, most: int = 75_000_000_000) -> tuple[str, dict[str, Any]]:
    return "get_account_settings", {"AccountLimit": {"TotalCodeSize": most}, "AccountUsage": {"TotalCodeSize": used}}


def test_an_account_with_room_is_told_nothing(asking: Told) -> None:
    answers: Answers = {
        "lambda": [lambda_stores(1_000_000_000)],
        "iam": [("get_account_summary", {"SummaryMap": {"Roles": 20, "RolesQuota": 1000}})],
        "events": [("list_rules", {"Rules": [{"Name": "x"}]})],
    }
    assert lines(room.quotas(asking(answers), room.Needs(8), new=True)) == []


def test_each_quota_that_is_used_up_is_named(asking: Told) -> None:
    answers: Answers = {
        "lambda": [lambda_stores(74_900_000_000)],
        "iam": [("get_account_summary", {"SummaryMap": {"Roles": 995, "RolesQuota": 1000}})],
        "events": [("list_rules", {"Rules": [{"Name": f"r{n}"} for n in range(299)]})],
    }
    storage, roles, rules = lines(room.quotas(asking(answers), room.Needs(8), new=True))
    assert "stores 74,900 of 75,000 MB; this deployment needs up to 192 MB" in storage
    assert roles.startswith("Stop (roles): IAM has 995 of 1,000 roles; the stack needs 8 more")
    assert "299 rules of 300" in rules


def test_a_stack_that_is_there_needs_no_new_roles(asking: Told) -> None:
    assert lines(room.quotas(asking({"lambda": [lambda_stores(0)]}), room.Needs(8), new=False)) == []


def test_a_question_that_is_refused_is_remembered_and_no_error(asking: Told) -> None:
    asked = asking({"lambda": [("get_account_settings", "AccessDenied")]})
    assert lines(room.quotas(asked, room.Needs(8), new=False)) == []
    assert asked.refused == {"code storage": "AccessDenied"}


@pytest.mark.parametrize(("number", "told"), [(0, 1), (2, 0)])
def test_an_account_without_a_distribution_is_warned(asking: Told, number: int, told: int) -> None:
    listed = {"Marker": "", "MaxItems": 1, "IsTruncated": False, "Quantity": number}
    found = lines(room.cloudfront(asking({"cloudfront": [("list_distributions", {"DistributionList": listed})]})))
    assert len(found) == told
    assert all('SET="Dashboard=false"' in line for line in found)


def sends(rate: float, production_access: bool = True, sent: float = 0, enabled: bool = True) -> Answers:
    quota = {"Max24HourSend": 50_000.0, "MaxSendRate": rate, "SentLast24Hours": sent}
    return {"sesv2": [("get_account", {"ProductionAccessEnabled": production_access, "SendingEnabled": enabled,
                                       "SendQuota": quota})]}  # fmt: skip


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        (sends(100.0), []),
        (sends(14.0), ["SES takes 14 mails a second, and up to 20 workers"]),
        (sends(100.0, production_access=False), ["in the SES sandbox in us-east-1: email.send reaches verified"]),
        (sends(100.0, sent=45_000), ["45,000 of the 50,000 mails"]),
        (sends(100.0, enabled=False), ["SES has stopped this account"]),
    ],
)
def test_what_ses_allows(asking: Told, answers: Answers, told: list[str]) -> None:
    found = lines(sending.findings(asking(answers), TYPES, REGION, 0))
    assert len(found) == len(told)
    assert all(part in line for part, line in zip(told, found, strict=True))


def test_ses_is_not_asked_when_no_type_sends(asking: Told) -> None:
    assert lines(sending.findings(asking({}), [], REGION, 0)) == []


@pytest.mark.parametrize(("mail_rate", "told"), [(0, True), (14, False), (5, False), (15, True)])
def test_a_stage_that_may_send_faster_than_ses_takes_it_is_told_its_rate(
    asking: Told, mail_rate: float, told: bool
) -> None:
    found = lines(sending.findings(asking(sends(14.0)), TYPES, REGION, mail_rate))
    assert ['SET="MailRate=14"' in line for line in found] == ([True] if told else [])


def simulated(*decisions: str) -> Answers:
    results = (
        {"EvaluationResults": [{"EvalActionName": action, "EvalDecision": decision}]}
        for action, decision in zip(rights.NEEDED, decisions, strict=True)
    )
    return {"iam": [("simulate_principal_policy", result) for result in results]}


USER = "arn:aws:iam::123456789012:user/ada"
SESSION = "arn:aws-us-gov:sts::123456789012:assumed-role/deployer/ada"
ALL = ["allowed"] * len(rights.NEEDED)


def test_rights_that_are_missing_are_named(asking: Told) -> None:
    assert lines(rights.findings(asking(simulated(*ALL)), USER, REGION, "jobflow-prod")) == []
    (line,) = lines(rights.findings(asking(simulated("implicitDeny", *ALL[1:])), SESSION, REGION, "jobflow-prod"))
    assert "arn:aws-us-gov:iam::123456789012:role/deployer may not do apigateway:POST" in line
    assert "deployer-policy.json" in line


def test_who_may_not_ask_about_rights_is_told_nothing(asking: Told) -> None:
    asked = asking({"iam": [("simulate_principal_policy", "AccessDenied")]})
    assert lines(rights.findings(asked, USER, REGION, "jobflow-prod")) == []
    assert asked.refused == {}
    assert lines(rights.findings(asking({}), "arn:aws:iam::123456789012:root", REGION, "jobflow-prod")) == []


def test_every_service_that_is_asked_about_has_a_resource() -> None:
    assert {action.partition(":")[0] for action in (*rights.NEEDED, rights.TO_SHIFT)} == rights.RESOURCES.keys()


def test_a_stage_that_shifts_traffic_needs_codedeploy(asking: Told) -> None:
    answers = simulated(*ALL)
    denied = [{"EvalActionName": rights.TO_SHIFT, "EvalDecision": "implicitDeny"}]
    answers["iam"].append(("simulate_principal_policy", {"EvaluationResults": denied}))
    (line,) = lines(rights.findings(asking(answers), USER, REGION, "jobflow-prod", shifts=True))
    assert "may not do codedeploy:CreateApplication" in line


GOOD = basics.chosen({"Protect": "true", "AlarmEmail": "me@example.com"})


def told(stage: str, named: set[str], new: bool, **values: str) -> list[str]:
    return lines(production.findings(stage, {**GOOD, **values}, named, new=new))


def test_production_is_asked_for_an_address_once_and_warned_later() -> None:
    (first,) = told("prod", set(), new=True, AlarmEmail="")
    assert first.startswith("Stop (alarms)")
    assert "AlarmEmail= for none" in first
    assert told("prod", {"AlarmEmail"}, new=True, AlarmEmail="")[0].startswith("Note (alarms)")
    assert told("prod", set(), new=False, AlarmEmail="")[0].startswith("Note (alarms)")
    assert told("prod", set(), new=True, AlarmEmail="", AlarmTopicArn="arn:aws:sns:x") == []
    assert told("dev", set(), new=True, AlarmEmail="", Protect="false", LogRetentionDays="1") == []


def test_production_without_protection_or_with_short_logs_is_told() -> None:
    assert told("prod", set(), new=False, Protect="false") == [
        'Note (protection): The tables can be deleted. Deploy with SET="Protect=true".'
    ]
    assert told("prod", set(), new=True, Protect="false") == [], "the first deployment protects them by itself"
    assert "for 7 days" in told("live", set(), new=True, LogRetentionDays="7")[0]


def test_a_deployment_sets_what_nobody_has_named() -> None:
    def chosen(stage: str, *named: str, limit: int | None = 1000, yes: bool = True) -> dict[str, str]:
        return production.defaults(stage, named, limit, log_role=yes, new=yes)

    assert chosen("prod") == {"AccessLogs": "true", "ApiConcurrency": "100", "Protect": "true"}
    assert chosen("prod", "AccessLogs", "ApiConcurrency", "Protect") == {}
    assert chosen("dev", limit=10, yes=False) == {}
    assert chosen("prod", limit=None, yes=False) == {}


class Empty(BaseModel):
    """No payload."""


def test_a_type_in_a_vpc_needs_subnets() -> None:
    kind: JobType[Any, Any] = JobType("order.copy", lambda _payload, _ctx: None, Empty, reach=Reach(vpc=True))
    facts = basics.Facts(1000, None, True, "role", {})
    (finding,) = basics.findings({**GOOD, "VpcSubnets": "subnet-1"}, facts, [kind], REGION)
    assert finding.stops
    assert "order.copy says vpc=True, and there is no VpcSecurityGroups" in finding.sentence


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with emulated():
        yield Account(boto3.Session(region_name=REGION), "123456789012", REGION, "arn:aws:iam::123456789012:root")


def test_names_that_are_taken_stop_a_new_stack(account: Account) -> None:
    stack = Stack(account, "jobflow-new")
    assert not [finding for finding in check(account, stack, TYPES, {}).findings if finding.about == "names"]
    account.client("s3").create_bucket(Bucket="jobflow-new-files-123456789012-us-east-1")
    account.client("logs").create_log_group(logGroupName="/aws/lambda/jobflow-new-api")
    account.client("logs").create_log_group(logGroupName="/aws/lambda/jobflow-newer-api")
    (finding,) = [finding for finding in check(account, stack, TYPES, {}).findings if finding.about == "names"]
    assert finding.stops
    bucket, group = "bucket jobflow-new-files-123456789012-us-east-1", "log group /aws/lambda/jobflow-new-api"
    assert f"{bucket}, {group}, and" in finding.sentence


def test_the_command_tells_a_pipeline_what_stops(account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["preflight", "--stage", "prod", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert [one["about"] for one in found if one["stops"]] == ["alarms"]
    assert command.main(["preflight", "--stage", "prod", "--set", "AlarmEmail=me@example.com"]) == 0
    assert "Note (mail)" in capsys.readouterr().err


def test_deploy_stops_by_the_same_findings(account: Account) -> None:
    quiet = Terminal(Console(file=io.StringIO()), Console(file=io.StringIO()))
    with pytest.raises(CloudError, match="Alarms of production have no recipient"):
        Deployment(account, Stack(account, "jobflow-prod"), quiet, dashboard=None).run()
