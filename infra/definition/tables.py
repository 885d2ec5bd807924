"""The two DynamoDB tables: `jobs` (the truth) and `control` (rate limits, counters, tokens)."""

from typing import Any

from infra.definition.names import Resources, Value


def tables(stack: str, protect: Value = False) -> Resources:
    """Both tables; `protect` refuses their deletion until it is switched off."""
    return {
        "JobsTable": _table(f"{stack}-jobs", _jobs_schema(), protect),
        "ControlTable": _table(f"{stack}-control", _control_schema(), protect),
    }


def _table(name: str, schema: dict[str, Any], protect: Value) -> dict[str, Any]:
    return {
        "Type": "AWS::DynamoDB::Table",
        "DeletionPolicy": "Delete",
        "UpdateReplacePolicy": "Retain",
        "Properties": {"TableName": name, "DeletionProtectionEnabled": protect, **schema},
    }


def _jobs_schema() -> dict[str, Any]:
    return {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": "S"}
            for name in ("pk", "sk", "group", "order", "everything", "born")
        ],
        "KeySchema": _keys("pk", "sk"),
        "GlobalSecondaryIndexes": [
            {
                "IndexName": "active",
                "KeySchema": _keys("group", "order"),
                "Projection": {
                    "ProjectionType": "INCLUDE",
                    "NonKeyAttributes": ["status", "due_at", "gen", "sent", "type"],
                },
            },
            {
                "IndexName": "all",
                "KeySchema": _keys("everything", "born"),
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["type"]},
            },
        ],
        "StreamSpecification": {"StreamViewType": "NEW_AND_OLD_IMAGES"},
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        "TimeToLiveSpecification": {"AttributeName": "expires_at", "Enabled": True},
    }


def _control_schema() -> dict[str, Any]:
    return {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        "KeySchema": _keys("pk", "sk"),
        "TimeToLiveSpecification": {"AttributeName": "expires_at", "Enabled": True},
    }


def _keys(partition: str, sort: str) -> list[dict[str, str]]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]
