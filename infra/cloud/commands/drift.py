"""Find manual changes in a stage's stack since its last deployment."""

from collections.abc import Mapping
from typing import Any

from infra.cloud.errors import CloudError
from infra.cloud.stack.cloudformation import LONGEST, POLL, Stack

CHANGED = ["MODIFIED", "DELETED"]


def drift(stack: Stack) -> list[str]:
    """Return a line for each resource that differs from the template; raises CloudError if AWS cannot compare them."""
    cloudformation = stack.account.cloudformation
    stack.outputs()  # raises CloudError if the stack is missing
    detection = cloudformation.detect_stack_drift(StackName=stack.name)["StackDriftDetectionId"]
    _wait(stack, detection)
    lines: list[str] = []
    more: dict[str, str] = {}
    while True:
        page = cloudformation.describe_stack_resource_drifts(
            StackName=stack.name, StackResourceDriftStatusFilters=CHANGED, MaxResults=100, **more
        )
        lines += [_line(found) for found in page["StackResourceDrifts"]]
        if not page.get("NextToken"):
            return lines
        more = {"NextToken": page["NextToken"]}


def _wait(stack: Stack, detection: str) -> None:
    until = stack.clock() + LONGEST
    while stack.clock() < until:
        found = stack.account.cloudformation.describe_stack_drift_detection_status(StackDriftDetectionId=detection)
        if found["DetectionStatus"] == "DETECTION_COMPLETE":
            return
        if found["DetectionStatus"] == "DETECTION_FAILED":
            raise CloudError(f"CloudFormation could not compare everything: {found.get('DetectionStatusReason', '')}")
        stack.sleep(POLL)
    raise CloudError(f"CloudFormation has not compared {stack.name} within an hour.")


def _line(found: Mapping[str, Any]) -> str:
    name = found["LogicalResourceId"]
    if found["StackResourceDriftStatus"] == "DELETED":
        return f"{name}: deleted"
    changes = (
        f"{one['PropertyPath'].lstrip('/')} is {one['ActualValue']}, not {one['ExpectedValue']}"
        for one in found.get("PropertyDifferences", [])
    )
    return f"{name}: {'; '.join(changes)}"
