"""Test deployments to a stack in every state: partly created, partly deleted, complete, or only a name.

Also test the bucket of its packages, which belongs only to us; existing files in it are not trusted.
"""

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from moto.cloudformation.models import cloudformation_backends
from pydantic import BaseModel

from chalicelib import Allow, AtMost, Rate
from chalicelib.counters import keys
from chalicelib.counters.troubles import Condition, written
from chalicelib.job_types import jobtype
from chalicelib.job_types.access import AwsAccess
from chalicelib.job_types.jobtype import JobType
from chalicelib.limits.changed import Changed
from chalicelib.limits.dynamo import DynamoPlaces
from chalicelib.settings import Settings
from infra.cloud.__main__ import main
from infra.cloud.account import Account
from infra.cloud.commands.deploy import Deployment
from infra.cloud.commands.destroy import Destruction
from infra.cloud.commands.status import status
from infra.cloud.errors import CloudError
from infra.cloud.package.build import Package
from infra.cloud.stack import artifacts
from infra.cloud.stack.cloudformation import Stack
from infra.cloud.terminal import Terminal
from infra.definition import stateful
from tests.chalicelib.api.support import NOTE, only_types


class Empty(BaseModel):
    """No payload."""


NAME, ACCOUNT, REGION = "jobflow-half", "123456789012", "us-east-1"
BUCKET = f"{NAME}-files-{ACCOUNT}-{REGION}"


@pytest.fixture
def stack(account: Account) -> Stack:
    """A stage of tables, queues and buckets."""
    template = json.dumps({"Resources": stateful(jobtype.load(), NAME)})
    account.cloudformation.create_stack(StackName=NAME, TemplateBody=template)
    return Stack(account, NAME)


@pytest.fixture
def package(tmp_path: Path) -> Package:
    """The smallest possible package, with one queue."""
    template = {
        "Parameters": {},
        "Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": f"{NAME}-new"}}},
    }
    (tmp_path / "sam.json").write_text(json.dumps(template))
    (tmp_path / "deployment.zip").write_bytes(b"code")
    return Package(tmp_path / "deployment.zip", tmp_path / "sam.json", NAME)


def is_now(state: str) -> None:
    """Put the stack into a state that the emulator itself never reaches."""
    (found,) = cloudformation_backends[ACCOUNT][REGION].stacks.values()
    found.status = state


def dry_run(account: Account, terminal: Terminal, package: Package) -> dict[str, str]:
    stack = Stack(account, NAME)
    return Deployment(account, stack, terminal, dashboard=None, dry_run=True, package=lambda _: package).run()


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("UPDATE_IN_PROGRESS", "still changing it"),
        ("ROLLBACK_IN_PROGRESS", "still changing it"),
        ("DELETE_FAILED", "make destroy"),
        ("UPDATE_ROLLBACK_FAILED", f"continue-update-rollback --stack-name {NAME}"),
    ],
)
def test_what_cannot_be_changed_now_is_said_before_anything_is_built(
    account: Account, stack: Stack, terminal: Terminal, state: str, told: str
) -> None:
    is_now(state)
    with pytest.raises(CloudError, match=f"{NAME} is {state}: .*{told}"):
        Deployment(account, stack, terminal, dashboard=None, package=lambda _: pytest.fail("it was built")).run()


