"""Describe the two tables as CloudFormation properties: keys, indexes, stream, expiry. Nothing else describes them."""

from typing import Any

ACTIVE = "active"
ALL = "all"
FAILURES = "failures"
MEMBERS = "members"
DUE = "due"
RATE = "RATE#"
"""Prefix of the partition with the planned starts of a job type, in the control table."""
LIMIT, LINE = "LIMIT#", "LINE#"
"""Prefixes of the partitions with the places of a limit, and with the jobs of one type that wait for these places, in
the control table."""
LIMITS = "LIMITS"
"""Partition of the control table that lists the limits for which jobs wait."""
LIMIT_CHANGES = "LIMITCHANGES"
"""Partition of the control table with the numbers of places that operators have given to limits."""
AUTO_PAUSE = "AUTOPAUSE#"
"""Prefix of the partition with a job type's failures and its automatic pause, in the control table."""
BATCH, BATCHES = "BATCH#", "BATCHES"
"""In the control table: prefix of the partition with the rounds of a batch, and the partition that lists the batches.
`BATCHES` is also a partition of the index of what is due: of the rounds that the watchdog must look at."""
SCHEDULES = "SCHEDULES"
"""Partition of the schedules in the control table, and in the index of their next firings."""
WEBHOOKS, WEBHOOK_STATES = "WEBHOOKS", "WEBHOOKSTATES"
"""Partitions of the webhooks, and of the states of their receivers, in the control table."""
AUDIT, REFUSED = "AUDIT#", "REFUSED#"
"""Prefixes of the partitions with the changes of a month, and with the refusals of a month, in the control table. In
the index of what is due, `AUDIT#<kind>#<id>` has the changes of one thing."""
TOKEN, TOKEN_LIST, TOKEN_USES = "TOK#", "TOKENS", "TOKENUSES"
"""In the control table: prefix of the partition of a token with a hash, the partition with the list of all hashes, and
the partition with the last use of each token. Only commands write the first two; the API writes the last one."""
SESSIONS, SIGN_INS = "SESSIONS", "SIGNINS"
"""Partitions of the control table with the sessions of people who have signed in (`SESSION#<hash>`), and with the
nonces of the sign-ins, each of which is used once."""
ERASURES, ERASING, ERASED = "ERASURES", "ERASING", "ERASED"
"""Partitions of the control table with the erasures of tenants, the jobs that are being deleted, and the jobs that were
deleted."""
EXPIRED = "EXPIRED"
"""Partition of the control table with the jobs whose rows have expired, and beside which something may be left."""
VIEWS = "VIEWS"
"""Partition of the views of the console, in the control table."""
META = "META"
"""Sort key of a job's main item. The rows of the job's history sort before the main item, large bodies after it."""
ACT = "ACT#"
"""Prefix of the sort keys of operators' acts, which sort before the attempts."""
CANARY = "CANARY"
"""Sort key of an item that a recount writes to find out how far the stream is processed."""


def jobs_table() -> dict[str, Any]:
    """Return the table of jobs. `active` is sparse: completed and cancelled jobs are not in it.

    `failures` is sparse too: it contains each job under the name of its last error, until the job completes or runs
    again. `members` contains the keys of the members of batches, and no other jobs.
    """
    return {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": _strings("pk", "sk", "group", "order", "everything", "born", "failure", "batch"),
        "KeySchema": _keys("pk", "sk"),
        "GlobalSecondaryIndexes": [
            _index(ACTIVE, "group", "order", "type", "tags", "created_at", "due_at"),
            _index(ALL, "everything", "born", "type", "tags"),
            _index(FAILURES, "failure", "order", "type", "tags", "created_at"),
            {"IndexName": MEMBERS, "KeySchema": _keys("batch", "pk"), "Projection": {"ProjectionType": "KEYS_ONLY"}},
        ],
        "StreamSpecification": {"StreamViewType": "NEW_AND_OLD_IMAGES"},
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        "TimeToLiveSpecification": {"AttributeName": "expires_at", "Enabled": True},
    }


def control_table() -> dict[str, Any]:
    """Return the control table: everything that is not a job.

    These rows are in a separate table because their many changes must not enter the jobs' stream. The index `due` is
    sparse: it contains the complete rows of schedules with a next firing, because the watchdog reads them there, the
    rounds of batches that have not ended, and the changes of the audit log, by what they have changed.
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
