"""Give a new version of the API a tenth of the requests at first, then all: CodeDeploy moves an alias. Pure.

This applies only to the API's function. A worker takes its next message with the new code, and a failed message is
retried.
"""

import hashlib
import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from infra.definition.fitting import fit
from infra.definition.names import Resources, arn, arn_of, logical, ref
from infra.definition.parameters import HIDDEN
from infra.definition.web.gateway import HANDLER, INTEGRATION, PERMISSION

PARAMETER = "ShiftTraffic"
ALIAS = "live"
ALIAS_ID = f"{HANDLER}Alias{ALIAS}"
"""The logical id that SAM gives to the function's alias; its Ref is the alias's ARN."""
HOW = "Canary10Percent5Minutes"
"""CodeDeploy's name for the configuration "10 % of the requests for 5 minutes, then all requests"."""
ROLE = "ShiftingRole"
FUNCTION = "api"
"""The function's name within the stack."""
ADDED = 5
"""Resources that the transform adds: a version, an alias, and CodeDeploy's application, group and role."""
Template = dict[str, Any]


def shifted(
    template: Template, values: Mapping[str, str], stack: str, alarms: Collection[str], ringing: Collection[str] = ()
) -> Template:
    """Return the template; with `ShiftTraffic`, the API in it is behind an alias.

    CodeDeploy stops and moves the aliases back if one of `alarms` rings (names without the stack's name). Alarms in
    `ringing` already ring and are left out; otherwise they would stop the version that repairs their cause.
    """
    if values.get(PARAMETER) != "true":
        return template
    copy: Template = json.loads(json.dumps(template))
    resources = copy["Resources"]
    watched = [logical(name, "Alarm") for name in alarms if name not in ringing]
    preference = {
        "Type": HOW,
        "Role": arn_of(ROLE),
        "Alarms": [ref(name) for name in watched if name in resources],
    }
    resources[HANDLER]["Properties"] |= {
        "AutoPublishAlias": ALIAS,
        "AutoPublishCodeSha256": _digest(copy, values),
        "DeploymentPreference": preference,
    }
    resources[INTEGRATION]["Properties"]["IntegrationUri"] = ref(ALIAS_ID)
    resources[PERMISSION]["Properties"]["FunctionName"] = ref(ALIAS_ID)
    resources |= _role(stack)
    return copy


def at_once(template: Template) -> Template:
    """Return a template with `ShiftTraffic` that moves all requests at once.

    A rollback then works even while an alarm rings.
    """
    copy: Template = json.loads(json.dumps(template))
    for resource in copy["Resources"].values():
        resource.get("Properties", {}).pop("DeploymentPreference", None)
    return copy


def _digest(template: Template, values: Mapping[str, str]) -> str:
    """Return a text that changes whenever anything in a version of the function changes.

    SAM publishes a version when this text differs. Without the text, SAM would not notice that the value of a parameter
    changed.
    """
    properties = template["Resources"][HANDLER]["Properties"]
    made_of = [properties, template["Globals"]["Function"]]
    used = sorted(set(parameters_of(made_of, template)) & template["Parameters"].keys())
    shown = {each: values[each] for each in used if values.get(each, HIDDEN) != HIDDEN}
    return hashlib.sha256(json.dumps([made_of, shown], sort_keys=True).encode()).hexdigest()


def parameters_of(value: Any, template: Mapping[str, Any]) -> Iterator[str]:
    """Yield the parameters and resources that a part of the template refers to, also through its conditions."""
    match value:
        case {"Ref": str(name)}:
            yield name
        case {"Fn::Sub": str(text)}:
            yield from re.findall(r"\$\{(\w+)\}", text)
        case {"Fn::If": [condition, yes, no]}:
            yield from parameters_of([template["Conditions"][condition], yes, no], template)
        case dict() | list():
            for inner in value.values() if isinstance(value, dict) else value:
                yield from parameters_of(inner, template)


def _role(stack: str) -> Resources:
    """Return the role with which CodeDeploy moves the aliases, according to the account's rules for roles."""
    function = arn("lambda", f"function:{stack}-{FUNCTION}")
    statements = [
        {
            "Effect": "Allow",
            "Action": ["lambda:GetAlias", "lambda:GetProvisionedConcurrencyConfig", "lambda:UpdateAlias"],
            "Resource": [function, arn("lambda", f"function:{stack}-{FUNCTION}:{ALIAS}")],
        },
        {"Effect": "Allow", "Action": "cloudwatch:DescribeAlarms", "Resource": arn("cloudwatch", "alarm:*")},
    ]
    policies = [{"PolicyName": "shifting", "PolicyDocument": {"Version": "2012-10-17", "Statement": statements}}]
    service = {"Effect": "Allow", "Principal": {"Service": "codedeploy.amazonaws.com"}, "Action": "sts:AssumeRole"}
    trust = {"Version": "2012-10-17", "Statement": [service]}
    fitted = fit({ROLE: {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust}}})
    # this role reads no data, so it does not get the permission to use the deployer's key that the functions' roles get
    fitted[ROLE]["Properties"]["Policies"] = policies
    return fitted
