"""Read the roles of the template, with the laptop's names in place of CloudFormation's functions. Pure."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from infra.definition.iam import written
from infra.definition.names import Resources
from infra.local.lambdas.specs import ACCOUNT, REGION

PSEUDO = {"AWS::Partition": "aws", "AWS::Region": REGION, "AWS::AccountId": ACCOUNT, "AWS::URLSuffix": "amazonaws.com"}
ANY = "*"
"""A placeholder for values that only CloudFormation knows: the id of an event source mapping, a verified identity."""
NOTHING = {"Ref": "AWS::NoValue"}
NAMES = {"AWS::DynamoDB::Table": ("dynamodb", "table/", "TableName"), "AWS::SQS::Queue": ("sqs", "", "QueueName"),
         "AWS::Logs::LogGroup": ("logs", "log-group:", "LogGroupName")}  # fmt: skip


def statements(
    role: Mapping[str, Any], resources: Resources, values: Mapping[str, str], true: Collection[str] = ()
) -> list[dict[str, Any]]:
    """Return a role's statements in IAM's form; `values` are those of parameters, `true` the conditions that hold."""
    documents: Sequence[Mapping[str, Any]] = [policy["PolicyDocument"] for policy in role["Properties"]["Policies"]]
    every = [one for document in documents for one in _several(document["Statement"])]
    found = [chosen(one, true) for one in every]
    resolver = _Resolver(resources, {**PSEUDO, **values})
    return [resolver.of(statement) for statement in found if not _leaves_nothing(statement)]


def chosen(value: Any, true: Collection[str]) -> Any:
    """Return the first branch of an `Fn::If` whose condition is `true`; any other value unchanged."""
    match value:
        case {"Fn::If": [condition, then, _]} if condition in true:
            return then
    return value


def _several(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else [value]


class _Resolver:
    def __init__(self, resources: Resources, values: Mapping[str, str]) -> None:
        self._resources = resources
        self._values = values

    def of(self, value: Any) -> Any:
        match value:
            case {"Ref": name}:
                return self._values.get(name, ANY)
            case {"Fn::GetAtt": [name, attribute]}:
                return self._attribute(name, attribute)
            case {"Fn::Sub": text}:
                return re.sub(r"\$\{(!?)([\w:.]+)\}", self._filled, text)
            case {"Fn::FindInMap": [name, first, second]}:
                return written.mappings()[name][first][second]
            case {"Fn::If": [_, _, otherwise]}:
                # parts that depend on a condition of the template do not exist on a laptop
                return self.of(otherwise)
            case dict():
                return {key: self.of(inner) for key, inner in value.items()}
            case list():
                return [self.of(inner) for inner in value if inner != NOTHING and not _leaves_nothing(inner)]
        return value

    def _filled(self, found: "re.Match[str]") -> str:
        if found[1]:
            return f"${{{found[2]}}}"
        name, dot, attribute = found[2].partition(".")
        return self._attribute(name, attribute) if dot else self._values.get(found[2], ANY)

    def _attribute(self, name: str, attribute: str) -> str:
        resource = self._resources.get(name, {})
        known = NAMES.get(resource.get("Type", ""))
        if known is None:
            return ANY
        service, prefix, key = known
        arn = f"arn:aws:{service}:{REGION}:{ACCOUNT}:{prefix}{self.of(resource['Properties'][key])}"
        if service == "logs":
            return f"{arn}:*"
        return f"{arn}/stream/*" if attribute == "StreamArn" else arn


def _leaves_nothing(value: Any) -> bool:
    return isinstance(value, dict) and value.get("Fn::If", [None] * 3)[2] == NOTHING
