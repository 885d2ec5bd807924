"""More calls are noticed, and other requests than the recorded ones, too."""

import pytest

from chalicelib.adapters import aws
from scripts.benches.cpu.__main__ import BASELINE, Figures, grown, line
from scripts.benches.cpu.canned import Misaligned
from scripts.benches.cpu.stage import REGION, stage
from scripts.benches.cpu.work import WORK


@pytest.fixture
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a stage sets is gone after the test."""
    import os

    monkeypatch.setattr(os, "environ", os.environ.copy())


@pytest.mark.usefixtures("own_environment")
def test_other_requests_than_those_recorded_are_an_error() -> None:
    with stage() as stood:
        queues = aws.client("sqs", REGION)
        with stood.canned.record():
            queues.list_queues()
            queues.list_queues()
        with (
            pytest.raises(Misaligned, match="GetQueueUrl was asked for, ListQueues was recorded"),
            stood.canned.replay(),
        ):
            queues.get_queue_url(QueueName="q")
        with pytest.raises(Misaligned, match="1 requests, but 2"), stood.canned.replay():
            queues.list_queues()


def test_a_sixth_more_calls_are_noticed() -> None:
    known = {"a": 100, "b": 100}
    figures = {"a": Figures(117, 1.0, 3), "b": Figures(114, 1.0, 3), "new": Figures(5, 1.0, 1)}
    assert grown(figures, known) == ["a"]
    assert "+17.0%" in line("a", figures["a"], known)


def test_the_baseline_is_of_the_work_that_is_measured() -> None:
    assert all(name in BASELINE.read_text() for name in WORK)
