"""Name the actions of AWS that a restore needs, besides those of a recount; docs/restore.md has the same list."""

DYNAMODB = frozenset(
    {
        "BatchGetItem",
        "BatchWriteItem",
        "CreateBackup",
        "DeleteBackup",
        "DeleteTable",
        "DescribeBackup",
        "DescribeContinuousBackups",
        "DescribeTable",
        "GetItem",
        "ListBackups",
        "PutItem",
        "Query",
        "RestoreTableFromBackup",
        "RestoreTableToPointInTime",
        "Scan",
        "TagResource",
        "UpdateItem",
    }
)
S3 = frozenset({"GetObject", "PutObject"})
