"""Update a whole stage that has a REST API to this version, and then drop the REST API.

`data/rest_stage.json` is the template of the last version with a REST API: its tables, queues, buckets and parameters,
and the API with what belongs to it. moto makes no HTTP API from a template, so the stack has none here, and its outputs
are those that CloudFormation would compute. Without SAM, functions have a form that moto makes. moto also does not say
which resources an update replaces: the properties for which CloudFormation does so are compared on both templates.
"""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from moto.apigatewayv2.models import apigatewayv2_backends

from infra.cloud.account import Account
from infra.cloud.commands.deploy import Deployment
from infra.cloud.errors import CloudError
from infra.cloud.package.build import Package
from infra.cloud.stack import history
from infra.cloud.stack.cloudformation import ChangeSet, Stack
from infra.definition.template import merge_template
from tests.infra.cloud.support import decided, terminal_of
from tests.support import built_in

NAME, DOMAIN = "jobflow-prod", "api.example.com"
OLD: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "rest_stage.json").read_text())
DATA = ("AWS::DynamoDB::Table", "AWS::SQS::Queue", "AWS::S3::Bucket")
REPLACING = {
    "AWS::DynamoDB::Table": ("TableName", "KeySchema", "LocalSecondaryIndexes", "ImportSourceSpecification"),
    "AWS::SQS::Queue": ("QueueName", "FifoQueue"),
    "AWS::S3::Bucket": ("BucketName",),
}
"""Properties of which CloudFormation's reference says *Update requires: Replacement*, also only in some cases."""
GIVEN = {
    "Dashboard": "false",
    "AlarmEmail": "me@example.com",
    "PermissionsBoundary": "arn:aws:iam::123456789012:policy/b",
}
NEW_ID = "http1"
NEW_URL = f"https://{NEW_ID}.execute-api.us-east-1.amazonaws.com"
NAMES = ("LogicalResourceId", "PhysicalResourceId")
STAND_INS = ("ApiRole", "APIHandler")
"""The API's function in both versions, in a form that moto makes."""
OF_REST = {"RestAPI", "APIHandlerInvokePermission", "Authorize", "AuthorizeInvokePermission", "AuthorizerRole",
           "AuthorizerLogs"}  # fmt: skip


class Telling(Stack):
    """A stack whose outputs are those that CloudFormation computes for an HTTP API."""

    def propose(self, *asked: Any) -> ChangeSet | None:
        """See Stack."""
        proposed = super().propose(*asked)
        if proposed is None or proposed.creates or proposed.changes:
            return proposed
        self.discard(proposed)
        return None

    def outputs(self) -> dict[str, str]:
        """See Stack."""
        super().outputs()
        given = {one["ParameterKey"]: one["ParameterValue"] for one in (self.describe() or {}).get("Parameters", [])}
        url = f"https://{given['ApiDomain']}" if given.get("ApiDomain") else NEW_URL
        tables = {"ControlTableName": f"{NAME}-control", "JobsTableName": f"{NAME}-jobs"}
        return {**tables, "ApiUrl": url, "EndpointURL": NEW_URL, "ApiId": NEW_ID}


def today() -> dict[str, Any]:
    """Return the template of this version, before Chalice adds the API's function."""
    return merge_template(built_in(), NAME)


