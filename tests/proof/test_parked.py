"""Test every order of the steps of a worker, the watchdog and an operator on a parked retry, and on a job for later."""

from dataclasses import replace

import pytest

from chalicelib.jobs.change import Change
from tests.proof import parked, waiting
from tests.proof.parked import Rules, explore

KINDS = pytest.mark.parametrize("kind", ["retry", "later"])


@KINDS
def test_no_order_loses_a_job_that_waits_for_its_time_or_runs_it_too_early(kind: str, whole: bool) -> None:
    """Two processes die, a message comes twice, and an operator stops the job; in the whole proof, runs it as well."""
    found = explore(rules(kind), crashes=2, duplicates=1, cancels=1, hurries=int(whole))
    assert found.bad == []
    assert found.states > 5_000


@KINDS
def test_no_order_loses_a_job_that_an_operator_runs_now(kind: str) -> None:
    found = explore(rules(kind), crashes=1, duplicates=1, hurries=1)
    assert found.bad == []
    assert found.states > 2_000


def rules(kind: str) -> Rules:
    return Rules("retry" if kind == "retry" else "later")


def test_a_message_that_is_acknowledged_before_the_wait_is_stored_is_found() -> None:
    assert "for ever" in explore(Rules("retry", acknowledges_last=False), crashes=1, duplicates=0).bad[0]


def test_a_job_that_runs_before_its_time_is_found() -> None:
    def claim(change: Change) -> Change:
        return replace(change, tests=tuple(test for test in change.tests if test.field != "next_attempt_at"))

    assert "before its time" in explore(Rules("retry", claims=claim), crashes=0, duplicates=1).bad[0]


def test_a_message_that_is_marked_as_sent_for_a_later_wait_is_found() -> None:
    """The process that marks it was slow: the job waits again, and for this wait no message was sent."""

    def mark(change: Change) -> Change:
        return replace(change, tests=())

    assert "for ever" in explore(Rules("retry", edit=mark), crashes=1, duplicates=1, hurries=2).bad[0]


@KINDS
def test_a_message_that_is_marked_before_it_is_sent_is_found(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = waiting.CHANGES["check"]
    marked = lambda seen, now: replace(real(seen, now), values={**real(seen, now).values, "sent": True})  # noqa: E731
    monkeypatch.setitem(waiting.CHANGES, "check", marked)
    waiting._applied.cache_clear()
    try:
        assert "for ever" in explore(rules(kind), crashes=1, duplicates=0).bad[0]
    finally:
        waiting._applied.cache_clear()


def test_a_message_without_a_job_to_send_is_not_sent_again() -> None:
    assert parked._sends(parked.start("later").key, 0) == ""
    assert parked._sends(parked.start("later").key, 1) == "delayed"
