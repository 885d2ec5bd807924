"""The bucket of packages: ours alone, over TLS alone, and nothing that lies there is believed."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from botocore.stub import Stubber

from infra.cloud.account import Account
from infra.cloud.errors import CloudError
from infra.cloud.package.build import Package
from infra.cloud.stack import artifacts

NAME, ACCOUNT, REGION = "jobflow-half", "123456789012", "us-east-1"


@pytest.fixture
def package(tmp_path: Path) -> Package:
    """The smallest package there can be: a queue."""
    template = {
        "Parameters": {},
        "Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": f"{NAME}-new"}}},
    }
    (tmp_path / "sam.json").write_text(json.dumps(template))
    (tmp_path / "deployment.zip").write_bytes(b"code")
    return Package(tmp_path / "deployment.zip", tmp_path / "sam.json", NAME)


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
    # somebody puts other code under the name of ours, before we deploy again
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
