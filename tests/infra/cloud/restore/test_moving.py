"""Move a stage's jobs to another region on moto: run the commands of docs/restore.md as they are printed.

AWS's command line is not installed here: each of its commands is run as the operation that it calls.
"""

import gzip
import json
import re
import shlex
import time
from typing import Any

import boto3
import pytest
from botocore import xform_name

from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.job_types import jobtype
from chalicelib.jobs.job import Status
from infra.cloud.__main__ import main
from infra.cloud.account import Account
from infra.cloud.commands import access, restore
from infra.cloud.package.build import ROOT
from infra.cloud.stack.cloudformation import Stack
from infra.definition import stateful
from infra.definition.parameters import outputs
from tests.infra.cloud.pages.documented import FROM_REGION_TO_REGION, expanded, fenced
from tests.infra.cloud.restore.losing import filled
from tests.infra.cloud.restore.support import every

STACK, NEW = "jobflow-prod", "eu-central-1"
(PRINTED,) = re.findall(r"```json\n(.*?)```", (ROOT / "docs" / "restore.md").read_text(), re.DOTALL)
JOBS: dict[str, Any] = json.loads(PRINTED)
CONTROL = {
    **{name: value for name, value in JOBS.items() if name != "GlobalSecondaryIndexes"},
    "TableName": "jobflow-prod-control-moved", "AttributeDefinitions": JOBS["AttributeDefinitions"][:2],
}  # fmt: skip
FILES = {"file://moved-jobs.json": JOBS, "file://moved-control.json": CONTROL}


def stage(account: Account) -> Stack:
    told = {name: outputs()[name] for name in ("ControlTableName", "JobsTableName", "FilesBucketName")}
    template = json.dumps({"Resources": stateful(jobtype.load(), STACK), "Outputs": told})
    account.cloudformation.create_stack(StackName=STACK, TemplateBody=template)
    return Stack(account, STACK)


def store_of(account: Account) -> DynamoJobStore:
    return DynamoJobStore(access.settings(account, Stack(account, STACK)), time.time)


@pytest.fixture
def new(account: Account) -> Account:
    """The same account in another region, with an empty stage and the bucket of the exports."""
    stage(account)
    there = Account(boto3.Session(region_name=NEW), account.id, NEW)
    stage(there)
    account.client("s3").create_bucket(Bucket="acme-move")
    for short in ("jobs", "control"):
        account.client("dynamodb").update_continuous_backups(
            TableName=f"{STACK}-{short}", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )
    return there


def options_of(command: str, client: Any) -> dict[str, Any]:
    """Return the parameters of the operation that a command of AWS's command line calls."""
    _, _, operation, *rest = shlex.split(command)
    names = {xform_name(name, "-"): name for name in client.meta.service_model.operation_names}
    shape = client.meta.service_model.operation_model(names[operation]).input_shape
    members = {f"--{xform_name(name, '-')}": name for name in shape.members}
    return {members[option]: _value(text) for option, text in zip(rest[::2], rest[1::2], strict=True)}


def _value(text: str) -> Any:
    if text.startswith("file://"):
        return FILES[text]
    return dict(part.split("=", 1) for part in text.split(",")) if "=" in text else text


def exported(command: str, client: Any) -> None:
    """Run an export, and wait until it is done."""
    arn = client.export_table_to_point_in_time(**options_of(command, client))["ExportDescription"]["ExportArn"]
    for _ in range(600):
        if client.describe_export(ExportArn=arn)["ExportDescription"]["ExportStatus"] == "COMPLETED":
            return
        time.sleep(0.05)
    raise AssertionError(f"{arn} is not done")


def imported(command: str, client: Any, s3: Any) -> None:
    """Import row by row, because moto's own import damages texts with quotation marks."""
    asked = options_of(command, client)
    assert (asked["InputFormat"], asked["InputCompressionType"]) == ("DYNAMODB_JSON", "GZIP")
    client.create_table(**asked["TableCreationParameters"])
    bucket, folder = asked["S3BucketSource"]["S3Bucket"], asked["S3BucketSource"]["S3KeyPrefix"]
    prefix, _, last = folder.partition("01798835045000-0a1b2c3d")  # another export has another number
    assert last == "/data/"
    for entry in s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", []):
        text = gzip.decompress(s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read())
        for row in text.splitlines():
            client.put_item(TableName=asked["TableCreationParameters"]["TableName"], Item=json.loads(row)["Item"])


def test_every_job_is_in_the_new_region(account: Account, new: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = filled(store_of(account), time.time())  # the command has its own clock, and leaves out what has expired
    monkeypatch.setenv("AWS_REGION", NEW)
    monkeypatch.setattr(restore, "LONGEST_LEASE", 0.0)
    *moving, last = FROM_REGION_TO_REGION
    assert [command for command in fenced("restore.md") if command in FROM_REGION_TO_REGION] == [*moving, last]
    for command in moving[:2]:
        exported(command, account.client("dynamodb"))
    for command in moving[2:]:
        imported(command, new.client("dynamodb"), account.client("s3"))
    (line,) = expanded(last)
    # the emulator has no function that recounts: the command ends with that, after the copying
    assert main(shlex.split(line)) == 1
    found = every(store_of(new))
    assert {job.id for job in found} == {job.id for job in jobs}
    assert {(job.status, job.gen) for job in found} == {(Status.COMPLETED, 1), (Status.QUEUED, 2)}
    (waited,) = [job for job in found if job.kept]
    assert [step.value for step in store_of(new).kept_steps(waited)] == ["paid", {"ok": True}]
    assert {"jobflow-prod-jobs-moved", "jobflow-prod-control-moved"} <= set(
        new.client("dynamodb").list_tables()["TableNames"]
    )


@pytest.mark.parametrize(
    ("tables", "told"),
    [("none,jobflow-prod-control", "There is no table none in eu-central-1"),
     ("jobflow-prod-jobs,jobflow-prod-control", "other than the live ones"),
     ("other", "other than the live ones")],
)  # fmt: skip
def test_tables_that_are_none_to_copy_from_are_refused(
    new: Account, tables: str, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_REGION", NEW)
    keys = {"KeySchema": JOBS["KeySchema"], "AttributeDefinitions": JOBS["AttributeDefinitions"][:2]}
    new.client("dynamodb").create_table(TableName="other", BillingMode="PAY_PER_REQUEST", **keys)
    assert main(["restore", "--stage", "prod", "--at", "2027-01-02T03:04:05Z", "--tables", tables]) == 1
    assert told in capsys.readouterr().err
