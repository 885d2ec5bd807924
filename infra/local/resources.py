"""Create tables, queues and buckets in the emulator from the same definition as the cloud's."""

import json
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from infra.local.deployment import Description, Place
from infra.local.lambdas.clients import OF_A_STACK, session
from infra.local.lambdas.specs import REGION

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

EXAMPLE_UPLOAD = "uploads/examples/landscape.jpg"


def deploy(described: Description, stack: str, aws: Mapping[str, str]) -> Place:
    """Create or update the stack; unchanged resources keep their data. Raises ClientError.

    Resources of a removed job type, with its waiting messages, stay until the platform stops. The reason: the type may
    come back, and moto does not create a resource again after an update has removed it.
    """
    former = _template(_cloudformation(aws), stack) or "{}"
    known = (json.loads(former) if isinstance(former, str) else former).get("Resources", {})
    deploy_template(json.dumps({"Resources": {**known, **described.stateful}}), stack, aws)
    return _place(aws, described.tables())


def deploy_template(template: str, stack: str, aws: Mapping[str, str]) -> None:
    """Create or update a stack from the text of its template. Raises ClientError."""
    cloudformation = _cloudformation(aws)
    if _template(cloudformation, stack) is None:
        cloudformation.create_stack(StackName=stack, TemplateBody=template)
        return
    try:
        cloudformation.update_stack(StackName=stack, TemplateBody=template, ClientRequestToken=uuid.uuid4().hex)
    except ClientError as error:
        if "No updates are to be performed" not in str(error):
            raise


def _cloudformation(aws: Mapping[str, str]) -> "CloudFormationClient":
    return session(aws).client("cloudformation", config=OF_A_STACK)


def _place(aws: Mapping[str, str], tables: list[str]) -> Place:
    dynamodb = session(aws).client("dynamodb")
    made = [dynamodb.describe_table(TableName=name)["Table"] for name in tables]
    account = made[0]["TableArn"].split(":")[4]
    streams = {table["TableName"]: table["LatestStreamArn"] for table in made if "LatestStreamArn" in table}
    return Place(aws["AWS_ENDPOINT_URL"], account, REGION, streams)


def verify_sender(address: str, aws: Mapping[str, str]) -> None:
    """Let SES send from an address. In the cloud, a person must confirm the address first."""
    session(aws).client("sesv2").create_email_identity(EmailIdentity=address)


def lay_example(photo: Path, bucket: str, aws: Mapping[str, str]) -> None:
    """Store the upload that the example of image.process names, so that the example works."""
    if photo.exists():
        s3 = session(aws).client("s3")
        s3.put_object(Bucket=bucket, Key=EXAMPLE_UPLOAD, Body=photo.read_bytes(), ContentType="image/jpeg")


def _template(cloudformation: "CloudFormationClient", stack: str) -> Any:
    """Return the stack's template, as a text, or as a value if it is JSON; None if there is no stack."""
    try:
        return cloudformation.get_template(StackName=stack)["TemplateBody"]
    except ClientError:
        return None
