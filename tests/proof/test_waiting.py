"""Test every order of the steps of a waiter, a waker and the watchdog, and the effects of neglected duties."""

from dataclasses import replace

import pytest

from chalicelib.jobs.change import Change
from tests.proof.waiting import Explored, OtherWait, Rules, explore, start


def explored(rules: Rules, crashes: int = 0, duplicates: int = 0) -> Explored:
    return explore(rules, start()._replace(crashes=crashes, duplicates=duplicates))


def called(rules: Rules, crashes: int = 0, duplicates: int = 0, cancels: int = 0) -> Explored:
    """Explore a job that waits for the end of a job that it has called."""
    begin = start()._replace(crashes=crashes, duplicates=duplicates, posts=0, cancels=cancels)
    return explore(replace(rules, child=True, spare=False, crashes=crashes), begin)


def test_no_order_leaves_a_caller_asleep(whole: bool) -> None:
    """Without a crash, the end of the called job wakes it; with a crash, it wakes by itself at the latest."""
    for crashes, duplicates in ((0, 1), (1, 0), (2, 1)) if whole else ((0, 1), (1, 0)):
        found = called(Rules(), crashes, duplicates)
        assert found.bad == []
        assert found.states > 100


def test_no_order_cancels_a_caller_without_undoing_its_step(whole: bool) -> None:
    if not whole:
        pytest.skip("takes half a minute: `make whole` explores it")
    assert called(Rules(), crashes=0, cancels=1).bad == []


def test_an_end_that_does_not_wake_the_caller_is_found() -> None:
    assert "nobody wakes the job" in called(Rules(wakes=False)).bad[0]


def test_a_caller_whose_message_is_acknowledged_before_its_look_is_found() -> None:
    assert "nobody wakes the job" in called(Rules(looks=False)).bad[0]


def test_a_caller_that_never_looks_again_is_found_if_the_process_that_wakes_it_dies(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from tests.proof import waiting

    monkeypatch.setitem(
        waiting.CHANGES, "suspend", lambda seen, now: waiting._suspend(seen, now, waiting.FOREVER, waiting.WAITS)
    )
    waiting._applied.cache_clear()
    try:
        assert "for ever" in called(Rules(again=False), crashes=1).bad[0]
    finally:
        waiting._applied.cache_clear()


def test_a_wake_of_a_caller_that_is_not_fenced_by_its_wait_is_found() -> None:
    with pytest.raises(OtherWait):
        called(Rules(edit=unfenced), crashes=1)


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
        pytest.skip("takes a quarter of a minute: `make whole` explores it")
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


def test_an_event_without_a_spare_message_is_not_stored() -> None:
    one = start()._replace(crashes=1, duplicates=0, posts=1)
    assert explore(Rules(refuses=True), one).bad == []
    lost = explore(Rules(refuses=True, needs_spare=False), one, most_bad=1)
    assert "nobody wakes the job" in lost.bad[0]


def test_a_message_that_is_acknowledged_before_the_look_is_found() -> None:
    assert "nobody wakes the job" in explored(Rules(looks=False, spare=False)).bad[0]


def test_a_look_through_an_index_is_found() -> None:
    """The index does not show the event yet when the waiter looks, and the poster has looked before the job waited."""
    assert "nobody wakes the job" in explored(Rules(index=True)).bad[0]
    assert "nobody wakes the job" in called(Rules(index=True)).bad[0]


@pytest.mark.parametrize("event", [True, False], ids=["event", "time"])
def test_no_order_of_a_stop_and_of_crashes_leaves_a_job_asleep_or_its_step_undone(event: bool, whole: bool) -> None:
    """A cancel meets crashes, and a message that comes twice: as many of them as are explored within half a minute."""
    if event and not whole:
        pytest.skip("takes half a minute: `make whole` explores it")
    crashes, duplicates = (1, 0) if event else (2, 1) if whole else (1, 1)
    begin = start()._replace(crashes=crashes, duplicates=duplicates, posts=int(event), cancels=1)
    found = explore(Rules(event=event), begin)
    assert found.bad == []
    assert found.states > 20_000


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
