"""Check that the emulator refuses requests that a function's role does not allow, and names the grant to add."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from chalicelib import Allow
from chalicelib.job_types.access import AwsAccess
from chalicelib.job_types.jobtype import JobType
from infra.definition import functions, stateful
from infra.definition.lambdas.compute import compute, role_id
from infra.local.emulator.processes.child import Emulator
from infra.local.emulator.serving.roles import grant, made
from infra.local.roles.asked import Asked
from infra.local.roles.resolve import statements
from tests.infra.definition.types.test_reaching import Empty
from tests.infra.local.emulator.support import client, make_table

STACK, FUNCTION = "jobflow-dev", "jobflow-dev-order-copy"
ORDERS = Allow("dynamodb:GetItem", "arn:aws:dynamodb:*:*:table/orders")
FILES = "arn:aws:s3:::jobflow-dev-files-123456789012-us-east-1"
TYPES = [
    JobType(
        "order.copy", lambda _payload, _ctx: None, Empty,
        access=AwsAccess(grants=("s3:GetObject:uploads/*", "ses:SendEmail", ORDERS)),
    ),
    JobType("order.place", lambda _payload, _ctx: None, Empty, enqueues=("order.copy",)),
]  # fmt: skip


def roles() -> dict[str, Any]:
    data, made = stateful(TYPES, STACK), compute(functions(TYPES, STACK))
    values = {"MailFrom": "jobs@example.com"}
    return {f.name: statements(made[role_id(f)], {**made, **data}, values) for f in functions(TYPES, STACK)}


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator.start() as running:
        assert running.judge_by(roles())
        make_table(client(running, "dynamodb"), "orders")
        make_table(client(running, "dynamodb"), "jobflow-dev-jobs")
        client(running, "s3").create_bucket(Bucket="acme")
        yield running


def ours(emulator: Emulator, service: str, key: str = FUNCTION) -> Any:
    return boto3.client(
        service,  # type: ignore[call-overload]
        endpoint_url=emulator.url, region_name="us-east-1", aws_access_key_id=key, aws_secret_access_key="x",
        config=Config(retries={"max_attempts": 0}, account_id_endpoint_mode="disabled"),
    )  # fmt: skip


KEY = {"pk": {"S": "1"}, "sk": {"S": "1"}}


def test_what_the_role_allows_goes_through(emulator: Emulator) -> None:
    assert "Item" not in ours(emulator, "dynamodb").get_item(TableName="orders", Key=KEY)
    assert "Item" not in ours(emulator, "dynamodb").get_item(TableName="jobflow-dev-jobs", Key=KEY)


def test_a_worker_ends_a_job_and_does_not_change_what_it_is_about(emulator: Emulator) -> None:
    ends = {"UpdateExpression": "SET finished_at = :v", "ExpressionAttributeValues": {":v": {"N": "1"}}}
    table = ours(emulator, "dynamodb")
    table.update_item(TableName="jobflow-dev-jobs", Key=KEY, **ends)
    for attack in ("SET payload = :v", "SET finished_at = :v, principal = :v", "REMOVE payload_ref ADD gen :v"):
        with pytest.raises(ClientError, match="does not allow dynamodb:UpdateItem"):
            table.update_item(TableName="jobflow-dev-jobs", Key=KEY, **{**ends, "UpdateExpression": attack})
    with pytest.raises(ClientError, match="does not allow dynamodb:PutItem"):
        table.put_item(TableName="jobflow-dev-jobs", Item=KEY)


@pytest.mark.parametrize(
    ("service", "operation", "params", "added"),
    [
        ("dynamodb", "put_item", {"TableName": "orders", "Item": KEY},
         'Allow("dynamodb:PutItem", "arn:aws:dynamodb:*:*:table/orders")'),
        ("dynamodb", "scan", {"TableName": "jobflow-dev-jobs"}, '"dynamodb:Scan:jobs"'),
        ("s3", "put_object", {"Bucket": "acme", "Key": "a/b"}, 'Allow("s3:PutObject", "arn:aws:s3:::acme/a/b")'),
        ("secretsmanager", "get_secret_value", {"SecretId": "k"},
         'Allow("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:*:*:secret:k-??????")'),
        ("sqs", "send_message", {"QueueUrl": "http://127.0.0.1/1/other", "MessageBody": "x"},
         'Allow("sqs:SendMessage", "arn:aws:sqs:*:*:other")'),
        ("sqs", "send_message", {"QueueUrl": "http://127.0.0.1/1/jobflow-dev-order-place-dlq", "MessageBody": "x"},
         'Allow("sqs:SendMessage", "arn:aws:sqs:*:*:jobflow-dev-order-place-dlq")'),
        ("sesv2", "send_email", {"FromEmailAddress": "else@example.com", "Content": {}}, '"ses:SendEmail"'),
    ],
)  # fmt: skip
def test_anything_else_is_refused_with_the_grant_to_add(
    emulator: Emulator, service: str, operation: str, params: dict[str, Any], added: str
) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(ours(emulator, service), operation)(**params)
    assert refused.value.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException")
    said = refused.value.response["Error"]["Message"]
    assert said.startswith("The role of jobflow-dev-order-copy does not allow ")
    assert said.endswith(f"Add to its @job: access=AwsAccess(grants=({added},))")


def test_a_type_sends_to_its_own_queue_and_those_of_the_types_that_it_enqueues_and_to_no_other(
    emulator: Emulator,
) -> None:
    urls = {
        name: client(emulator, "sqs").create_queue(QueueName=f"jobflow-dev-{name}")["QueueUrl"]
        for name in ("order-copy", "order-place", "order-ship")
    }
    allowed = {("order-copy", "order-copy"), ("order-place", "order-place"), ("order-place", "order-copy")}
    for sender, queue in allowed:
        sending = ours(emulator, "sqs", f"jobflow-dev-{sender}")
        assert sending.send_message(QueueUrl=urls[queue], MessageBody="x")["MessageId"]
    for sender, queue in {(sender, queue) for sender in ("order-copy", "order-place") for queue in urls} - allowed:
        with pytest.raises(ClientError) as refused:
            ours(emulator, "sqs", f"jobflow-dev-{sender}").send_message(QueueUrl=urls[queue], MessageBody="x")
        said = refused.value.response["Error"]["Message"]
        assert said.endswith(f'Add to its @job: enqueues=("{queue.replace("-", ".")}",)'), said


@pytest.mark.parametrize(
    ("one", "text"),
    [
        (Asked("s3:GetObject", f"{FILES}/uploads/a.png"), '"s3:GetObject:uploads/*"'),
        (Asked("s3:ListAllMyBuckets"), 'Allow("s3:ListAllMyBuckets", "*")'),
    ],
)  # fmt: skip
def test_the_grant_is_written_as_a_person_writes_it(one: Asked, text: str) -> None:
    assert grant(FUNCTION, one) == text


@pytest.mark.parametrize(
    ("queue", "type_name"),
    [("mail-send", "mail.send"), ("mail-send-urgent", "mail.send"), ("mail-urgent", "mail.urgent")],
)
def test_a_refused_send_names_the_type_of_the_queue(queue: str, type_name: str) -> None:
    functions = {f"jobflow-dev-{name}" for name in ("mail-send", "mail-urgent", "report-generate")}
    one = Asked("sqs:SendMessage", f"arn:aws:sqs:us-east-1:000000000000:jobflow-dev-{queue}", {})
    assert made("jobflow-dev-report-generate", one, functions) == f'enqueues=("{type_name}",)'
