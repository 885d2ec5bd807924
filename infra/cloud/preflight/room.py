"""Check whether a stack fits into the account's quotas.

AWS has no quota for alarms (except those on Metrics Insights queries, which the stack does not use) and SQS queues.
`make package` refuses roles and functions that exceed a limit. `make deploy`, also a dry run, refuses a template that
is too large after the SAM transform, before it uploads anything.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from infra.cloud.preflight.asking import Asking
from infra.cloud.preflight.finding import Finding

MB = 1_000_000
RULES = 300
"""Maximum number of EventBridge rules of a bus in a region (the default quota)."""
ZIPS_KEPT = 2
"""Number of copies of a function's code during an update: Lambda stores the new code before it deletes the old code."""


@dataclass(frozen=True, slots=True)
class Needs:
    """Count what a stack adds to the account: functions (each with a role), and bytes of their zips."""

    functions: int
    zip_bytes: int = 24 * MB


def quotas(asking: Asking, needs: Needs, *, new: bool) -> Iterator[Finding]:
    """Yield each quota that would be exceeded. For an existing stack, only the quota of code storage is checked."""
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
    """Yield a warning for an account without any distribution: perhaps AWS has not verified it for CloudFront."""
    found = asking.ask("CloudFront", "cloudfront", "list_distributions", MaxItems="1")
    if found is not None and not found["DistributionList"].get("Quantity"):
        yield Finding(
            "CloudFront", "This account has no distribution yet. If AWS has not verified it for CloudFront, the "
            'deployment rolls back: then ask AWS support, or deploy with SET="Dashboard=false".',
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
