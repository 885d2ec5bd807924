"""Test every order of the steps of a waiter, a waker and the watchdog, and the effects of neglected duties."""

from dataclasses import replace

import pytest

from chalicelib.jobs.change import Change
from tests.proof.promises import DIES, DUPLICATE, TOGETHER, plays
from tests.proof.waiting import Explored, OtherWait, Rules, explore, start

plays("W", (1, 2, 3, 4, 5), (DIES, DUPLICATE, TOGETHER))


def explored(rules: Rules, crashes: int = 0, duplicates: int = 0) -> Explored:
    return explore(rules, start()._replace(crashes=crashes, duplicates=duplicates))


def unfenced(change: Change) -> Change:
    """Return a wake that is not for one wait: it tests only the state."""
    return replace(change, tests=())


@pytest.mark.parametrize("event", [True, False], ids=["event", "time"])
def test_no_order_leaves_a_job_asleep_or_tells_two_outcomes(event: bool, whole: bool) -> None:
    found = explored(Rules(event=event), *((2, 1) if whole else (1, 0) if not event else (0, 0)))
    assert found.bad == []
    assert found.states > 500


@pytest.mark.parametrize("event", [True, False], ids=["event", "time"])
def test_no_order_cancels_a_job_whose_step_is_not_undone_or_completes_one_that_must_stop(
    event: bool, whole: bool
) -> None:
    if event and not whole:
        pytest.skip("takes a quarter of a minute: `make whole` and `make proof` explore it")
    crashes, cancels = (0, 1) if event else (1, 2 if whole else 1)
    found = explore(Rules(event=event), start()._replace(crashes=crashes, duplicates=0, posts=1, cancels=cancels))
    assert found.bad == []
    assert found.states > 500


def test_a_stop_that_ends_a_job_before_its_function_undoes_its_step_is_found() -> None:
    found = explore(Rules(event=False, undoes=False), start()._replace(crashes=0, duplicates=0, posts=0, cancels=1))
    assert "nobody has undone" in found.bad[0]


def test_a_poster_that_dies_has_woken_the_job_or_stored_nothing() -> None:
    """One process dies, after everything that came before it; the sender's request is not repeated."""
    found = explore(Rules(), start()._replace(crashes=1, duplicates=0, posts=1))
    assert found.bad == []
    lost = explore(Rules(spare=False), start()._replace(crashes=1, duplicates=0, posts=1), most_bad=1)
    assert "nobody wakes the job" in lost.bad[0]


def test_a_message_that_is_acknowledged_before_the_look_is_found() -> None:
    assert "nobody wakes the job" in explored(Rules(looks=False, spare=False)).bad[0]


def test_a_wake_that_is_not_fenced_by_its_wait_is_found() -> None:
    with pytest.raises(OtherWait):
        explored(Rules(edit=unfenced))


def test_a_message_that_is_marked_as_sent_for_a_later_wait_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process that marks the message was slow.

    The job was claimed and waits again, now for a message that was never sent.
    """
    from tests.proof import waiting

    real = waiting.CHANGES["mark sent"]
    monkeypatch.setitem(waiting.CHANGES, "mark sent", lambda seen, now: replace(real(seen, now), tests=()))
    waiting._applied.cache_clear()
    try:
        assert "for ever" in explored(Rules()).bad[0]
    finally:
        waiting._applied.cache_clear()
