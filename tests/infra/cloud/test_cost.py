"""The bill: what an idle stage costs a month, and a million jobs, from requests that were really made."""

import contextlib
import io
import logging
import sys
from collections import Counter
from collections.abc import Iterator

import pytest

from chalicelib import jobtype, telemetry
from infra.cloud import cost
from infra.cloud.cost import BUSY, idle, per_million, total
from infra.cloud.prices import ALLOWANCES
from infra.definition.alarms import all_alarms
from tests.infra.cloud.acting import STACK, Stage, stage
from tests.infra.cloud.units import Item, units

MAIL = {"to": ["success@example.com"], "subject": "Hello", "text": "Hello"}
TYPES = jobtype.load()
EVENT_OVERHEAD = 26
"""Bytes that CloudWatch Logs adds to every event."""


@pytest.fixture(scope="module")
def logged() -> Iterator[io.StringIO]:
    """Everything that the functions write while this lasts."""
    written = io.StringIO()
    (handler,) = (h for h in telemetry.logger().handlers if isinstance(h, logging.StreamHandler))
    before = handler.setStream(written)
    with contextlib.redirect_stdout(written):
        yield written
    handler.setStream(before or sys.stdout)


@pytest.fixture(scope="module")
def acted(logged: io.StringIO) -> Iterator[Stage]:
    """Two jobs from the API to their end; the second is the one that counts, because the first begins a rate window."""
    with pytest.MonkeyPatch.context() as environment, stage(environment) as acting:
        for _ in range(2):
            acting.recorder.needed.clear()
            acting.recorder.units.clear()
            logged.seek(0)
            logged.truncate()
            status, _job = acting.call("POST", "/jobs", {"type": "email.send", "payload": MAIL})
            assert status == 201
            assert acting.work(jobtype.get("email.send")) == 1
            acting.recorder.settle()
        yield acting


def test_requests_of_a_job_are_those_that_are_priced(acted: Stage) -> None:
    asked: Counter[str] = sum(acted.recorder.needed.values(), Counter())
    by_service = Counter({"dynamodb_write": 0})
    for need, count in asked.items():
        service, action, *_ = need.split(":")
        by_service["dynamodb_write" if action in ("PutItem", "UpdateItem") else f"{service}:{action}"] += count
    assert by_service == {
        "dynamodb_write": 5,
        "sqs:SendMessage": 1,
        "sqs:ChangeMessageVisibility": 1,
        "ses:SendEmail": 1,
    }
    # Lambda's poller adds a receive and a delete for each batch
    assert cost.TRICKLE["sqs_request"] == 2 + 2


def test_write_units_of_a_job(acted: Stage) -> None:
    jobs = sum(spent for (_, table), spent in acted.recorder.units.items() if table == f"{STACK}-jobs")
    control = sum(spent for (_, table), spent in acted.recorder.units.items() if table == f"{STACK}-control")
    assert (jobs, control) == (7, 1)
    assert cost.WRITE_UNITS == jobs + control <= 8


def test_log_lines_of_a_job(acted: Stage, logged: io.StringIO) -> None:
    assert acted.recorder.units
    lines = [line for line in logged.getvalue().splitlines() if line.startswith("{")]
    kilobytes = sum(len(line.encode()) + EVENT_OVERHEAD for line in lines) / 1000
    assert 0.7 * cost.LOG_KB <= kilobytes <= cost.LOG_KB


def test_a_million_jobs() -> None:
    # the aim is $10; what is above it is log lines
    lines = {line.what: line.dollars for line in per_million(BUSY)}
    assert sum(lines.values()) - lines["log_kb"] <= 9.6
    assert sum(lines.values()) <= 10.7


def test_an_idle_month_costs_what_was_aimed_at() -> None:
    assert total(idle(TYPES, ALLOWANCES)) <= 3
    # without any free allowance and without the CloudWatch dashboard, which is free for the first three
    listed = [line for line in idle(TYPES) if line.what != "CloudWatch dashboards"]
    assert total(listed) <= 4.50


def test_every_metric_of_every_alarm_is_on_the_bill() -> None:
    (line,) = [line for line in idle(TYPES) if line.what == "Metrics of alarms"]
    assert line.amount == sum(len(alarm.metrics) for alarm in all_alarms(TYPES, STACK))


INDEX = {
    "KeySchema": [{"AttributeName": "group"}, {"AttributeName": "order"}],
    "Projection": {"NonKeyAttributes": ["due_at"]},
}
ROW: Item = {"pk": {"S": "a"}, "group": {"S": "ACTIVE"}, "order": {"S": "1"}, "due_at": {"N": "1"}}


@pytest.mark.parametrize(
    ("before", "after", "spent"),
    [
        ({}, ROW, 2),
        (ROW, {**ROW, "pk": {"S": "b"}}, 1),
        (ROW, {**ROW, "due_at": {"N": "2"}}, 2),
        (ROW, {**ROW, "group": {"S": "FAILED"}}, 3),
        (ROW, {"pk": {"S": "a"}}, 2),
        ({}, {**ROW, "payload": {"S": 1500 * "x"}}, 3),
    ],
    ids=["put", "not projected", "projected", "moved", "left", "two units"],
)
def test_units_of_one_write(before: Item, after: Item, spent: int) -> None:
    assert units(before, after, [INDEX]) == spent


def test_report_names_both_bills() -> None:
    text = cost.report(TYPES)
    assert "Idle" in text
    assert "million" in text
