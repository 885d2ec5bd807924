"""Test what a stage has cost: sums of CloudWatch over full days, the stage's counters, and refusals."""

import json
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.counters import keys
from chalicelib.counters.port import Additions
from chalicelib.jobs.constants import DAY
from chalicelib.usage.constants import MILLION
from infra.cloud.__main__ import main
from infra.cloud.account import Account
from infra.cloud.commands import access
from infra.cloud.commands.spent import last_days
from infra.cloud.cost.prices import PRICES
from infra.cloud.cost.spent import OF_A_BATCH, Spent, Stage, asked, spent
from infra.cloud.errors import CloudError
from infra.cloud.stack.cloudformation import Stack
from infra.definition import stateful
from infra.definition.monitoring.metrics import Metric
from tests.infra.cloud.cost.test_cost import TYPES

STACK = "jobflow-prod"
WORKER, QUEUE = f"{STACK}-email-send", f"{STACK}-email-send"
ROLE = {
    "Type": "AWS::IAM::Role",
    "Properties": {"RoleName": "worker", "AssumeRolePolicyDocument": {"Statement": []}},
}
FUNCTION = {
    "Type": "AWS::Lambda::Function",
    "Properties": {
        "FunctionName": WORKER, "MemorySize": 1024, "Handler": "x.y", "Runtime": "python3.12",
        "Role": {"Fn::GetAtt": ["Role", "Arn"]}, "Code": {"ZipFile": "x"},
    },
}  # fmt: skip
LOGS = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": f"/aws/lambda/{WORKER}"}}


@pytest.fixture
def stage(account: Account) -> Stack:
    """A stage that the emulator makes at the real time; CloudWatch counted nothing in the days after it."""
    resources = {**stateful(TYPES, STACK), "Role": ROLE, "Worker": FUNCTION, "Logs": LOGS}
    outputs = {name: {"Value": f"{STACK}-{table}"} for name, table in TABLES.items()}
    template = json.dumps({"Resources": resources, "Outputs": outputs})
    account.cloudformation.create_stack(StackName=STACK, TemplateBody=template)
    return Stack(account, STACK)


TABLES = {"ControlTableName": "control", "JobsTableName": "jobs"}


def after(stage: Stack, days: float = 40) -> datetime:
    """Return the time so many days after the stage was made: a test that runs past midnight has the same days."""
    described = stage.describe()
    assert described is not None
    made: datetime = described["CreationTime"]
    return made.astimezone(UTC) + timedelta(days=days)


def counts(stage: Stack, namespace: str, name: str, value: float, days_ago: float, **dimensions: str) -> None:
    told = [{"Name": key, "Value": where} for key, where in dimensions.items()]
    at = after(stage) - timedelta(days=days_ago)
    one: Any = {"MetricName": name, "Dimensions": told, "Value": value, "Timestamp": at}
    stage.account.client("cloudwatch").put_metric_data(Namespace=namespace, MetricData=[one])


def amounts(found: Spent) -> Mapping[str, float]:
    return {line.what: line.amount for line in found.lines}


def test_the_sums_of_thirty_full_days_are_priced(stage: Stack, account: Account) -> None:
    for days_ago in (1, 30):
        counts(stage, "AWS/Lambda", "Invocations", 1_000_000, days_ago, FunctionName=WORKER)
    counts(stage, "AWS/Lambda", "Duration", 2_000_000, 2, FunctionName=WORKER)
    counts(stage, "AWS/SQS", "NumberOfMessagesSent", 5, 2, QueueName=QUEUE)
    counts(stage, "AWS/SQS", "NumberOfEmptyReceives", 7, 2, QueueName=QUEUE)
    counts(stage, "AWS/ApiGateway", "Count", 9, 2, ApiName=STACK)
    counts(stage, "AWS/Logs", "IncomingBytes", 3e9, 2, LogGroupName=f"/aws/lambda/{WORKER}")
    table = {"TableName": f"{STACK}-jobs"}
    counts(stage, "AWS/DynamoDB", "ConsumedWriteCapacityUnits", 11, 2, **table)
    counts(stage, "AWS/DynamoDB", "ConsumedWriteCapacityUnits", 13, 2, **table, GlobalSecondaryIndexName="active")
    counts(stage, "AWS/DynamoDB", "ConsumedReadCapacityUnits", 17, 2, TableName=f"{STACK}-control")
    counts(stage, "JobFlow", "Stalled", 1, 2, service=STACK, job_type="-")
    counts(stage, "JobFlow", "Stalled", 1, 2, service="jobflow-other", job_type="-")

    found = last_days(account, stage, after(stage))
    assert found.days == 30
    expected = {
        "API Gateway requests, REST": 9, "Lambda requests": 2_000_000, "Lambda GB-seconds": 2_000,
        "SQS requests, about": 5 + 7 + OF_A_BATCH * 2_000_000, "DynamoDB write units": 11 + 13,
        "DynamoDB read units": 17, "Log GB": 3, "Months of custom metrics, at most": 1,
    }  # fmt: skip
    assert {what: amounts(found)[what] for what in expected} == expected
    prices = {line.what: line.dollars for line in found.lines}
    assert prices["Log GB"] == pytest.approx(3 * PRICES.log_gb)
    assert prices["Lambda requests"] == pytest.approx(2 * PRICES.lambda_request)
    of_sqs = expected["SQS requests, about"] * PRICES.sqs_request / MILLION
    of_lambda = prices["Lambda requests"] + prices["Lambda GB-seconds"]
    assert found.functions == {WORKER: pytest.approx(of_lambda + of_sqs)}


