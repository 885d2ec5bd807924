"""Test metrics: few names, two dimensions, one line per invocation and job type; and the documented list."""

import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from chalicelib.job_types.failing import Failing
from chalicelib.telemetry import emf, events
from chalicelib.telemetry.emf import PER_TYPE, Metric, count, gathering
from infra.definition.monitoring.alarms import all_alarms
from infra.definition.monitoring.metrics import OWN
from tests.chalicelib.api.support import NOTE
from tests.support import a_job

ROOT = Path(__file__).parents[3]
Lines = pytest.CaptureFixture[str]


def emitted(capsys: Lines) -> list[dict[str, object]]:
    """Return the EMF lines since the last read."""
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    return [line for line in lines if "_aws" in line]


def test_a_batch_of_ten_jobs_writes_one_line(capsys: Lines) -> None:
    with gathering():
        for _ in range(10):
            events.stalled(a_job(), "an outage")
        count(Metric.RETRIED, "email.send")
        assert emitted(capsys) == []
    [line] = emitted(capsys)
    assert (line["Stalled"], line["Retried"], line["job_type"]) == ([10.0], [1.0], "-")
    [described] = line["_aws"]["CloudWatchMetrics"]  # type: ignore[index]
    assert sorted(described["Dimensions"][0]) == ["job_type", "service"]
    assert (described["Namespace"], line["service"]) == (OWN, emf.SERVICE)


def test_a_dead_letter_is_written_at_once_since_the_process_may_end_before_its_batch(capsys: Lines) -> None:
    with gathering():
        count(Metric.COMPLETED, "email.send")
        events.given_up(a_job())
        (line,) = emitted(capsys)
        assert (line["DeadLettered"], line["Completed"], line["job_type"]) == ([1.0], [1.0], "email.send")
    assert emitted(capsys) == []


def test_what_no_alarm_compares_by_type_is_counted_for_all_types_together(capsys: Lines) -> None:
    for metric in sorted(set(Metric) - {Metric.FENCED}):
        with gathering():
            count(metric, "a.b")
            count(metric, "c.d", 2)
        told = [("a.b", [1.0]), ("c.d", [2.0])] if metric in PER_TYPE else [("-", [3.0])]
        assert [(line["job_type"], line[metric]) for line in emitted(capsys)] == told, metric


def test_an_error_inside_loses_no_count(capsys: Lines) -> None:
    def fail() -> None:
        with gathering():
            count(Metric.FAILED, "a.b")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert len(emitted(capsys)) == 1


def test_counts_of_many_threads_add_up(capsys: Lines) -> None:
    def work() -> None:
        for _ in range(50):
            with gathering():
                count(Metric.CREATED, "a.b")

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(line["Created"][0] for line in emitted(capsys)) == 400  # type: ignore[index]


def test_alarms_watch_metrics_that_exist() -> None:
    kind = replace(NOTE, pause_when=Failing())
    own = [m for alarm in all_alarms([kind], "s") for m in alarm.metrics.values() if m.namespace == OWN]
    assert {m.name for m in own} <= set(Metric)
    assert {m.name for m in own if m.dimensions["job_type"] != "-"} == PER_TYPE
