"""Look whether a stack has room in the account: quotas that it would exceed, and names that are taken."""

from collections.abc import Iterator
from dataclasses import dataclass

from botocore.exceptions import ClientError

from infra.cloud.account import Account
from infra.cloud.preflight.asking import Asking
from infra.cloud.preflight.finding import Finding
from infra.definition.names import bucket_name

MB = 1_000_000
RULES = 300
"""EventBridge rules of a bus in a region, by default."""
ZIPS_KEPT = 2
"""Lambda stores the new code of every function before it drops the old."""


@dataclass(frozen=True, slots=True)
class Needs:
    """Count what a stack is about to add: functions (each with a role), and bytes of the zip that each stores."""

    functions: int
    zip_bytes: int = 12 * MB


def quotas(asking: Asking, needs: Needs, *, new: bool) -> Iterator[Finding]:
    """Yield each quota that would be exceeded; of a stack that is there, only the storage counts."""
    settings = asking.ask("code storage", "lambda", "get_account_settings")
    if settings is not None:
        yield from _storage(settings, needs)
    if not new:
        return
    summary = asking.ask("roles", "iam", "get_account_summary")
    if summary is not None:
        have, most = (int(summary["SummaryMap"].get(name, 0)) for name in ("Roles", "RolesQuota"))
        if most and have + needs.functions > most:
            yield Finding("roles", f"IAM has {have:,} of {most:,} roles; the stack needs {needs.functions} more.", True)
    rules = asking.pages("rules", "events", "list_rules", "Rules")
    if rules is not None and len(rules) + 2 > RULES:
        yield Finding("rules", f"EventBridge has {len(rules)} rules of {RULES} (default); the stack needs 2 more.")


def cloudfront(asking: Asking) -> Iterator[Finding]:
    """Yield a warning for an account without any distribution: AWS may not have verified it for CloudFront."""
    found = asking.ask("CloudFront", "cloudfront", "list_distributions", MaxItems="1")
    if found is not None and not found["DistributionList"].get("Quantity"):
        yield Finding(
            "CloudFront", "This account has no distribution yet. If AWS has not verified it for CloudFront, the "
            'deployment rolls back: then ask AWS support, or deploy with SET="Dashboard=false".',
        )  # fmt: skip


def taken(account: Account, stack: str) -> Iterator[Finding]:
    """Yield what has a name of the new stack already: CloudFormation would fail at it, half an hour later."""
    names = [*_buckets(account, stack), *_tables(account, stack), *_log_groups(account, stack)]
    if names:
        yield Finding(
            "names", f"There already: {', '.join(sorted(names))}, and no stack {stack} owns it. `make destroy` removes "
            "what a stage has left behind; for things of your own choose another STAGE.", True,
        )  # fmt: skip


def _storage(settings: dict[str, dict[str, int]], needs: Needs) -> Iterator[Finding]:
    most = settings.get("AccountLimit", {}).get("TotalCodeSize", 0)
    used = settings.get("AccountUsage", {}).get("TotalCodeSize", 0)
    wanted = ZIPS_KEPT * needs.functions * needs.zip_bytes
    if most and used + wanted > most:
        yield Finding(
            "code storage", f"Lambda stores {used / MB:,.0f} of {most / MB:,.0f} MB; this deployment needs up to "
            f"{wanted / MB:,.0f} MB. Delete old functions and versions, or ask Service Quotas for more (L-2ACBD22F).",
        )  # fmt: skip


def _buckets(account: Account, stack: str) -> Iterator[str]:
    s3 = account.client("s3")
    for purpose in ("files", "site"):
        name = bucket_name(stack, purpose, account.id, account.region)
        try:
            s3.head_bucket(Bucket=name)
        except ClientError as error:
            if error.response["Error"]["Code"] in ("404", "NoSuchBucket"):
                continue
        yield f"bucket {name}"


def _tables(account: Account, stack: str) -> Iterator[str]:
    dynamodb = account.client("dynamodb")
    for name in (f"{stack}-jobs", f"{stack}-control"):
        try:
            dynamodb.describe_table(TableName=name)
        except ClientError:
            continue
        yield f"table {name}"


def _log_groups(account: Account, stack: str) -> Iterator[str]:
    try:
        found = account.client("logs").describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{stack}-", limit=3)
    except ClientError:
        return
    yield from (f"log group {group['logGroupName']}" for group in found["logGroups"])
