"""Name resources: physical names, logical ids in the template, and ARNs in CloudFormation's form."""

import os
import re
from collections.abc import Collection, Mapping
from typing import Any

from chalicelib.errors import ConfigurationError
from chalicelib.job_types.queue import first_key
from chalicelib.jobs.constants import FIFO_ENDING

Value = Any
"""Value of a template's property: a plain value, or an intrinsic such as `{"Ref": ...}`."""
Resources = dict[str, dict[str, Any]]
"""The `Resources` section of a template, or a part of it."""

APP = "jobflow"
API = "HttpApi"
"""Logical id of the HTTP API."""
TOPIC = "AlarmTopic"
"""Logical id of the stack's own topic for alarms; the parameter AlarmTopicArn is the deployer's."""
EXPORTS_SPANS = "ExportsSpans"
"""The template's condition for a stage whose spans go to a collector."""
PREFIX = "JOBFLOW_PREFIX"
"""The environment variable with a prefix for stack names that replaces `jobflow`."""
SOURCE, URGENT = "Source", "Urgent"
"""Names of the events of a function: what invokes it, and the urgent queue of a type with `urgent=True`."""
STAGE = re.compile(r"[a-z][a-z0-9]{0,13}")
PREFIXES = re.compile(r"[a-z][a-z0-9]{0,6}")
"""A prefix is at most as long as `jobflow`, so that the longest names still fit."""


def stack_name(stage: str, env: Mapping[str, str] = os.environ) -> str:
    """Return the name of a stage's stack, with which every physical name in it starts.

    Raises ConfigurationError for a stage with a hyphen: with it, another stage's names could begin in the same way.
    Also raises for a stage that makes the name of a function or bucket too long. The same rules apply to the prefix in
    `env`.
    """
    if not STAGE.fullmatch(stage):
        raise ConfigurationError(
            f"{stage!r} cannot be the name of a stage: use up to 14 lower case "
            "letters and digits, and begin with a letter"
        )
    prefix = env.get(PREFIX) or APP
    if not PREFIXES.fullmatch(prefix):
        raise ConfigurationError(
            f"{PREFIX}={prefix!r}: use up to 7 lower case letters and digits, and begin with a letter"
        )
    return f"{prefix}-{stage}"


def stage_of(stack: str) -> str:
    """Return the stage of a stack: the part after the hyphen. Stages and prefixes themselves contain no hyphen."""
    return stack.rpartition("-")[2]


def prefix_of(stack: str) -> str:
    """Return the part of the stack's name before its stage."""
    return stack.rpartition("-")[0]


def logical(name: str, suffix: str = "") -> str:
    """Return a logical id made of a name and a kind: "email-send" and "Queue" give EmailSendQueue."""
    return "".join(part.capitalize() for part in name.split("-")) + suffix


def bucket_name(stack: str, purpose: str, account: str = "${AWS::AccountId}", region: str = "${AWS::Region}") -> str:
    """Return a bucket's name, with account and region, because all accounts share one set of names."""
    return f"{stack}-{purpose}-{account}-{region}"


def queue_name(stack: str, queue: str, ending: str = "") -> str:
    """Return the name of a job type's queue. `ending` is the suffix that FIFO queues have."""
    return f"{stack}-{queue}{ending}"


def dead_of(queue: str) -> str:
    """Return the name or URL of the dead-letter queue of a queue."""
    plain = queue.removesuffix(FIFO_ENDING)
    return f"{plain}-dlq{queue[len(plain) :]}"


def is_urgent(queue: str, queues: Collection[str]) -> bool:
    """Return whether a queue, by its name or URL, is the urgent queue of a type: it uses the type's dead letters."""
    own = first_key(queue)
    return own != queue and own in queues and dead_of(queue) not in queues


def mapping_id(short: str, event: str = SOURCE) -> str:
    """Return the logical id that SAM gives to a function's event source mapping. A Ref to it is the mapping's UUID.

    `event`: SOURCE, or URGENT for the mapping of a type's urgent queue.
    """
    return logical(short, "Function") + event


def ref(logical_id: str) -> Value:
    """Return a reference to a parameter's value, or to a resource's name."""
    return {"Ref": logical_id}


def arn_of(logical_id: str) -> Value:
    """Refer to a resource's ARN."""
    return attribute(logical_id, "Arn")


def alarm_topic() -> Value:
    """Return the ARN of the alarms' topic: the stack's own, or the deployer's."""
    return {"Fn::If": ["OwnsTopic", ref(TOPIC), ref("AlarmTopicArn")]}


def console_url(text: str = "") -> Value:
    """Return `text` and the address of the console (the dashboard in the browser), for a stage that has one."""
    own, ours = (sub(f"{text}https://${{{host}}}") for host in ("SiteDomain", "SiteDistribution.DomainName"))
    return {"Fn::If": ["HasDomain", own, ours]}


def attribute(logical_id: str, name: str) -> Value:
    """Return a reference to an attribute of a resource."""
    return {"Fn::GetAtt": [logical_id, name]}


def sub(text: str) -> Value:
    """Return a text with `${...}` filled in; a text without it is unchanged."""
    return {"Fn::Sub": text} if "${" in text else text


def arn(service: str, resource: str) -> Value:
    """Return an ARN in the stack's own account and region. It is used where a reference would be circular."""
    return sub(f"arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{resource}")
