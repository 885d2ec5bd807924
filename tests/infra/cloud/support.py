"""Read templates, and record the output of commands."""

import io
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console

from infra.cloud.preflight.finding import Finding
from infra.cloud.terminal import Terminal

STAGE = "prod"


def terminal_of(said: io.StringIO | None = None) -> Terminal:
    """Return a terminal whose output is in `said`."""
    console = Console(file=io.StringIO() if said is None else said, width=400)
    return Terminal(console, console)


def lines(found: Iterator[Finding]) -> list[str]:
    """Return preflight's findings as lines."""
    return [finding.line() for finding in found]


def of_type(template: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    """Return the properties of all resources of a type, by logical id."""
    found = {
        name: json.loads(json.dumps(resource.get("Properties", {})))
        for name, resource in template["Resources"].items()
        if resource["Type"] == kind
    }
    assert found, f"the template has no {kind}"
    return found


def decided(template: Mapping[str, Any], **given: str) -> dict[str, Any]:
    """Return the template as CloudFormation reads it with these parameters: without conditions."""
    values = {name: given.get(name, str(about.get("Default", "x"))) for name, about in template["Parameters"].items()}
    conditions = template["Conditions"]
    truths = {name: _true(condition, values, conditions) for name, condition in conditions.items()}

    def there(part: Mapping[str, Any]) -> bool:
        return truths.get(part.get("Condition", ""), True)

    sections = {
        section: {name: _chosen(part, truths) for name, part in template[section].items() if there(part)}
        for section in ("Resources", "Outputs")
    }
    return {**template, **sections}


def references(value: Any) -> Iterator[str]:
    """Yield every logical id that a part of a template refers to."""
    match value:
        case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), *_]}:
            yield name
        case {"Fn::Sub": text}:
            body, own = text if isinstance(text, list) else (text, {})
            found = (name.partition(".")[0] for name in re.findall(r"\$\{([^!}]+)\}", body))
            yield from (name for name in found if name not in own)
            yield from references(own)
        case dict():
            yield from value.get("DependsOn", [])
            for inner in value.values():
                yield from references(inner)
        case list():
            for inner in value:
                yield from references(inner)


def waiting_for(template: Mapping[str, Any], logical_id: str) -> set[str]:
    """Return the resources that CloudFormation does not create before that one exists."""
    resources = template["Resources"]
    needs = {name: set(references(resource)) & resources.keys() for name, resource in resources.items()}
    waiting = {logical_id}
    while more := {name for name, needed in needs.items() if needed & waiting} - waiting:
        waiting |= more
    return waiting - {logical_id}


def _true(condition: Any, values: Mapping[str, str], conditions: Mapping[str, Any]) -> bool:
    match condition:
        case {"Fn::Equals": [{"Ref": name}, wanted]}:
            return bool(values[name] == wanted)
        case {"Fn::Not": [inner]}:
            return not _true(inner, values, conditions)
        case {"Fn::And": parts}:
            return all(_true(part, values, conditions) for part in parts)
        case {"Condition": name}:
            return _true(conditions[name], values, conditions)
    raise AssertionError(f"a condition that this helper does not know: {condition}")


def _chosen(value: Any, truths: Mapping[str, bool]) -> Any:
    nothing = {"Ref": "AWS::NoValue"}
    match value:
        case {"Fn::If": [condition, yes, no]}:
            return _chosen(yes if truths[condition] else no, truths)
        case dict():
            chosen = {key: _chosen(inner, truths) for key, inner in value.items()}
            return {key: inner for key, inner in chosen.items() if inner != nothing}
        case list():
            return [inner for inner in (_chosen(inner, truths) for inner in value) if inner != nothing]
    return value


def linted(template: str, region: str = "us-east-1") -> list[str]:
    """Return cfn-lint's findings about a template. It is imported here, because its import takes 0.8 s."""
    from cfnlint.api import ManualArgs, lint

    return [str(match) for match in lint(template, config=ManualArgs(regions=[region]))]
