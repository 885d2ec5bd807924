"""Test filter patterns of CloudWatch Logs, as AWS documents them."""

import json
import time
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.emulated import emulated

MESSAGES = [
    json.dumps({"job_id": "5b38-a", "status": "failed", "attempt": 2, "error": {"kind": "Timeout"}}),
    json.dumps({"job_id": "5b38-b", "status": "completed", "attempt": 1}),
    "plain ERROR of 5b38-a",
    'plain "quoted" text',
]


def found(pattern: str) -> list[int]:
    with emulated():
        logs: Any = boto3.client("logs", region_name="us-east-1")
        logs.create_log_group(logGroupName="g")
        logs.create_log_stream(logGroupName="g", logStreamName="s")
        now = int(time.time() * 1000)
        events = [{"timestamp": now + n, "message": message} for n, message in enumerate(MESSAGES)]
        logs.put_log_events(logGroupName="g", logStreamName="s", logEvents=events)
        answer = logs.filter_log_events(logGroupName="g", filterPattern=pattern)
        return [MESSAGES.index(event["message"]) for event in answer["events"]]


@pytest.mark.parametrize(
    ("pattern", "numbers"),
    [
        ("", [0, 1, 2, 3]),
        ('"5b38-a"', [0, 2]),
        ('"5b38-a" "ERROR"', [2]),
        ("plain ERROR", [2]),
        ("?ERROR ?quoted", [2, 3]),
        ("plain -ERROR", [3]),
        ('"\\"quoted\\""', [3]),
    ],
)
def test_a_pattern_finds_what_it_says(pattern: str, numbers: list[int]) -> None:
    assert found(pattern) == numbers


@pytest.mark.parametrize("pattern", ["{ $.attempt = 1 }", "%5b38-[ab]%", "[ip, user]"])
def test_a_pattern_that_is_not_understood_is_refused_and_not_ignored(pattern: str) -> None:
    with pytest.raises(ClientError, match="InvalidParameterException"):
        found(pattern)
