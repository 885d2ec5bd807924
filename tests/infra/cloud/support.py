"""Looking into templates."""

import json
from typing import Any

STAGE = "prod"


def of_type(template: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    """The properties of all resources of a type, by logical id."""
    found = {
        name: json.loads(json.dumps(resource.get("Properties", {})))
        for name, resource in template["Resources"].items()
        if resource["Type"] == kind
    }
    assert found, f"the template has no {kind}"
    return found
