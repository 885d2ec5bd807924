"""Let jobs of a type with `limits=[AtMost(…)]` run, wait, fail, sleep, be cancelled, and lose their workers."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from pydantic import BaseModel, Field

from chalicelib import AtMost, Changes, Function, JobContext, JobType, Rate, RetryLater, job
from chalicelib.errors import ConfigurationError, JobConflict, LimitBusy, RowsUnreadable
from chalicelib.jobs import transitions
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.transitions import waited_limit
from chalicelib.limits.ids import declared_limit, limit_of, read_id
from chalicelib.limits.places import Limit
from chalicelib.operating.lines import Lines
from chalicelib.watchdog.run import Watchdog
from jobflow.testing import Platform, WorkerGone
from tests.chalicelib.api.support import only_types

TYPE = "invoice.send"
ACME = Limit(f"0.{TYPE}.acme", 2)


class Invoice(BaseModel):
    """A payload."""

    number: int = Field(examples=[1])
    customer: str | None = Field(None, examples=["acme"])


@dataclass
class Sends:
    """The function of the type: `during` is called while the job with that number runs, once."""

    during: dict[int, list[Callable[[JobContext], object]]] = field(default_factory=dict)
    running: list[int] = field(default_factory=list)
    begun: list[int] = field(default_factory=list)
    most: int = 0

    def send(self, invoice: Invoice, ctx: JobContext) -> int:
        self.running.append(invoice.number)
        self.begun.append(invoice.number)
        self.most = max(self.most, len(self.running))
        try:
            if acts := self.during.get(invoice.number):
                acts.pop(0)(ctx)
        finally:
            self.running.remove(invoice.number)
        return invoice.number


@dataclass
class Stage:
    """A platform with the type."""

    platform: Platform
    sends: Sends

    def submit(self, *numbers: int, customer: str | None = "acme", **asked: Any) -> list[Job]:
        made = []
        for number in numbers:
            self.platform.clock.advance(0.01)  # jobs wait in the order in which they were due
            made.append(self.platform.submit(TYPE, {"number": number, "customer": customer}, **asked))
        return made

    def at(self, number: int, *acts: Callable[[JobContext], object]) -> None:
        self.sends.during[number] = list(acts)

    def status(self, job: Job) -> Status:
        return self.platform.job(job).status

    def held(self, limit: Limit = ACME) -> list[str]:
        return sorted(self.platform.workers.places.read(limit).held)

    def minutes(self, number: int = 1) -> None:
        self.platform.advance(minutes=number)


def stage_of(limits: list[AtMost], **settings: Any) -> Iterator[Stage]:
    with only_types():
        sends = Sends()

        def send(payload: Invoice, ctx: JobContext) -> int:
            return sends.send(payload, ctx)

        kind: JobType[Any, Any] = job(TYPE, limits=limits, **settings)(send)
        yield Stage(Platform(kind), sends)


@pytest.fixture
def stage() -> Iterator[Stage]:
    yield from stage_of([AtMost(2, by="customer")])


@pytest.fixture
def single() -> Iterator[Stage]:
    yield from stage_of([AtMost(1)])


def test_two_of_a_customer_run_and_the_third_waits_until_one_has_ended(stage: Stage) -> None:
    one, two, three = stage.submit(1, 2, 3)

    def third(_: JobContext) -> None:
        stage.platform.run()
        waiting = stage.platform.job(three)
        assert (waiting.status, waiting.attempts, waiting.sent) == (Status.BLOCKED, 0, False)
        assert waited_limit(waiting) == ACME.id
        assert waiting.started_at is None
        assert not stage.platform.queue.messages.get(TYPE) or all(
            held.message.id != three.id for held in stage.platform.queue.messages[TYPE]
        )

    stage.at(1, lambda _: stage.platform.run())
    stage.at(2, third)
    stage.platform.run()
    assert [stage.status(one) for one in (one, two, three)] == [Status.COMPLETED] * 3
    assert stage.sends.most == 2
    assert stage.held() == []
    assert stage.platform.job(three).passed is None


def test_other_customers_and_jobs_without_a_customer_are_not_held_up(stage: Stage) -> None:
    stage.submit(1, 2, 3)
    stage.at(1, lambda _: stage.platform.run())
    stage.at(2, lambda _: (stage.submit(4, customer="b"), stage.submit(5, customer=None), stage.platform.run()))
    stage.platform.run()
    assert stage.sends.begun == [1, 2, 4, 5, 3]


def test_jobs_wait_in_the_order_in_which_they_were_due(single: Stage) -> None:
    single.submit(1)

    def others(_: JobContext) -> None:
        single.submit(2, 3, 4)
        single.platform.run()

    single.at(1, others)
    single.platform.run()
    assert single.sends.begun == [1, 2, 3, 4]
    assert single.sends.most == 1


def test_a_job_that_fails_leaves_its_place_while_it_backs_off(single: Stage) -> None:
    one, two = single.submit(1, 2)

    def fail(_: JobContext) -> None:
        single.platform.run()
        assert single.status(two) is Status.BLOCKED
        raise ConnectionError

    single.at(1, fail)
    single.platform.run()
    assert (single.status(one), single.status(two)) == (Status.RETRYING, Status.COMPLETED)
    single.minutes(2)
    assert single.status(one) is Status.COMPLETED


def test_a_job_that_asks_to_come_again_or_sleeps_leaves_its_place(single: Stage) -> None:
    one, two = single.submit(1, 2)

    def later(_: JobContext) -> None:
        raise RetryLater(3600)

    single.at(1, later, lambda ctx: ctx.sleep(3600, name="night"))
    single.platform.run()
    assert (single.status(one), single.status(two)) == (Status.RETRYING, Status.COMPLETED)
    single.platform.advance(hours=1, seconds=1)
    assert single.status(one) is Status.SUSPENDED
    assert single.held(Limit(f"1.{TYPE}", 1)) == []
    single.platform.advance(hours=1)
    assert single.status(one) is Status.COMPLETED


def test_a_worker_that_dies_keeps_its_place_only_until_its_lease_ends(single: Stage) -> None:
    one, two = single.submit(1, 2)
    single.platform.fail(TYPE, WorkerGone())
    single.platform.run()
    assert (single.status(one), single.status(two)) == (Status.PROCESSING, Status.BLOCKED)
    single.minutes(10)
    assert (single.status(one), single.status(two)) == (Status.COMPLETED, Status.COMPLETED)
    assert single.sends.most == 1


def test_a_place_of_a_job_that_was_given_up_is_given_on(single: Stage) -> None:
    (one,) = single.submit(1, max_attempts=1)
    single.platform.fail(TYPE, WorkerGone())
    single.platform.run()
    (two,) = single.submit(2)
    single.platform.run()
    assert single.status(two) is Status.BLOCKED
    single.minutes(10)
    assert (single.status(one), single.status(two)) == (Status.DEAD_LETTER, Status.COMPLETED)


def test_a_blocked_job_is_cancelled_at_once_and_the_next_one_runs(single: Stage) -> None:
    _, two, three = single.submit(1, 2, 3)

    def cancel(_: JobContext) -> None:
        single.platform.run()
        assert single.platform.cancel(two).status is Status.CANCELLED
        with pytest.raises(JobConflict, match="is blocked"):
            single.platform.run_now(three)

    single.at(1, cancel)
    single.platform.run()
    assert (single.status(two), single.status(three)) == (Status.CANCELLED, Status.COMPLETED)
    assert single.held(Limit(f"1.{TYPE}", 1)) == []


ALL = Limit(f"1.{TYPE}", 1)


def line_of(stage: Stage, limit: Limit = ALL) -> list[str]:
    return [one.job for one in stage.platform.workers.places.first(limit, {TYPE}, 10_000)]


def dies(ctx: JobContext) -> None:
    raise WorkerGone


def blocked_behind_a_dead_worker(stage: Stage, number: int) -> list[Job]:
    """Block jobs behind one whose worker dies; return them."""
    stage.submit(1)
    stage.at(1, dies)
    stage.platform.run()
    others = stage.submit(*range(2, 2 + number))
    stage.platform.run()
    assert {stage.status(other) for other in others} == {Status.BLOCKED}
    return others


def test_a_blocked_job_that_is_ended_leaves_the_line(single: Stage) -> None:
    two, three = blocked_behind_a_dead_worker(single, 2)
    (four,) = single.submit(9, expires=60)
    single.platform.run()
    assert line_of(single) == [two.id, three.id, four.id]
    single.platform.cancel(two)
    assert line_of(single) == [three.id, four.id]
    single.minutes(2)
    assert single.status(four) is Status.CANCELLED
    assert four.id not in line_of(single)


def test_a_job_runs_within_minutes_although_very_many_dead_ones_stand_before_it(single: Stage) -> None:
    """Whoever cancelled them could not remove their rows."""
    *others, last = blocked_behind_a_dead_worker(single, 400)
    places = single.platform.workers.places
    step_out = places.step_out

    def refuses(*_: Any) -> None:
        raise TimeoutError

    places.step_out = refuses  # type: ignore[assignment,method-assign]
    for other in others:
        single.platform.cancel(other)
    places.step_out = step_out  # type: ignore[method-assign]
    assert len(line_of(single)) == 400
    single.platform.cancel(single.platform.jobs()[-1])
    single.minutes(4)
    assert single.status(last) is Status.COMPLETED


def test_a_worker_or_a_request_does_not_clear_a_long_line(single: Stage) -> None:
    *others, _ = blocked_behind_a_dead_worker(single, 60)
    places = single.platform.workers.places
    step_out, made = places.step_out, list[int]()

    def refuses(*_: Any) -> None:
        raise TimeoutError

    def counts(*about: Any) -> None:
        made.append(1)
        step_out(*about)

    places.step_out = refuses  # type: ignore[assignment,method-assign]
    for other in others:
        single.platform.cancel(other)
    places.step_out = counts  # type: ignore[assignment,method-assign]
    dispatcher = single.platform.service.dispatcher
    single.platform.clock.advance(600)  # the lease of the dead worker has ended
    Lines(dispatcher, places).judge(single.platform.job(others[0]))
    assert 0 < len(made) <= 25


def test_a_row_that_cannot_be_read_stops_no_line(single: Stage) -> None:
    """A later version has written it, or it is damaged."""
    two, three = blocked_behind_a_dead_worker(single, 2)
    store = single.platform.store
    read_all = store.read_all

    def reads(ids: Sequence[str], *, strict: bool = False) -> Sequence[Job]:
        if strict and two.id in ids:
            raise RowsUnreadable([two.id], [job for job in read_all(ids) if job.id != two.id])
        return [job for job in read_all(ids) if job.id != two.id]

    store.read_all = reads  # type: ignore[method-assign]
    single.minutes(10)
    assert (single.status(two), single.status(three)) == (Status.BLOCKED, Status.COMPLETED)
    assert line_of(single) == [two.id]
    store.read_all = read_all  # type: ignore[method-assign]
    single.minutes(2)
    assert single.status(two) is Status.COMPLETED


def test_many_rows_that_cannot_be_read_stop_no_worker(single: Stage) -> None:
    """A later version has written them, before a rollback."""
    *others, last = blocked_behind_a_dead_worker(single, 61)
    store, lost, asked = single.platform.store, {other.id for other in others}, list[int]()
    read_all = store.read_all

    def reads(ids: Sequence[str], *, strict: bool = False) -> Sequence[Job]:
        asked.append(len(ids))
        found = [job for job in read_all(ids) if job.id not in lost]
        if strict and lost & {*ids}:
            raise RowsUnreadable([one for one in ids if one in lost], found)
        return found

    store.read_all = reads  # type: ignore[method-assign]
    single.platform.clock.advance(600)  # the lease of the dead worker has ended
    Lines(single.platform.service.dispatcher, single.platform.workers.places).judge(single.platform.job(last))
    assert single.status(last) is Status.QUEUED
    assert line_of(single) == [other.id for other in others]
    assert len(asked) <= 6


def test_a_place_of_a_job_that_cannot_be_read_is_kept(single: Stage) -> None:
    one, two = single.submit(1, 2)
    store, seen = single.platform.store, list[object]()
    read_all = store.read_all

    def reads(ids: Sequence[str], *, strict: bool = False) -> Sequence[Job]:
        if strict and one.id in ids:
            raise RowsUnreadable([one.id], [job for job in read_all(ids) if job.id != one.id])
        return [job for job in read_all(ids) if job.id != one.id]

    def watch(_: JobContext) -> None:
        store.read_all = reads  # type: ignore[method-assign]
        single.platform.run()
        lines = Lines(single.platform.service.dispatcher, single.platform.workers.places)
        seen.extend(lines.look_at(listed, lambda: True) for listed in lines.listed())
        seen.extend(single.held(ALL))
        store.read_all = read_all  # type: ignore[method-assign]

    single.at(1, watch)
    single.platform.run()
    assert seen == [True, one.id]
    assert single.status(two) is Status.COMPLETED


def test_a_woken_job_that_is_cancelled_gives_its_place_on(single: Stage) -> None:
    _, two, three = single.submit(1, 2, 3)
    single.at(1, lambda _: single.platform.run())
    single.platform.attempt(single.platform.jobs()[-1])
    assert (single.status(two), single.status(three)) == (Status.QUEUED, Status.BLOCKED)
    assert single.held(Limit(f"1.{TYPE}", 1)) == [two.id]
    single.platform.cancel(two)
    assert single.held(Limit(f"1.{TYPE}", 1)) == [three.id]
    single.platform.run()
    assert single.status(three) is Status.COMPLETED


def test_cancelling_a_running_job_does_not_give_its_place_on(single: Stage) -> None:
    one, two = single.submit(1, 2)

    def cancel(ctx: JobContext) -> None:
        single.platform.run()
        single.platform.cancel(one)
        single.platform.run()
        assert single.held(Limit(f"1.{TYPE}", 1)) == [one.id]
        ctx.check_cancelled()

    single.at(1, cancel)
    single.platform.run()
    assert (single.status(one), single.status(two)) == (Status.CANCELLED, Status.COMPLETED)
    assert single.sends.most == 1


def test_a_blocked_job_expires(single: Stage) -> None:
    single.submit(1)
    (two,) = single.submit(2, expires=60)

    def long(_: JobContext) -> None:
        single.platform.run()
        raise WorkerGone

    single.at(1, long)
    single.platform.run()
    assert single.status(two) is Status.BLOCKED
    single.minutes(4)
    assert single.status(two) is Status.CANCELLED


def test_a_job_that_undoes_its_steps_needs_a_place_too(single: Stage) -> None:
    one, _ = single.submit(1, 2)
    undone: list[int] = []

    def steps(ctx: JobContext) -> None:
        ctx.step("book", lambda: 1)
        ctx.sleep(3600, name="night")

    def undo(ctx: JobContext) -> None:
        ctx.step("book", lambda: 1)
        try:
            ctx.sleep(3600, name="night")
        except BaseException:
            undone.append(len(single.sends.running))
            raise

    single.at(1, steps, undo)
    single.platform.attempt(one)
    assert single.status(one) is Status.SUSPENDED

    def meanwhile(_: JobContext) -> None:
        single.platform.cancel(one)
        single.platform.run()
        assert single.status(one) is Status.BLOCKED

    single.at(2, meanwhile)
    single.platform.run()
    single.minutes(2)
    assert single.status(one) is Status.CANCELLED
    assert undone == [1]


def test_a_waiter_whose_worker_died_before_it_stood_in_the_line_is_found(single: Stage) -> None:
    """Its message comes again; or it is lost as well, and the watchdog finds the job after hours."""
    one, two = single.submit(1, 2)
    places = single.platform.workers.places
    stand, calls = places.stand, list[str]()

    def dies(*_: Any) -> None:
        calls.append("")
        raise WorkerGone

    single.at(1, lambda _: single.platform.run())
    places.stand = dies  # type: ignore[assignment,method-assign]
    single.platform.run()
    places.stand = stand  # type: ignore[method-assign]
    assert calls
    assert (single.status(one), single.status(two)) == (Status.COMPLETED, Status.BLOCKED)
    single.platform.queue.messages[TYPE].clear()
    single.platform.advance(hours=7)
    assert single.status(two) is Status.COMPLETED


def test_a_place_that_could_not_be_left_is_left_when_the_message_comes_again(single: Stage) -> None:
    one, two = single.submit(1, 2)
    places = single.platform.workers.places
    leave = places.leave

    def refuses(*_: Any) -> bool:
        places.leave = leave  # type: ignore[method-assign]
        raise TimeoutError

    def run(_: JobContext) -> None:
        single.platform.run()
        places.leave = refuses  # type: ignore[assignment,method-assign]

    single.at(1, run)
    single.platform.run()
    assert (single.status(one), single.status(two)) == (Status.COMPLETED, Status.BLOCKED)
    single.platform.clock.advance(10)
    single.platform.run()
    assert single.status(two) is Status.COMPLETED


def test_a_job_does_not_start_while_nobody_knows_whether_a_place_is_free(single: Stage) -> None:
    (one,) = single.submit(1)
    places = single.platform.workers.places
    take = places.take

    def refuses(*_: Any) -> bool:
        raise TimeoutError

    places.take = refuses  # type: ignore[assignment,method-assign]
    single.platform.run()
    assert (single.status(one), single.sends.begun) == (Status.RETRYING, [])
    places.take = take  # type: ignore[method-assign]
    single.minutes(5)
    assert single.status(one) is Status.COMPLETED


def test_when_a_deployment_removes_the_limit_all_waiting_jobs_go_on(single: Stage) -> None:
    one, *others = single.submit(1, 2, 3, 4)

    single.at(1, lambda _: single.platform.run(), lambda _: None)
    single.platform.fail(TYPE, WorkerGone())
    single.platform.attempt(one)
    single.platform.run()
    assert {single.status(other) for other in others} == {Status.BLOCKED}
    kind = single.platform._kinds[0]
    object.__setattr__(kind, "limits", ())
    dispatcher = single.platform.service.dispatcher
    lines = Lines(dispatcher, single.platform.workers.places)
    assert [lines.look_at(one, lambda: True) for one in lines.listed()] == [True]
    assert {single.status(other) for other in others} == {Status.QUEUED}
    assert single.held(ALL) == [one.id], "nobody would leave the places of the others"
    single.platform.run()
    assert {single.status(other) for other in others} == {Status.COMPLETED}


def test_no_log_line_contains_the_value_of_the_field(capsys: pytest.CaptureFixture[str]) -> None:
    for stage in stage_of([AtMost(1, by="customer")]):
        one, two = stage.submit(1, 2, customer="ada@example.org")
        store = stage.platform.workers.places

        def watch(_: JobContext, stage: Stage = stage) -> None:
            stage.platform.run()

        stage.at(1, watch)
        stage.platform.run()
        lines = Lines(stage.platform.service.dispatcher, store)
        (listed,) = lines.listed()

        def refuses(*_: Any) -> Any:
            raise TimeoutError

        store.read = refuses  # type: ignore[assignment,method-assign]
        assert not lines.look_at(listed, lambda: True)
        said = capsys.readouterr().out
        assert {stage.status(one), stage.status(two)} == {Status.COMPLETED}
        assert all(name in said for name in ("job.block", "job.unblock", "watchdog.aws_error", f"0.{TYPE}.~"))
        assert "example" not in said  # "ada" may be a part of a random id


def test_the_wait_for_a_place_does_not_count_against_the_time_of_the_run() -> None:
    for stage in stage_of([AtMost(1)], give_up_after=3600):
        (two,) = blocked_behind_a_dead_worker(stage, 1)
        stage.platform.clock.advance(3601)

        def fail(_: JobContext) -> None:
            raise ConnectionError

        stage.at(2, fail)
        stage.minutes(2)
        assert stage.platform.job(two).attempts in (1, 2)
        stage.minutes(2)
        assert stage.status(two) is Status.COMPLETED


def test_the_wait_of_a_job_that_is_called_to_undo_its_steps_does_not_count_either(single: Stage) -> None:
    (two,) = blocked_behind_a_dead_worker(single, 1)
    waiting = single.platform.job(two)
    found = replace(waiting, give_up_at=waiting.updated_at + 60)
    change = transitions.compensate(found, now=waiting.updated_at + 100)
    assert change.values["give_up_at"] == waiting.updated_at + 160


@pytest.mark.parametrize("limits", [(), (AtMost(1, by="customer"),)], ids=["no limit", "another limit"])
def test_a_message_of_a_job_whose_limit_was_removed_runs_it(single: Stage, limits: tuple[AtMost, ...]) -> None:
    """Its worker died before the job stood in the line."""
    single.submit(1)
    (two,) = single.submit(2)
    places = single.platform.workers.places
    stand = places.stand

    def refuses(*_: Any) -> None:
        raise WorkerGone

    places.stand = refuses  # type: ignore[assignment,method-assign]
    single.at(1, lambda _: single.platform.run())
    single.platform.run()
    assert single.status(two) is Status.BLOCKED
    places.stand = stand  # type: ignore[method-assign]
    object.__setattr__(single.platform._kinds[0], "limits", limits)
    single.platform.clock.advance(900)
    single.platform.run()
    single.platform.clock.advance(10)
    single.platform.run()
    assert single.status(two) is Status.COMPLETED


def test_a_job_whose_limit_is_busy_comes_again_within_seconds(single: Stage) -> None:
    """However often the job was claimed before: only an outage makes the pauses longer."""
    (one,) = single.submit(1)
    places = single.platform.workers.places
    take, tries = places.take, list[int]()

    def refuses(*_: Any) -> bool:
        tries.append(1)
        raise LimitBusy

    def sleep(ctx: JobContext) -> None:
        for number in range(8):
            ctx.sleep(1000, name=f"night-{number}")

    single.at(1, *[sleep] * 12)
    for _ in range(7):
        single.platform.advance(seconds=1001)
    assert (single.platform.job(one).claims, single.status(one)) == (8, Status.SUSPENDED)
    places.take = refuses  # type: ignore[assignment,method-assign]
    single.platform.advance(seconds=1000)
    waiting = single.platform.job(one)
    assert len(tries) == 2
    assert waiting.next_attempt_at is not None
    assert waiting.next_attempt_at - single.platform.clock() <= 10
    places.take = take  # type: ignore[method-assign]
    single.minutes(1)
    assert single.status(one) is Status.COMPLETED


def waits_of(stage: Stage, job: Job, number: int) -> list[float]:
    """Return the waits after so many tries of a job, each made as soon as it is due."""
    waits = []
    for _ in range(number):
        stage.platform.run()
        waits.append((stage.platform.job(job).next_attempt_at or 0) - stage.platform.clock())
        stage.platform.advance(seconds=waits[-1] - 1)
        stage.platform.clock.advance(1)
    return [float(round(wait)) for wait in waits]


def refuses_with(error: type[Exception], made: list[int]) -> Any:
    def refuses(*_: Any) -> bool:
        made.append(1)
        raise error

    return refuses


def test_a_limit_that_stays_busy_gets_fewer_and_fewer_requests(single: Stage) -> None:
    (one,) = single.submit(1)
    places, takes, leaves = single.platform.workers.places, list[int](), list[int]()
    take = places.take
    places.take = refuses_with(LimitBusy, takes)  # type: ignore[method-assign]
    places.leave = refuses_with(LimitBusy, leaves)  # type: ignore[method-assign]
    assert waits_of(single, one, 7) == [10, 20, 40, 80, 120, 120, 120]
    assert (len(takes), len(leaves)) == (14, 0)
    places.take = take  # type: ignore[method-assign]


@pytest.mark.parametrize(("receives", "wait"), [(1, 5), (2, 10), (4, 40)])
def test_a_place_that_cannot_be_left_is_tried_the_later_the_more_often_its_message_came(
    single: Stage, receives: int, wait: int
) -> None:
    (one,) = single.submit(1)
    (held,) = single.platform.queue.messages[TYPE]
    held.receive_count = receives - 1
    single.platform.workers.places.leave = refuses_with(LimitBusy, [])  # type: ignore[method-assign]
    single.platform.run()
    assert single.status(one) is Status.COMPLETED
    (held,) = single.platform.queue.messages[TYPE]
    assert held.visible_at - single.platform.clock() == wait


def test_one_failed_request_after_another_trouble_pauses_for_half_a_minute(single: Stage) -> None:
    """The watchdog could not bring the job to a worker for 50 minutes, for example because its type was undeclared."""
    (one,) = single.submit(1)
    store, places = single.platform.store, single.platform.workers.places
    store._jobs[one.id] = replace(store.get(one.id), stalled_since=single.platform.clock() - 3000)
    places.take = refuses_with(TimeoutError, [])  # type: ignore[method-assign]
    assert waits_of(single, one, 4) == [30, 60, 120, 240]


def test_one_failed_request_after_a_busy_limit_pauses_for_half_a_minute(single: Stage) -> None:
    (one,) = single.submit(1)
    places = single.platform.workers.places
    places.take = refuses_with(LimitBusy, [])  # type: ignore[method-assign]
    waits_of(single, one, 30)
    places.take = refuses_with(TimeoutError, [])  # type: ignore[method-assign]
    assert waits_of(single, one, 3) == [30, 60, 120]
    places.take = refuses_with(LimitBusy, [])  # type: ignore[method-assign]
    assert waits_of(single, one, 2) == [10, 20]


def test_one_failed_request_hours_after_an_outage_pauses_for_half_a_minute(single: Stage) -> None:
    (one,) = single.submit(1)
    places = single.platform.workers.places
    places.take = refuses_with(TimeoutError, [])  # type: ignore[method-assign]
    assert waits_of(single, one, 3) == [30, 60, 120]
    single.platform.clock.advance(3 * 3600)
    assert waits_of(single, one, 2) == [30, 60]


def test_one_failed_request_after_the_job_slept_pauses_for_half_a_minute(single: Stage) -> None:
    (one,) = single.submit(1)
    store, places = single.platform.store, single.platform.workers.places
    take = places.take
    single.at(1, lambda ctx: ctx.sleep(60, name="nap"), lambda ctx: ctx.sleep(60, name="nap"))
    places.take = refuses_with(TimeoutError, [])  # type: ignore[method-assign]
    waits_of(single, one, 3)
    places.take = take  # type: ignore[method-assign]
    single.platform.run()
    assert single.status(one) is Status.SUSPENDED
    store._jobs[one.id] = replace(store.get(one.id), stalled_since=single.platform.clock() - 3000)
    places.take = refuses_with(TimeoutError, [])  # type: ignore[method-assign]
    single.platform.clock.advance(61)
    assert waits_of(single, one, 1) == [30]


def test_one_request_that_is_refused_for_a_moment_is_made_again(single: Stage) -> None:
    (one,) = single.submit(1)
    places = single.platform.workers.places
    take = places.take

    def refuses(*_: Any) -> bool:
        places.take = take  # type: ignore[method-assign]
        raise LimitBusy

    places.take = refuses  # type: ignore[assignment,method-assign]
    single.platform.run()
    assert single.status(one) is Status.COMPLETED


class Order(BaseModel):
    """A payload whose field was called `customer` before."""

    account: str = Field(examples=["acme"])


def test_a_job_stored_before_its_field_was_renamed_has_the_limit() -> None:
    held: list[list[str]] = []
    stages: list[Stage] = []

    def renamed(payload: Any) -> Any:
        return {"account": payload["customer"]}

    for stage in stage_of([AtMost(2, by="customer")]):
        (one,) = stage.submit(1)
        kind = stage.platform._kinds[0]

        stages.append(stage)

        def send(payload: Order, ctx: JobContext) -> None:
            held.append(stages[0].held(ACME))

        with only_types():
            later = job(TYPE, limits=[AtMost(2, by="account")], changes=Changes(upgrade=renamed))(send)
            for name in ("payload_model", "changes", "limits", "run"):
                object.__setattr__(kind, name, getattr(later, name))
        stage.platform.run()
        assert held == [[one.id]]
        assert stage.held() == []
        assert stage.status(one) is Status.COMPLETED


def renamed_field(stage: Stage, n: int) -> list[object]:
    """Deploy a schema that calls the field `account`; return the payloads that its `upgrade` gets."""
    kind, seen = stage.platform._kinds[0], list[object]()

    def upgrade(payload: Any) -> Any:
        seen.append(payload)
        return {"account": payload["customer"]}

    def send(payload: Order, ctx: JobContext) -> None: ...

    with only_types():
        later = job(TYPE, limits=[AtMost(n, by="account")], changes=Changes(upgrade=upgrade))(send)
        for name in ("payload_model", "changes", "limits", "run"):
            object.__setattr__(kind, name, getattr(later, name))
    return seen


def test_no_code_of_the_type_gets_the_payload_of_a_row_that_is_not_signed() -> None:
    for stage in stage_of([AtMost(1, by="customer")]):
        (one,) = stage.submit(1)
        seen = renamed_field(stage, 1)
        stage.platform.store.signed = lambda _: False  # type: ignore[method-assign,assignment]
        stage.platform.run()
        assert stage.platform.job(one).error_class == "RowNotSigned"
        assert seen == []


def test_who_ends_a_job_for_its_dead_worker_runs_no_code_of_its_type() -> None:
    """Its field was renamed, so its place is found only when another job waits for it."""
    for stage in stage_of([AtMost(1, by="customer")]):
        (one,) = stage.submit(1, max_attempts=1)
        stage.platform.fail(TYPE, WorkerGone())
        stage.platform.run()
        seen = renamed_field(stage, 1)
        stage.minutes(10)
        assert stage.status(one) is Status.DEAD_LETTER
        assert seen == []
        assert stage.held() == [one.id]
        two = stage.platform.submit(TYPE, {"account": "acme"})
        stage.platform.run()
        assert stage.status(two) is Status.BLOCKED
        stage.minutes(2)
        assert stage.status(two) is Status.COMPLETED


def test_the_id_of_a_limit_names_its_type_and_its_value() -> None:
    by = AtMost(3, by="customer")
    for value in ("acme", "a.b/c", "ä" * 60, "x" * 300, "%2E", 7):
        found = limit_of("a.b", by, {"customer": value})
        assert found is not None
        assert found.n == 3
        assert read_id(found.id)[0] == "a.b"
        assert len(found.id) <= 100
        if len(str(value)) < 60 and isinstance(value, str):
            assert read_id(found.id) == ("a.b", value)
    assert limit_of("a.b", by, {}) is None
    assert limit_of("a.b", AtMost(2), {}) == Limit("1.a.b", 2)
    assert declared_limit("1.not.declared") is None


@pytest.mark.parametrize(
    ("limits", "more", "said"),
    [
        (AtMost(1), {}, "limits is a list"),
        ([3], {}, "not 3"),
        ([AtMost(1, by="unknown")], {}, "does not have"),
        ([AtMost(1)], {"rate": Rate(1)}, "limits"),
        ([AtMost(1)], {"serial_by": "customer"}, "limits"),
        ([AtMost(1)], {"function": Function(batch_size=2)}, "batch_size"),
    ],
)
def test_a_declaration_that_cannot_be_kept_is_refused(limits: Any, more: Any, said: str) -> None:
    with only_types(), pytest.raises(ConfigurationError, match=said):
        job(TYPE, limits=limits, **more)(Sends().send)


@pytest.mark.parametrize("n", [0, 101, 1.5, True, "3"])
def test_a_limit_has_a_whole_number_of_places(n: Any) -> None:
    with pytest.raises(ConfigurationError, match="AtMost"):
        AtMost(n)


def test_a_long_line_leaves_time_for_the_other_limits_and_for_other_work(stage: Stage) -> None:
    stage.submit(*range(200), customer="a")
    for number, customer in enumerate("bcdef"):
        stage.submit(1000 + number, 2000 + number, 3000 + number, customer=customer)
    for _ in range(12):
        stage.platform.fail(TYPE, WorkerGone())
    stage.platform.run()
    limits = {customer: Limit(f"0.{TYPE}.{customer}", 2) for customer in "abcdef"}
    places, spent = stage.platform.workers.places, [0.0]
    step_out = places.step_out

    def lost(*_: Any) -> None:
        raise TimeoutError

    def slow(*about: Any) -> None:
        spent[0] += 0.3
        step_out(*about)

    places.step_out = lost  # type: ignore[assignment,method-assign]
    for one in stage.platform.jobs(Status.BLOCKED):
        if one.payload["customer"] == "a":
            stage.platform.cancel(one)
    places.step_out = slow  # type: ignore[assignment,method-assign]
    stage.platform.clock.advance(600)  # the leases have ended
    watchdog = Watchdog(stage.platform.service.dispatcher, [TYPE])
    watchdog._look_at_lines(None, lambda: 15 - spent[0])
    assert 0 < spent[0] < 7, "a run with very many due jobs looks at some limits, too"
    spent[0] = 0
    watchdog._look_at_lines(None, lambda: 50 - spent[0])
    assert 50 - spent[0] >= 30
    assert len(line_of(stage, limits["a"])) > 100
    assert [len(line_of(stage, limits[one])) for one in "bcdef"] == [0] * 5
