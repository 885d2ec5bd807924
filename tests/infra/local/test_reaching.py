"""A job type that reads a secret, a foreign table and a foreign bucket, with a library of its own, in `make dev`.

What its role does not allow is refused with the grant to add; another type cannot import its library.
"""

import re
from collections.abc import Iterator

import boto3
import pytest

from tests.infra.local.running import ROOT, Run, copy_of_the_code, running, until

TYPE = """\
from pydantic import BaseModel, ConfigDict, Field

from chalicelib import Allow, AwsAccess, JobContext, consume, job


class OrderCopy(BaseModel):
    "An order."

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [{"order": "1"}]})
    order: str = Field(max_length=40, description="Its number.", examples=["1"])


@job(
    "order.copy",
    timeout=30,
    max_attempts=1,
    access=AwsAccess(
        grants=(
            Allow("dynamodb:GetItem", "arn:aws:dynamodb:*:*:table/orders"),
            Allow("s3:PutObject", "arn:aws:s3:::acme-archive/orders/*"),
        ),
        environment={"ARCHIVE": "acme-archive"},
        secrets={"BILLING_KEY": "{stage}/billing/key"},
    ),
)
def order_copy(payload: OrderCopy, ctx: JobContext) -> dict[str, str]:
    "Copy an order."
    import os

    import boto3
    from packaging.version import Version

    row = boto3.client("dynamodb").get_item(TableName="orders", Key={"id": {"S": payload.order}})["Item"]
    key = f"orders/{Version('1.0').major}/{payload.order}"
    boto3.client("s3").put_object(Bucket=os.environ["ARCHIVE"], Key=key, Body=row["total"]["S"])
    return {"key": key, "secret": ctx.secret("BILLING_KEY"), "length": str(len(ctx.secret("BILLING_KEY")))}


handler = consume(order_copy)
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    root = copy_of_the_code(tmp_path_factory.mktemp("code"))
    (root / "handlers" / "order_copy.py").write_text(TYPE)
    pinned = re.search(r"^packaging==.*(?:\n\s+--hash.*)*", (ROOT / "requirements-dev.txt").read_text(), re.MULTILINE)
    assert pinned
    (root / "handlers" / "order_copy.requirements.txt").write_text(pinned[0] + "\n")
    (root / ".env").write_text("BILLING_KEY=k-314159\n")
    with running(root, tmp_path_factory.mktemp("state")) as up:
        prepare(up)
        yield up


def prepare(run: Run) -> None:
    """Make the table and the bucket, which are not the stack's."""
    made = boto3.Session("x", "x", region_name="us-east-1")
    dynamodb = made.client("dynamodb", endpoint_url=run.state["aws"])
    dynamodb.create_table(
        TableName="orders", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )  # fmt: skip
    dynamodb.put_item(TableName="orders", Item={"id": {"S": "7"}, "total": {"S": "12.50"}})
    made.client("s3", endpoint_url=run.state["aws"]).create_bucket(Bucket="acme-archive")


def edited(run: Run, *changes: tuple[str, str]) -> None:
    """Change the type and wait until the platform has it."""
    path = run.root / "handlers" / "order_copy.py"
    text = path.read_text()
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    before_it = run.said().count("Reloaded")
    path.write_text(text)
    until(lambda: run.said().count("Reloaded") > before_it)


def ended(run: Run) -> dict[str, object]:
    """Run a job of the type to its end."""
    job = run.submit("order.copy", {"order": "7"})
    until(lambda: run.job(job)["status"] in ("completed", "failed", "dead_letter"))
    return run.job(job)


def test_it_reaches_all_that_it_declares_and_the_secret_is_in_nothing_kept(run: Run) -> None:
    job = ended(run)
    assert job["status"] == "completed", job
    assert job["result"] == {"key": "orders/1/7", "secret": "[secret BILLING_KEY]", "length": "8"}
    s3 = boto3.Session("x", "x", region_name="us-east-1").client("s3", endpoint_url=run.state["aws"])
    assert s3.get_object(Bucket="acme-archive", Key="orders/1/7")["Body"].read() == b"12.50"
    assert "k-314159" not in (run.folder / "stdout").read_text() + run.said()


def test_without_the_grant_it_is_refused_with_the_line_to_add(run: Run) -> None:
    edited(run, ('Allow("s3:PutObject", "arn:aws:s3:::acme-archive/orders/*")', '"ses:SendEmail"'))
    job = ended(run)
    assert job["status"] == "dead_letter"
    assert "The role of jobflow-dev-order-copy does not allow s3:PutObject" in str(job)
    assert "Add to its @job: access=AwsAccess(grants=(Allow(" in str(job)
    edited(run, ('"ses:SendEmail"', 'Allow("s3:PutObject", "arn:aws:s3:::acme-archive/orders/*")'))
    assert ended(run)["status"] == "completed"


def test_without_its_requirements_file_it_cannot_import_the_library(run: Run) -> None:
    requirements = run.root / "handlers" / "order_copy.requirements.txt"
    text, before = requirements.read_text(), run.said().count("Reloaded")
    requirements.unlink()
    until(lambda: run.said().count("Reloaded") > before)
    assert "No module named 'packaging' in what ships" in str(ended(run))
    requirements.write_text(text)


def test_a_secret_that_is_missing_is_said(run: Run) -> None:
    before = run.said().count("Reloaded")
    (run.root / ".env").write_text("OTHER=1\n")
    until(lambda: run.said().count("Reloaded") > before)
    until(lambda: "order.copy: BILLING_KEY is not in .env: jobs that read it wait." in run.said())