@pytest.mark.parametrize("state", ["CREATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "ROLLBACK_COMPLETE"])
def test_what_can_be_deployed_again_is_not_refused(stack: Stack, state: str) -> None:
    is_now(state)
    stack.check_changeable()


def test_a_first_deployment_that_failed_is_rehearsed_without_touching_it(
    account: Account, stack: Stack, terminal: Terminal, package: Package, said: io.StringIO
) -> None:
    is_now("ROLLBACK_COMPLETE")
    assert dry_run(account, terminal, package) == {}
    assert "removes what is left of it" in said.getvalue()
    assert (stack.describe() or {})["StackStatus"] == "ROLLBACK_COMPLETE"


def test_a_dry_run_that_fails_leaves_nothing_behind(
    account: Account, terminal: Terminal, package: Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise CloudError("CloudFormation refuses the template")

    monkeypatch.setattr(Stack, "propose", refuse)
    with pytest.raises(CloudError, match="refuses"):
        dry_run(account, terminal, package)
    assert account.client("s3").list_buckets()["Buckets"] == []


def test_a_dry_run_makes_nothing(account: Account, terminal: Terminal, package: Package, said: io.StringIO) -> None:
    dry_run(account, terminal, package)
    assert "+ Queue" in said.getvalue()
    assert "+$0.27 a month\n" in said.getvalue()
    assert account.client("s3").list_buckets()["Buckets"] == []
    assert account.client("sqs").list_queues().get("QueueUrls", []) == []


def test_status_lists_the_wildcards_that_are_declared_on_purpose(account: Account, stack: Stack) -> None:
    wide = Allow("s3:ListAllMyBuckets", "*", unsafe_wildcard="S3 has no narrower resource")
    kind: JobType[Any, Any] = JobType(
        "order.copy", lambda _payload, _ctx: None, Empty, access=AwsAccess(grants=(wide,))
    )
    facts = status(account, stack, [*jobtype.load(), kind])
    assert facts["Wildcard 1"] == "order.copy: * (S3 has no narrower resource)"
    assert "Wildcard 2" not in facts


def test_status_names_the_types_in_trouble(account: Account, stack: Stack) -> None:
    assert not [name for name in status(account, stack) if name.startswith("Trouble")]
    text = written({(Condition.PAUSED, "mail"): 1.9e9, (Condition.DEAD_LETTERS, "a.b"): 1.9e9}, frozenset()).text
    row = {"pk": {"S": keys.TOTALS}, "sk": {"S": keys.TROUBLES}, keys.TROUBLES: {"S": text}}
    account.client("dynamodb").put_item(TableName=f"{stack.name}-control", Item=row)
    facts = status(account, stack)
    assert (facts["Trouble, dead-letters"], facts["Trouble, paused"]) == ("a.b", "mail")


def test_status_names_the_limits_that_differ_from_the_code_without_a_value(account: Account, stack: Stack) -> None:
    assert not [name for name in status(account, stack) if name.startswith("Limit")]
    settings = Settings.from_env({"CONTROL_TABLE": f"{stack.name}-control", "AWS_REGION": account.region})
    places = DynamoPlaces(settings)
    for limit in ("3.mail", "0.a.b.ann%40example%2Ecom", "1-rate.a.b"):
        places.change(Changed(limit, 2, "ops", "an outage", 1.9e9))
    with only_types(replace(NOTE, name="a.b", limits=(AtMost(5, by="text"), Rate(50, per=60)))):
        facts = {name: value for name, value in status(account, stack).items() if name.startswith("Limit")}
    told = "changed at 2030-03-17T17:46:40.000Z by ops"
    assert facts["Limit 3.mail"] == f"2 places, the code does not declare it any more; {told}"
    [value] = [facts[name] for name in facts if name.startswith("Limit 0.a.b.~")]
    assert value == f"2 places instead of 5; {told}"
    assert facts["Limit 1-rate.a.b"] == f"2 a minute instead of 50; {told}"


@pytest.mark.parametrize("state", ["ROLLBACK_COMPLETE", "CREATE_IN_PROGRESS"])
def test_status_of_what_is_not_up_is_told(
    account: Account, stack: Stack, state: str, capsys: pytest.CaptureFixture[str]
) -> None:
    sqs = account.client("sqs")
    for url in sqs.list_queues()["QueueUrls"]:
        sqs.delete_queue(QueueUrl=url)
    is_now(state)
    assert main(["status", "--stage", "half"]) == 0
    assert state in capsys.readouterr().err


def test_tokens_of_what_is_not_up_are_one_sentence(
    account: Account, stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    is_now("ROLLBACK_COMPLETE")
    assert main(["token", "list", "--stage", "half"]) == 1
    assert f"{NAME} is ROLLBACK_COMPLETE" in capsys.readouterr().err


def test_what_somebody_deleted_by_hand_does_not_stop_a_destruction(
    account: Account, stack: Stack, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.client("s3").delete_bucket(Bucket=BUCKET)
    account.client("dynamodb").delete_table(TableName=f"{NAME}-jobs")
    # CloudFormation ignores resources that no longer exist; the emulator does not
    deleted: list[Stack] = []
    monkeypatch.setattr(Stack, "delete", lambda stack, _: deleted.append(stack))
    Destruction(account, stack, terminal, confirmed=NAME).run()
    assert deleted == [stack]


def test_the_shell_that_an_interrupted_first_deployment_leaves_is_destroyed(
    account: Account, terminal: Terminal, package: Package
) -> None:
    stack = Stack(account, NAME)
    url = artifacts.upload(account, package, {}, {})
    assert stack.propose(url, [], {}) is not None
    assert stack.describe() is None
    assert Destruction(account, stack, terminal, confirmed=NAME).run() == []
    assert [s["StackStatus"] for s in account.cloudformation.list_stacks()["StackSummaries"]] == ["DELETE_COMPLETE"]


@pytest.mark.parametrize(
    ("code", "told"),
    [("ExpiredToken", "The credentials have expired"), ("AccessDenied", "AWS refused")],
)
def test_a_refusal_is_one_sentence_wherever_it_comes_from(
    account: Account, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], code: str, told: str
) -> None:
    """The store of tokens wraps AWS's errors in its own errors."""

    def refuse(*_: Any, **__: Any) -> None:
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, "Query")

    monkeypatch.setattr(Stack, "outputs", lambda _: {"ControlTableName": "control", "JobsTableName": "jobs"})
    monkeypatch.setattr("infra.cloud.__main__.sign_in", lambda: account)
    monkeypatch.setattr("botocore.client.BaseClient._make_api_call", refuse)
    assert main(["token", "list", "--stage", "half"]) == 1
    said = capsys.readouterr().err
    assert said.startswith(told)
    assert "Traceback" not in said


def test_ctrl_c_is_no_traceback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("infra.cloud.__main__.sign_in", interrupt)
    assert main(["status", "--stage", "half"]) == 130
    assert "has begun continues" in capsys.readouterr().err


def test_the_artifacts_bucket_is_for_us_over_tls_alone_and_what_lies_there_is_not_believed(
    account: Account, package: Package
) -> None:
    s3, bucket = account.client("s3"), artifacts.name(account, NAME)
    artifacts.upload(account, package, {}, {})
    (statement,) = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Deny", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert statement["Resource"] == [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    assert set(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values()) == {True}
    # another program uploads other code under our name, before we deploy again
    (code,) = [found["Key"] for found in s3.list_objects_v2(Bucket=bucket)["Contents"] if found["Key"].endswith(".zip")]
    s3.put_object(Bucket=bucket, Key=code, Body=b"evil")
    artifacts.upload(account, package, {}, {})
    assert s3.get_object(Bucket=bucket, Key=code)["Body"].read() == package.archive.read_bytes()


def test_each_function_gets_the_code_of_its_own_zip(account: Account, package: Package, tmp_path: Path) -> None:
    function = {"Type": "AWS::Serverless::Function", "Properties": {"Handler": "a.handler"}}
    resources = {
        name: {**function, "Properties": {"Handler": name, "CodeUri": f"./{archive}"}}
        for name, archive in (("Common", "deployment.zip"), ("Own", "own.zip"))
    }
    package.template.write_text(json.dumps({"Parameters": {}, "Resources": resources}))
    (tmp_path / "own.zip").write_bytes(b"own code")
    url = artifacts.upload(account, replace(package, own=(tmp_path / "own.zip",)), {}, {})
    s3, bucket = account.client("s3"), artifacts.name(account, NAME)
    sent = json.loads(s3.get_object(Bucket=bucket, Key=url.rpartition("/")[2])["Body"].read())
    code = {name: r["Properties"]["CodeUri"].rpartition("/")[2] for name, r in sent["Resources"].items()}
    assert {name: s3.get_object(Bucket=bucket, Key=key)["Body"].read() for name, key in code.items()} == {
        "Common": b"code", "Own": b"own code",
    }  # fmt: skip


def test_a_bucket_of_somebody_else_is_not_used(
    account: Account, package: Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3 = account.client("s3")
    bucket = artifacts.name(account, NAME)
    monkeypatch.setattr(Account, "client", lambda *_: s3)
    with Stubber(s3) as aws:
        asked = {"Bucket": bucket, "ExpectedBucketOwner": ACCOUNT}
        aws.add_client_error("head_bucket", "403", http_status_code=403, expected_params=asked)
        with pytest.raises(CloudError, match="belongs to another account"):
            artifacts.upload(account, package, {}, {})


TEMPLATE = '{"Resources":{"Topic":{"Type":"AWS::SNS::Topic"}}}'


@pytest.mark.parametrize("role", ["arn:aws:iam::123456789012:role/jobflow-deploy", ""])
def test_every_request_that_changes_the_stack_names_the_role(account: Account, role: str) -> None:
    sent: dict[str, str | None] = {}

    def note(params: dict[str, Any], model: Any, **_: Any) -> None:
        sent[model.name] = params.get("RoleARN")

    account.client("s3").create_bucket(Bucket="templates")
    account.client("s3").put_object(Bucket="templates", Key="t.json", Body=TEMPLATE)
    account.cloudformation.meta.events.register("before-parameter-build.cloudformation", note)
    stack = Stack(account, "jobflow-roles", sleep=lambda _: None, role=role)
    proposed = stack.propose("https://s3.amazonaws.com/templates/t.json", [], {})
    assert proposed is not None
    stack.execute(proposed, lambda _: None)
    stack.delete(lambda _: None)
    assert [sent[name] for name in ("CreateChangeSet", "DeleteStack")] == [role or None] * 2
