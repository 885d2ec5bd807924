"""What was changed by hand is told, resource by resource."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from infra.cloud.account import Account
from infra.cloud.commands.drift import CHANGED, drift
from infra.cloud.errors import CloudError
from infra.cloud.stack.cloudformation import Stack

NOW = datetime(2026, 1, 1, tzinfo=UTC)
UP = {"Stacks": [{"StackName": "jobflow-new", "StackStatus": "CREATE_COMPLETE", "CreationTime": NOW}]}
ID = "0123456789"


@pytest.fixture
def stack() -> Stack:
    account = Account(boto3.Session("x", "x", region_name="us-east-1"), "1", "us-east-1")
    return Stack(account, "jobflow-new", sleep=lambda _: None)


@pytest.fixture
def aws(stack: Stack) -> Iterator[Stubber]:
    with Stubber(stack.account.cloudformation) as stub:
        stub.add_response("describe_stacks", UP)
        stub.add_response("detect_stack_drift", {"StackDriftDetectionId": ID}, {"StackName": "jobflow-new"})
        yield stub
        stub.assert_no_pending_responses()


def state(status: str, **more: str) -> dict[str, Any]:
    return {"StackId": "s", "StackDriftDetectionId": ID, "DetectionStatus": status, "Timestamp": NOW, **more}


def found(name: str, status: str, *differences: tuple[str, str, str]) -> dict[str, Any]:
    told = [
        {"PropertyPath": path, "ExpectedValue": expected, "ActualValue": actual, "DifferenceType": "NOT_EQUAL"}
        for path, expected, actual in differences
    ]
    return {"StackId": "s", "LogicalResourceId": name, "ResourceType": "x", "StackResourceDriftStatus": status,
            "Timestamp": NOW, "PropertyDifferences": told}  # fmt: skip


def test_each_change_is_a_line(stack: Stack, aws: Stubber) -> None:
    aws.add_response("describe_stack_drift_detection_status", state("DETECTION_IN_PROGRESS"))
    aws.add_response("describe_stack_drift_detection_status", state("DETECTION_COMPLETE"))
    drifts = [found("EmailSendFunction", "MODIFIED", ("/MemorySize", "512", "1024")), found("StalledAlarm", "DELETED")]
    asked = {"StackName": "jobflow-new", "StackResourceDriftStatusFilters": CHANGED, "MaxResults": 100}
    aws.add_response("describe_stack_resource_drifts", {"StackResourceDrifts": drifts[:1], "NextToken": "more"}, asked)
    rest = {**asked, "NextToken": "more"}
    aws.add_response("describe_stack_resource_drifts", {"StackResourceDrifts": drifts[1:]}, rest)
    assert drift(stack) == ["EmailSendFunction: MemorySize is 1024, not 512", "StalledAlarm: deleted"]


def test_a_comparison_that_fails_says_why(stack: Stack, aws: Stubber) -> None:
    told = state("DETECTION_FAILED", DetectionStatusReason="no right to read roles")
    aws.add_response("describe_stack_drift_detection_status", told)
    with pytest.raises(CloudError, match="no right to read roles"):
        drift(stack)
