"""The queue of a type that is paused by itself is switched as its row says, and never left off for nothing."""

import random
from dataclasses import replace

import pytest

from chalicelib.adapters.memory.auto_pauses import MemoryAutoPauses
from chalicelib.adapters.memory.counters import MemoryCounters
from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.past_pauses import MemoryPastPauses
from chalicelib.errors import JobConflict
from chalicelib.jobs.auto_pause import SURE, AutoPause, resumed
from chalicelib.jobs.job import Status
from chalicelib.jobs.ports import Message, Pause
from chalicelib.service.pause import Pausing
from chalicelib.telemetry.emf import Metric
from chalicelib.watchdog.auto_pause import BY, CANDIDATES, AutoPausing
from tests.support import T0, Clock, a_job, written

TYPE = "email.send"
OPEN = AutoPause("f1", "E", (T0 - 2, T0 - 1), T0, 60.0, T0 + 60)


class Stage:
    """The rows, the switch and the probes of one type, and an operator."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.rows, self.counters, self.store = MemoryAutoPauses(), MemoryCounters(), MemoryJobStore(self.clock)
        self.ended = MemoryPastPauses()
        self.switched: list[bool] = []
        self.error: Exception | None = None
        self.probed: list[Message] = []
        self.watchdog = AutoPausing(
            [TYPE], self.rows, self.counters, self, self, self.store, self.counters.standing, self.ended, self.clock,
            random.Random(1).sample,
        )  # fmt: skip
        self.operator = Pausing(
            self.counters, self, self.counters, self.ended, self.clock, lambda _: self.rows
        )  # fmt: skip

    def switch(self, job_type: str, *, on: bool) -> None:
        """See Consumers."""
        assert job_type == TYPE
        if self.error is not None:
            raise self.error
        self.switched.append(on)

    def probe(self, message: Message) -> None:
        """See Prober."""
        self.probed.append(message)

    def write(self, row: AutoPause) -> None:
        """Write the row as a worker would."""
        assert self.rows.replace(TYPE, self.row(), row) is not None

    def row(self) -> AutoPause:
        """The row as it stands."""
        return self.rows.read(TYPE)

    def told(self) -> Pause | None:
        """The pause that everybody reads."""
        return self.counters.standing().paused.get(TYPE)

    def minute(self) -> None:
        """A run of the watchdog, and the minute after it."""
        self.watchdog.run()
        self.clock.advance(60)

    def ends(self) -> None:
        """Let a probe complete."""
        self.write(AutoPause(ended_at=self.clock.now, cooldown=60, switched_at=self.row().switched_at))


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_a_type_at_rest_costs_one_read(stage: Stage) -> None:
    stage.write(AutoPause(failures=(T0,)))
    before = stage.row()
    assert stage.watchdog.run() == {}
    assert (stage.row(), stage.switched, stage.told()) == (before, [], None)


def test_a_pause_is_told_and_switched_off_once(stage: Stage) -> None:
    stage.store.add(a_job(type=TYPE))
    stage.write(OPEN)
    stage.minute()
    assert stage.told() == Pause(T0, "JobFlow", "2 attempts in a row failed with E", T0 + 60)
    stage.minute()
    assert stage.switched == [False]
    stage.write(replace(stage.row(), probe_at=T0 + 500))
    stage.watchdog.run()
    told = stage.told()
    assert told is not None
    assert told.probe_at == T0 + 500


def test_while_lambda_says_no_it_is_tried_again_each_minute(stage: Stage) -> None:
    stage.store.add(a_job(type=TYPE))
    stage.write(OPEN)
    stage.error = JobConflict("just being switched")
    for _ in range(60):
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
    assert stage.clock.now - T0 > SURE
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
    # a run that read the row before the operator's resume, and switches after it
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
    told = stage.told()
    assert told is not None
    assert (told.by, told.probe_at) == ("ada", None)
    assert True not in stage.switched
    stage.operator.resume(TYPE, "ada")
    stage.minute()
    assert (stage.told(), stage.switched[-1]) == (None, True)
    assert stage.row().switched_at is None


def test_an_operator_resumes_at_once(stage: Stage) -> None:
    stage.write(OPEN)
    stage.minute()
    stage.operator.resume(TYPE, "ada")
    assert (stage.told(), stage.switched[-1], stage.row().since) == (None, True, None)


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


def test_a_pause_is_told_to_the_millisecond_as_the_ended_ones_are(stage: Stage) -> None:
    stage.write(replace(OPEN, since=T0 + 0.1234567))
    stage.minute()
    told = stage.told()
    assert told is not None
    assert told.since == round(T0 + 0.1234567, 3)


def test_a_row_that_changes_meanwhile_is_left_to_the_next_run(stage: Stage) -> None:
    stage.write(OPEN)
    stale = stage.row()
    stage.write(resumed(stale) or stale)
    stage.watchdog.rows = Stale(stage.rows, stale)
    stage.watchdog.run()
    assert (stage.switched, stage.told()) == ([], None)


class Stale:
    """Rows of which an old one is read."""

    def __init__(self, rows: MemoryAutoPauses, old: AutoPause) -> None:
        self._rows, self._old = rows, old
        self.replace = rows.replace

    def read(self, job_type: str, *, consistent: bool = True) -> AutoPause:
        """See AutoPauses."""
        return self._old


def test_a_probe_is_a_job_that_a_worker_would_take(stage: Stage) -> None:
    busy = a_job(type=TYPE, status=Status.PROCESSING, lease_until=T0 + 9999, claims=1, attempts=1)
    backing_off = a_job(type=TYPE, status=Status.RETRYING, next_attempt_at=T0 + 9999, attempts=1)
    other = a_job(type="report.generate")
    ready = a_job(type=TYPE, correlation_id="c")
    for job in (busy, backing_off, other, ready):
        stage.store.add(job)
    stage.write(OPEN)
    stage.minute()
    assert stage.probed == [], "not before its time"
    stage.minute()
    assert stage.probed == [Message(ready.id, 1, TYPE, "c")]


def test_a_job_whose_holder_has_gone_is_one_too(stage: Stage) -> None:
    lost = a_job(type=TYPE, status=Status.PROCESSING, lease_until=T0 - 9, claims=1, attempts=1)
    stage.store.add(lost)
    stage.write(replace(OPEN, probe_at=T0))
    stage.watchdog.run()
    assert [message.id for message in stage.probed] == [lost.id]


@pytest.mark.parametrize(("status", "name"), [(Status.SCHEDULED, "run_at"), (Status.RETRYING, "parked_until")])
def test_so_is_one_whose_time_has_come(stage: Stage, status: Status, name: str) -> None:
    due = a_job(type=TYPE, status=status, next_attempt_at=T0 - 9, **{name: T0 - 9})
    later = a_job(type=TYPE, status=status, next_attempt_at=T0 + 99, **{name: T0 + 99})
    stage.store.add(later)
    stage.store.add(due)
    stage.write(replace(OPEN, probe_at=T0))
    stage.watchdog.run()
    assert [message.id for message in stage.probed] == [due.id]


def test_when_no_job_is_left_the_type_goes_on(stage: Stage) -> None:
    stage.store.add(a_job(type=TYPE, status=Status.DEAD_LETTER, attempts=3))
    stage.write(OPEN)
    stage.minute()
    assert stage.row().since is not None
    stage.minute()
    stage.minute()
    assert (stage.row().since, stage.switched[-1], stage.told()) == (None, True, None)
    assert stage.row().cooldown == 60, "a pause soon after it begins with as much"


def test_no_single_bad_job_is_tried_again_and_again(stage: Stage) -> None:
    for _ in range(40):
        stage.store.add(a_job(type=TYPE))
    stage.write(replace(OPEN, probe_at=T0))
    for _ in range(10):
        stage.minute()
    assert len({message.id for message in stage.probed}) > 5
    assert CANDIDATES >= 40


def test_each_minute_of_a_pause_is_counted_for_the_alarm(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    stage.write(OPEN)
    with written():
        stage.watchdog.run()
    assert f'"{Metric.PAUSED_BY_ITSELF}":[1.0]' in capsys.readouterr().out


def test_one_type_that_fails_does_not_keep_another_from_its_turn(stage: Stage) -> None:
    stage.watchdog.types = ["broken.type", TYPE]
    stage.write(OPEN)
    read = stage.rows.read

    def reads(job_type: str, *, consistent: bool = True) -> AutoPause:
        if job_type == "broken.type":
            raise TimeoutError
        return read(job_type, consistent=consistent)

    stage.watchdog.rows = Reading(stage.rows, reads)  # type: ignore[assignment]
    assert stage.watchdog.run() == {"paused_by_itself": 1}


class Reading:
    """Rows that are read by a function."""

    def __init__(self, rows: MemoryAutoPauses, read: object) -> None:
        self.replace, self.read = rows.replace, read
