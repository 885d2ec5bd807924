"""Check the CloudWatch metrics of single tasks."""

import json
from typing import Any

import pytest

from jobflow.celery import shared_task
from jobflow.celery.worker import queue
from jobflow.testing import eager
from tests.chalicelib.api.support import only_types


@pytest.mark.parametrize("wanted", [True, False])
def test_each_task_has_metrics_of_its_own_if_the_queue_asks_for_them(
    wanted: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("POWERTOOLS_METRICS_DISABLED", raising=False)
    with only_types(), eager(queue(task_metrics=wanted)(lambda: None)):
        good, bad = shared_task(name="shop.good")(lambda: 1), shared_task(name="shop.bad")(lambda: 1 / 0)
        good.delay()
        bad.delay()
    lines: list[dict[str, Any]] = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    found = {
        line["task"]: set(line) & {"TaskCompleted", "TaskFailed", "TaskDuration"} for line in lines if "task" in line
    }
    both = {"shop.good": {"TaskCompleted", "TaskDuration"}, "shop.bad": {"TaskFailed", "TaskDuration"}}
    assert found == (both if wanted else {})
