"""Check that saved queries use events and fields that are written.

For a wrong name, Logs Insights finds nothing and reports no error.
"""

import io
import json
import logging
import re
from typing import Any

import pytest

from chalicelib.jobs.job import Attempt, Status
from chalicelib.telemetry import events as telemetry
from chalicelib.telemetry import request_events
from chalicelib.telemetry.logger import logger
from infra.definition.monitoring.queries import QUERIES
from tests.support import T0, a_job

LANGUAGE = frozenset({
    "fields", "filter", "stats", "sort", "limit", "like", "and", "or", "in", "asc", "desc", "by", "count", "pct", "bin",
    "ispresent", "h", "m",
})  # fmt: skip
OF_LAMBDA = frozenset({"timestamp"})


@pytest.fixture(scope="module")
def lines() -> list[dict[str, Any]]:
    """Return a line of every event that a query uses, as it is written."""
    buffer, log = io.StringIO(), logger()
    streams = [h for h in logging.getLogger(log.service).handlers if isinstance(h, logging.StreamHandler)]
    before, level = streams[0].setStream(buffer), log.log_level
    log.setLevel("INFO")
    write()
    streams[0].setStream(before)
    log.setLevel(level)
    return [json.loads(line) for line in buffer.getvalue().splitlines()]


def write() -> None:
    job = a_job(attempts=1, started_at=T0, cold_start=True, status=Status.PROCESSING)
    telemetry.attempt_started(job)
    for outcome in ("completed", "error"):
        telemetry.attempt_finished(job, Attempt(1, 1, outcome, T0, T0 + 1, error_class="TimeoutError"))
    telemetry.late_finisher(job, None)
    telemetry.taken_over(job)
    telemetry.duplicate(job, "held under a live lease")
    telemetry.dispatch_deferred(job, TimeoutError())
    telemetry.resent(job, 0)
    request_events.request_served(
        "GET", "/jobs", 200, 1.0, {"principal": "abc", "ip": "203.0.113.9", "correlation_id": "c-1"}
    )
    request_events.request_failed("/jobs", "c-1")


@pytest.mark.parametrize("name", QUERIES)
def test_some_line_has_all_the_fields_that_a_query_names(name: str, lines: list[dict[str, Any]]) -> None:
    words = re.sub(r'"[^"]*"|\bas \w+|sort (jobs|attempts|times)\b', "", QUERIES[name])
    asked = set(re.findall(r"[a-z_]+", words)) - LANGUAGE - OF_LAMBDA
    assert any(asked <= line.keys() for line in lines), asked


@pytest.mark.parametrize("name", QUERIES)
def test_the_events_that_a_query_names_are_written(name: str, lines: list[dict[str, Any]]) -> None:
    asked = re.findall(r'"([a-z]+\.[a-z]*)"', QUERIES[name])
    assert [part for part in asked if not any(line["message"].startswith(part) for line in lines)] == []
