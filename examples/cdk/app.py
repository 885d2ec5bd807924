"""A CDK app that holds a stage of JobFlow, and a function of your own that creates jobs in it.

Before it: `jobflow package --translated`, and `aws secretsmanager create-secret` with a token of `jobflow token issue`.
"""

import json
import os
from pathlib import Path

from aws_cdk import App, Duration, Stack
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3_assets as assets
from aws_cdk import aws_secretsmanager as secrets
from aws_cdk import cloudformation_include as include
from constructs import Construct
from signing import keys_of

BUILD = Path(os.environ.get("JOBFLOW_BUILD", "build"))
"""Where `jobflow package` wrote its files."""
PRODUCER = """
import json, os, urllib.request, boto3

def handler(event, context):
    secret = boto3.client("secretsmanager").get_secret_value(SecretId=os.environ["TOKEN_SECRET"])
    body = json.dumps({"type": "email.send", "payload": event}).encode()
    headers = {"Authorization": "Bearer " + secret["SecretString"], "Content-Type": "application/json"}
    request = urllib.request.Request(os.environ["JOBFLOW_URL"] + "/jobs", body, headers)
    return json.load(urllib.request.urlopen(request, timeout=10))["id"]
"""


class JobFlow(Stack):
    """A stage, named after the stack: jobflow-prod."""

    def __init__(self, scope: Construct, name: str, *, cursor_secret: str, signing_key: str) -> None:
        super().__init__(scope, name)
        template = BUILD / "cloudformation.json"
        zips = {key: assets.Asset(self, key, path=str(path)) for key, path in zips_of(template).items()}
        code = {"CodeBucket": zips["DeploymentKey"].s3_bucket_name}
        code |= {key: zipped.s3_object_key for key, zipped in zips.items()}
        secret = {"CursorSecret": cursor_secret, **keys_of(parameters_of(template), signing_key)}
        self.stage = include.CfnInclude(self, "Stage", template_file=str(template), parameters={**code, **secret})

    def url(self) -> str:
        """Return the API's address."""
        return str(self.stage.get_output("ApiUrl").value)


class Shop(Stack):
    """Create jobs: it may read its token, and needs no other right."""

    def __init__(self, scope: Construct, name: str, jobflow: JobFlow) -> None:
        super().__init__(scope, name)
        token = secrets.Secret.from_secret_name_v2(self, "Token", "shop/jobflow-token")
        producer = lambda_.Function(
            self,
            "Producer",
            runtime=lambda_.Runtime.PYTHON_3_13,
            handler="index.handler",
            code=lambda_.Code.from_inline(PRODUCER),
            timeout=Duration.seconds(30),
            environment={"JOBFLOW_URL": jobflow.url(), "TOKEN_SECRET": token.secret_name},
        )
        token.grant_read(producer)


def zips_of(template: Path) -> dict[str, Path]:
    """Return each zip by the parameter that its key is: ReportPdfKey is the one of report-pdf.zip."""
    found = {f"{path.stem.title().replace('-', '')}Key": path for path in BUILD.glob("*.zip")}
    return {key: path for key, path in found.items() if key in parameters_of(template)}


def parameters_of(template: Path) -> list[str]:
    """Return the names of a template's parameters."""
    return list(json.loads(template.read_text())["Parameters"])


app = App()
stage = JobFlow(app, "jobflow-prod", cursor_secret=os.environ["CURSOR_SECRET"], signing_key=os.environ["SIGNING_KEY"])
Shop(app, "shop", stage)
app.synth()
