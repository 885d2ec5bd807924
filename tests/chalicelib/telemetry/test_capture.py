"""What a job function prints, or logs by Python's own module, is among the job's lines, with its keys."""

import logging
import sys
from typing import Any

import pytest

from chalicelib.telemetry.capture import captured
from chalicelib.telemetry.logger import about, logger
from tests.support import written


def lines_of(work: Any) -> list[dict[str, Any]]:
    """The lines of a function that runs as a job."""
    with written() as lines, about(job_id="j-1"), captured():
        work()
    return lines


def test_print_and_logging_have_the_jobs_keys() -> None:
    def work() -> None:
        print("one\ntwo", end="")  # noqa: T201
        logging.getLogger("my.module").info("three %s", 3)
        logger().info("four")

    found = {line["message"]: (line["job_id"], line.get("logger")) for line in lines_of(work)}
    assert found == {
        "one": ("j-1", "print"), "two": ("j-1", "print"), "three 3": ("j-1", "my.module"), "four": ("j-1", None),
    }  # fmt: skip


def test_libraries_of_aws_are_quiet_below_a_warning() -> None:
    def work() -> None:
        logging.getLogger("botocore.credentials").info("Found credentials")
        logging.getLogger("botocore.credentials").warning("Slow")

    assert [line["message"] for line in lines_of(work)] == ["Slow"]


def test_a_line_of_metrics_stays_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert lines_of(lambda: print('{"_aws": {}, "Count": 1}')) == []  # noqa: T201
    assert capsys.readouterr().out == '{"_aws": {}, "Count": 1}\n'


def test_all_is_as_before_when_the_function_raises() -> None:
    def work() -> None:
        print("last")  # noqa: T201
        raise ValueError("boom")

    before = (sys.stdout, list(logging.getLogger().handlers), logging.getLogger().level)
    with written() as lines, pytest.raises(ValueError, match="boom"), captured():
        work()
    assert [line["message"] for line in lines] == ["last"]
    assert (sys.stdout, list(logging.getLogger().handlers), logging.getLogger().level) == before
