"""Turn grants into the IAM role of a function. No role has `*` as an action or a resource.

A grant is "service:Action" or "service:Action:where", with the IAM name of the action:

    dynamodb:UpdateItem:jobs             on a table: jobs, control
    dynamodb:Query:jobs/index/active     on one of its indexes, or jobs/stream, or all its streams: jobs/streams
    dynamodb:GetItem:control/TOK#*       only on rows whose partition key is like that
    dynamodb:UpdateItem:jobs/of-worker   only with the attributes that a worker's writes name (see `written`)
    sqs:SendMessage:email-send           on a queue, or on its dead-letter queue: email-send-dlq
    s3:GetObject:uploads/*               on objects of the files bucket below a prefix; a prefix is required
    s3:ListBucketVersions:results/*      lists the objects of the files bucket below a prefix
    ses:SendEmail                        from the stack's own address and identity
    sns:Publish                          to the alarms' topic
    logs:FilterLogEvents:email-send      on the log group of a function
    lambda:UpdateEventSourceMapping:email-send   on the event source mapping of a function
    secretsmanager:CreateSecret:webhooks/*   on the stack's own secrets below a prefix
    lambda:InvokeFunction:recount        on a function of the platform, or on a worker: email-send

`*-*` in the place of a queue or function means those of every job type (`*-*-dlq`: every dead-letter queue). The names
of job types have a hyphen, the names of the platform's functions have none. One pattern therefore covers 60 types; a
list of them would not fit into a role, which may have 10,240 characters.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.adapters.dynamo.tables.schema import SESSIONS, TOKEN, TOKEN_LIST
from chalicelib.errors import ConfigurationError
from chalicelib.job_types.access import GRANT
from chalicelib.jobs.constants import FIFO_ENDING
from infra.definition.iam import written
from infra.definition.names import (
    SOURCE,
    URGENT,
    Value,
    alarm_topic,
    arn,
    arn_of,
    bucket_name,
    logical,
    mapping_id,
    ref,
    sub,
)

SERVICES = frozenset({"dynamodb", "sqs", "s3", "ses", "sns", "logs", "lambda", "secretsmanager"})
PLACE = re.compile(r"[a-z][a-z0-9-]*(/urgent)?|\*-\*(-dlq)?")
EVERY_TYPE = "*-*"
TOKENS = f"{TOKEN}*"
"""Partition keys in the control table: of the token with a hash."""
INVOKING = "lambda-function"
"""The action for which the place in a grant is a function. For Lambda's other actions, the place is an event source
mapping."""
LISTING = "s3-list"
"""The actions on the bucket itself, limited to a prefix."""
LARGEST_POLICY = 10_240
"""Maximum characters of a role's inline policies, without white space (IAM's quota)."""
REFERENCE = re.compile(r'{"Fn::GetAtt":\["\w+","Arn"\]}')
LISTED = re.compile(r'{"Fn::FindInMap":\["\w+","(\w+)","\w+"\]}')
LISTS = {
    kind: json.dumps(listed["Attributes"], separators=(",", ":"))
    for kind, listed in written.mappings()[written.MAPPING].items()
}
"""Texts with the length of the lists that CloudFormation inserts for references."""
LONGEST_ARN = 120
"""Maximum characters that CloudFormation inserts for a reference to a queue: its ARN, with the longest names."""
KEY_NEEDS = 180
"""Characters of the statement on a customer's key. `fitting` adds this statement to every role."""
PLATFORM = ("api", "watchdog", "counters", "recount", "followup")
"""The functions that belong to no job type."""


@dataclass(frozen=True, slots=True)
class Grant:
    """One grant, taken apart."""

    service: str
    action: str
    where: str

    @classmethod
    def parse(cls, text: str) -> "Grant":
        """Read a grant; raises ConfigurationError with the right form."""
        found = GRANT.fullmatch(text)
        if not found or found["service"] not in SERVICES:
            raise ConfigurationError(
                f"{text!r} is not a grant; write service:Action:where, like s3:GetObject:uploads/*, "
                f"with one of the services {', '.join(sorted(SERVICES))}"
            )
        grant = cls(found["service"], found["action"], found["where"] or "")
        if grant.service in ("dynamodb", "sqs", "logs", "lambda") and not grant.where:
            raise ConfigurationError(f"{text!r} does not name a table, queue or function")
        if grant.service in ("sqs", "logs", "lambda") and not PLACE.fullmatch(grant.where):
            raise ConfigurationError(f"{text!r} does not name a queue or function; {EVERY_TYPE} is every job type's")
        if grant.service == "s3" and not re.fullmatch(r"[a-z][a-z0-9-]*/(.*/)?\*", grant.where):
            raise ConfigurationError(f"{text!r} needs a prefix of the files bucket, like uploads/*")
        if grant.service == "secretsmanager" and not re.fullmatch(r"[a-z]+/\*", grant.where):
            raise ConfigurationError(f"{text!r} needs a prefix of the stack's secrets, like webhooks/*")
        return grant


