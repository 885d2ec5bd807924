"""Check that the queue of an automatically paused type is switched as its row says, and never stays disabled."""

from dataclasses import replace

import pytest

from chalicelib.counters.port import Pause
from chalicelib.errors import JobConflict
from chalicelib.pausing.constants import SWITCH_SURE
from chalicelib.pausing.rule import AutoPause, resumed
from chalicelib.pausing.seen import BY
from chalicelib.telemetry.emf import Metric
from tests.chalicelib.pausing.paused_queue import OPEN, TYPE, Reading, Stage, Switching
from tests.support import T0, a_job, written


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_a_pause_is_told_and_switched_off_once(stage: Stage) -> None:
    stage.store.add(a_job(type=TYPE))
    stage.write(replace(OPEN, since=T0 + 0.0004))
    stage.minute()
    assert stage.told() == Pause(T0, "JobFlow", "2 attempts in a row failed with E", T0 + 60)
    stage.minute()
    assert stage.switched == [False]
    stage.write(replace(stage.row(), probe_at=T0 + 500))
    stage.watchdog.run()
    assert stage.pause().probe_at == T0 + 500


def test_while_lambda_says_no_it_is_tried_again_each_minute(stage: Stage) -> None:
    stage.store.add(a_job(type=TYPE))
    stage.write(OPEN)
    stage.error = JobConflict("just being switched")
    for _ in range(5):
        stage.minute()
    stage.error = None
    stage.minute()
    assert stage.switched == [False]
    assert stage.row().off


def test_after_the_probe_it_is_switched_on_until_that_is_sure_to_last(stage: Stage) -> None:
    stage.write(OPEN)
    stage.minute()
    stage.ends()
    while stage.row().switched_at is not None:
        stage.minute()
    assert stage.switched[:2] == [False, True]
    assert all(stage.switched[1:])
    assert stage.clock.now - T0 > SWITCH_SURE
    assert stage.told() is None
    (past,) = stage.operator.past(TYPE)
    assert (past.pause.by, past.resumed_by, past.pause.reason) == (BY, BY, OPEN.reason)
    assert past.pause.since < past.until < stage.clock.now
    quiet = len(stage.switched)
    stage.minute()
    assert len(stage.switched) == quiet


def test_a_late_watchdog_cannot_leave_the_queue_off(stage: Stage) -> None:
    stage.write(OPEN)
    late = stage.row()
    stage.minute()
    stage.operator.resume(TYPE, "ada")
    # a run that read the row before the operator's resume, and changes the mapping after it
    stage.switch(TYPE, on=False)
    stage.counters.pause(TYPE, Pause(T0, "JobFlow", late.reason, late.probe_at))
    stage.minute()
    assert stage.switched[-1] is True
    assert stage.told() is None


def test_an_operators_pause_is_never_lifted_and_nothing_is_tried_under_it(stage: Stage) -> None:
    stage.store.add(a_job(type=TYPE))
    stage.write(OPEN)
    stage.minute()
    stage.operator.pause(TYPE, "ada", "maintenance")
    for _ in range(5):
        stage.minute()
    assert (stage.probed, stage.switched[-1]) == ([], False)
    stage.ends()
    for _ in range(10):
        stage.minute()
    assert (stage.pause().by, stage.pause().probe_at) == ("ada", None)
    assert True not in stage.switched
    stage.operator.resume(TYPE, "ada")
    stage.minute()
    assert (stage.told(), stage.switched[-1]) == (None, True)
    assert stage.row().switched_at is None


def test_an_operator_who_pauses_just_before_the_queue_is_switched_on_has_the_last_word(stage: Stage) -> None:
    stage.write(OPEN)
    stage.minute()
    stage.clock.advance(3600)
    stage.ends()
    switch = stage.switch

    def late(job_type: str, *, on: bool) -> None:
        stage.watchdog.consumers = stage
        stage.operator.pause(job_type, "ada", "maintenance")
        switch(job_type, on=on)

    stage.watchdog.consumers = Switching(late)
    stage.minute()
    stage.minute()
    assert (stage.pause().by, stage.switched) == ("ada", [False, False, True, False])


def test_a_resume_that_is_refused_is_carried_out_by_the_watchdog(stage: Stage) -> None:
    stage.write(OPEN)
    stage.minute()
    stage.error = JobConflict("just being switched")
    with pytest.raises(JobConflict):
        stage.operator.resume(TYPE, "ada")
    stage.error = None
    stage.minute()
    assert (stage.told(), stage.switched[-1]) == (None, True)
    assert [past.resumed_by for past in stage.operator.past(TYPE)] == ["ada"]


def test_a_row_that_changes_meanwhile_is_left_to_the_next_run(stage: Stage) -> None:
    stage.write(OPEN)
    stale = stage.row()
    stage.write(resumed(stale) or stale)
    stage.watchdog.rows = Reading(stage.rows, lambda *_, **__: stale)
    stage.watchdog.run()
    assert (stage.switched, stage.told()) == ([], None)


def test_each_minute_of_a_pause_is_counted_for_the_alarm(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    stage.write(OPEN)
    with written():
        stage.watchdog.run()
    assert f'"{Metric.PAUSED_BY_ITSELF}":[1.0]' in capsys.readouterr().out


def test_one_type_that_fails_does_not_keep_another_from_its_turn(stage: Stage) -> None:
    stage.watchdog.queues = ["broken.type", TYPE]
    stage.write(OPEN)
    read = stage.rows.read

    def reads(job_type: str, *, consistent: bool = True) -> AutoPause:
        if job_type == "broken.type":
            raise TimeoutError
        return read(job_type, consistent=consistent)

    stage.watchdog.rows = Reading(stage.rows, reads)
    assert stage.watchdog.run() == {"paused_by_itself": 1}


def test_a_job_that_has_attempts_left_is_probed_before_those_that_a_worker_would_give_up(stage: Stage) -> None:
    for _ in range(20):
        stage.store.add(a_job(type=TYPE, attempts=3, max_attempts=3, sent=True))
    fresh = a_job(type=TYPE, sent=True)
    stage.store.add(fresh)
    stage.write(OPEN)
    stage.clock.advance(61)
    stage.minute()
    assert [message.id for message in stage.probed] == [fresh.id]
