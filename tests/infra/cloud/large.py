"""Provide a packaged stack of many job types, without code, with the longest names and the longest values."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import BaseModel

from chalicelib.job_types.access import Allow, AwsAccess
from chalicelib.job_types.constants import LONGEST_NAME, LONGEST_QUEUE_NAME
from chalicelib.job_types.function import Function
from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.queue import Queue
from infra.cloud.package.translate import CODE, translate, with_code
from infra.definition.template import finish, merge_template
from tests.infra.cloud.support import decided

STACK = "jobflow-" + "s" * 14
PSEUDO = {"AWS::Partition": "aws-us-gov", "AWS::Region": "ap-southeast-3", "AWS::AccountId": "123456789012",
          "AWS::URLSuffix": "amazonaws.com.cn", "AWS::StackName": STACK}  # fmt: skip
UUID = "01234567-89ab-cdef-0123-456789abcdef"


ALLOWED = tuple(
    Allow(("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"), f"arn:aws:dynamodb:*:*:table/orders-{n:020}")
    for n in range(5)
)
"""Statements on five tables of the user."""
MAIL = AwsAccess(grants=("ses:SendEmail",))
ACCESS = AwsAccess(
    grants=("ses:SendEmail", *ALLOWED),
    environment={f"SETTING_{n}": "v" * 100 for n in range(10)},
    secrets={f"SECRET_{n}": f"{{stage}}/billing/key-of-a-long-name-{n}" for n in range(5)},
)
FUNCTION = Function(
    vpc=True,
    layers=tuple(f"arn:aws:lambda:eu-central-1:123456789012:layer:tools-{n}:1" for n in range(5)),
    ephemeral_storage=10_240,
)


class Empty(BaseModel):
    """No payload."""


def types(number: int, *, reach: bool = False, queues: int = 0) -> list[JobType[Any, Any]]:
    """Return job types with the longest names; with `reach`, each declares what a large type does.

    With `queues` they share this number of queues.
    """
    starts = [f"t{place:02}." for place in range(number)]
    names = [start + "x" * (LONGEST_NAME - len(start)) for start in starts]
    plain = [JobType(name, lambda _payload, _ctx: None, Empty, access=MAIL) for name in names]
    if queues:
        return [_sharing(kind, place % queues) for place, kind in enumerate(plain)]
    return [replace(kind, access=ACCESS, function=FUNCTION) for kind in plain] if reach else plain


def _sharing(kind: JobType[Any, Any], place: int) -> JobType[Any, Any]:
    name = f"q{place:02}"
    queue = Queue(name + "x" * (LONGEST_QUEUE_NAME - len(name)), function=FUNCTION, access=ACCESS)
    return replace(kind, queue=queue, access=ACCESS, function=FUNCTION)


def packaged(sam: Mapping[str, Any], number: int, *, reach: bool = False, queues: int = 0) -> dict[str, Any]:
    """Return the packaged template as if it were made for these types; Chalice's part does not change."""
    made = merge_template(types(number, reach=reach, queues=queues), STACK)
    kept = {name: sam["Resources"][name] for name in ("APIHandler",)}
    resources = {name: _merged(kept.get(name, {}), resource) for name, resource in made["Resources"].items()}
    template = {**sam, **made, "Resources": kept | resources}
    return with_code(finish(template), CODE)


def transformed(
    sam: Mapping[str, Any], number: int, *, reach: bool = False, queues: int = 0, **given: str
) -> dict[str, Any]:
    """Return the same template after the SAM transform, as CloudFormation reads it."""
    return decided(translate(packaged(sam, number, reach=reach, queues=queues)), **given)


def written(value: Any, template: Mapping[str, Any]) -> Any:
    """Return a part of the template with every reference replaced by a value of maximum length."""
    match value:
        case {"Ref": name}:
            return PSEUDO.get(name) or _name(name, template)
        case {"Fn::GetAtt": [name, attribute]}:
            return _arn(name, template) + ("/stream/2026-11-26T00:00:00.000" if attribute == "StreamArn" else "")
        case {"Fn::FindInMap": [name, first, second]}:
            return template["Mappings"][name][first][second]
        case {"Fn::Sub": text}:
            return re.sub(r"\$\{([\w:]+)(\.\w+)?\}", lambda found: _filled(found, template), text)
        case dict():
            return {key: written(inner, template) for key, inner in value.items()}
        case list():
            return [written(inner, template) for inner in value]
    return value


def _filled(found: "re.Match[str]", template: Mapping[str, Any]) -> str:
    name, attribute = found.groups()
    return str(_arn(name, template) if attribute else PSEUDO.get(name) or _name(name, template))


def _name(logical_id: str, template: Mapping[str, Any]) -> str:
    """Return a physical name: the given one, a mapping's id, or a parameter of 100 characters, as long as an ARN."""
    resource = template["Resources"].get(logical_id)
    if resource is None:
        about = template["Parameters"].get(logical_id, {})
        longest = str(about.get("MaxValue", "p" * about.get("MaxLength", 100)))
        choices = about.get("AllowedValues", [longest])
        return max(map(str, choices), key=len)
    if resource["Type"] == "AWS::Lambda::EventSourceMapping":
        return UUID
    names = (
        resource["Properties"].get(key)
        for key in ("FunctionName", "QueueName", "TableName", "BucketName", "LogGroupName")
    )
    return str(written(next((name for name in names if name), logical_id), template))


def _arn(logical_id: str, template: Mapping[str, Any]) -> str:
    where = ":".join(("arn", PSEUDO["AWS::Partition"], "dynamodb", PSEUDO["AWS::Region"], PSEUDO["AWS::AccountId"]))
    return f"{where}:table/{_name(logical_id, template)}"


def _merged(base: Any, over: Any) -> Any:
    """Merge as `chalice package --merge-template` does."""
    if isinstance(base, dict) and isinstance(over, dict):
        return {key: _merged(base.get(key), over[key]) if key in over else base[key] for key in {**base, **over}}
    return json.loads(json.dumps(over))
