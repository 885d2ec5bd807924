"""Define the two DynamoDB tables; keys and indexes: `chalicelib.adapters.dynamo.tables.schema`."""

from typing import Any

from chalicelib.adapters.dynamo.tables.schema import control_table, jobs_table
from infra.definition.names import Resources, Value


def tables(stack: str, protect: Value = False) -> Resources:
    """Return both tables. With `protect`, the tables cannot be deleted until this protection is disabled."""
    return {
        "JobsTable": _table(f"{stack}-jobs", jobs_table(), protect),
        "ControlTable": _table(f"{stack}-control", control_table(), protect),
    }


def _table(name: str, schema: dict[str, Any], protect: Value) -> dict[str, Any]:
    return {
        "Type": "AWS::DynamoDB::Table",
        "DeletionPolicy": "Delete",
        "UpdateReplacePolicy": "Retain",
        "Properties": {"TableName": name, "DeletionProtectionEnabled": protect, **schema},
    }
