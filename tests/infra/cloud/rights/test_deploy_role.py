"""Test the template of GitHub's roles.

Made from the policies in docs/, for one environment's stages, with a boundary.
"""

import json
import re
from typing import Any

from infra.cloud.package.shift import shifted
from infra.cloud.package.translate import CODE, translate, with_code
from infra.cloud.stack.monitoring import TRIGGERS
from infra.local.roles import resolve
from infra.local.roles.asked import Asked
from scripts.documents import deploy_role
from tests.infra.cloud.rights import test_other_stages
from tests.infra.cloud.rights.judging import allows
from tests.infra.cloud.support import linted, of_type

TEMPLATE: dict[str, Any] = json.loads(deploy_role.TARGET.read_text())
SERVICE = TEMPLATE["Resources"]["ServicePolicy"]["Properties"]["PolicyDocument"]
PIPELINE = TEMPLATE["Resources"]["PipelineRole"]["Properties"]
(INLINE,) = PIPELINE["Policies"]


EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_it_is_made_of_the_policies_in_docs() -> None:
    assert deploy_role.template() == TEMPLATE
    assert deploy_role.main(["--check"]) == 0


def test_cloudformation_takes_it() -> None:
    assert linted(deploy_role.TARGET.read_text()) == []


def test_only_one_environment_of_one_repository_is_trusted() -> None:
    (trust,) = PIPELINE["AssumeRolePolicyDocument"]["Statement"]
    issuer = "token.actions.githubusercontent.com"
    assert trust["Condition"] == {
        "StringEquals": {
            f"{issuer}:aud": "sts.amazonaws.com",
            f"{issuer}:sub": {"Fn::Sub": "repo:${Repository}:environment:${Environment}"},
        }
    }
    # a star in a parameter would have no effect in StringEquals, but is refused as well
    for name in ("Repository", "Environment", "Stages", "Prefix"):
        assert not re.fullmatch(TEMPLATE["Parameters"][name]["AllowedPattern"], "acme/*")


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
    (passing,) = (one for one in SERVICE["Statement"] if "iam:PassRole" in as_list(one["Action"]))
    assert trusted == {*passing["Condition"]["StringEquals"]["iam:PassedToService"]}


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
