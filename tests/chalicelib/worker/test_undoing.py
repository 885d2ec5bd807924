"""Test a job with kept steps that must stop.

Its function is called again, is stopped at one place, and undoes its steps.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from chalicelib import JobCancelled, JobContext, RetryLater, StepFailed
from chalicelib.errors import JobConflict
from chalicelib.job_types.jobtype import registered
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.step import ENDED, Step
from jobflow.testing.workers import WorkerGone
from tests.chalicelib.worker.test_steps import TYPE, Shop
from tests.support import written


@pytest.fixture
def shop() -> Iterator[Shop]:
    yield Shop()
    registered.pop(TYPE, None)


def sells(shop: Shop, refund: Callable[[], str] | None = None) -> Callable[[JobContext], Any]:
    """Return a function that charges, waits, and refunds if it must stop."""

    def act(ctx: JobContext) -> str:
        ctx.step("charge", shop.do("charge"))
        try:
            ctx.wait_for("approved")
            ctx.step("ship", shop.do("ship"))
        except JobCancelled:
            ctx.step("refund", refund or shop.do("refund"))
            raise
        return "shipped"

    return act


def ended(shop: Shop, made: Job) -> tuple[Status, list[str]]:
    return shop.now(made).status, shop.did


def test_a_suspended_job_undoes_its_steps_before_it_is_cancelled(shop: Shop) -> None:
    shop.act = sells(shop)
    made = shop.start()
    asked = shop.platform.cancel(made)
    assert (asked.status, asked.cancel_requested, asked.waits) == (Status.QUEUED, True, None)
    shop.platform.run()
    assert ended(shop, made) == (Status.CANCELLED, ["charge", "refund"])


def test_a_function_that_does_not_catch_it_is_cancelled(shop: Shop) -> None:
    def act(ctx: JobContext) -> None:
        ctx.step("charge", shop.do("charge"))
        ctx.sleep(3600)

    shop.act = act
    made = shop.start()
    shop.platform.cancel(made)
    shop.platform.run()
    assert ended(shop, made) == (Status.CANCELLED, ["charge"])


def test_a_second_cancel_stops_the_job_at_once(shop: Shop) -> None:
    shop.act = sells(shop)
    made = shop.start()
    shop.platform.cancel(made)
    assert shop.platform.cancel(made).status is Status.QUEUED, "a client repeats its request"
    shop.platform.clock.now += 61
    assert shop.platform.cancel(made).status is Status.CANCELLED
    shop.platform.run()
    assert ended(shop, made) == (Status.CANCELLED, ["charge"])
    with pytest.raises(JobConflict):
        shop.platform.cancel(made)


def test_errors_a_crash_a_wait_and_the_event_do_not_keep_a_job_from_undoing(shop: Shop) -> None:
    faults: list[BaseException] = [ValueError("no"), WorkerGone()]

    def act(ctx: JobContext) -> str:
        ctx.step("charge", shop.do("charge"))
        try:
            ctx.wait_for("approved")
            ctx.step("ship", shop.do("ship"))
        except JobCancelled:
            ctx.step("call-back", shop.do("call-back"))
            ctx.sleep(3600)
            if faults:
                raise faults.pop(0) from None
            ctx.step("refund", shop.do("refund"))
        return "ended"

    shop.act = act
    made = shop.start()
    shop.platform.cancel(made)
    shop.platform.run()
    assert shop.now(made).status is Status.SUSPENDED
    shop.platform.event(made, "approved")
    shop.platform.advance(hours=3)
    assert ended(shop, made) == (Status.CANCELLED, ["charge", "call-back", "refund"])


def test_a_job_that_waits_for_its_next_attempt_learns_it_at_the_step_that_failed(shop: Shop) -> None:
    def ship() -> None:
        shop.did.append("ship")
        raise ValueError("no truck")

    def act(ctx: JobContext) -> None:
        ctx.step("charge", shop.do("charge"))
        try:
            ctx.step("ship", ship)
        except JobCancelled:
            ctx.step("refund", shop.do("refund"))

    shop.act = act
    made = shop.start()
    assert shop.now(made).status is Status.RETRYING
    shop.platform.cancel(made)
    shop.platform.run()
    assert ended(shop, made) == (Status.CANCELLED, ["charge", "ship", "refund"])


def test_a_running_job_that_then_waits_is_called_again_to_undo(shop: Shop) -> None:
    asked: list[Job] = []

    def act(ctx: JobContext) -> None:
        ctx.step("charge", shop.do("charge"))
        if not asked:
            asked.append(shop.platform.cancel(ctx.job_id))
        try:
            ctx.sleep(9000)
        except JobCancelled:
            ctx.step("refund", shop.do("refund"))

    shop.act = act
    made = shop.start()
    shop.platform.advance(5)
    assert ended(shop, made) == (Status.CANCELLED, ["charge", "refund"])
    assert shop.now(made).claims == 2


def test_a_running_job_that_then_fails_is_called_again_to_undo(shop: Shop) -> None:
    def act(ctx: JobContext) -> None:
        ctx.step("charge", shop.do("charge"))

        def ship() -> None:
            shop.platform.cancel(ctx.job_id)
            raise ValueError("no truck")

        try:
            ctx.step("ship", ship)
        except JobCancelled:
            ctx.step("refund", shop.do("refund"))

    shop.act = act
    made = shop.start()
    shop.platform.advance(5)
    assert ended(shop, made) == (Status.CANCELLED, ["charge", "refund"])


@pytest.mark.parametrize("look", [lambda ctx: ctx.check_cancelled(), lambda ctx: ctx.progress(50)])
def test_a_long_job_learns_it_at_one_place_and_undoes_over_several_invocations(
    shop: Shop, look: Callable[[JobContext], None]
) -> None:
    """Each part takes 25 s and an invocation 60 s; the job checks for a stop before each part."""

    def slow(what: str) -> str:
        shop.did.append(what)
        shop.platform.clock.now += 25
        return what

    def act(ctx: JobContext) -> None:
        made: list[str] = []
        try:
            for part in range(9):
                look(ctx)
                made.append(ctx.step(f"part-{part}", slow, f"part-{part}"))
                if part == 4 and "asked" not in shop.did:
                    shop.did.append("asked")
                    shop.platform.cancel(ctx.job_id)
        except JobCancelled:
            for name in made:
                ctx.step(f"remove-{name}", slow, f"remove-{name}")

    shop.act = act
    made = shop.start()
    shop.platform.advance(minutes=30)
    parts = [f"part-{part}" for part in range(5)]
    assert ended(shop, made) == (Status.CANCELLED, [*parts, "asked", *(f"remove-{part}" for part in parts)])


def test_the_place_of_a_stop_is_found_again_after_a_step_with_steps_of_its_own(shop: Shop) -> None:
    def act(ctx: JobContext) -> None:
        def both() -> list[str]:
            return [ctx.step(f"inner-{n}", shop.do(f"inner-{n}")) for n in range(2)]

        ctx.step("outer", both)
        if "asked" not in shop.did:
            shop.did.append("asked")
            shop.platform.cancel(ctx.job_id)
        try:
            ctx.check_cancelled()
            ctx.step("ship", shop.do("ship"))
        except JobCancelled:
            ctx.step("first", shop.do("undo-1"))
            ctx.sleep(60)
            ctx.step("second", shop.do("undo-2"))

    shop.act = act
    made = shop.start()
    shop.platform.advance(minutes=5)
    assert ended(shop, made) == (Status.CANCELLED, ["inner-0", "inner-1", "asked", "undo-1", "undo-2"])


def test_undoing_that_fails_for_good_is_seen_and_a_retry_goes_on_with_it(shop: Shop) -> None:
    fails = [ValueError("bank closed")] * 3

    def refund() -> str:
        shop.did.append("refund")
        if fails:
            raise fails.pop()
        return "refunded"

    shop.act = sells(shop, refund)
    made = shop.start()
    shop.platform.cancel(made)
    shop.platform.advance(minutes=5)
    assert ended(shop, made) == (Status.DEAD_LETTER, ["charge", *["refund"] * 3])
    shop.platform.retry(made)
    shop.platform.run()
    assert ended(shop, made) == (Status.CANCELLED, ["charge", *["refund"] * 4])


def test_a_retry_of_a_job_that_has_undone_its_steps_begins_from_the_start(shop: Shop) -> None:
    shop.act = sells(shop)
    made = shop.start()
    shop.platform.cancel(made)
    shop.platform.run()
    shop.platform.retry(made)
    shop.platform.run()
    assert (shop.now(made).waits, shop.did) == ("event:approved", ["charge", "refund", "charge"])
    shop.platform.event(made, "approved")
    shop.platform.run()
    assert shop.now(made).result == "shipped"


def test_a_retry_of_a_job_that_has_undone_nothing_goes_on_where_it_was(shop: Shop) -> None:
    def act(ctx: JobContext) -> str:
        ctx.step("charge", shop.do("charge"))
        ctx.wait_for("approved")
        return "done"

    shop.act = act
    made = shop.start()
    shop.platform.cancel(made)
    shop.platform.run()
    shop.platform.retry(made)
    shop.platform.run()
    assert (shop.now(made).waits, shop.did) == ("event:approved", ["charge"])
    shop.platform.event(made, "approved")
    shop.platform.run()
    assert shop.now(made).result == "done"


def test_a_job_whose_worker_died_after_it_was_asked_to_stop_undoes_what_that_worker_kept(shop: Shop) -> None:
    def act(ctx: JobContext) -> None:
        ctx.step("charge", shop.do("charge"))
        if "died" not in shop.did:
            shop.platform.cancel(ctx.job_id)
            shop.did.append("died")
            raise WorkerGone
        try:
            ctx.sleep(3600)
        except JobCancelled:
            ctx.step("refund", shop.do("refund"))

    shop.act = act
    made = shop.start()
    shop.platform.advance(hours=1)
    assert ended(shop, made) == (Status.CANCELLED, ["charge", "died", "refund"])


def test_a_job_that_has_come_to_its_end_is_completed(shop: Shop) -> None:
    def act(ctx: JobContext) -> str:
        ctx.step("charge", shop.do("charge"))
        ctx.sleep(60)
        return "done"

    shop.act = act
    made = shop.start()
    shop.platform.clock.now += 61
    shop.platform.cancel(made)
    shop.platform.run()
    assert (shop.now(made).status, shop.now(made).result) == (Status.COMPLETED, "done")


def test_a_type_that_runs_one_at_a_time_is_cancelled_at_once() -> None:
    shop = Shop(serial_by="id")
    try:

        def act(ctx: JobContext) -> None:
            ctx.step("charge", shop.do("charge"))
            raise ValueError("no")

        shop.act = act
        made = shop.start()
        assert shop.platform.cancel(made).status is Status.CANCELLED
    finally:
        registered.pop(TYPE, None)


def test_a_cancel_during_the_last_receive_of_the_message_undoes_at_once(shop: Shop) -> None:
    def act(ctx: JobContext) -> None:
        try:
            ctx.step("charge", shop.do("charge"))
            shop.did.append("receive")
            if (receive := shop.did.count("receive")) == most:
                shop.platform.cancel(ctx.job_id)
                raise ValueError("no")
            if receive < most:
                raise RetryLater(1)
            ctx.check_cancelled()
        except JobCancelled:
            ctx.step("refund", shop.do("refund"))

    most = registered[TYPE].max_receives
    shop.act = act
    made = shop.start()
    while shop.did.count("receive") < most:
        shop.platform.clock.now += 1
        shop.platform.run()
    shop.platform.run()
    assert shop.platform.queue.dead == {}
    assert shop.now(made).status is Status.CANCELLED
    assert shop.did[-1] == "refund"


def test_a_cancel_is_not_lost_if_a_deploy_renames_the_step_of_its_place(shop: Shop) -> None:
    deployed: list[bool] = []

    def act(ctx: JobContext) -> None:
        ctx.step("charge", shop.do("charge"))
        ctx.sleep(3600)
        try:
            ctx.step("send" if deployed else "ship", shop.do("ship"))
        except JobCancelled:
            if not deployed:
                deployed.append(True)
                raise ValueError("refund down") from None
            ctx.step("refund", shop.do("refund"))

    shop.act = act
    made = shop.start()
    shop.platform.clock.now += 3600
    shop.platform.cancel(made)
    shop.platform.run()
    shop.platform.advance(hours=2)
    assert ended(shop, made) == (Status.CANCELLED, ["charge", "refund"])


def test_a_job_that_keeps_as_many_steps_as_allowed_can_be_cancelled(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def act(ctx: JobContext) -> None:
        ctx.step("charge", shop.do("charge"))
        ctx.sleep(3600)

    monkeypatch.setattr("chalicelib.worker.steps.MOST_STEPS", 2)
    shop.act = act
    made = shop.start()
    shop.platform.cancel(made)
    shop.platform.run()
    assert ended(shop, made) == (Status.CANCELLED, ["charge"])


def at_the_end_of_the_stop(shop: Shop, act: Callable[[], None]) -> None:
    """Do something each time the platform is about to keep that the function has stopped."""
    keep = shop.platform.store.keep_step

    def keep_step(job: Job, step: Step) -> Step:
        if step.key.startswith(ENDED):
            act()
        return keep(job, step)

    shop.platform.store.keep_step = keep_step  # type: ignore[method-assign]


def test_an_outage_when_the_function_has_stopped_does_not_leave_the_job_running(shop: Shop) -> None:
    def refuse() -> None:
        if "refused" not in shop.did:
            shop.did.append("refused")
            shop.platform.clock.now += 58  # no time is left to repeat the write
            raise ConnectionError

    shop.act = sells(shop)
    made = shop.start()
    at_the_end_of_the_stop(shop, refuse)
    shop.platform.cancel(made)
    shop.platform.run()
    assert (shop.now(made).status, shop.now(made).error_class) == (Status.RETRYING, "StoreUnavailable")
    shop.platform.advance(minutes=5)
    assert ended(shop, made) == (Status.CANCELLED, ["charge", "refund", "refused"])


def test_a_worker_that_was_taken_over_when_its_function_has_stopped_settles_nothing(shop: Shop) -> None:
    def take_over() -> None:
        store = shop.platform.store
        get = store.get_without_bodies
        keep(made, Step(f"{ENDED}1", shop.platform.clock.now, number=99))
        store.get_without_bodies = lambda job_id: replace(get(job_id), claims=9)  # type: ignore[method-assign]

    shop.act = sells(shop)
    made, keep = shop.start(), shop.platform.store.keep_step
    at_the_end_of_the_stop(shop, take_over)
    shop.platform.cancel(made)
    with written() as lines:
        shop.platform.run()
    assert shop.now(made).status is Status.PROCESSING, "the other worker settles the job"
    assert not [line for line in lines if line["level"] == "ERROR"]


@pytest.mark.parametrize("new", ["before", "instead"])
def test_a_cancel_is_not_lost_if_a_deploy_adds_a_step_before_its_place(shop: Shop, new: str) -> None:
    deployed: list[bool] = []

    def act(ctx: JobContext) -> None:
        try:
            if deployed and new == "before":
                ctx.step("new", shop.do("new"))
            ctx.step("charge", shop.do("charge"))
            if not deployed:
                shop.platform.cancel(ctx.job_id)
                ctx.check_cancelled()
            ctx.step("ship", shop.do("ship"))
        except JobCancelled:
            if not deployed:
                deployed.append(True)
                raise ValueError("refund down") from None
            ctx.step("refund", shop.do("refund"))

    shop.act = act
    made = shop.start()
    shop.platform.advance(hours=2)
    assert ended(shop, made) == (Status.CANCELLED, ["charge", *["new"] * (new == "before"), "refund"])


def test_a_stopped_job_does_not_complete_although_a_deploy_removed_everything_after_its_steps(shop: Shop) -> None:
    deployed: list[bool] = []

    def act(ctx: JobContext) -> str:
        ctx.step("charge", shop.do("charge"))
        try:
            if not deployed:
                ctx.step("ship", shop.do("ship"))
        except JobCancelled:
            deployed.append(True)
            raise ValueError("refund down") from None
        return "done"

    faults = [ValueError("no truck")]

    def ship() -> None:
        raise faults[0]

    shop.act = lambda ctx: (ctx.step("charge", shop.do("charge")), ctx.step("ship", ship))
    made = shop.start()
    shop.act = act
    shop.platform.cancel(made)
    shop.platform.advance(hours=2)
    assert ended(shop, made) == (Status.CANCELLED, ["charge"])


def test_a_report_that_is_not_written_is_the_place_of_a_stop_in_the_next_call(shop: Shop) -> None:
    """In the first call, the second report is written, because 10 s have passed; in the next call, it is not."""
    fails = [ValueError("refund down")]

    def pack() -> str:
        shop.platform.clock.now += 10
        return shop.do("pack")()

    def bad() -> None:
        raise ValueError("no gift")

    def refund() -> str:
        if fails:
            raise fails.pop()
        return shop.do("refund")()

    def act(ctx: JobContext) -> None:
        try:
            ctx.step("charge", shop.do("charge"))
            with suppress(StepFailed):
                ctx.step("gift", bad, tries=1)
            ctx.progress(10)
            ctx.step("pack", pack)
            if fails:
                shop.platform.cancel(ctx.job_id)
            ctx.progress(20)
            shop.did.append("between")
            ctx.step("ship", shop.do("ship"))
        except JobCancelled:
            ctx.step("refund", refund)

    shop.act = act
    made = shop.start()
    shop.platform.advance(hours=1)
    assert ended(shop, made) == (Status.CANCELLED, ["charge", "pack", "refund"])


def test_a_job_that_is_cancelled_after_its_worker_died_reads_its_steps_before_it_stops(shop: Shop) -> None:
    def act(ctx: JobContext) -> None:
        if "died" in shop.did:
            shop.platform.cancel(ctx.job_id)
        ctx.check_cancelled()
        try:
            ctx.step("charge", shop.do("charge"))
            if "died" not in shop.did:
                shop.did.append("died")
                raise WorkerGone
            ctx.step("ship", shop.do("ship"))
        except JobCancelled:
            ctx.step("refund", shop.do("refund"))

    shop.act = act
    made = shop.start()
    shop.platform.advance(hours=1)
    assert ended(shop, made) == (Status.CANCELLED, ["charge", "died", "refund"])


def test_the_steps_of_a_job_that_was_stopped_before_its_first_step_run_once(shop: Shop) -> None:
    faults = [WorkerGone()]

    def act(ctx: JobContext) -> None:
        if faults:
            shop.platform.cancel(ctx.job_id)
        try:
            ctx.check_cancelled()
            ctx.step("charge", shop.do("charge"))
        except JobCancelled:
            ctx.step("tell", shop.do("tell"))
            if faults:
                raise faults.pop() from None
            raise

    shop.act = act
    made = shop.start()
    shop.platform.advance(hours=1)
    assert ended(shop, made) == (Status.CANCELLED, ["tell"])


@pytest.mark.parametrize("undone", [False, True])
def test_a_retry_of_a_job_that_a_second_cancel_has_stopped_does_not_undo_its_steps(shop: Shop, undone: bool) -> None:
    def act(ctx: JobContext) -> str:
        try:
            ctx.step("charge", shop.do("charge"))
            ctx.wait_for("approved")
        except JobCancelled:
            if undone:
                ctx.step("tell", shop.do("tell"))
            ctx.sleep(7200)
            ctx.step("refund", shop.do("refund"))
            raise
        return "shipped"

    shop.act = act
    made = shop.start()
    shop.platform.cancel(made)
    shop.platform.run()
    shop.platform.advance(minutes=2)
    assert shop.platform.cancel(made).status is Status.CANCELLED
    shop.platform.retry(made)
    shop.platform.run()
    assert (shop.now(made).waits, shop.did) == (
        "event:approved",
        ["charge", "tell", "charge"] if undone else ["charge"],
    )
    shop.platform.event(made, "approved")
    shop.platform.run()
    assert shop.now(made).result == "shipped"
