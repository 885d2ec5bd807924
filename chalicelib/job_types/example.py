"""Make an example payload from a JSON Schema, as the start for a form or a pasted command. Pure."""

from collections.abc import Mapping
from typing import Any

from chalicelib.job_types.constants import DEEPEST_EXAMPLE

EMPTY: Mapping[str, Any] = {"string": "", "integer": 0, "number": 0, "boolean": False, "array": [], "object": {}}
TOLD = ("const", "default", "minimum")


def example_of(schema: Mapping[str, Any]) -> Any:
    """Return the schema's first example, or an example from its required fields' examples, defaults and choices."""
    return _value(schema, schema.get("$defs", {}), 0)


def _value(schema: Mapping[str, Any], models: Mapping[str, Any], depth: int) -> Any:
    inner = _inner(schema, models)
    if inner is not None and depth < DEEPEST_EXAMPLE:
        return _value(inner, models, depth + 1)
    told = [
        *schema.get("examples", ())[:1],
        *(schema[name] for name in TOLD if name in schema),
        *schema.get("enum", ()),
    ]
    if told:
        return told[0]
    if schema.get("type") != "object":
        return EMPTY.get(str(schema.get("type")))
    fields = schema.get("properties", {})
    return {name: _value(fields[name], models, depth + 1) for name in schema.get("required", ()) if name in fields}


def _inner(schema: Mapping[str, Any], models: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the schema to use in place of a schema without an example: the model it refers to, or its first choice."""
    if schema.get("examples") or "default" in schema:
        return None
    reference = schema.get("$ref")
    choices = (*schema.get("anyOf", ()), *schema.get("oneOf", ()))
    found: Mapping[str, Any] | None = models[reference.rpartition("/")[2]] if reference else next(iter(choices), None)
    return found