def scalars(template: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters that moto can update: not those that are lists."""
    return {name: about for name, about in template["Parameters"].items() if about["Type"] in ("String", "Number")}


@dataclass
class Prod:
    """A stage of the earlier version, with data."""

    account: Account
    folder: Path
    given: Mapping[str, str]
    said: io.StringIO = field(default_factory=io.StringIO)

    @property
    def stack(self) -> Stack:
        return Telling(self.account, NAME, sleep=lambda _: None)

    def make(self) -> None:
        """Create the stage as the earlier version did, and fill it."""
        self._deploy(OLD)
        dynamodb, sqs = self.account.client("dynamodb"), self.account.client("sqs")
        for table in ("jobs", "control"):
            dynamodb.put_item(TableName=f"{NAME}-{table}", Item={"pk": {"S": "kept"}, "sk": {"S": "kept"}})
        sqs.send_message(QueueUrl=self._queue(), MessageBody="kept")
        self.account.client("s3").put_object(Bucket=self._bucket(), Key="results/kept", Body=b"kept")

    def update(self, *, drop: bool = False) -> str:
        """Deploy this version, as the command does; return what it says."""
        template = today()
        made = {name: one for name, one in template["Resources"].items() if one.get("Type") in DATA}
        self.said = io.StringIO()
        self._deploy(
            {
                **{name: template[name] for name in ("Conditions", "Globals", "Mappings")},
                "Parameters": scalars(template),
                "Resources": {**{name: OLD["Resources"][name] for name in STAND_INS}, **made},
            },
            drop=drop,
        )
        return self.said.getvalue()

    def _deploy(self, template: Mapping[str, Any], *, drop: bool = False) -> None:
        (self.folder / "sam.json").write_text(json.dumps(template))
        (self.folder / "deployment.zip").write_bytes(b"code")
        made = Package(self.folder / "deployment.zip", self.folder / "sam.json", NAME)
        Deployment(
            self.account, self.stack, terminal_of(self.said), self.given, dashboard=None, package=lambda _: made,
            types=built_in, smoke=lambda _: "Smoke: all is well.", drop_rest_api=drop,
        ).run()  # fmt: skip

    def _queue(self) -> str:
        return str(self.account.client("sqs").get_queue_url(QueueName=f"{NAME}-email-send")["QueueUrl"])

    def _bucket(self) -> str:
        return f"{NAME}-files-{self.account.id}-us-east-1"

    def physical(self) -> dict[str, str]:
        """Return the physical names of the stack's resources, by logical id. moto does not name them all."""
        found, both = self.account.cloudformation.describe_stack_resources(StackName=NAME), set(NAMES)
        return {
            one["LogicalResourceId"]: one["PhysicalResourceId"] for one in found["StackResources"] if both <= one.keys()
        }

    def data(self) -> dict[str, Any]:
        """Return what the stage keeps."""
        dynamodb, key = self.account.client("dynamodb"), {"pk": {"S": "kept"}, "sk": {"S": "kept"}}
        received = self.account.client("sqs").receive_message(QueueUrl=self._queue(), VisibilityTimeout=0)
        return {
            **{t: dynamodb.get_item(TableName=f"{NAME}-{t}", Key=key)["Item"]["pk"]["S"] for t in ("jobs", "control")},
            "queue": received["Messages"][0]["Body"],
            "files": self.account.client("s3").get_object(Bucket=self._bucket(), Key="results/kept")["Body"].read(),
        }

    def template(self) -> dict[str, Any]:
        """Return the template of the last recorded deployment."""
        return dict(history.template(self.account, NAME, history.read(self.account, NAME)[-1].url))

    def map(self, api: str) -> None:
        """Point the domain to an API, as the deployer does."""
        gateway = self.account.client("apigatewayv2")
        # moto maps only HTTP APIs
        known = apigatewayv2_backends[self.account.id][self.account.region].apis
        known[api] = known[gateway.create_api(Name=api, ProtocolType="HTTP")["ApiId"]]
        found = gateway.get_api_mappings(DomainName=DOMAIN)["Items"]
        if found:
            gateway.delete_api_mapping(DomainName=DOMAIN, ApiMappingId=found[0]["ApiMappingId"])
        gateway.create_api_mapping(DomainName=DOMAIN, ApiId=api, Stage="$default")


ALL_KEPT = {"jobs": "kept", "control": "kept", "queue": "kept", "files": b"kept"}


@pytest.fixture
def prod(account: Account, tmp_path: Path, request: pytest.FixtureRequest) -> Prod:
    made = Prod(account, tmp_path, {**GIVEN, **getattr(request, "param", {})})
    made.make()
    return made


def test_no_resource_that_has_data_is_replaced_or_leaves_the_stack() -> None:
    before, after = decided(OLD | {"Outputs": {}}), decided(today())
    kept = {name: one for name, one in before["Resources"].items() if one["Type"] in DATA}
    assert len(kept) == 10
    for name, old in kept.items():
        new = after["Resources"][name]
        assert new["Type"] == old["Type"], name
        for one in REPLACING[old["Type"]]:
            assert new["Properties"].get(one) == old["Properties"].get(one), f"{name}, {one}"
        assert new.get("DeletionPolicy") == old.get("DeletionPolicy"), name


def test_an_update_keeps_data_and_the_former_address_and_tells_the_new_one(prod: Prod) -> None:
    before = prod.physical()

    said = prod.update()

    assert prod.data() == ALL_KEPT
    after = prod.physical()
    # moto no longer names a table after an update; `data` has looked into them
    kinds = ("AWS::SQS::Queue", "AWS::S3::Bucket", "AWS::ApiGateway::RestApi")
    named = {name: one for name, one in before.items() if OLD["Resources"][name]["Type"] in kinds}
    assert len(named) == 9
    assert named.items() <= after.items(), "the same queues, buckets, and REST API"
    assert "LOSES DATA" not in said
    assert f"The API has the address {NEW_URL}. The former one, of the REST API {before['RestAPI']}, still" in said
    assert "DROP_REST_API=1" in said
    assert prod.template()["Resources"].keys() >= OF_REST

    assert before["RestAPI"] in prod.update(), "and so does each further deployment"


def test_without_a_domain_it_goes_when_the_deployer_says_so_and_the_data_stays(prod: Prod) -> None:
    rest = prod.physical()["RestAPI"]
    prod.update()

    said = prod.update(drop=True)

    assert rest not in said.partition("Ready")[2]
    assert OF_REST.isdisjoint(prod.template()["Resources"])
    assert "RestAPI" not in prod.physical()
    assert prod.data() == ALL_KEPT


@pytest.mark.parametrize("prod", [{"ApiDomain": DOMAIN}], indirect=True)
def test_a_domain_keeps_its_url_until_it_is_moved_and_only_then_the_rest_api_can_go(prod: Prod) -> None:
    gateway = prod.account.client("apigatewayv2")
    gateway.create_domain_name(DomainName=DOMAIN, DomainNameConfigurations=[{"EndpointType": "REGIONAL"}])
    rest = prod.physical()["RestAPI"]
    prod.map(rest)
    (mapping,) = gateway.get_api_mappings(DomainName=DOMAIN)["Items"]

    said = prod.update()

    assert f"https://{DOMAIN}" in said.partition("Ready")[2]
    assert (
        f"--domain-name {DOMAIN} --api-id {NEW_ID} --stage '$default' --api-mapping-id {mapping['ApiMappingId']}"
        in said
    )
    assert gateway.get_api_mappings(DomainName=DOMAIN)["Items"] == [mapping], "deploy itself moves nothing"
    with pytest.raises(CloudError, match="Move the domain first"):
        prod.update(drop=True)
    assert prod.physical()["RestAPI"] == rest

    prod.map(NEW_ID)
    prod.update(drop=True)
    assert "RestAPI" not in prod.physical()
    assert prod.stack.outputs()["ApiUrl"] == f"https://{DOMAIN}"
    assert prod.data() == ALL_KEPT
