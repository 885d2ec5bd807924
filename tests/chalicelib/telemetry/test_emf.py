"""Test metrics: few names, two dimensions, one line per invocation and job type; and the documented list."""

import json
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from chalicelib.job_types.failing import Failing
from chalicelib.job_types.function import Function
from chalicelib.job_types.queue import Queue
from chalicelib.pausing.events import is_paused
from chalicelib.telemetry import emf, events
from chalicelib.telemetry.emf import PER_TYPE, Metric, count, gathering
from infra.definition.monitoring.alarms import all_alarms
from infra.definition.monitoring.metrics import OWN
from tests.chalicelib.api.support import NOTE, only_types
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
        assert (line["DeadLettered"], line["Completed"], line["job_type"]) == ([1.0], [1.0], "-")
    assert emitted(capsys) == []


def test_a_type_has_metrics_of_its_own_only_if_it_has_alarms_of_its_own(capsys: Lines) -> None:
    alone = replace(NOTE, function=Function(own_alarms=True))
    for kind in (NOTE, alone):
        with only_types(kind):
            for metric in sorted(set(Metric) - {Metric.FENCED}):
                with gathering():
                    count(metric, kind.name)
                    count(metric, "c.d", 2)
                told: dict[object, float] = {}
                for line in emitted(capsys):
                    (number,) = cast("list[float]", line[metric])
                    told[line["job_type"]] = told.get(line["job_type"], 0) + number
                assert told == {"-": 3, **({kind.name: 1} if kind is alone and metric in PER_TYPE else {})}, metric


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
    kind = replace(NOTE, pause_when=Failing(), function=Function(own_alarms=True))
    own = [m for alarm in all_alarms([kind], "s") for m in alarm.metrics.values() if m.namespace == OWN]
    assert {m.name for m in own} <= set(Metric)
    assert {m.name for m in own if m.dimensions.get("job_type", "-") != "-"} == PER_TYPE


@pytest.mark.parametrize("queue", [None, Queue("mail")], ids=["own", "shared"])
def test_alarms_watch_what_is_counted_for_a_type(capsys: Lines, queue: Queue | None) -> None:
    own = Function(own_alarms=True)
    shared = None if queue is None else replace(queue, function=own)
    kind = replace(NOTE, pause_when=Failing(), queue=shared, function=own)
    alarms = all_alarms([kind], emf.SERVICE)
    watched = {(m.name, *sorted(m.dimensions.items())) for one in alarms for m in one.metrics.values()}
    with only_types(kind):
        for metric in PER_TYPE:
            count(metric, kind.name)
    counted = set()
    for line in emitted(capsys):
        [described] = line["_aws"]["CloudWatchMetrics"]  # type: ignore[index]
        dimensions = sorted((name, line[name]) for name in described["Dimensions"][0])
        if ("job_type", "-") in dimensions:
            continue  # of the platform: the watchdog's alarms watch the types together
        counted |= {(metric["Name"], *dimensions) for metric in described["Metrics"]}
    assert {name for name, *_ in counted} == {str(metric) for metric in PER_TYPE}
    assert counted <= watched


def test_the_pause_of_a_shared_queue_rings_the_alarm_of_the_queue(capsys: pytest.CaptureFixture[str]) -> None:
    own = Function(own_alarms=True)
    kind = replace(NOTE, queue=Queue("mail", function=own), pause_when=Failing(), function=own)
    (watched,) = (
        m for one in all_alarms([kind], emf.SERVICE) for m in one.metrics.values() if m.name == Metric.PAUSED_BY_ITSELF
    )
    with only_types(kind):
        is_paused("mail")
    assert watched.dimensions in [{"service": emf.SERVICE, **_own(line)} for line in emitted(capsys)]


def _own(line: Mapping[str, object]) -> dict[str, object]:
    return {name: line[name] for name in ("queue", "job_type") if name in line}
