"""Function lines for people and for programs."""

import io
import json
from typing import Any

from infra.local.lambdas.logs import LogLine
from infra.local.terminal import Terminal, pretty, raw

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


def shown(message: str | dict[str, Any], *, platform: bool = False) -> str:
    return pretty(line(message, platform=platform), "jobflow-dev").plain


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


def test_a_structured_line_shows_what_matters_in_one_row() -> None:
    text = shown(STARTED)

    assert text.split()[1:] == [
        "email-send",
        "WARNING",
        "attempt.error",
        "job",
        "ab12cd34",
        "attempt",
        "2",
        "retry_delay_s=4",
    ]


def test_an_exception_is_shown_below_its_line() -> None:
    text = shown({**STARTED, "exception": 'Traceback (most recent call last):\n  File "x.py"\nValueError: no'})

    assert text.splitlines()[1:] == [
        "    Traceback (most recent call last):",
        '      File "x.py"',
        "    ValueError: no",
    ]


def test_lambdas_own_error_shows_its_type_message_and_stack() -> None:
    text = shown({"level": "ERROR", "errorType": "ValueError", "errorMessage": "no", "stackTrace": ["  File x\n"]})

    assert "ERROR   ValueError" in text
    assert text.splitlines()[1:] == ["    no", "      File x"]


def test_a_metric_is_for_programs_only() -> None:
    metric = line({"_aws": {"CloudWatchMetrics": []}, "Created": [1.0]})

    assert printed(Tty(), metric) == []
    assert json.loads(printed(io.StringIO(), metric)[0])["Created"] == [1.0]


def test_plain_text_is_shown_as_it_is() -> None:
    assert shown("hello [bold]you[/bold] {not json").endswith("hello [bold]you[/bold] {not json")


def test_a_program_gets_json_lines_whatever_the_function_printed() -> None:
    assert raw(line(STARTED)) == json.dumps(STARTED)
    assert json.loads(raw(line("hello"))) == {
        "level": "INFO",
        "message": "hello",
        "timestamp": "2027-01-15T08:00:00.123+00:00",
        "function_name": "jobflow-dev-email-send",
    }


def test_lambdas_bookkeeping_is_left_out_but_its_mishaps_are_not() -> None:
    report = line("REPORT RequestId: x\tDuration: 1.00 ms", platform=True)
    mishap = line("x Task timed out after 3.00 seconds", platform=True)

    out = printed(io.StringIO(), report, mishap)

    assert [json.loads(row)["message"] for row in out] == ["x Task timed out after 3.00 seconds"]
    assert json.loads(out[0])["level"] == "ERROR"


def test_a_person_gets_rows_and_a_program_gets_json() -> None:
    assert json.loads(printed(io.StringIO(), line(STARTED))[0]) == STARTED
    assert "attempt.error" in printed(Tty(), line(STARTED))[0]


def test_a_terminal_that_is_gone_holds_nobody_up() -> None:
    closed = io.StringIO()
    terminal = Terminal("jobflow-dev", closed)
    closed.close()
    for _ in range(100):
        terminal(line("hello"))
    terminal.close()
