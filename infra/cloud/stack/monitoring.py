"""Let CloudFormation watch the stack's alarms after an update, and roll back automatically if one begins to ring."""

from collections.abc import Mapping
from math import ceil
from typing import Any

from infra.cloud.account import Account
from infra.cloud.errors import CloudError
from infra.cloud.stack.cloudformation import UNWATCHED

TRIGGERS = ("api-errors", "watchdog-silent", "counters-errors", "stalled", "control-table-down")
"""Alarms that show bad code within minutes; CloudFormation accepts five. Alarms of job types are not included, because
their cause may be only the input of the jobs."""
LONGEST = 1_800
"""Longest time to watch, in seconds. CloudFormation allows three hours, but deploy waits for only an hour in total."""


def configuration(account: Account, stack: str, seconds: int) -> Mapping[str, Any]:
    """Return the rollback configuration of a change set, from the existing alarms.

    An alarm that already rings is left out: otherwise CloudFormation would roll back the deployment that repairs its
    cause. Raises CloudError for a time that is too long.
    """
    if not 0 <= seconds <= LONGEST:
        raise CloudError(f"MONITOR={seconds}: at most {LONGEST} seconds.")
    states = _states(account, stack)
    watched = [f"{stack}-{kind}" for kind in TRIGGERS if states.get(kind, "ALARM") != "ALARM"]
    if not watched:
        return UNWATCHED
    where = f"arn:{account.session.get_partition_for_region(account.region)}:cloudwatch:{account.region}:{account.id}"
    triggers = [{"Arn": f"{where}:alarm:{name}", "Type": "AWS::CloudWatch::Alarm"} for name in watched]
    return {"RollbackTriggers": triggers, "MonitoringTimeInMinutes": ceil(seconds / 60)}


def ringing(account: Account, stack: str) -> list[str]:
    """Return which of the watched alarms already ring, without the stack's name."""
    states = _states(account, stack)
    return [kind for kind in TRIGGERS if states.get(kind) == "ALARM"]


def _states(account: Account, stack: str) -> dict[str, str]:
    names = [f"{stack}-{kind}" for kind in TRIGGERS]
    found = account.client("cloudwatch").describe_alarms(AlarmNames=names)["MetricAlarms"]
    return {alarm["AlarmName"].removeprefix(f"{stack}-"): alarm["StateValue"] for alarm in found}
