"""What a function may do, written as grants, and the IAM role that follows. No `*` action, no `*` resource.

A grant is "service:Action" or "service:Action:where", with the IAM name of the action:

    dynamodb:UpdateItem:jobs             on a table: jobs, control
    dynamodb:Query:jobs/index/active     on one of its indexes, or jobs/stream
    dynamodb:GetItem:control/TOK#*       only on rows whose partition key is like that
    sqs:SendMessage:email-send           on a queue, or on its dead-letter queue: email-send-dlq
    s3:GetObject:uploads/*               on objects of the files bucket below a prefix; a prefix is required
    ses:SendEmail                        from the stack's own address and identity
    logs:FilterLogEvents:email-send      on the log group of a function
    lambda:UpdateEventSourceMapping:email-send   on the event source mapping of a function
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from chalicelib.errors import ConfigurationError
from infra.definition.names import Value, arn, arn_of, logical, mapping_id, ref, sub

GRANT = re.compile(r"(?P<service>[a-z0-9]+):(?P<action>[A-Z][A-Za-z]+)(:(?P<where>\S+))?")
SERVICES = frozenset({"dynamodb", "sqs", "s3", "ses", "logs", "lambda"})


@dataclass(frozen=True, slots=True)
class Grant:
    """One grant, taken apart."""

    service: str
    action: str
    where: str

    @classmethod
    def parse(cls, text: str) -> "Grant":
        """Read a grant; raises ConfigurationError that says how one is written."""
        found = GRANT.fullmatch(text)
        if not found or found["service"] not in SERVICES:
            raise ConfigurationError(
                f"{text!r} is no grant; write service:Action:where, like s3:GetObject:uploads/*, "
                f"with one of the services {', '.join(sorted(SERVICES))}"
            )
        grant = cls(found["service"], found["action"], found["where"] or "")
        if grant.service in ("dynamodb", "sqs", "logs", "lambda") and not grant.where:
            raise ConfigurationError(f"{text!r} does not say on which table, queue or function")
        if grant.service == "s3" and not re.fullmatch(r"[a-z][a-z0-9-]*/(.*/)?\*", grant.where):
            raise ConfigurationError(f"{text!r} needs a prefix of the files bucket, like uploads/*")
        return grant


def statements(grants: Iterable[str]) -> list[dict[str, Any]]:
    """The grants as IAM statements, one for each place, in a stable order."""
    actions: dict[tuple[str, str], set[str]] = {}
    for grant in map(Grant.parse, grants):
        actions.setdefault((grant.service, grant.where), set()).add(f"{grant.service}:{grant.action}")
    return [
        {"Effect": "Allow", "Action": sorted(names), **_where(service, where)}
        for (service, where), names in sorted(actions.items())
    ]


def role(log_group: str, grants: Iterable[str]) -> dict[str, Any]:
    """The role of one function: its grants, and writing to its own log group."""
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
                ],
            },
            "Policies": policies(log_group, grants),
        },
    }


def policies(log_group: str, grants: Iterable[str]) -> list[dict[str, Any]]:
    """The inline policies of a role."""
    writing = {
        "Effect": "Allow",
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        # the streams of one group: their names are Lambda's own
        "Resource": arn("logs", f"log-group:{log_group}:log-stream:*"),
    }
    document = {"Version": "2012-10-17", "Statement": [writing, *statements(grants)]}
    return [{"PolicyName": "grants", "PolicyDocument": document}]


def _where(service: str, where: str) -> dict[str, Value]:
    match service:
        case "dynamodb":
            return _table(where)
        case "sqs":
            dead = where.endswith("-dlq")
            return {"Resource": arn_of(logical(where.removesuffix("-dlq"), "Dlq" if dead else "Queue"))}
        case "s3":
            return {"Resource": sub(f"${{FilesBucket.Arn}}/{where}")}
        case "lambda":
            return {"Resource": arn("lambda", f"event-source-mapping:${{{mapping_id(where)}}}")}
        case "logs":
            return {"Resource": arn_of(logical(where, "Logs"))}
        case _:
            return {
                "Resource": arn("ses", "identity/${MailIdentity}"),
                "Condition": {"StringEquals": {"ses:FromAddress": ref("MailFrom")}},
            }


def _table(where: str) -> dict[str, Value]:
    name, _, part = where.partition("/")
    table = logical(name, "Table")
    if part == "stream":
        return {"Resource": {"Fn::GetAtt": [table, "StreamArn"]}}
    if part.startswith("index/"):
        return {"Resource": sub(f"${{{table}.Arn}}/{part}")}
    if not part:
        return {"Resource": arn_of(table)}
    return {
        "Resource": arn_of(table),
        "Condition": {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": [part]}},
    }