def statements(stack: str, grants: Iterable[str]) -> list[dict[str, Any]]:
    """Return the grants as IAM statements, one for each place, or for some queues or rows, in a stable order."""
    actions: dict[tuple[str, str], set[str]] = {}
    for grant in map(Grant.parse, grants):
        kind = INVOKING if grant.action == "InvokeFunction" else grant.service
        kind = LISTING if grant.service == "s3" and grant.action.startswith("List") else kind
        actions.setdefault((kind, grant.where), set()).add(f"{grant.service}:{grant.action}")
    allowed: list[dict[str, Any]] = []
    for (service, where), names in sorted(actions.items()):
        one = {"Effect": "Allow", "Action": sorted(names), **_where(stack, service, where)}
        if service == "sqs" and allowed and allowed[-1]["Action"] == one["Action"]:
            # add the queue to the statement before: a statement for each of 60 queues would not fit into a role
            allowed[-1]["Resource"] = [*_listed(allowed[-1]["Resource"]), *_listed(one["Resource"])]
        elif service == "dynamodb" and allowed and _rows(one) and _same_but_rows(allowed[-1], one):
            # the same for rows of a table, for example of eight types with a rate
            _rows(allowed[-1]).extend(_rows(one))
        else:
            allowed.append(one)
    return [*allowed, *_kept_out(stack, actions)]


def _rows(statement: dict[str, Any]) -> list[str]:
    """Return the patterns of the partition keys that a statement allows; empty if it is not limited to rows."""
    keys: list[str] = statement.get("Condition", {}).get("ForAllValues:StringLike", {}).get("dynamodb:LeadingKeys", [])
    return keys


def _same_but_rows(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return bool(_rows(one)) and all(one[key] == other[key] for key in ("Action", "Resource"))


def _listed(resource: Value) -> list[Value]:
    return resource if isinstance(resource, list) else [resource]


def _kept_out(stack: str, actions: dict[tuple[str, str], set[str]]) -> list[dict[str, Any]]:
    """Return statements that deny what a grant on a whole table, or a pattern for all types, must not allow."""
    denied: list[dict[str, Any]] = []
    reading = sorted(actions.get(("dynamodb", "control"), set()) & {"dynamodb:GetItem", "dynamodb:Query"})
    kept: dict[tuple[str, ...], list[str]] = {}
    for keys in (TOKENS, TOKEN_LIST, SESSIONS):
        granted = actions.get(("dynamodb", f"control/{keys}"), set())
        kept.setdefault(tuple(name for name in reading if name not in granted), []).append(keys)
    denied += [
        {
            "Effect": "Deny", "Action": list(names), "Resource": arn_of(logical("control", "Table")),
            "Condition": {"ForAnyValue:StringLike": {"dynamodb:LeadingKeys": rows}},
        } for names, rows in kept.items() if names
    ]  # fmt: skip
    if "sqs:SendMessage" in actions.get(("sqs", EVERY_TYPE), ()):
        dead = _of_either_kind(f"{stack}-*-dlq")
        denied.append({"Effect": "Deny", "Action": "sqs:SendMessage", "Resource": dead})
    if ("logs", EVERY_TYPE) in actions:
        # The pattern for the logs of job types ends with "-*-*:*". It also matches the log of a platform function,
        # because an ARN may continue with ":log-stream:", which contains a hyphen.
        groups = [arn("logs", f"log-group:/aws/lambda/{stack}-{short}:*") for short in PLATFORM]
        denied.append({"Effect": "Deny", "Action": sorted(actions["logs", EVERY_TYPE]), "Resource": groups})
    return denied


def role(
    stack: str, short: str, grants: Iterable[str], more: Iterable[dict[str, Any]] = (), managed: Sequence[Any] = ()
) -> dict[str, Any]:
    """Return the role of one function: it allows the grants, and writing to the function's log group.

    `more`: additional statements. `managed`: policies of AWS. Raises ConfigurationError if all this is too long for a
    role.
    """
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            **({"ManagedPolicyArns": list(managed)} if managed else {}),
            "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
                ],
            },
            "Policies": policies(stack, short, grants, more),
        },
    }


