"""Assemble the whole stack: what is added to Chalice's template, and what is changed after the merge."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.errors import ConfigurationError
from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.queues import queues_of
from infra.definition.data.buckets import bucket_policies, buckets
from infra.definition.data.queues import queue_policies, queues
from infra.definition.data.tables import tables
from infra.definition.fitting import fit
from infra.definition.iam import written
from infra.definition.lambdas import signing
from infra.definition.lambdas.compute import compute, log_group_id
from infra.definition.lambdas.environment import environment
from infra.definition.lambdas.functions import functions
from infra.definition.lambdas.runtime import ARCHITECTURE, RUNTIME
from infra.definition.monitoring.alarms import alarms
from infra.definition.monitoring.overview import overview
from infra.definition.monitoring.queries import queries
from infra.definition.monitoring.topic import topic
from infra.definition.names import Resources
from infra.definition.parameters import conditions, outputs, parameters
from infra.definition.web.access_log import access_log
from infra.definition.web.gateway import OF_CHALICE, gateway, globals_section
from infra.definition.web.site import origin, site, site_reader

MOST_RESOURCES = 500
"""Maximum resources of one stack in CloudFormation."""
MOST_PARAMETERS = 200
"""Maximum parameters of one stack in CloudFormation."""
SAM_ADDS = 8
"""Number of resources that the SAM transform adds: rules and their permissions, the mappings of the stream, and
settings of asynchronous invocations. The event source mapping of each queue is not counted here."""
Types = Sequence[JobType[Any, Any]]


def merge_template(types: Types, stack: str) -> dict[str, Any]:
    """Return the template that `chalice package --merge-template` merges into the API's."""
    return {
        "Description": f"JobFlow: background jobs ({stack})",
        "Parameters": {**parameters(vpc=any(kind.function.vpc for kind in types)), **signing.parameters(types)},
        "Conditions": conditions(),
        "Mappings": written.mappings(),
        "Globals": globals_section(environment(stack)),
        "Resources": resources(types, stack),
        "Outputs": outputs(),
    }


def resources(types: Types, stack: str) -> Resources:
    """Return all resources.

    Raises ValueError if two parts share a logical id, ConfigurationError if there are more than a stack can have.
    """
    defined = functions(types, stack)
    groups = [log_group_id(short) for short in ("api", *(function.short for function in defined))]
    parts: list[Resources] = [
        tables(stack, {"Fn::If": ["Protected", True, False]}),
        queues(types, stack),
        queue_policies(types),
        buckets(stack, origin()),
        bucket_policies({"FilesBucket": [], "SiteBucket": [site_reader()]}),
        compute(defined),
        gateway(types, stack),
        access_log(stack),
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
    made_by_sam = sum(len(queue.keys) for queue in queues_of(types)) + SAM_ADDS
    if len(merged) + made_by_sam > MOST_RESOURCES:
        raise ConfigurationError(
            f"{len(types)} job types need {len(merged) + made_by_sam} resources, and CloudFormation takes "
            f"{MOST_RESOURCES} a stack: let several types share a queue (queue=Queue(…)), leave some types out, or "
            "deploy several stages from several branches."
        )
    return fit(merged)


def finish(
    template: dict[str, Any],
    architecture: str = ARCHITECTURE,
    runtime: str = RUNTIME,
    zips: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return the merged template without Chalice's REST API, and with one Python and processor for all functions.

    `zips`: the archive of each handler that does not use the common one.
    """
    finished: dict[str, Any] = json.loads(json.dumps(template))
    for name in OF_CHALICE:
        finished["Resources"].pop(name, None)
    finished.get("Outputs", {}).pop("RestAPIId", None)
    for resource in finished["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"] |= {"Architectures": [architecture], "Runtime": runtime}
            own = (zips or {}).get(resource["Properties"]["Handler"])
            if own:
                resource["Properties"]["CodeUri"] = f"./{own}"
    return finished
