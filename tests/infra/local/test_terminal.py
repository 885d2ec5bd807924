"""Test the options from the shell, the banner of `make dev`, and the lines of functions, for people and programs."""

import io
import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from rich.text import Text

from infra.local.errors import CannotRun
from infra.local.lambdas.logs import LogLine
from infra.local.options import Options
from infra.local.runner import banner
from infra.local.terminal import Terminal

STARTED = {
    "level": "WARNING",
    "message": "attempt.error",
    "timestamp": "2026-01-01T00:00:00Z",
    "service": "jobflow-dev",
    "job_id": "ab12cd34-0000-0000-0000-000000000000",
    "attempt": 2,
    "retry_delay_s": 4,
    "correlation_id": "c",
}


def line(message: str | dict[str, Any], *, platform: bool = False) -> LogLine:
    text = message if isinstance(message, str) else json.dumps(message)
    return LogLine("jobflow-dev-email-send", "/aws/lambda/x", "stream", 1_800_000_000_123, text, platform)


class Tty(io.StringIO):
    """A terminal that records its output."""

    def isatty(self) -> bool:
        return True


def printed(out: io.StringIO, *lines: LogLine) -> list[str]:
    terminal = Terminal("jobflow-dev", out)
    for each in lines:
        terminal(each)
    terminal.close()
    return out.getvalue().splitlines()


def test_a_metric_is_for_programs_only() -> None:
    metric = line({"_aws": {"CloudWatchMetrics": []}, "Created": [1.0]})

    assert printed(Tty(), metric) == []
    assert json.loads(printed(io.StringIO(), metric)[0])["Created"] == [1.0]


def test_lambdas_bookkeeping_is_left_out_but_its_mishaps_are_not() -> None:
    report = line("REPORT RequestId: x\tDuration: 1.00 ms", platform=True)
    mishap = line("x Task timed out after 3.00 seconds", platform=True)

    out = printed(io.StringIO(), report, mishap)

    assert [json.loads(row)["message"] for row in out] == ["x Task timed out after 3.00 seconds"]
    assert json.loads(out[0])["level"] == "ERROR"


@pytest.mark.parametrize(
    ("message", "rows"),
    [
        (STARTED, ["WARNING attempt.error job ab12cd34 attempt 2 retry_delay_s=4"]),
        ({**STARTED, "exception": "Traceback:\nValueError: no"}, ["attempt.error", "Traceback:", "ValueError: no"]),
        ({"level": "ERROR", "errorType": "ValueError", "errorMessage": "no", "stackTrace": ["  File x\n"]},
         ["ERROR ValueError", "no", "File x"]),
        ("hello [bold]you[/bold] {not json", ["hello [bold]you[/bold] {not json"]),
    ],
    ids=["structured", "with an exception", "Lambda's own error", "plain"],
)  # fmt: skip
def test_a_person_gets_rows_and_a_program_json(message: str | dict[str, Any], rows: list[str]) -> None:
    shown = [" ".join(Text.from_ansi(row).plain.split()) for row in printed(Tty(), line(message))]
    assert len(shown) == len(rows)
    assert all(part in row for part, row in zip(rows, shown, strict=True))
    said = json.loads(printed(io.StringIO(), line(message))[0])
    assert (said["message"] if isinstance(message, str) else said) == message


def test_a_terminal_that_is_gone_holds_nobody_up() -> None:
    closed = io.StringIO()
    terminal = Terminal("jobflow-dev", closed)
    closed.close()
    for _ in range(100):
        terminal(line("hello"))
    terminal.close()


STATE = {
    "ready_seconds": 2, "api": "http://127.0.0.1:8000", "dashboard": "http://127.0.0.1:8080",
    "aws": "http://127.0.0.1:4566", "backend": "moto", "token": "jf_x",
}  # fmt: skip


def pasted(types: dict[str, Any]) -> list[str]:
    """Return the words of the command, as a shell reads them."""
    said = banner(STATE, types)
    return shlex.split(said[said.index("curl ") :])


@pytest.mark.parametrize(
    ("example", "body"),
    [
        ({"n": 1}, '{"type": "a.b", "payload": {"n": 1}}'),
        ({"text": "it's"}, '{"type": "a.b", "payload": {"text": "it\'s"}}'),
    ],
)
def test_the_command_makes_a_job_of_the_first_type_with_its_example(example: Any, body: str) -> None:
    words = pasted({"a.b": example, "c.d": {"n": 2}})
    assert words[-2:] == ["-d", body]
    assert "Authorization: Bearer jf_x" in words
    assert "http://127.0.0.1:8000/jobs" in words


@pytest.mark.parametrize("types", [{"a.b": {}}, {"a.b": {}, "webhook.deliver": {}}])
def test_a_developer_reads_how_to_try_a_receiver_with_or_without_the_type_that_delivers(types: dict[str, Any]) -> None:
    assert "jobflow webhooks listen" in banner(STATE, types)


def test_the_command_makes_no_job_of_a_queue_of_celery_because_its_example_names_no_task() -> None:
    assert '"type": "word.count"' in pasted({"celery.default": {"task": "shop.tasks.charge"}, "word.count": {}})[-1]
    assert '"type": "celery.default"' in pasted({"celery.default": {"task": "shop.tasks.charge"}})[-1]


ROOT = Path("/project")


def test_settings_of_the_functions_are_passed_on_and_nothing_else() -> None:
    options = Options.from_env({"JOBFLOW_FAULT_RATE": "0.3", "JOBS_TABLE": "elsewhere", "HOME": "/home/a"}, ROOT)

    assert options.passed_on == {"JOBFLOW_FAULT_RATE": "0.3"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("API_PORT", "http"),
        ("AWS_PORT", "65536"),
        ("DASHBOARD_PORT", "-1"),
        ("JOBFLOW_BACKEND", "localstack"),
        ("JOBFLOW_CONCURRENCY", "0"),
        ("JOBFLOW_DUPLICATE_RATE", "2"),
        ("JOBFLOW_FAULT_RATE", "often"),
        ("RATE_LIMIT_MAX", "none"),
        ("JITTER", "some"),
        ("LOG_LEVEL", "LOUD"),
    ],
)
def test_a_wrong_value_is_named(name: str, value: str) -> None:
    with pytest.raises(CannotRun, match=f"{name}='{value}'"):
        Options.from_env({name: value}, ROOT)


@pytest.mark.parametrize(
    "url", ["http://otel:4318/v1/traces", "http://127.0.0.1/v1/traces", "http://localhost:99999/v1/traces", "otel:4318"]
)
def test_a_collector_that_would_get_no_span_is_refused_before_the_start(url: str) -> None:
    with pytest.raises(CannotRun, match=r"OTLP_ENDPOINT must be .*http://localhost:port"):
        Options.from_env({"OTLP_ENDPOINT": url}, ROOT)


@pytest.mark.parametrize("host", ["http://127.0.0.1:4318", "http://localhost:4318", "https://otel.example.com"])
def test_a_collector_on_a_laptop_or_with_tls_is_passed_on(host: str) -> None:
    given = {"OTLP_ENDPOINT": f"{host}/v1/traces"}
    assert Options.from_env(given, ROOT).passed_on == given


def test_an_empty_value_is_none() -> None:
    options = Options.from_env({"API_PORT": "", "JOBFLOW_BACKEND": "", "RATE_LIMIT_MAX": "", "JITTER": ""}, ROOT)

    assert (options.api_port, options.backend, options.passed_on) == (8000, "moto", {})
    assert options.state_dir == ROOT / ".jobflow"
