"""Function lines for people and for programs."""

import io
import json
from typing import Any

import pytest
from rich.text import Text

from infra.local.lambdas.logs import LogLine
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
    """A terminal that remembers."""

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
