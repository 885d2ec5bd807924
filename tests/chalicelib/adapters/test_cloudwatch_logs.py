"""Test unexpected answers of CloudWatch Logs, and unexpected lines of job functions."""

import json
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from chalicelib.adapters.cloudwatch_logs import JobLogs, Span, job_logs, spans
from chalicelib.errors import InvalidPosition
from chalicelib.jobs.history import JobView
from chalicelib.jobs.job import Attempt, Status
from chalicelib.settings import Settings
from tests.support import REGION, T0, a_job

JOB = a_job()
VIEW = JobView(JOB)
ASKED = {
    "logGroupName": "/aws/lambda/stack-email-send", "filterPattern": ANY, "startTime": ANY, "limit": ANY,
    "interleaved": True,
}  # fmt: skip


@pytest.fixture
def stubbed() -> tuple[JobLogs, Stubber]:
    client = boto3.client("logs", region_name=REGION, aws_access_key_id="x", aws_secret_access_key="x")
    return JobLogs(client, "/aws/lambda/stack-", REGION), Stubber(client)


def test_a_token_that_was_forgotten_is_a_cursor_that_cannot_be_used(stubbed: tuple[JobLogs, Stubber]) -> None:
    logs, stub = stubbed
    stub.add_client_error("filter_log_events", "InvalidParameterException", expected_params=ASKED | {"nextToken": "t"})
    with stub, pytest.raises(InvalidPosition) as refused:
        logs.read(VIEW, f"{int(T0 * 1000) - 60_000}:t")
    assert [(error.loc, error.msg) for error in refused.value.errors] == [
        (("query", "cursor"), "is too old; start again without it")
    ]


def test_the_link_to_logs_insights_asks_for_the_time_of_the_job(stubbed: tuple[JobLogs, Stubber]) -> None:
    logs, _ = stubbed
    done = replace(JOB, status=Status.COMPLETED, started_at=T0, finished_at=T0 + 60)
    ended, goes_on = logs.insights_url(done, T0 + 9e6), logs.insights_url(JOB, T0 + 60)
    assert ended is not None
    assert goes_on is not None
    began = "start~'2027-01-15T07*3A59*3A00.000Z~timeType~'ABSOLUTE~tz~'UTC~"
    assert f"queryDetail$3D~(end~'2027-01-15T08*3A16*3A00.000Z~{began}" in ended
    assert f"queryDetail$3D~(end~'2027-01-16T08*3A01*3A00.000Z~{began}" in goes_on
    assert f"*27{JOB.id}*27" in ended
    assert ended.endswith("~source~(~'*2Faws*2Flambda*2Fstack-email-send))")


def test_the_link_leads_to_the_console_of_the_partition(stubbed: tuple[JobLogs, Stubber]) -> None:
    for region, host in (
        ("eu-west-1", "console.aws.amazon.com"), ("us-gov-west-1", "console.amazonaws-us-gov.com"),
        ("cn-north-1", "console.amazonaws.cn"),
    ):  # fmt: skip
        link = replace(stubbed[0], region=region).insights_url(JOB, T0) or ""
        assert link.startswith(f"https://{region}.{host}/cloudwatch/home?region={region}#")


def test_no_link_leads_from_a_laptop_to_the_console_of_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    assert job_logs(Settings.from_env()).insights_url(JOB, T0) is not None
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:5000")
    assert job_logs(Settings.from_env()).insights_url(JOB, T0) is None


def test_a_group_that_is_not_there_yet_has_no_lines(stubbed: tuple[JobLogs, Stubber]) -> None:
    logs, stub = stubbed
    stub.add_client_error("filter_log_events", "ResourceNotFoundException")
    with stub:
        assert logs.read(VIEW).lines == ()


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
        found = logs.read(VIEW).lines
    assert [(line.message, line.attempt) for line in found] == [("plain", 2), ("odd", None)]


def test_a_log_of_long_ago_is_not_searched_for_until_today() -> None:
    job = replace(JOB, status=Status.COMPLETED, started_at=T0 + 5.5, finished_at=T0 + 9)
    earlier = (Attempt(1, 1, "error", T0 + 1.25, request_id="r1"), Attempt(1, 2, "lost", T0 + 3))
    ms = int(T0) * 1000
    assert spans(JobView(job, earlier)) == [
        Span(ms + 5500, ms + 9000 + 900_000, None, (1, 0)), Span(ms + 3000, ms + 5499, None, (1, 2)),
        Span(ms - 60_000, ms + 2999, "r1", (1, 1)),
    ]  # fmt: skip
