"""Destroy, on a stack whose tables are protected and whose buckets are full."""

import json

import pytest

from chalicelib.job_types import jobtype
from infra.cloud.__main__ import main
from infra.cloud.account import Account
from infra.cloud.commands.deploy import tags_of
from infra.cloud.commands.destroy import Destruction
from infra.cloud.errors import CloudError
from infra.cloud.stack import artifacts
from infra.cloud.stack.cloudformation import Stack
from infra.cloud.terminal import Terminal
from infra.definition import stateful

NAME = "jobflow-gone"


@pytest.fixture
def stack(account: Account) -> Stack:
    template = json.dumps({"Resources": stateful(jobtype.load(), NAME, protect=True)})
    account.cloudformation.create_stack(StackName=NAME, TemplateBody=template)
    s3 = account.client("s3")
    for number in range(3):
        s3.put_object(Bucket=f"{NAME}-files-123456789012-us-east-1", Key=f"uploads/{number}", Body=b"x")
    s3.create_bucket(Bucket=artifacts.name(account, NAME))
    s3.put_object(Bucket=artifacts.name(account, NAME), Key="old.zip", Body=b"x")
    for group in (f"/aws/lambda/{NAME}-api", "/aws/lambda/jobflow-other-api"):
        account.client("logs").create_log_group(logGroupName=group)
    return Stack(account, NAME)


def test_protected_tables_full_buckets_and_logs_go_and_a_second_time_is_no_error(
    account: Account, stack: Stack, terminal: Terminal
) -> None:
    assert Destruction(account, stack, terminal, confirmed=NAME).run() == []
    assert stack.describe() is None
    assert account.client("dynamodb").list_tables()["TableNames"] == []
    assert account.client("s3").list_buckets()["Buckets"] == []
    groups = account.client("logs").describe_log_groups()["logGroups"]
    assert [group["logGroupName"] for group in groups] == ["/aws/lambda/jobflow-other-api"]
    assert Destruction(account, stack, terminal, confirmed=NAME).run() == []


def test_a_log_group_that_a_last_run_makes_again_goes_as_well(
    account: Account, stack: Stack, terminal: Terminal
) -> None:
    slept: list[float] = []
    run = Destruction(account, stack, terminal, confirmed=NAME, sleep=slept.append)
    delete = run._delete_secrets

    def late() -> None:
        account.client("logs").create_log_group(logGroupName=f"/aws/lambda/{NAME}-counters")
        delete()

    run._delete_secrets = late  # type: ignore[method-assign]
    assert (run.run(), len(slept)) == ([], 1)


def test_the_first_token_goes_and_its_name_is_free_again(account: Account, stack: Stack, terminal: Terminal) -> None:
    secrets = account.client("secretsmanager")
    for stage in ("gone", "other"):
        tags = [{"Key": key, "Value": value} for key, value in tags_of(f"jobflow-{stage}").items()]
        secrets.create_secret(Name=f"jobflow-{stage}-admin", SecretString="x", Tags=tags)
    assert Destruction(account, stack, terminal, confirmed=NAME).run() == []
    assert [secret["Name"] for secret in secrets.list_secrets()["SecretList"]] == ["jobflow-other-admin"]
    secrets.create_secret(Name="jobflow-gone-admin", SecretString="x")


@pytest.mark.parametrize("forgotten", [False, True])
def test_the_command_fails_when_something_is_left(
    account: Account, stack: Stack, forgotten: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    if forgotten:
        topic = account.client("sns").create_topic(
            Name="forgotten", Tags=[{"Key": "project", "Value": "jobflow"}, {"Key": "stage", "Value": "gone"}]
        )["TopicArn"]
    assert main(["destroy", "--stage", "gone", "--confirm", NAME]) == forgotten
    said = capsys.readouterr().err
    assert (topic in said) if forgotten else ("Nothing is left." in said)


@pytest.mark.parametrize("said", ["", "jobflow-prod"])
def test_nothing_happens_without_the_name(account: Account, stack: Stack, terminal: Terminal, said: str) -> None:
    with pytest.raises(CloudError, match=f"--confirm {NAME}"):
        Destruction(account, stack, terminal, confirmed=said).run()
    assert stack.describe() is not None
