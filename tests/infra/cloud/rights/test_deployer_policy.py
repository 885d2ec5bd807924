"""Check that docs/deployer-policy.json lets CloudFormation create, change and delete every kind of resource.

cfn-lint contains CloudFormation's own schemas, which name the requests of each handler.
"""

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from infra.cloud.package.build import ROOT

POLICY = json.loads((ROOT / "docs" / "deployer-policy.json").read_text())
SCHEMAS = Path(str(distribution("cfn-lint").locate_file("cfnlint"))) / "data" / "schemas"
NOT_USED = (
    # features that this template does not use: customer keys, file systems, streams of other services, metadata tables
    # of buckets, log delivery, service-linked roles, listing all
    "elasticfilesystem:*", "firehose:*", "kinesis:*", "kms:ListAliases", "s3files:*", "s3tables:*",
    "iam:CreateServiceLinkedRole", "iam:ListRoles", "cloudfront:CreateConnectionGroup",
    # named by the schema of HTTP APIs' stages, but no actions: API Gateway's tags are requests to /tags
    "apigateway:TagResource", "apigateway:UntagResource",
    # never allowed: with it, a role could leave its boundary
    "iam:DeleteRolePermissionsBoundary",
)  # fmt: skip


READING = ("iam:GetAccountSummary", "iam:SimulatePrincipalPolicy")
"""Requests of preflight; they change nothing."""


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def allowed(action: str) -> bool:
    patterns = [pattern for statement in POLICY["Statement"] for pattern in as_list(statement["Action"])]
    return any(fnmatchcase(action, pattern) for pattern in patterns)


@cache
def handlers() -> dict[str, str]:
    found: dict[str, str] = json.loads((SCHEMAS / "providers" / "us-east-1.json").read_text())
    return found


def asked(kind: str) -> Iterator[str]:
    """Return the requests of the handlers of a kind of resource."""
    schema = json.loads((SCHEMAS / "resources" / f"{handlers()[kind]}.json").read_text())
    for handler in schema["handlers"].values():
        yield from handler.get("permissions", [])


def test_cloudformation_may_do_what_its_handlers_ask_for(template: dict[str, Any]) -> None:
    kinds = {resource["Type"] for resource in template["Resources"].values()}
    wanted = {f"{kind}: {action}" for kind in kinds for action in asked(kind)}
    assert len(wanted) > 200
    missing = {text for text in wanted if not allowed(text.split(": ")[1])}
    actions = {text: text.split(": ")[1] for text in missing}
    assert {
        text for text, action in actions.items() if not any(fnmatchcase(action, part) for part in NOT_USED)
    } == set()
    assert [part for part in NOT_USED if not any(fnmatchcase(action, part) for action in actions.values())] == []


def test_roles_are_bounded_by_their_names() -> None:
    for statement in POLICY["Statement"]:
        actions = as_list(statement["Action"])
        assert "*" not in actions
        if any(action.startswith("iam:") and action not in READING for action in actions):
            assert as_list(statement["Resource"]) == ["arn:aws:iam::*:role/jobflow-*"]
        if "*" in as_list(statement["Resource"]):
            assert {action for action in actions if action.endswith(":*")} == set()


def test_it_fits_into_a_managed_policy() -> None:
    assert len(json.dumps(POLICY, separators=(",", ":"))) <= 6_144
