"""What CloudWatch Logs, and what job functions, may say that nobody expects."""

import json
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from chalicelib.errors import InvalidPosition
from chalicelib.logs import JobLogs
from tests.support import REGION, T0, a_job

JOB = a_job()
ASKED = {"logGroupName": "/aws/lambda/stack-email-send", "filterPattern": ANY, "startTime": ANY, "limit": ANY}


@pytest.fixture
def stubbed() -> tuple[JobLogs, Stubber]:
    client = boto3.client("logs", region_name=REGION, aws_access_key_id="x", aws_secret_access_key="x")
    return JobLogs(client, "/aws/lambda/stack-", REGION), Stubber(client)


def test_a_token_that_was_forgotten_is_a_cursor_that_cannot_be_used(stubbed: tuple[JobLogs, Stubber]) -> None:
    logs, stub = stubbed
    stub.add_client_error("filter_log_events", "InvalidParameterException", expected_params=ASKED | {"nextToken": "t"})
    with stub, pytest.raises(InvalidPosition) as refused:
        logs.read(JOB, "t")
    assert [(error.loc, error.msg) for error in refused.value.errors] == [
        (("query", "cursor"), "is too old; start again without it")
    ]


def test_a_group_that_is_not_there_yet_has_no_lines(stubbed: tuple[JobLogs, Stubber]) -> None:
    logs, stub = stubbed
    stub.add_client_error("filter_log_events", "ResourceNotFoundException")
    with stub:
        assert logs.read(JOB).lines == ()


@pytest.mark.parametrize("written", ["second", None, 1.5, [2]])
def test_a_function_that_writes_our_keys_does_not_hide_its_lines(
    stubbed: tuple[JobLogs, Stubber], written: Any
) -> None:
    logs, stub = stubbed
    odd = {"message": "odd", "job_id": JOB.id, "gen": 1, "attempt": written}
    lines = [odd, {**odd, "message": "plain", "attempt": 2}]
    events = [{"timestamp": int(T0 * 1000), "message": json.dumps(line)} for line in lines]
    stub.add_response("filter_log_events", {"events": events}, ASKED)
    with stub:
        found = logs.read(JOB).lines
    assert [(line.message, line.attempt) for line in found] == [("plain", 2), ("odd", None)]
