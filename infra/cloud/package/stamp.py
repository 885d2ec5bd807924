"""Write into the API's description the values of those parameters on which the description depends. Pure.

Changes of the API take effect only with a new API deployment, which SAM makes when the text of the description differs.
SAM compares the text as it is written: `${SiteDomain}` is the same text for every value of the parameter.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

API = "RestAPI"
DESCRIPTION = ("DefinitionBody", "GatewayResponses")
"""The properties from which SAM makes the description. Other properties take effect without a new deployment of the
API."""


def stamped(template: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
    """Return a copy of the template in which the API's description contains the values of its parameters.

    A parameter without a value has its default; a secret one (NoEcho) is left out.
    """
    copy: dict[str, Any] = json.loads(json.dumps(template))
    resource = copy["Resources"].get(API)
    if resource is None:
        return copy
    declared = copy["Parameters"]
    names = sorted(
        set(parameters_of([resource["Properties"].get(part) for part in DESCRIPTION], copy)) & declared.keys()
    )
    shown = {
        name: values.get(name, str(declared[name].get("Default", "")))
        for name in names
        if not declared[name].get("NoEcho")
    }
    told = ", ".join(f"{name}={value}" for name, value in shown.items())
    resource["Properties"]["DefinitionBody"]["info"]["description"] = f"Made with {told}"
    return copy


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
