"""Find the IAM actions and resources of an AWS request. Pure.

A request that this module cannot read is allowed: it succeeds locally, and a missing permission is found only in the
cloud.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote

from infra.definition.iam.calls import ACTIONS, TRANSACTED
from infra.local.lambdas.specs import ACCOUNT, REGION

SIGNER = re.compile(r"Credential=([^/]+)/\d{8}/[^/]+/([^/]+)/aws4_request")
ATTRIBUTES = "dynamodb:Attributes"
EXPRESSIONS = ("Condition", "Update", "Projection", "KeyCondition", "Filter")
WORD = re.compile(r"(?<![:.\w#])(?:#\w+|[A-Za-z_]\w*)")
"""A name in an expression, not a value (`:v`) and not a nested field (`a.b`)."""
EQUALS = re.compile(r"([#\w]+)\s?=\s?(:\w+)")
KEYWORDS = frozenset(
    {"set", "remove", "add", "delete", "and", "or", "not", "in", "between", "attribute_exists", "attribute_not_exists",
     "attribute_type", "begins_with", "contains", "size", "if_not_exists", "list_append"}
)  # fmt: skip


DYNAMODB = "DynamoDB_20120810"
NAMED = {
    "DynamoDBStreams_20120810": ("dynamodb", ("StreamArn",), "{}"),
    "AmazonSQS": ("sqs", ("QueueUrl",), "{}"),
    "Logs_20140328": ("logs", ("logGroupName", "logGroupIdentifier"), "log-group:{}:*"),
    "secretsmanager": ("secretsmanager", ("SecretId", "Name"), "secret:{}-AbCdEf"),
    "AmazonSSM": ("ssm", ("Names", "Name", "Path"), "parameter/{}"),
}
"""By the part of X-Amz-Target before the dot: the service, the parameters that may name the resource, the resource in
its ARN. Secrets Manager appends six characters to a name; these stand for them."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One action on one resource ("" if the resource is unknown). `facts`: values of condition keys."""

    action: str
    resource: str = ""
    facts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def signer(authorization: str) -> tuple[str, str]:
    """Return the access key and the service of a signed request; two empty strings for another one."""
    found = SIGNER.search(authorization)
    return (found[1], found[2]) if found else ("", "")


def asked(service: str, method: str, target: str, headers: Mapping[str, str], body: bytes) -> list[Asked]:
    """Return the actions that a request needs; none if this module cannot read the request."""
    path, _, query = target.partition("?")
    if service == "s3":
        return _of_s3(method, unquote(path), query, headers)
    if service == "ses" and path.startswith("/v2/email/outbound-"):
        return [_mail(json.loads(body))]
    prefix, _, operation = headers.get("x-amz-target", "").partition(".")
    action = ACTIONS.get(operation, operation)
    if prefix == DYNAMODB:
        return _dynamodb(action, json.loads(body or b"{}"))
    return _named(action, json.loads(body or b"{}"), *NAMED[prefix]) if prefix in NAMED else []


def _named(action: str, params: Mapping[str, Any], service: str, keys: Sequence[str], form: str) -> list[Asked]:
    """Return an action on each resource that the first of these parameters names."""
    given = next((params[key] for key in keys if params.get(key)), "")
    names = given if isinstance(given, list) else [given]
    return [Asked(f"{service}:{action}", _arn(service, form, name) if name else "") for name in names]


def _arn(service: str, form: str, name: str) -> str:
    """Return the ARN of a resource by its name, by its address (of a queue), or by the ARN itself."""
    if name.startswith("arn:"):
        return name
    short = name.rpartition("/")[2] if "://" in name else name
    # the name of a parameter may begin with a slash
    resource = form.format(short).replace("parameter//", "parameter/")
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


def _dynamodb(action: str, params: Mapping[str, Any]) -> list[Asked]:
    if "TransactItems" in params:
        return [
            _row(TRANSACTED[kind], item)
            for entry in params["TransactItems"]
            for kind, item in entry.items()
            if kind in TRANSACTED
        ]
    if "RequestItems" in params:
        return [Asked(f"dynamodb:{action}", _table(name)) for name in params["RequestItems"]]
    return [_row(action, params)] if "TableName" in params else [Asked(f"dynamodb:{action}")]


def _row(action: str, params: Mapping[str, Any]) -> Asked:
    index = f"/index/{params['IndexName']}" if "IndexName" in params else ""
    key = (params.get("Key") or params.get("Item") or {}).get("pk", {}).get("S") or _queried(params)
    facts = {"dynamodb:LeadingKeys": (key,) if key else (), ATTRIBUTES: attributes_of(params)}
    known = {name: values for name, values in facts.items() if values}
    return Asked(f"dynamodb:{action}", _table(params["TableName"]) + index, known)


def _queried(params: Mapping[str, Any]) -> str | None:
    """Return the partition that a query of the table itself reads."""
    if "IndexName" in params:
        return None
    names, values = params.get("ExpressionAttributeNames", {}), params.get("ExpressionAttributeValues", {})
    tests = EQUALS.findall(params.get("KeyConditionExpression", ""))
    found: str | None = next((values[v].get("S") for name, v in tests if names.get(name, name) == "pk"), None)
    return found


def attributes_of(params: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the top-level attributes in a request: in its key or item, and in all its expressions."""
    names = params.get("ExpressionAttributeNames", {})
    said = " ".join(params.get(f"{part}Expression", "") for part in EXPRESSIONS)
    words = (names.get(word, word) for word in WORD.findall(said) if word.lower() not in KEYWORDS)
    older = (name for part in ("AttributeUpdates", "Expected") for name in params.get(part, {}))
    given = (*params.get("Key", {}), *params.get("Item", {}), *params.get("AttributesToGet", ()), *older)
    return tuple(sorted({*given, *words}))


def _table(name: str) -> str:
    return _arn("dynamodb", "table/{}", name)


def _mail(params: Mapping[str, Any]) -> Asked:
    sender = params.get("FromEmailAddress", "")
    found = re.search(r"[^\s<>]+@[^\s<>]+", sender)
    address = found[0] if found else sender
    return Asked("ses:SendEmail", _arn("ses", "identity/{}", address), {"ses:FromAddress": (address,)})


def _of_s3(method: str, path: str, query: str, headers: Mapping[str, str]) -> list[Asked]:
    bucket, _, key = path.lstrip("/").partition("/")
    told = parse_qs(query, keep_blank_values=True)
    here = f"arn:aws:s3:::{bucket}"
    if not bucket:
        return [Asked("s3:ListAllMyBuckets")]
    if not key:
        if method == "GET" and "versions" in told:
            return [Asked("s3:ListBucketVersions", here, {"s3:prefix": tuple(told.get("prefix", [""]))})]
        whole = {"GET": "s3:ListBucket", "HEAD": "s3:ListBucket"}.get(method)
        listing = not told or bool({"list-type", "prefix"} & told.keys())
        return [Asked(whole, here)] if whole and listing else []
    plain = {"GET": "s3:GetObject", "HEAD": "s3:GetObject", "PUT": "s3:PutObject", "DELETE": "s3:DeleteObject"}
    if method not in plain or {"acl", "tagging", "retention", "legal-hold"} & told.keys():
        return [Asked("s3:PutObject", f"{here}/{key}")] if {"uploads", "uploadId"} & told.keys() else []
    source = unquote(headers.get("x-amz-copy-source", "")).lstrip("/").partition("?")[0]
    copied = [Asked("s3:GetObject", f"arn:aws:s3:::{source}")] if source and method == "PUT" else []
    return [Asked(plain[method], f"{here}/{key}"), *copied]
