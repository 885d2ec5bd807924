"""The template of GitHub's roles: made of the policies in docs/, for one environment's stages, within a boundary."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.cloud.package.build import ROOT
from infra.cloud.package.shift import shifted
from infra.cloud.package.translate import CODE, translate, with_code
from infra.cloud.stack.monitoring import TRIGGERS
from infra.local.roles import resolve
from infra.local.roles.asked import Asked
from infra.local.roles.policy import allows
from scripts.documents import deploy_role
from tests.infra.cloud.rights import test_other_stages
from tests.infra.cloud.support import of_type

TEMPLATE: dict[str, Any] = json.loads(deploy_role.TARGET.read_text())
SERVICE = TEMPLATE["Resources"]["ServicePolicy"]["Properties"]["PolicyDocument"]
PIPELINE = TEMPLATE["Resources"]["PipelineRole"]["Properties"]
(INLINE,) = PIPELINE["Policies"]
NAMED_ELSEWHERE = {
    "cloudformation:*:aws:transform",
    "apigateway",
    "event-source-mapping",
    "deploymentconfig:CodeDeployDefault",
    "kms:*:*:key",
    "cloudfront::*:distribution",
}


EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def text_of(resource: Any) -> str:
    found = resource["Fn::Sub"] if isinstance(resource, dict) and "Fn::Sub" in resource else resource
    return found if isinstance(found, str) else json.dumps(found)


def actions_of(document: dict[str, Any]) -> set[str]:
    return {action for statement in document["Statement"] for action in as_list(statement["Action"])}


def test_it_is_made_of_the_policies_in_docs() -> None:
    assert deploy_role.template() == TEMPLATE
    assert deploy_role.main(["--check"]) == 0


def test_a_changed_template_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deploy_role, "TARGET", ROOT / "build" / "changed.json")
    deploy_role.TARGET.parent.mkdir(exist_ok=True)
    deploy_role.TARGET.write_text(json.dumps({**TEMPLATE, "Description": "x"}))
    assert deploy_role.main(["--check"]) == 1
    deploy_role.TARGET.unlink()


def test_cloudformation_takes_it() -> None:
    command = [str(Path(sys.executable).with_name("cfn-lint")), "--include-checks", "I", "--", str(deploy_role.TARGET)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("document", [SERVICE, INLINE["PolicyDocument"]], ids=["service", "pipeline"])
def test_it_reaches_the_stages_of_its_environment_and_no_other(document: dict[str, Any]) -> None:
    for statement in document["Statement"]:
        for resource in map(text_of, as_list(statement["Resource"])):
            assert "jobflow-*" not in resource
            assert "arn:aws:" not in resource
            elsewhere = resource == "*" or any(part in resource for part in NAMED_ELSEWHERE)
            assert elsewhere or "${Prefix}-${Stages}*" in resource or "ServiceRole" in resource, resource


def test_what_has_no_name_of_the_stage_cannot_change_what_others_own() -> None:
    """Of what the pipeline may do on everything, nothing changes anything."""
    (wide,) = (part for part in INLINE["PolicyDocument"]["Statement"] if part["Resource"] == "*")
    assert {action for action in wide["Action"] if not re.search(r":(Get|List|Describe|Simulate)", action)} == set()


def test_only_one_environment_of_one_repository_is_trusted() -> None:
    (trust,) = PIPELINE["AssumeRolePolicyDocument"]["Statement"]
    issuer = "token.actions.githubusercontent.com"
    assert trust["Condition"] == {
        "StringEquals": {
            f"{issuer}:aud": "sts.amazonaws.com",
            f"{issuer}:sub": {"Fn::Sub": "repo:${Repository}:environment:${Environment}"},
        }
    }
    # a star in a parameter would do no harm to StringEquals, and is refused all the same
    for name in ("Repository", "Environment", "Stages", "Prefix"):
        assert not re.fullmatch(TEMPLATE["Parameters"][name]["AllowedPattern"], "acme/*")


def test_a_stage_of_a_pull_request_is_not_the_beginning_of_prod() -> None:
    workflow = (deploy_role.TARGET.parent / "deploy.yml").read_text()
    stages = set(re.findall(r"STAGE: ([a-z]+)", workflow))
    assert stages == {"pull", "prod"}
    assert not any(a != b and a.startswith(b) for a in stages for b in stages)


def granting() -> Iterator[tuple[str, dict[str, Any]]]:
    for statement in SERVICE["Statement"]:
        for action in as_list(statement["Action"]):
            yield action, statement.get("Condition", {})


def test_no_role_is_made_or_given_anything_without_the_boundary() -> None:
    bounded = {"StringEquals": {"iam:PermissionsBoundary": {"Ref": "Boundary"}}}
    giving = {"AttachRolePolicy", "CreateRole", "DeleteRolePolicy", "DetachRolePolicy", "PutRolePolicy",
              "PutRolePermissionsBoundary"}  # fmt: skip
    found = {action: condition for action, condition in granting() if action.removeprefix("iam:") in giving}
    assert found == {f"iam:{action}": bounded for action in giving}
    assert "iam:DeleteRolePermissionsBoundary" not in dict(granting())
    assert not {action for action, _ in granting() if action.startswith("iam:Create")} - {"iam:CreateRole"}
    assert [action for action, _ in granting() if "Policy" in action and "Version" in action] == []


def test_the_pipeline_hands_its_one_role_to_cloudformation_alone() -> None:
    (passing,) = (s for s in INLINE["PolicyDocument"]["Statement"] if s["Action"] == "iam:PassRole")
    assert passing["Resource"] == {"Fn::GetAtt": ["ServiceRole", "Arn"]}
    assert passing["Condition"] == {"StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}}
    assert not {action for action in actions_of(INLINE["PolicyDocument"]) if action.startswith("iam:")} - {
        "iam:PassRole", "iam:GetAccountSummary", "iam:SimulatePrincipalPolicy",
    }  # fmt: skip


def test_the_boundary_leaves_to_every_function_what_its_role_grants(sam: dict[str, Any]) -> None:
    shifting = translate(shifted(with_code(sam, CODE), {"ShiftTraffic": "true"}, "jobflow-prod", TRIGGERS))
    roles = of_type(shifting, "AWS::IAM::Role")
    granted = [
        Asked(action, resource)
        for role in roles.values()
        if "Policies" in role
        for statement in resolve.statements({"Properties": role}, shifting["Resources"], {})
        if statement["Effect"] == "Allow"
        for action in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
        if resource.startswith("arn:")
    ]
    assert len({one.action for one in granted}) > 20
    boundary = test_other_stages.of_stages("prod")
    assert [one for one in granted if not allows([EVERYTHING], one, boundary)] == []


def test_each_role_of_a_stage_can_be_passed_to_whom_it_trusts(sam: dict[str, Any]) -> None:
    shifting = translate(shifted(with_code(sam, CODE), {"ShiftTraffic": "true"}, "jobflow-prod", TRIGGERS))
    trusted = {
        statement["Principal"]["Service"]
        for role in of_type(shifting, "AWS::IAM::Role").values()
        for statement in role["AssumeRolePolicyDocument"]["Statement"]
    }
    (passing,) = (condition for action, condition in granting() if action == "iam:PassRole")
    assert trusted == {*passing["StringEquals"]["iam:PassedToService"]}


def test_iam_takes_the_policies() -> None:
    names = {
        "${AWS::Partition}": "aws-us-gov",
        "${AWS::AccountId}": "123456789012",
        "${Stages}": "s" * 14,
        "${Prefix}": "jobflow",
    }

    def size(document: dict[str, Any]) -> int:
        text = re.sub(r'\{"Fn::Sub":("[^"]*")\}', r"\1", json.dumps(document, separators=(",", ":")))
        for name, value in names.items():
            text = text.replace(name, value)
        return len(text)

    assert size(SERVICE) <= 6_144
    assert size(INLINE["PolicyDocument"]) <= 10_240