def policies(
    stack: str, short: str, grants: Iterable[str], more: Iterable[dict[str, Any]] = ()
) -> list[dict[str, Any]]:
    """Return the inline policies of a role."""
    writing = {
        "Effect": "Allow",
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        # all streams of one log group, because Lambda chooses their names
        "Resource": arn("logs", f"log-group:/aws/lambda/{stack}-{short}:log-stream:*"),
    }
    document = {"Version": "2012-10-17", "Statement": [writing, *statements(stack, grants), *more]}
    filled = REFERENCE.sub("x" * LONGEST_ARN, json.dumps(document, separators=(",", ":")))
    size = KEY_NEEDS + len(LISTED.sub(lambda found: LISTS[found[1]], filled))
    if size > LARGEST_POLICY:
        raise ConfigurationError(
            f"The role of {short} has {size:,} characters of statements, and IAM takes {LARGEST_POLICY:,}. What takes "
            "the room: the queues of the types in enqueues and of those that share a limit, the rows of types with "
            "rate, and the grants of access. Write patterns in place of lists of resources in access, or divide the "
            "types of a shared queue among two."
        )
    return [{"PolicyName": "grants", "PolicyDocument": document}]


def _where(stack: str, service: str, where: str) -> dict[str, Value]:
    match service:
        case "dynamodb":
            return _table(where)
        case "sqs":
            return {"Resource": _queue(stack, where)}
        case "s3":
            # use the name: with a reference, CloudFormation would create the role after the bucket, and the bucket
            # after CloudFront's distribution
            return {"Resource": sub(f"arn:${{AWS::Partition}}:s3:::{bucket_name(stack, 'files')}/{where}")}
        case "s3-list":
            return {
                "Resource": sub(f"arn:${{AWS::Partition}}:s3:::{bucket_name(stack, 'files')}"),
                "Condition": {"StringLike": {"s3:prefix": [where]}},
            }
        case "secretsmanager":
            return {"Resource": arn("secretsmanager", f"secret:{stack}/{where}")}
        case "lambda" | "lambda-function":
            return _mapping(stack, where) if service == "lambda" else _function(stack, where)
        case "logs":
            every = arn("logs", f"log-group:/aws/lambda/{stack}-{EVERY_TYPE}:*")
            return {"Resource": every if where == EVERY_TYPE else arn_of(logical(where, "Logs"))}
        case "sns":
            return {"Resource": alarm_topic()}
        case _:
            return _mail()


def _queue(stack: str, where: str) -> Value:
    if where == EVERY_TYPE:
        return arn("sqs", f"{stack}-{where}")
    if where.startswith(EVERY_TYPE):
        return _of_either_kind(f"{stack}-{where}")
    dead = where.endswith("-dlq")
    return arn_of(logical(where.removesuffix("-dlq"), "Dlq" if dead else "Queue"))


def _function(stack: str, where: str) -> dict[str, Value]:
    # use the name: a role cannot refer to a function that refers to this role
    return {"Resource": arn("lambda", f"function:{stack}-{where}")}


def _of_either_kind(name: str) -> list[Value]:
    """Return the ARNs for a pattern of dead-letter queues: of standard queues and of FIFO queues."""
    return [arn("sqs", name), arn("sqs", name + FIFO_ENDING)]


def _mapping(stack: str, where: str) -> dict[str, Value]:
    """Return the mappings of a function; `email-send/urgent` is that of the type's urgent queue.

    Their ids are random, so the pattern is limited by the function they invoke.
    """
    short, _, second = where.partition("/")
    one = f"event-source-mapping:${{{mapping_id(short, URGENT if second else SOURCE)}}}"
    return {
        "Resource": arn("lambda", "event-source-mapping:*" if where == EVERY_TYPE else one),
        "Condition": {"ArnLike": {"lambda:FunctionArn": arn("lambda", f"function:{stack}-{short}")}},
    }


def _mail() -> dict[str, Value]:
    # Allow all identities, because in the sandbox SES also checks the identity of each recipient. The condition allows
    # only one sender.
    default_set = arn("ses", "configuration-set/${MailConfigurationSet}")
    granted = {"Fn::If": ["HasMailConfigurationSet", default_set, ref("AWS::NoValue")]}
    return {
        "Resource": [arn("ses", "identity/*"), granted],
        "Condition": {"StringEquals": {"ses:FromAddress": ref("MailFrom")}},
    }


def _table(where: str) -> dict[str, Value]:
    name, _, part = where.partition("/")
    table = logical(name, "Table")
    if part == "stream":
        return {"Resource": {"Fn::GetAtt": [table, "StreamArn"]}}
    if part in written.KINDS:
        return {"Resource": arn_of(table), "Condition": written.by_workers(part)}
    if part == "streams":
        return {"Resource": sub(f"${{{table}.Arn}}/stream/*")}
    if part.startswith("index/"):
        return {"Resource": sub(f"${{{table}.Arn}}/{part}")}
    if not part:
        return {"Resource": arn_of(table)}
    return {
        "Resource": arn_of(table),
        "Condition": {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": [part]}},
    }
