"""Write the CloudFormation template of the roles for GitHub Actions, from the policies in docs/.

`python -m scripts.documents.deploy_role` writes it, `--check` compares. Each GitHub environment needs its own stack of
this template.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
TARGET = ROOT / "jobflow" / "project" / "ci" / "deploy-role.json"
ISSUER = "token.actions.githubusercontent.com"
PROVIDER = "arn:${AWS::Partition}:iam::${AWS::AccountId}:oidc-provider/" + ISSUER


def template() -> dict[str, Any]:
    """Return the template."""
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Lets one environment of a GitHub repository deploy stages of JobFlow, and nothing else.",
        "Parameters": parameters(),
        "Conditions": {
            "Makes": {"Fn::Equals": [{"Ref": "MakeProvider"}, "true"]},
            "HasMore": {"Fn::Not": [{"Fn::Equals": [{"Fn::Join": ["", {"Ref": "MoreActions"}]}, ""]}]},
        },
        "Resources": {
            "Provider": {
                "Type": "AWS::IAM::OIDCProvider",
                "Condition": "Makes",
                "DeletionPolicy": "Retain",
                "UpdateReplacePolicy": "Retain",
                "Properties": {"Url": f"https://{ISSUER}", "ClientIdList": ["sts.amazonaws.com"]},
            },
            "Boundary": {"Type": "AWS::IAM::ManagedPolicy", "Properties": boundary()},
            "ServicePolicy": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": service_policy()}},
            "ServiceRole": {"Type": "AWS::IAM::Role", "Properties": service_role()},
            "PipelineRole": {"Type": "AWS::IAM::Role", "Properties": pipeline_role()},
        },
        "Outputs": {
            "Role": {"Value": _arn("PipelineRole"), "Description": "JOBFLOW_ROLE of the GitHub environment"},
            "ServiceRole": {"Value": _arn("ServiceRole"), "Description": "JOBFLOW_SERVICE_ROLE of it"},
            "BoundaryArn": {"Value": {"Ref": "Boundary"}, "Description": "JOBFLOW_BOUNDARY of it"},
        },
    }


def parameters() -> dict[str, dict[str, str]]:
    """Return the template's parameters."""
    return {
        "Repository": _text("The repository, as owner/name.", r"[\w.-]+/[\w.-]+"),
        "Environment": _text("The GitHub environment that may deploy: preview, prod.", r"[A-Za-z0-9_-]+"),
        "Stages": _text(
            "What the names of its stages begin with: pull for previews, prod for prod.", "[a-z][a-z0-9]{0,13}"
        ),
        "Prefix": {
            **_text("What names begin with: the prefix of jobflow.toml or JOBFLOW_PREFIX.", "[a-z][a-z0-9]{0,6}"),
            "Default": "jobflow",
        },
        "MakeProvider": {
            "Type": "String", "Default": "false", "AllowedValues": ["true", "false"],  # type: ignore[dict-item]
            "Description": "true once an account: make the identity provider of GitHub Actions.",
        },
        "MoreActions": {
            "Type": "CommaDelimitedList", "Default": "",
            "Description": "Actions that job types need beyond the boundary's, such as sns:Publish.",
        },
        "MoreResources": {
            "Type": "CommaDelimitedList", "Default": "*",
            "Description": "The ARNs that MoreActions are for; with * a preview has them on other stages, too.",
        },
    }  # fmt: skip


def boundary() -> dict[str, Any]:
    """Return docs/boundary-policy.json for these stages.

    It limits every role, whatever a deployment adds to the role.
    """
    more = {"Effect": "Allow", "Action": {"Ref": "MoreActions"}, "Resource": {"Ref": "MoreResources"}}
    document = of_these_stages("boundary-policy.json")
    document["Statement"].append({"Fn::If": ["HasMore", more, {"Ref": "AWS::NoValue"}]})
    return {"Description": "The most that a function of JobFlow may hold", "PolicyDocument": document}


def service_policy() -> dict[str, Any]:
    """Return docs/deployer-policy.json for these stages, with the stack's own boundary."""
    document = of_these_stages("deployer-policy.json")
    for statement in document["Statement"]:
        if "iam:PermissionsBoundary" in str(statement.get("Condition")):
            statement["Condition"] = {"StringEquals": {"iam:PermissionsBoundary": {"Ref": "Boundary"}}}
    return document


def service_role() -> dict[str, Any]:
    """Return the role with which CloudFormation creates, changes and deletes a stage."""
    return {
        "Description": "CloudFormation's, for stages of JobFlow",
        "AssumeRolePolicyDocument": _trust({"Service": "cloudformation.amazonaws.com"}, "sts:AssumeRole"),
        "ManagedPolicyArns": [{"Ref": "ServicePolicy"}],
    }


def pipeline_role() -> dict[str, Any]:
    """Return the role of the workflow: docs/pipeline-policy.json, and passing the service role to CloudFormation."""
    passing = {
        "Sid": "HandTheServiceRoleToCloudFormation",
        "Effect": "Allow",
        "Action": "iam:PassRole",
        "Resource": _arn("ServiceRole"),
        "Condition": {"StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}},
    }
    document = of_these_stages("pipeline-policy.json")
    document["Statement"].append(passing)
    subject = "repo:${Repository}:environment:${Environment}"
    condition = {"StringEquals": {f"{ISSUER}:aud": "sts.amazonaws.com", f"{ISSUER}:sub": {"Fn::Sub": subject}}}
    trust = _trust({"Federated": {"Fn::Sub": PROVIDER}}, "sts:AssumeRoleWithWebIdentity", Condition=condition)
    return {
        "Description": {"Fn::Sub": "GitHub Actions of ${Repository}, environment ${Environment}"},
        "AssumeRolePolicyDocument": trust,
        "MaxSessionDuration": 7200,
        "Policies": [{"PolicyName": "deploy", "PolicyDocument": document}],
    }


def of_these_stages(name: str) -> dict[str, Any]:
    """Return a policy of docs/ for the account's partition, and only for the stages of the stack."""
    document: dict[str, Any] = json.loads((ROOT / "docs" / name).read_text())
    for statement in document["Statement"]:
        statement["Resource"] = _sub(statement["Resource"])
        for keys in statement.get("Condition", {}).values():
            keys.update({key: _sub(value) for key, value in keys.items()})
    return document


def _sub(written: Any) -> Any:
    if isinstance(written, list):
        return [_sub(each) for each in written]
    text = written.replace("arn:aws:", "arn:${AWS::Partition}:")
    for separator in "-/":
        text = text.replace(f"jobflow{separator}*", f"${{Prefix}}{separator}${{Stages}}*")
    return {"Fn::Sub": text} if "${" in text else text


def _trust(principal: dict[str, Any], action: str, **more: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": principal, "Action": action, **more}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _text(description: str, pattern: str) -> dict[str, str]:
    return {"Type": "String", "Description": description, "AllowedPattern": pattern}


def _arn(name: str) -> dict[str, Any]:
    return {"Fn::GetAtt": [name, "Arn"]}


def main(arguments: Sequence[str]) -> int:
    """Write the template, or compare it; return the exit code."""
    text = json.dumps(template(), indent=2) + "\n"
    if "--check" not in arguments:
        TARGET.write_text(text)
        return 0
    if TARGET.read_text() == text:
        return 0
    print(
        f"{TARGET.relative_to(ROOT)} is not what docs/ say: run python -m scripts.documents.deploy_role.",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
