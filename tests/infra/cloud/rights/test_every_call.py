"""Check that the documented policies allow each request in the code of the commands, on its resources.

The test reads the code: every name of an AWS operation in a file of `infra/cloud` that has a client of the service.
"""

import ast
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

import botocore.session
import pytest
from botocore import xform_name

from infra.cloud.package.build import ROOT
from infra.local.roles.asked import Asked
from tests.e2e.cloud.support import ACTIONS, PREFIXES
from tests.infra.cloud.rights.authorisation import needs, tables
from tests.infra.cloud.rights.judging import allows
from tests.infra.cloud.rights.test_deployer_policy import NOT_USED, asked

COMMANDS = ROOT / "infra" / "cloud"
BY_HAND = (
    "commands/backup.py",
    "commands/drift.py",
    "commands/restore.py",
    "commands/spent.py",
    "acceptance/",
    "restore/",
)
"""Commands that only a person runs: the pipeline's policy need not allow them."""
STORES = ("chalicelib/adapters/dynamo/control/tokens.py", "chalicelib/adapters/dynamo/counting/counters.py")
"""The requests with which `commands/access.py` accesses a stage's tables."""
ONLY = {
    "apigateway:GetApi": "api", "apigateway:GetApiMappings": "apimappings",
    "apigateway:GetRestApi": "restapi",
    "cloudwatch:GetMetricData": "dataset", "cloudwatch:ListMetrics": "dataset",
}  # fmt: skip
"""The resource of an operation whose action includes more, and of metrics, which are nobody's resource."""
NOT_MADE = ("logs:DeleteIndexPolicy", "logs:DeleteResourcePolicy", "logs:PutIndexPolicy")
"""Requests of handlers for properties that no log group of the template has."""
DATA = ("dynamodb", "s3", "ec2")
SESSION = botocore.session.get_session()


@cache
def operations(service: str) -> Mapping[str, str]:
    """Return AWS's operations by the names that boto3 gives them."""
    return {xform_name(name): name for name in SESSION.get_service_model(service).operation_names}


def calls() -> Iterator[tuple[str, str, str]]:
    """Yield each file, its action by IAM's name, and the kind of resource if only one is meant."""
    for path in sorted(COMMANDS.rglob("*.py")):
        for service, operation in requests(ast.parse(path.read_text())):
            name = f"{PREFIXES.get(service, service)}:{operation}"
            yield path.relative_to(COMMANDS).as_posix(), ACTIONS.get(name, name), ONLY.get(name, "")
    for store in STORES:
        tree = ast.parse((ROOT / store).read_text())
        for name in attributes(tree) & operations("dynamodb").keys():
            yield store, f"dynamodb:{operations('dynamodb')[name]}", ""


def requests(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield each service and operation: together in one call, or anywhere in a file that names the service."""
    texts = {service: set(found) for service, found in together(tree)}
    single = {name for found in texts.values() for name in found}
    named = attributes(tree) | literals(tree)
    for service in named & set(SESSION.get_available_services()):
        for name, operation in operations(service).items():
            if name in texts.get(service, ()) or (name in named and name not in single):
                yield service, operation


def together(tree: ast.AST) -> Iterator[tuple[str, list[str]]]:
    """Yield services that a call names together with operations: `ask("mail", "sesv2", "get_account")`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            texts = [one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
            for service in set(texts) & set(SESSION.get_available_services()):
                yield service, [text for text in texts if text in operations(service)]


def attributes(tree: ast.AST) -> set[str]:
    return {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def literals(tree: ast.AST) -> set[str]:
    found = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    return {value for value in found if isinstance(value, str)}


def statements(name: str) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = json.loads((ROOT / "docs" / name).read_text())["Statement"]
    return found


CALLS = sorted(set(calls()))


@pytest.mark.parametrize(("file", "action", "kind"), CALLS)
def test_the_deployer_may_ask_for_it_and_the_pipeline_for_what_it_runs(file: str, action: str, kind: str) -> None:
    for policy in ("deployer-policy.json", *(() if file.startswith(BY_HAND) else ("pipeline-policy.json",))):
        assert [need for need in needs(action, kind) if not allows(statements(policy), need)] == [], (file, policy)


def test_cloudformations_handlers_may_ask_for_it_on_what_they_make(template: dict[str, Any]) -> None:
    kinds = {resource["Type"] for resource in template["Resources"].values()}
    wanted = {action for kind in kinds for action in asked(kind)}
    used = [
        action for action in sorted(wanted) if not any(fnmatchcase(action, name) for name in (*NOT_USED, *NOT_MADE))
    ]
    missing = [need for action in used for need in of_a_handler(action)]
    assert [need for need in missing if not allows(statements("deployer-policy.json"), need)] == []


def of_a_handler(action: str) -> Iterator[Asked]:
    """Return the resources of an action of a handler, if the tables list it and a stage has them."""
    service, _, name = action.partition(":")
    if name.lower() not in tables().get(service, {}).get("Actions", {}):
        return
    with suppress(ValueError):
        yield from needs(action)


@pytest.mark.parametrize("policy", ["deployer-policy.json", "pipeline-policy.json"])
def test_a_key_is_used_through_services_alone(policy: str) -> None:
    [key] = [need.resource for need in needs("kms:Decrypt")]
    through = [Asked("kms:Decrypt", key, {"kms:ViaService": (f"{name}.eu-central-1.amazonaws.com",)}) for name in DATA]
    assert [allows(statements(policy), need) for need in through] == [True, True, False]


def test_the_deployer_may_do_with_a_key_what_dynamodb_asks_for() -> None:
    asked_for = [need for name in ("CreateGrant", "DescribeKey", "Encrypt", "Decrypt") for need in needs(f"kms:{name}")]
    assert [need for need in asked_for if not allows(statements("deployer-policy.json"), need)] == []


@pytest.mark.parametrize(("function", "may"), [("jobflow-prod-email-send", True), ("billing-worker", False)])
def test_the_pipeline_switches_mappings_of_stages_alone(function: str, may: bool) -> None:
    [need] = needs("lambda:UpdateEventSourceMapping")
    whose = {"lambda:FunctionArn": (f"arn:aws:lambda:eu-central-1:123456789012:function:{function}",)}
    assert allows(statements("pipeline-policy.json"), replace(need, facts=whose)) is may
