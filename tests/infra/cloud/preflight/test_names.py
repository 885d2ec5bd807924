"""What has a name of a new stack is found before CloudFormation fails at it; and a library that is not pinned."""

import shutil
from pathlib import Path

import pytest

from chalicelib.job_types import jobtype
from infra.cloud.account import Account
from infra.cloud.commands.check import check, of_this_machine
from infra.cloud.package.build import ROOT
from infra.cloud.preflight.finding import Finding
from infra.cloud.stack.cloudformation import Stack

TYPES = jobtype.load()
REGION, STACK = "us-east-1", "jobflow-new"


def found(account: Account) -> list[Finding]:
    return [one for one in check(account, Stack(account, STACK), TYPES, {}).findings if one.about == "names"]


def make_each(account: Account, stack: str) -> dict[str, str]:
    """Make one thing of each kind that a stack names; returns their kinds by name."""
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
    assert found(account) == []
    make_each(account, "jobflow-newer")
    assert found(account) == [], "another stage's names begin alike"
    made = make_each(account, STACK)
    (finding,) = found(account)
    assert finding.stops
    for name, kind in made.items():
        assert f"{kind} {name}" in finding.sentence
    assert f"and no stack {STACK} owns it. `make destroy`" in finding.sentence
    body = '{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}'
    account.cloudformation.create_stack(StackName=STACK, TemplateBody=body)
    assert found(account) == [], "a stack that is there owns its names"


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
        ("requirements.txt", "httpx==0.1", "has no hashes of 'httpx==0.1' in requirements.txt"),
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
