"""Write a function's additional permissions as IAM statements: its own `Allow`s, and reading its secrets."""

import re
from collections.abc import Iterable
from typing import Any

from chalicelib.job_types.access import Allow, AwsAccess, SecretPlace
from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.queues import queues_of
from infra.definition.names import Value, stage_of, sub

HERE = "arn:${AWS::Partition}:"
"""A role works only in its own partition. The partition `aws` in a statement is therefore replaced by the stack's
partition."""
OURS = re.compile(r"\$\{(?!AWS::)")
READS = {"secretsmanager": "secretsmanager:GetSecretValue", "ssm": "ssm:GetParameter"}
SUFFIX = "-??????"
"""Secrets Manager appends a hyphen and six characters to the ARN of a secret."""


def allows(access: AwsAccess, stack: str) -> list[Allow]:
    """Return the statements that a job type or shared queue declares, and those for its secrets."""
    places = {SecretPlace.of(written, stage_of(stack)) for written in access.secrets.values()}
    secrets = [Allow(READS[place.service], _arn_of(place)) for place in sorted(places, key=lambda p: p.name)]
    return [*(grant for grant in access.grants if isinstance(grant, Allow)), *secrets]


def short_forms(access: AwsAccess) -> list[str]:
    """Return the grants on the stack's own resources, in the notation of `permissions`."""
    return [grant for grant in access.grants if isinstance(grant, str)]


def statements(allowed: Iterable[Allow]) -> list[dict[str, Any]]:
    """Return the IAM statements. An `Allow` with the actions and conditions of another one shares its statement.

    IAM limits the size of a role, and CloudFormation the size of a template.
    """
    found: list[dict[str, Any]] = []
    for one in map(_statement, allowed):
        alike = next((other for other in found if {**other, "Resource": 0} == {**one, "Resource": 0}), None)
        if alike is None:
            found.append(one)
        else:
            alike["Resource"] += [place for place in one["Resource"] if place not in alike["Resource"]]
    return found


def wildcards(types: Iterable[JobType[Any, Any]]) -> list[str]:
    """Return each wildcard that a type or shared queue declares on purpose, and the reason that it gives."""
    return [
        f"{queue.key}: {', '.join(allow.wildcards)} ({allow.unsafe_wildcard})"
        for queue in queues_of(types)
        for allow in queue.access.grants
        if isinstance(allow, Allow) and allow.wildcards
    ]


def _statement(allow: Allow) -> dict[str, Any]:
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Action": list(allow.every_action),
        "Resource": [resource(written) for written in allow.every_resource],
    }
    if allow.conditions:
        statement["Condition"] = {
            operator: {key: _filled(value) for key, value in keys.items()}
            for operator, keys in allow.conditions.items()
        }
    return statement


def resource(written: str) -> Value:
    """Return an ARN for the template: in the stack's own partition, with its region and account filled in."""
    return _filled(written.replace("arn:aws:", HERE, 1) if written.startswith("arn:aws:") else written)


def _filled(value: Any) -> Value:
    """Fill in CloudFormation's pseudo parameters; IAM's own variables (`${aws:…}`) stay."""
    if not isinstance(value, str):
        return [_filled(inner) for inner in value]
    return sub(OURS.sub("${!", value)) if "${AWS::" in value else value


def _arn_of(place: SecretPlace) -> str:
    if place.name.startswith("arn:"):
        return place.name
    if place.service == "ssm":
        return f"{HERE}ssm:${{AWS::Region}}:${{AWS::AccountId}}:parameter/{place.name.lstrip('/')}"
    return f"{HERE}secretsmanager:${{AWS::Region}}:${{AWS::AccountId}}:secret:{place.name}{SUFFIX}"
