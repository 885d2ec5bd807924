"""The two tables as CloudFormation properties: keys, indexes, stream, expiry. Described here and nowhere else."""

from typing import Any

ACTIVE = "active"
ALL = "all"
FAILURES = "failures"
DUE = "due"
RATE = "RATE#"
"""Begins the partition of the plan of a job type's starts, in the control table."""
AUTO_PAUSE = "AUTOPAUSE#"
"""Begins the partition of a job type's failures and of its pause by itself, in the control table."""
SCHEDULES = "SCHEDULES"
"""Partition of the schedules in the control table, and in its index of next firings."""
META = "META"
"""Sort key of a job's main item; what sorts before it is its history, what sorts after it its large bodies."""
ACT = "ACT#"
"""Begin of the sort keys of what operators did, which sorts before the attempts."""
CANARY = "CANARY"
"""Sort key of an item that a recount writes to see the stream pass it."""


def jobs_table() -> dict[str, Any]:
    """Return the table of jobs. `active` is sparse: it holds what needs attention, and finished work leaves it.

    `failures` is sparse too: each job under the name of its last error, until it completes or is run again.
    """
    return {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": _strings("pk", "sk", "group", "order", "everything", "born", "failure"),
        "KeySchema": _keys("pk", "sk"),
        "GlobalSecondaryIndexes": [
            _index(ACTIVE, "group", "order", "type", "tags", "created_at", "due_at"),
            _index(ALL, "everything", "born", "type", "tags"),
            _index(FAILURES, "failure", "order", "type", "tags", "created_at"),
        ],
        "StreamSpecification": {"StreamViewType": "NEW_AND_OLD_IMAGES"},
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        "TimeToLiveSpecification": {"AttributeName": "expires_at", "Enabled": True},
    }


def control_table() -> dict[str, Any]:
    """Return the table of rate windows, counters, tokens and schedules. Apart, so that its churn is in no stream.

    `due` is sparse: the schedules that have a next firing, whole, because a run of the watchdog reads them from there.
    """
    by_next_firing = {"IndexName": DUE, "KeySchema": _keys("due_in", "due_at"), "Projection": {"ProjectionType": "ALL"}}
    return {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": _strings("pk", "sk", "due_in", "due_at"),
        "KeySchema": _keys("pk", "sk"),
        "GlobalSecondaryIndexes": [by_next_firing],
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        "TimeToLiveSpecification": {"AttributeName": "expires_at", "Enabled": True},
    }


def _strings(*names: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "AttributeType": "S"} for name in names]


def _keys(partition: str, sort: str) -> list[dict[str, str]]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]


def _index(name: str, partition: str, sort: str, *more: str) -> dict[str, Any]:
    return {
        "IndexName": name,
        "KeySchema": _keys(partition, sort),
        "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": list(more)},
    }
