"""Check that a job function waits for the results of jobs that it calls, and gets their errors."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from pydantic import BaseModel

from chalicelib.errors import CallFailed, ConfigurationError, JobCancelled, JobConflict, PermanentError, RetryLater
from chalicelib.job_types import jobtype
from chalicelib.job_types.context import AsyncJobContext, JobContext
from chalicelib.job_types.jobtype import job, registered
from chalicelib.job_types.unique import Unique
from chalicelib.jobs import transitions
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.port import Filter
from chalicelib.jobs.signing import Signing
from chalicelib.watchdog.dead_letters import give_up
from chalicelib.worker import steps
from jobflow.testing import Platform, WorkerGone, eager, run

PARENT, CHILD, OTHER = "test.calls", "test.called", "test.other"
HOUR, DAY = 3_600.0, 86_400.0


class Order(BaseModel):
    """The payload of both types."""

    id: str = "o-1"


class Shop:
    """A platform with a type that calls, and the type that it calls; a record of what both did."""

    def __init__(self) -> None:
        self.did: list[str] = []
        self.act: Any = lambda ctx: ctx.call(CHILD, {"id": "c-1"})
        self.work: Any = lambda payload: f"made {payload.id}"

        def child(payload: Order, ctx: JobContext) -> Any:
            self.did.append(payload.id)
            return self.work(payload)

        def parent(payload: Order, ctx: JobContext) -> Any:
            self.did.append("parent")
            return self.act(ctx)

        async def parent_on_loop(payload: Order, ctx: AsyncJobContext) -> Any:
            return await self.act(ctx)

        self.child = job(CHILD, max_attempts=2)(child)
        self.parent = job(PARENT, calls=(CHILD,))(parent)
        self.on_loop = job("test.awaits", calls=(CHILD,))(parent_on_loop)
        self.platform = Platform(self.child, self.parent, self.on_loop)

    def start(self, kind: str = PARENT) -> Job:
        made = self.platform.submit(kind, {"id": "o-1"})
        self.platform.run()
        return self.now(made)

    def now(self, made: Job) -> Job:
        return self.platform.job(made)

    def children(self, made: Job) -> list[Job]:
        return list(self.platform.store.page(Filter(parent=made.id), 100).jobs)


@pytest.fixture
def shop() -> Iterator[Shop]:
    yield Shop()
    for name in (PARENT, CHILD, "test.awaits"):
        registered.pop(name, None)


def test_the_result_of_a_called_job_is_returned_as_soon_as_it_has_ended(shop: Shop) -> None:
    before = shop.platform.clock.now
    made = shop.start()
    assert (made.status, made.result) == (Status.COMPLETED, "made c-1")
    assert shop.did == ["parent", "c-1", "parent"]
    assert shop.platform.clock.now - before < 5, "nobody had to wait for the next look"
    kept = [(step.name, step.value) for step in shop.platform.steps(made) if step.kind == "call"]
    assert kept == [(CHILD, ["made c-1"])]


def test_results_of_several_jobs_come_in_the_order_of_their_payloads(shop: Shop) -> None:
    shop.act = lambda ctx: ctx.gather(CHILD, [{"id": f"c-{n}"} for n in range(12)], name="all")
    made = shop.start()
    assert made.result == [f"made c-{n}" for n in range(12)]
    assert len(shop.children(made)) == 12
    assert shop.did.count("parent") <= 6, "it does not wake at each end"


@pytest.fixture
def wide(shop: Shop) -> Iterator[Shop]:
    """A shop whose callers may call a second type."""

    def other(payload: Order, ctx: JobContext) -> Any:
        shop.did.append(f"other {payload.id}")
        return shop.work(payload)

    for name in (PARENT, "test.awaits"):
        registered[name] = replace(registered[name], calls=(CHILD, OTHER))
    job(OTHER)(other)
    shop.platform = Platform(*(registered[name] for name in (PARENT, CHILD, OTHER, "test.awaits")))
    yield shop
    registered.pop(OTHER)


PAIRS = [(CHILD, {"id": "c-1"}), (OTHER, {"id": "c-1"}), (CHILD, {"id": "c-2"})]


@pytest.mark.parametrize("kind", [PARENT, "test.awaits"])
def test_jobs_of_several_types_are_gathered_in_their_order(wide: Shop, kind: str) -> None:
    wide.work = lambda payload: payload.id
    wide.act = lambda ctx: ctx.gather(PAIRS, name="parts")
    made = wide.start(kind)
    assert made.result == ["c-1", "c-1", "c-2"]
    assert sorted(job.type for job in wide.children(made)) == [CHILD, CHILD, OTHER]
    assert wide.did.count("other c-1") == 1
    [kept] = [step for step in wide.platform.steps(made) if step.kind == "call"]
    assert (kept.name, kept.function) == ("parts", f"{CHILD}, {OTHER}")


def test_all_payloads_of_several_types_are_checked_before_the_first_job_is_made(wide: Shop) -> None:
    wide.act = lambda ctx: ctx.gather([*PAIRS, (OTHER, {"id": 7})], name="parts")
    made = wide.start()
    assert made.error_class == "InvalidPayload"
    assert wide.children(made) == []


def test_other_types_for_the_same_payloads_are_a_change(wide: Shop) -> None:
    swapped = [(OTHER, {"id": "c-1"}), (CHILD, {"id": "c-1"}), (CHILD, {"id": "c-2"})]
    wide.act = lambda ctx: ctx.gather(PAIRS if len(wide.did) == 1 else swapped, name="parts")
    made = wide.start()
    assert made.error_class == "StepChanged"


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (lambda ctx: ctx.gather([(CHILD, {})]), "a name"),
        (lambda ctx: ctx.gather([CHILD, OTHER], name="x"), "Number 1"),
        (lambda ctx: ctx.gather(CHILD, name="x"), "pairs"),
        (lambda ctx: ctx.gather([(CHILD, {}), (PARENT, {})], name="x"), "not in calls="),
    ],
)
def test_a_wrong_call_of_several_types_says_what_is_right(wide: Shop, asked: Any, told: str) -> None:
    wide.act = asked
    made = wide.start()
    assert told in str(made.error_message)
    assert wide.children(made) == []


def test_no_calls_have_no_results(wide: Shop) -> None:
    wide.act = lambda ctx: ctx.gather([], name="parts")
    assert wide.start().result == []


def test_no_jobs_have_no_results(shop: Shop) -> None:
    shop.act = lambda ctx: ctx.gather(CHILD, [])
    assert shop.start().result == []


def test_a_kept_result_is_returned_after_later_errors_and_calls_nothing_again(shop: Shop) -> None:
    def act(ctx: JobContext) -> Any:
        found = ctx.call(CHILD, {"id": "c-1"})
        if shop.did.count("parent") < 4:
            raise ValueError("no")
        return found

    shop.act = act
    made = shop.start()
    shop.platform.advance(DAY)
    assert shop.now(made).result == "made c-1"
    assert shop.did.count("c-1") == 1


def failing(error: BaseException) -> Any:
    def work(_: Order) -> None:
        raise error

    return work


@pytest.mark.parametrize(
    ("error", "status", "named"),
    [(PermanentError("never"), "failed", "PermanentError"), (ValueError("no"), "dead_letter", "ValueError")],
)
def test_the_error_of_a_called_job_is_raised_and_kept(shop: Shop, error: Exception, status: str, named: str) -> None:
    caught: list[CallFailed] = []

    def act(ctx: JobContext) -> Any:
        try:
            return ctx.call(CHILD, {"id": "c-1"})
        except CallFailed as failed:
            caught.append(failed)
            ctx.sleep(60)
            return f"{failed.status}: {failed.error_class}"

    shop.act, shop.work = act, failing(error)
    made = shop.start()
    shop.platform.advance(DAY)
    assert shop.now(made).result == f"{status}: {named}"
    [child] = shop.children(made)
    assert {one.job_id for one in caught} == {child.id}
    assert len(caught) == 2, "before the sleep and after it"
    assert str(error) in str(caught[1].error_message)


def test_an_error_that_is_not_caught_fails_the_job_and_a_retry_calls_again(shop: Shop) -> None:
    shop.work = failing(PermanentError("never"))
    made = shop.start()
    assert (made.status, made.error_class) == (Status.FAILED, "CallFailed")
    assert "PermanentError: never" in str(made.error_message)
    shop.work = lambda payload: "now"
    shop.platform.retry(made)
    shop.platform.run()
    assert shop.now(made).result == "now"
    assert len(shop.children(made)) == 2


def test_all_are_awaited_before_the_first_error_is_raised(shop: Shop) -> None:
    def work(payload: Order) -> str:
        if payload.id in ("b", "c"):
            raise PermanentError(payload.id)
        return payload.id

    shop.work = work
    shop.act = lambda ctx: ctx.gather(CHILD, [{"id": one} for one in "abcd"])
    made = shop.start()
    assert (made.status, made.error_message and made.error_message.endswith("PermanentError: b")) == (
        Status.FAILED,
        True,
    )
    assert {child.status for child in shop.children(made)} == {Status.COMPLETED, Status.FAILED}


def test_a_caller_that_is_cancelled_learns_it_and_the_called_job_goes_on(shop: Shop) -> None:
    def act(ctx: JobContext) -> Any:
        ctx.step("pay", lambda: "paid")
        try:
            return ctx.call(CHILD, {"id": "c-1"})
        except JobCancelled:
            ctx.step("refund", lambda: shop.did.append("refund"))
            raise

    shop.act = act
    shop.work = failing(RuntimeError("later"))
    made = shop.platform.submit(PARENT, {})
    shop.platform.attempt(made)
    assert shop.now(made).status is Status.SUSPENDED
    shop.platform.cancel(made)
    shop.platform.attempt(made)
    assert (shop.now(made).status, shop.did[-1]) == (Status.CANCELLED, "refund")
    [child] = shop.children(made)
    assert not child.terminal


def cancel(shop: Shop, made: Job) -> None:
    """Cancel a caller that waits; what it has called goes on."""
    shop.platform.cancel(made)
    if not shop.now(made).terminal:
        shop.platform.attempt(made)


@pytest.mark.parametrize("before", [True, False], ids=["before the retry", "after the retry"])
def test_a_retry_after_a_cancel_with_descendants_calls_again(shop: Shop, before: bool) -> None:
    """The cancelled jobs were never told to the function, so it must not fail because of them."""
    shop.act = lambda ctx: ctx.gather(CHILD, [{"id": "a"}, {"id": "b"}])
    made = shop.platform.submit(PARENT, {})
    shop.platform.attempt(made)
    first = shop.children(made)
    cancel(shop, made)
    assert shop.now(made).status is Status.CANCELLED
    if before:
        for child in first:
            shop.platform.cancel(child)
    shop.platform.retry(made)
    if not before:
        shop.platform.attempt(made)
        for child in first:
            shop.platform.cancel(child)
    shop.platform.run()
    assert (shop.now(made).result, len(shop.children(made))) == (["made a", "made b"], 4)


def test_a_retry_of_a_caller_that_was_cancelled_goes_on_with_its_jobs_if_they_complete(shop: Shop) -> None:
    made = shop.platform.submit(PARENT, {})
    shop.platform.attempt(made)
    shop.platform.cancel(made)
    shop.platform.run()
    shop.platform.retry(made)
    shop.platform.run()
    assert (shop.now(made).result, len(shop.children(made))) == ("made c-1", 1)


def test_a_call_that_is_made_again_after_a_retry_fails_if_its_jobs_fail_again(shop: Shop) -> None:
    shop.work = failing(PermanentError("never"))
    made = shop.platform.submit(PARENT, {})
    shop.platform.attempt(made)
    shop.platform.cancel(made)
    shop.platform.run()
    shop.platform.retry(made)
    shop.platform.run()
    assert (shop.now(made).error_class, len(shop.children(made))) == ("CallFailed", 2)


def test_a_called_job_that_an_operator_cancels_wakes_its_caller(shop: Shop) -> None:
    made = shop.platform.submit(PARENT, {})
    shop.platform.attempt(made)
    [child] = shop.children(made)
    shop.platform.cancel(child)
    assert shop.now(made).status is Status.QUEUED
    shop.platform.run()
    assert "is cancelled" in str(shop.now(made).error_message)


def test_a_caller_whose_wake_was_lost_looks_again_by_itself(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.worker.consume.wake_caller", lambda *_: None)
    made = shop.start()
    assert shop.now(made).status is Status.SUSPENDED
    shop.platform.advance(61)
    assert shop.now(made).result == "made c-1"


def test_a_worker_that_dies_after_the_end_of_a_called_job(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(*_: object) -> None:
        monkeypatch.undo()
        raise WorkerGone

    monkeypatch.setattr("chalicelib.worker.consume.wake_caller", dies)
    made = shop.start()
    shop.platform.advance(120)
    assert shop.now(made).result == "made c-1"


def test_a_job_that_ends_before_its_caller_is_suspended_is_found(shop: Shop) -> None:
    def act(ctx: JobContext) -> Any:
        ctx.enqueue(CHILD, {"id": "other"}, key="other")
        return ctx.call(CHILD, {"id": "c-1"})

    shop.act = act
    suspend = shop.platform.store.apply

    def first(job_id: str, change: Any) -> Job:
        after = suspend(job_id, change)
        if change.move.name == "suspend":
            for child in shop.children(after):
                shop.platform.attempt(child)
        return after

    shop.platform.store.apply = first  # type: ignore[method-assign]
    assert shop.start().result == "made c-1"


def test_only_declared_types_are_called(shop: Shop) -> None:
    shop.act = lambda ctx: ctx.call(PARENT, {})
    made = shop.start()
    assert (made.error_class, f"declared: {CHILD}" in str(made.error_message)) == (ConfigurationError.__name__, True)


def test_a_name_is_used_once(shop: Shop) -> None:
    shop.act = lambda ctx: [ctx.call(CHILD, {"id": "a"}), ctx.call(CHILD, {"id": "b"})]
    made = shop.start()
    assert (made.status, "used twice" in str(made.error_message)) == (Status.FAILED, True)
    shop.act = lambda ctx: [ctx.call(CHILD, {"id": "a"}), ctx.call(CHILD, {"id": "b"}, name="second")]
    assert shop.start().result == ["made a", "made b"]


def test_it_runs_again_from_a_call(shop: Shop) -> None:
    def act(ctx: JobContext) -> Any:
        found = [ctx.call(CHILD, {"id": "a"}, name="first"), ctx.call(CHILD, {"id": "b"}, name="second")]
        if ctx.job.gen == 1:
            raise PermanentError("no")
        return found

    shop.act = act
    made = shop.start()
    shop.did.clear()
    shop.platform.retry(made, from_="second")
    shop.platform.run()
    assert shop.now(made).result == ["made a", "made b"]
    assert [one for one in shop.did if one != "parent"] == ["b"]


def test_an_async_function_awaits_a_call(shop: Shop) -> None:
    async def act(ctx: AsyncJobContext) -> Any:
        return [await ctx.call(CHILD, {"id": "a"}), *await ctx.gather(CHILD, [{"id": "b"}], name="more")]

    shop.act = act
    assert shop.start("test.awaits").result == ["made a", "made b"]


def test_the_test_kit_answers_calls(shop: Shop) -> None:
    assert run(shop.parent, results={CHILD: lambda payload: payload["id"]}).value == "c-1"
    with pytest.raises(CallFailed, match="ValueError: no"):
        run(shop.parent, results={CHILD: ValueError("no")})
    with pytest.raises(LookupError, match="results="):
        run(shop.parent)
    with eager(shop.parent, shop.child) as applied:
        assert applied.finish(applied.submit(shop.parent, {})).result == "made c-1"


def waiting(shop: Shop) -> Job:
    """Return a caller that waits for its child, which has not begun."""
    made = shop.platform.submit(PARENT, {})
    shop.platform.attempt(made)
    assert shop.now(made).status is Status.SUSPENDED
    return made


@pytest.mark.parametrize("changed", [{"id": "other"}, None], ids=["payload", "number"])
def test_changed_payloads_are_told_and_nothing_is_made_or_returned(shop: Shop, changed: Any) -> None:
    wanted = [{"id": "a"}]
    shop.act = lambda ctx: ctx.gather(CHILD, wanted)
    made = waiting(shop)
    wanted[:] = [{"id": "a"}, {"id": "b"}] if changed is None else [changed]
    shop.platform.run()
    assert (shop.now(made).status, shop.now(made).error_class) == (Status.RETRYING, "StepChanged")
    assert len(shop.children(made)) == 1
    wanted[:] = [{"id": "a"}]
    shop.platform.run_now(made)
    shop.platform.run()
    assert shop.now(made).result == ["made a"]


def test_kept_results_are_not_those_of_changed_payloads(shop: Shop) -> None:
    wanted = [{"id": "a"}]

    def act(ctx: JobContext) -> Any:
        found = ctx.gather(CHILD, wanted)
        ctx.sleep(DAY)
        return found

    shop.act = act
    made = shop.start()
    wanted[:] = [{"id": "b"}]
    shop.platform.advance(DAY + 1)
    assert shop.now(made).error_class == "StepChanged"


def test_jobs_that_were_deleted_meanwhile_do_not_run_again(shop: Shop) -> None:
    def work(payload: Order) -> str:
        if payload.id == "slow" and shop.did.count("slow") < 3:
            raise RetryLater(DAY / 2)
        return payload.id

    shop.work = work
    shop.act = lambda ctx: ctx.gather(CHILD, [{"id": "quick"}, {"id": "slow"}])
    made = shop.start()
    shop.platform.advance(60)
    store = shop.platform.store
    [quick] = [child for child in shop.children(made) if child.terminal]
    del store._jobs[quick.id]
    shop.platform.advance(1.5 * DAY)
    assert shop.did.count("quick") == 1
    assert (shop.now(made).status, "is deleted" in str(shop.now(made).error_message)) == (Status.FAILED, True)


def test_a_call_that_is_the_first_thing_a_job_does_has_an_end(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "LONGEST_RUN", 9 * HOUR)

    def work(_: Order) -> str:
        raise RetryLater(6 * HOUR)

    shop.work = work
    made = shop.start()
    shop.platform.advance(7 * HOUR)
    assert shop.now(made).status is Status.SUSPENDED
    shop.platform.advance(3 * HOUR)
    assert (shop.now(made).status, "has not ended" in str(shop.now(made).error_message)) == (Status.FAILED, True)


def test_a_worker_that_dies_before_it_keeps_the_beginning_makes_no_second_job(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = shop.platform.store.keep_step

    def dies(job: Job, step: Any) -> Any:
        if step.kind == "begun":
            monkeypatch.undo()
            raise WorkerGone
        return keep(job, step)

    monkeypatch.setattr(shop.platform.store, "keep_step", dies)
    made = shop.start()
    shop.platform.advance(DAY)
    assert shop.now(made).result == "made c-1"
    assert len(shop.children(made)) == 1


def test_a_call_is_undone_when_the_job_is_cancelled_in_a_later_call(shop: Shop) -> None:
    def act(ctx: JobContext) -> Any:
        ctx.call(CHILD, {"id": "charge"}, name="charge")
        try:
            return ctx.call(CHILD, {"id": "ship"}, name="ship")
        except JobCancelled:
            ctx.call(CHILD, {"id": "refund"}, name="refund")
            raise

    def work(payload: Order) -> str:
        if payload.id == "ship":
            raise RetryLater(DAY)
        return payload.id

    shop.act, shop.work = act, work
    made = shop.start()
    assert shop.now(made).status is Status.SUSPENDED
    shop.platform.cancel(made)
    shop.platform.run()
    assert (shop.now(made).status, shop.did.count("refund")) == (Status.CANCELLED, 1)
    with pytest.raises(JobConflict, match="has undone its steps"):
        shop.platform.retry(made, from_="ship")
    shop.platform.retry(made)
    shop.platform.run()
    assert shop.did.count("charge") == 2, "from the start"


def test_a_retry_of_a_caller_that_waited_goes_on_with_the_same_jobs(shop: Shop) -> None:
    made = waiting(shop)
    shop.platform.cancel(made)
    assert shop.now(made).status is Status.CANCELLED
    shop.platform.retry(made)
    shop.platform.run()
    assert shop.now(made).result == "made c-1"
    assert len(shop.children(made)) == 1


def test_a_short_call_leaves_no_message_behind(shop: Shop) -> None:
    made = shop.start()
    assert shop.now(made).status is Status.COMPLETED
    assert shop.platform.queue.messages.get(PARENT, []) == []


def test_a_store_that_fails_while_jobs_are_made_decides_nothing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def act(ctx: JobContext) -> Any:
        try:
            return ctx.call(CHILD, {"id": "c-1"})
        except Exception:
            return "without"

    def refuses(*_: object) -> None:
        monkeypatch.undo()
        raise OSError("throttled")

    monkeypatch.setattr(shop.platform.store, "add_listed", refuses)
    shop.act = act
    made = shop.start()
    assert (shop.now(made).status, shop.now(made).attempts) == (Status.RETRYING, 0)
    shop.platform.advance(3600)
    assert shop.now(made).result == "made c-1"


def test_results_that_are_too_large_together_end_the_job_with_a_sentence(shop: Shop) -> None:
    shop.work = lambda _: "x" * 3_000_000
    shop.act = lambda ctx: ctx.gather(CHILD, [{"id": f"{n}"} for n in range(3)])
    made = shop.start()
    assert (made.status, "Store them in S3" in str(made.error_message)) == (Status.FAILED, True)


def test_a_unique_type_cannot_be_called(shop: Shop) -> None:
    registered[CHILD] = replace(registered[CHILD], unique=Unique(by=("id",), seconds=60))
    made = shop.start()
    assert (made.error_class, "jobs are unique" in str(made.error_message)) == ("ConfigurationError", True)


def test_a_child_that_the_watchdog_gives_up_wakes_its_caller(shop: Shop) -> None:
    made = waiting(shop)
    [child] = shop.children(made)
    give_up(shop.platform._watchdog.dispatcher, child, ("Undeliverable", "no worker took it"))
    assert shop.now(made).status is Status.QUEUED


def test_a_caller_whose_file_cannot_be_imported_here_is_sent_by_the_watchdog(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the file of the caller's type says in which queue its messages are."""
    made = waiting(shop)
    [child] = shop.children(made)
    declared = jobtype.declared

    def missing(name: str) -> Any:
        if name == PARENT:
            raise ImportError(name)
        return declared(name)

    monkeypatch.setattr(jobtype, "declared", missing)
    shop.platform.attempt(child)
    assert (shop.now(made).status, shop.now(made).sent) == (Status.QUEUED, False)
    monkeypatch.undo()
    shop.platform.advance(180)
    assert shop.now(made).result == "made c-1"


@pytest.mark.parametrize("signed", [False, True])
def test_a_caller_is_told_that_the_result_of_a_job_it_called_is_not_kept(shop: Shop, signed: bool) -> None:
    """A job was cancelled while it waited, the called job completed, and its type keeps results for an hour."""
    if signed:
        shop.platform.store._signing = Signing(masters=("a" * 43,))
    made = shop.platform.submit(PARENT, {})
    shop.platform.attempt(made)
    shop.platform.cancel(made)
    shop.platform.run()
    [called] = shop.children(made)
    assert called.status is Status.COMPLETED
    shop.platform.store.apply(called.id, transitions.clear(called, now=shop.platform.clock.now + HOUR))
    shop.platform.retry(made)
    shop.platform.run()
    told = shop.now(made)
    assert (told.status, told.error_class) == (Status.FAILED, "CallFailed")
    assert "ResultRemoved" in (told.error_message or "")
    assert shop.did.count("c-1") == 1, "what has completed is not run again without a decision"
    shop.platform.retry(made)
    shop.platform.run()
    assert shop.now(made).result == "made c-1"
    assert shop.did.count("c-1") == 2
