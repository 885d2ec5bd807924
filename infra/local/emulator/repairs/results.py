"""Write results in one pass over the service's model.

For each member of each value, moto tries about ten names, in any kind of object: 3,000 times for one GetRecords of a
few jobs. Before that, moto converts each DynamoDB item to plain values.
"""

import base64
import calendar
import json
from datetime import datetime
from typing import Any

from moto.core.responses import ActionContext, ActionResult
from moto.dynamodb import responses
from moto.dynamodb.models.dynamo_type import DynamoType

from .patching import Replacements

SERVICES = ("dynamodb", "dynamodbstreams", "sqs")
NUMBERS: dict[str, type[int | float]] = {"integer": int, "long": int, "double": float, "float": float}
JSON_HEADERS = {"Content-Type": "application/x-amz-json-1.0"}


class NotPlain(Exception):
    """The result needs moto's own serialiser, which can also find values under other names and in objects."""


class UnconvertedResult(ActionResult):  # type: ignore[misc]  # moto is not typed for mypy here
    """A DynamoDB result that still holds moto's own values."""


def repair(replacements: Replacements) -> None:
    """Write plain results of the services that a job calls; leave all others to moto."""

    def execute_result(result: Any, context: ActionContext) -> Any:
        shape = context.operation_model.output_shape
        if shape is not None and context.service_model.service_name in SERVICES:
            try:
                body = json.dumps(_plain(result.result, shape), default=_json, check_circular=False)
                return 200, dict(JSON_HEADERS), body
            except NotPlain:
                pass
        if isinstance(result, UnconvertedResult):
            result = dynamo_result(result.result)
        return stock(result, context)

    dynamo_result = replacements.put(responses, "DynamoResult", UnconvertedResult)
    stock = replacements.put(ActionResult, "execute_result", execute_result)


def _plain(value: Any, shape: Any) -> Any:
    """Return a value in JSON's types, and moto's values of attributes. Raises NotPlain."""
    kind = shape.type_name
    if kind == "structure":
        return value if type(value) is DynamoType else _structure(value, shape)
    if kind == "list" and isinstance(value, list):
        return [_plain(member, shape.member) for member in value]
    if kind == "map" and isinstance(value, dict):
        return {key: _plain(member, shape.value) for key, member in value.items()}
    return _scalar(value, kind)


def _scalar(value: Any, kind: str) -> Any:
    if kind == "timestamp" and isinstance(value, datetime):
        return calendar.timegm(value.timetuple()) + value.microsecond // 1000 / 1000
    if kind == "blob" and isinstance(value, (bytes, str)):
        return base64.b64encode(value.encode() if isinstance(value, str) else value).decode()
    if (kind == "string" and type(value) is str) or (kind == "boolean" and type(value) is bool):
        return value
    if kind in NUMBERS:
        return NUMBERS[kind](value)
    raise NotPlain


def _structure(value: Any, shape: Any) -> dict[str, Any]:
    if type(value) is not dict or not value.keys() <= shape.members.keys():
        raise NotPlain
    return {name: _plain(member, shape.members[name]) for name, member in value.items() if member is not None}


def _json(value: DynamoType | bytes) -> Any:
    """Return a stored DynamoDB value as JSON; what it contains is converted after it."""
    return base64.b64encode(value).decode() if isinstance(value, bytes) else {value.type: value.value}
