"""Test the lines of functions: complete, in order, with Lambda's own lines, and stored in CloudWatch Logs."""

import re
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from infra.local.emulator.processes.child import Emulator
from infra.local.lambdas.clients import session
from infra.local.lambdas.cloudwatch import CloudWatchSink
from infra.local.lambdas.lines import MAX_LINE_BYTES
from infra.local.lambdas.logs import LogLine
from infra.local.lambdas.service import LambdaService
from infra.local.lambdas.specs import FunctionSpec
from tests.infra.local.lambdas.conftest import FUNCTIONS, Lines

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient


@pytest.fixture
def logs(emulator: Emulator) -> Iterator["CloudWatchLogsClient"]:
    client = session(emulator.environment()).client("logs")
    yield client
    client.close()


def line(message: str, at: int = 0) -> LogLine:
    return LogLine("f", "/aws/lambda/f", "stream", at, message)


def test_an_invocation_is_framed_by_start_end_and_report(service: LambdaService, lines: Lines) -> None:
    service.register(FunctionSpec("f", "basic.talk", memory=256))

    request_id = service.invoke("f", {"lines": ["one", "two"]}).request_id

    start, *said, end, report = lines.messages()
    assert start == f"START RequestId: {request_id} Version: $LATEST"
    assert said == ["one", "two", "to stderr"]
    assert end == f"END RequestId: {request_id}"
    assert re.fullmatch(
        rf"REPORT RequestId: {request_id}\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 256 MB"
        r"(\tMax Memory Used: \d+ MB)?\tInit Duration: [\d.]+ ms",
        report,
    )


@pytest.mark.parametrize(
    ("spec", "event", "said", "status"),
    [
        (FunctionSpec("f", "basic.spend", timeout=1), {"seconds": 30}, "{id} Task timed out after 1.00 seconds",
         "Status: timeout"),
        (FunctionSpec("f", "basic.leave"), {}, "RequestId: {id} Error: Runtime exited with error: exit status 7",
         "Status: error\tError Type: Runtime.ExitError"),
        (FunctionSpec("f", "basic.hold", memory=256), {"megabytes": 400, "seconds": 30},
         "RequestId: {id} Error: Runtime exited with error: signal: killed",
         "Status: error\tError Type: Runtime.OutOfMemory"),
    ],
)  # fmt: skip
def test_an_end_that_the_function_did_not_choose_is_told_as_lambda_tells_it(
    service: LambdaService, lines: Lines, spec: FunctionSpec, event: dict[str, int], said: str, status: str
) -> None:
    service.register(spec)

    result = service.invoke("f", event)

    assert not result.ok
    *_, why, _end, report = lines.messages()
    assert why == said.format(id=result.request_id)
    assert report.endswith(status)


def test_a_stack_trace_is_one_event(service: LambdaService, lines: Lines) -> None:
    service.register(FunctionSpec("f", "basic.fail"))
    service.invoke("f", {})

    (trace,) = [message for message in lines.messages() if "[ERROR]" in message]
    assert trace.startswith("[ERROR] ValueError: no such customer\nTraceback (most recent call last):\n  File ")


def test_a_line_longer_than_an_event_may_be_is_cut(service: LambdaService, lines: Lines) -> None:
    service.register(FunctionSpec("f", "basic.talk"))

    service.invoke("f", {"lines": ["x" * (MAX_LINE_BYTES + 100_000), "after"]})

    longest = max(len(message) for message in lines.messages())
    assert longest == MAX_LINE_BYTES
    assert "after" in lines.messages()


def test_lines_are_kept_in_cloudwatch_under_the_functions_group(
    emulator: Emulator, logs: "CloudWatchLogsClient"
) -> None:
    sink = CloudWatchSink(session(emulator.environment()).client("logs"))
    with LambdaService(FUNCTIONS, {}, sink) as service:
        service.register(FunctionSpec("kept", "basic.talk"))
        service.invoke("kept", {"lines": ["one", "", "two"]})
    sink.close()

    stored = [event["message"] for event in logs.filter_log_events(logGroupName="/aws/lambda/kept")["events"]]

    assert [message.split()[0] for message in stored] == ["START", "one", "two", "to", "END", "REPORT"]


def test_a_sink_whose_emulator_is_gone_holds_nobody_up() -> None:
    sink = CloudWatchSink(session({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}).client("logs"), capacity=10)
    for i in range(100):
        sink(line(str(i)))
    sink.close()


def test_what_overflows_is_dropped_from_the_front(emulator: Emulator, logs: "CloudWatchLogsClient") -> None:
    sink = CloudWatchSink(session(emulator.environment()).client("logs"), interval=3600, capacity=2)
    now = int(time.time() * 1000)
    for i in range(5):
        sink(LogLine("f", "/aws/lambda/overflow", "s", now + i, f"line {i}"))
    sink.close()

    events = logs.filter_log_events(logGroupName="/aws/lambda/overflow")["events"]
    assert [event["message"] for event in events] == ["line 3", "line 4"]
