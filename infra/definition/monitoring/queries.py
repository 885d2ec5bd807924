"""Save queries for CloudWatch Logs Insights over the log groups of the stack."""

from typing import Any

from infra.definition.names import Resources, logical, ref

MOST_GROUPS = 50
"""Maximum number of log groups that Logs Insights can search by name at the same time."""
QUERIES = {
    "job-timeline": (
        "fields @timestamp, message, status, attempt, duration_ms, error_class\n"
        '| filter job_id = "PASTE-THE-JOB-ID"\n| sort @timestamp asc'
    ),
    "top-errors": (
        'filter message like "attempt." and ispresent(error_class)\n'
        "| stats count() as attempts by job_type, error_class\n| sort attempts desc\n| limit 20"
    ),
    "slowest-attempts": (
        'filter message like "attempt." and ispresent(duration_ms)\n'
        "| fields @timestamp, job_type, job_id, attempt, duration_ms\n| sort duration_ms desc\n| limit 50"
    ),
    "durations-by-type": (
        'filter message = "attempt.completed"\n'
        "| stats count() as jobs, pct(duration_ms, 50) as p50, pct(duration_ms, 95) as p95 by job_type, bin(5m)"
    ),
    "retries-by-attempt": (
        'filter message = "attempt.error"\n| stats count() as retries by job_type, attempt\n| sort job_type, attempt'
    ),
    "sent-again": (
        'filter message in ["dispatch.deferred", "watchdog.resent", "attempt.takeover", "attempt.late"]\n'
        "| fields @timestamp, message, job_type, job_id\n| sort @timestamp desc"
    ),
    "fenced": (
        'filter message in ["attempt.late", "attempt.takeover", "claim.duplicate"]\n'
        "| stats count() as times by message, job_type, bin(1h)"
    ),
    "cold-starts": ('filter message = "attempt.started" and cold_start\n| stats count() as cold by job_type, bin(1h)'),
    "api-problems": (
        'filter status_code >= 500 or level = "ERROR"\n'
        "| fields @timestamp, message, route, status_code, correlation_id\n| sort @timestamp desc"
    ),
}


def queries(stack: str, groups: list[str]) -> Resources:
    """Return one definition per query; `groups` are the logical ids of the log groups to search.

    If there are more groups than MOST_GROUPS, the queries name no group, and the user chooses groups in the console.
    """
    if len(groups) > MOST_GROUPS:
        groups = []
    return {logical(name, "Query"): _definition(f"{stack}/{name}", text, groups) for name, text in QUERIES.items()}


def _definition(name: str, text: str, groups: list[str]) -> dict[str, Any]:
    named = {"LogGroupNames": [ref(group) for group in groups]} if groups else {}
    return {
        "Type": "AWS::Logs::QueryDefinition",
        "Properties": {"Name": name, "QueryString": text, **named},
    }
