"""Check that problems are reported before anything is changed, each in one line with a solution."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from chalicelib.job_types import jobtype
from infra.cloud.account import Account
from infra.cloud.commands.check import check, of_this_machine
from infra.cloud.package.build import ROOT
from infra.cloud.preflight.basics import Facts, Identity, chosen, findings, look
from infra.cloud.preflight.finding import Finding
from infra.cloud.stack.cloudformation import Stack

TYPES = jobtype.load()
MINE = {"MailFrom": "jobs@mine.example", "MailIdentity": "mine.example"}
GOOD = Facts(1000, Identity(verified=True), True, {})


def told(facts: Facts = GOOD, **values: str) -> list[str]:
    return [finding.line() for finding in findings(chosen({**MINE, **values}), facts, TYPES, "eu-west-1")]


def test_an_account_in_which_everything_works_is_told_nothing() -> None:
    assert told() == []
    assert told(Facts(1000, Identity(True, "tracked"), True, {}), MailConfigurationSet="tracked") == []


@pytest.mark.parametrize(
    ("facts", "values", "said", "way_out"),
    [
        (GOOD, {"MailFrom": "jobs@example.com"}, "no mailbox has", "MailFrom=jobs@your.domain"),
        (Facts(1000, None, False, {}), {}, "no identity mine.example in eu-west-1", "create-email-identity"),
        (Facts(1000, Identity(verified=False), True, {}), {}, "not verified", "DNS records"),
        (Facts(1000, Identity(True, "tracked"), True, {}), {}, "is tracked", "MailConfigurationSet=tracked"),
        (Facts(10, Identity(True), True, {}), {}, "runs 10 functions at once", "L-B99A9384"),
        (Facts(None, None, True, {"mail": "AccessDenied"}), {}, "(mail): could not be looked at", "AccessDenied"),
    ],
)
def test_each_is_one_line_that_says_what_to_do(facts: Facts, values: dict[str, str], said: str, way_out: str) -> None:
    (line,) = told(facts, **values)
    assert said in line
    assert way_out in line
    assert "\n" not in line
    assert line.startswith("Note")


def test_the_account_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
        "lambda": ("get_account_settings", {"AccountLimit": {"ConcurrentExecutions": 10}}, {}),
        "sesv2": (
            "get_email_identity",
            {"VerifiedForSendingStatus": True, "ConfigurationSetName": "s"},
            {"EmailIdentity": "m"},
        ),
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
    assert look(account, "m") == Facts(10, Identity(True, "s"), True, {})


def test_an_identity_that_is_not_there_is_no_refusal(account: Account) -> None:
    facts = look(account, "mine.example")
    assert not facts.identity_exists
    assert "mail" not in facts.refused


REGION, STACK = "us-east-1", "jobflow-new"


def about_names(account: Account) -> list[Finding]:
    return [one for one in check(account, Stack(account, STACK), TYPES, {}).findings if one.about == "names"]


def make_each(account: Account, stack: str) -> dict[str, str]:
    """Create one resource of each kind that a stack names; return their kinds by name."""
    made = {
        f"{stack}-files-123456789012-{REGION}": "bucket", f"{stack}-jobs": "table", f"{stack}-alarms": "topic",
        f"{stack}-email-send": "queue", f"{stack}-image-process-dlq": "queue", f"{stack}-watchdog": "function",
        f"/aws/lambda/{stack}-api": "log group", f"{stack}-stalled": "alarm",
    }  # fmt: skip
    bucket, table, topic, queue, dead, function, group, alarm = made
    account.client("s3").create_bucket(Bucket=bucket)
    account.client("dynamodb").create_table(
        TableName=table, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    )  # fmt: skip
    account.client("sns").create_topic(Name=topic)
    for name in (queue, dead):
        account.client("sqs").create_queue(QueueName=name)
    account.client("logs").create_log_group(logGroupName=group)
    role = account.client("iam").create_role(RoleName=stack, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    account.client("lambda").create_function(
        FunctionName=function, Role=role, Runtime="python3.13", Handler="a.b", Code={"ZipFile": b"x"}
    )
    account.client("cloudwatch").put_metric_alarm(
        AlarmName=alarm, Namespace="n", MetricName="m", Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
    )  # fmt: skip
    return made


def test_each_kind_of_name_that_is_taken_stops_a_new_stack(account: Account) -> None:
    assert about_names(account) == []
    make_each(account, "jobflow-newer")
    assert about_names(account) == [], "another stage's names begin alike"
    made = make_each(account, STACK)
    (finding,) = about_names(account)
    assert finding.stops
    for name, kind in made.items():
        assert f"{kind} {name}" in finding.sentence
    assert f"and no stack {STACK} owns it. `make destroy`" in finding.sentence
    body = '{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}'
    account.cloudformation.create_stack(StackName=STACK, TemplateBody=body)
    assert about_names(account) == [], "a stack that is there owns its names"


def test_a_stack_that_cloudformation_would_refuse_is_told_before_packaging(account: Account) -> None:
    many = [replace(TYPES[0], name=f"task.n{number}") for number in range(105)]
    (finding,) = [one for one in check(account, Stack(account, STACK), many, {}).findings if one.about == "template"]
    assert finding.stops
    assert "105 job types need" in finding.sentence
    assert "CloudFormation takes 500" in finding.sentence


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("requirements.txt", "requirements-dev.txt"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "handlers").mkdir()
    return tmp_path


def libraries(root: Path) -> list[Finding]:
    return [one for one in of_this_machine(TYPES, root) if one.about == "libraries"]


def test_libraries_that_are_pinned_need_no_word(root: Path) -> None:
    assert libraries(root) == []


@pytest.mark.parametrize(
    ("file", "line", "said"),
    [
        ("requirements.txt", "httpx==0.1", "names 'httpx==0.1'"),
        ("handlers/email_send.requirements.txt", "pandas>=2", "does not pin 'pandas>=2' with hashes. `make lock`"),
        ("handlers/email_send.requirements.txt", f"pillow==1.0 --hash=sha256:{64 * '0'}", "every function ships "),
        ("handlers/nobody.requirements.txt", "pandas>=2", "belongs to no job type"),
    ],
)
def test_libraries_that_packaging_would_refuse_stop_it(root: Path, file: str, line: str, said: str) -> None:
    with (root / file).open("a") as text:
        text.write(f"{line}\n")
    (finding,) = libraries(root)
    assert finding.stops
    assert said in finding.sentence
