"""The whole stack: what is merged into Chalice's template, and the last touches on the merged one."""

import json
from collections.abc import Sequence
from typing import Any

from chalicelib.jobs.jobtype import JobType
from infra.definition.alarms import alarms
from infra.definition.buckets import bucket_policies, buckets
from infra.definition.compute import compute, log_group_id
from infra.definition.environment import environment
from infra.definition.functions import functions
from infra.definition.gateway import gateway, globals_section
from infra.definition.names import Resources
from infra.definition.overview import overview
from infra.definition.parameters import conditions, outputs, parameters
from infra.definition.queries import queries
from infra.definition.queues import queue_policies, queues
from infra.definition.site import origin, quoted_origin, site, site_reader
from infra.definition.tables import tables
from infra.definition.topic import topic

Types = Sequence[JobType[Any, Any]]
ARCHITECTURE = "arm64"
"""A fifth cheaper than x86_64 for the same memory and time."""
PLACEHOLDER_ORIGIN = "https://dashboard.invalid"
"""What the API's CORS origin is while Chalice packages: it can only write a fixed text."""


def merge_template(types: Types, stack: str) -> dict[str, Any]:
    """Everything that `chalice package --merge-template` adds to the API."""
    return {
        "Description": f"JobFlow: background jobs ({stack})",
        "Parameters": parameters(),
        "Conditions": conditions(),
        "Globals": globals_section(environment(stack, origin())),
        "Resources": resources(types, stack),
        "Outputs": outputs(),
    }


def resources(types: Types, stack: str) -> Resources:
    """All resources; parts that share a logical id would be a bug, so there are none."""
    defined = functions(types, stack)
    groups = [log_group_id(short) for short in ("api", "authorizer", *(function.short for function in defined))]
    parts: list[Resources] = [
        tables(stack, {"Fn::If": ["Protected", True, False]}),
        queues(types, stack),
        queue_policies(types),
        buckets(stack, origin()),
        bucket_policies({"FilesBucket": [], "SiteBucket": [site_reader()]}),
        compute(types, defined),
        gateway(types, stack),
        site(stack),
        topic(stack),
        alarms(types, stack),
        overview(types, stack),
        queries(stack, groups),
    ]
    merged: Resources = {}
    for part in parts:
        twice = merged.keys() & part.keys()
        if twice:
            raise ValueError(f"two resources have the same logical id: {', '.join(sorted(twice))}")
        merged |= part
    return merged


def finish(template: dict[str, Any], architecture: str = ARCHITECTURE) -> dict[str, Any]:
    """Chalice's merged template with the CORS origin of the stack's own dashboard, and one architecture for all."""
    finished: dict[str, Any] = _replaced(json.loads(json.dumps(template)))
    for resource in finished["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["Architectures"] = [architecture]
    return finished


def _replaced(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _replaced(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_replaced(inner) for inner in value]
    return quoted_origin() if value == f"'{PLACEHOLDER_ORIGIN}'" else value