def test_the_present_day_and_what_is_older_than_thirty_days_is_left_out(stage: Stack, account: Account) -> None:
    for days_ago in (0, 31):
        counts(stage, "AWS/Lambda", "Invocations", 1, days_ago, FunctionName=WORKER)
    assert amounts(last_days(account, stage, after(stage)))["Lambda requests"] == 0


def test_the_jobs_are_those_that_the_stage_has_counted(stage: Stack, account: Account) -> None:
    counters, name = access.deploys(account, stage), TYPES[0].name
    counters.add(keys.totals(name), Additions(Counter({"n#completed": 1})), "s", "0", "1")
    today = after(stage).timestamp() // DAY * DAY
    ended = {"completed": 5, "failed": 1, "dead_lettered": 1, "cancelled": 1, "created": 100}
    for place, days_ago in enumerate((0, 1, 30, 31)):
        row = keys.bucket(name, int(DAY), today - days_ago * DAY)
        counters.add(row, Additions(Counter(ended)), "s", str(place), str(place + 1))
    found = last_days(account, stage, after(stage))
    assert found.jobs == 2 * 8
    assert found.per_million == pytest.approx(found.dollars / 16 * MILLION)


def test_a_younger_stage_has_the_days_since_it_was_made(stage: Stack, account: Account) -> None:
    found = last_days(account, stage, after(stage, 5))
    assert found.days == 4
    assert f"{found.start:%Y-%m-%d}" == f"{after(stage, 1):%Y-%m-%d}"


@pytest.mark.parametrize("age", [0, 1])
def test_a_stage_without_a_full_day_says_when_it_can_be_computed(stage: Stack, account: Account, age: int) -> None:
    first = f"{after(stage, 2):%Y-%m-%d}"
    with pytest.raises(CloudError, match=f"from {first} on"):
        last_days(account, stage, after(stage, age))


def test_a_stage_that_is_not_there_and_a_stack_that_is_none_are_refused(account: Account) -> None:
    with pytest.raises(CloudError, match="no stack jobflow-prod"):
        last_days(account, Stack(account, STACK), datetime.now(UTC))
    template = json.dumps({"Resources": {"Logs": LOGS}})
    account.cloudformation.create_stack(StackName=STACK, TemplateBody=template)
    with pytest.raises(CloudError, match="no stage of JobFlow"):
        last_days(account, Stack(account, STACK), after(Stack(account, STACK)))


def test_more_metrics_than_one_request_can_have_are_all_read(
    stage: Stack, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.cloud.commands.spent.AT_ONCE", 2)
    counts(stage, "AWS/Lambda", "Invocations", 3, 1, FunctionName=WORKER)
    counts(stage, "AWS/Logs", "IncomingBytes", 1e9, 1, LogGroupName=f"/aws/lambda/{WORKER}")
    found = amounts(last_days(account, stage, after(stage)))
    assert (found["Lambda requests"], found["Log GB"]) == (3, 1)


def test_the_urgent_queue_of_a_type_belongs_to_its_function() -> None:
    queues = ["jobflow-prod-email-send", "jobflow-prod-email-send-urgent", "jobflow-prod-mail-urgent"]
    functions = {"jobflow-prod-email-send": 128, "jobflow-prod-mail-urgent": 128}
    told = Stage("jobflow-prod", [], functions, queues)
    got = {f"sent {name}": 1_000_000.0 for name in queues}
    bill = spent(told, got, datetime(2026, 11, 1, tzinfo=UTC), 1, 0).functions
    assert bill == pytest.approx({"jobflow-prod-email-send": 0.8, "jobflow-prod-mail-urgent": 0.4}, abs=0.01)


def test_a_queue_in_order_and_an_http_api_have_their_own_prices() -> None:
    held = Stage("s", ["a1"], {"s-a": 512}, ["s-a.fifo"])
    counted = {"http": MILLION, "sent s-a.fifo": MILLION, "invoked s-a": MILLION}
    found = spent(held, counted, datetime(2027, 1, 1, tzinfo=UTC), 30, 0)
    prices = {line.what: line.dollars for line in found.lines}
    assert prices["API Gateway requests"] == PRICES.api_request
    assert ("http", Metric("AWS/ApiGateway", "Count", {"ApiId": "a1"})) in asked(held)
    assert prices["SQS requests, about"] == pytest.approx((1 + OF_A_BATCH) * PRICES.sqs_fifo_request)
    assert found.functions["s-a"] == pytest.approx(prices["SQS requests, about"] + PRICES.lambda_request)
    assert found.per_million is None
    assert "0 jobs have ended" in "\n".join(found.lines_of_text())


def test_the_command_prints_text_or_json(
    stage: Stack, account: Account, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.cloud.__main__.sign_in", lambda: account)
    monkeypatch.setattr(
        "infra.cloud.__main__.last_days", lambda account, stack, _: last_days(account, stack, after(stack))
    )
    assert main(["cost", "--from-stage", "prod"]) == 0
    text = capsys.readouterr().out
    assert main(["cost", "--from-stage", "prod", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["days"] == 30
    assert f"${found['dollars']:>8,.2f}" in text
    assert all(line["what"] in text for line in found["lines"])


def test_json_without_a_stage_and_a_shell_without_credentials_are_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["cost", "--json"])
    assert ended.value.code == 2
    assert "--from-stage" in capsys.readouterr().err
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    assert main(["cost", "--from-stage", "prod"]) == 1
    told = capsys.readouterr()
    assert "No AWS credentials were found" in told.out + told.err
