"""Check that a job runs again from one of its steps: what is before it counts, and what follows runs anew."""

import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.errors import (
    EventTimedOut,
    InvalidRequest,
    JobCancelled,
    JobConflict,
    NotStored,
    PermanentError,
    StepFailed,
)
from chalicelib.job_types.context import JobContext
from chalicelib.job_types.jobtype import registered
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.step import EVENT, STEP, Step, try_key
from chalicelib.operating.again import from_step, names_of
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.operating.operations import Operations
from chalicelib.settings import Settings
from jobflow.testing import WorkerGone
from tests.chalicelib.worker.test_steps import DAY, TYPE, Shop
from tests.proof.grounds.faults import Crash
from tests.support import T0, Clock, a_job


@pytest.fixture
def shop() -> Iterator[Shop]:
    yield Shop()
    registered.pop(TYPE, None)


def order(shop: Shop, *, fails: bool = True) -> Callable[[JobContext], Any]:
    """Return a function with three steps, which fails in its first run after them."""

    def act(ctx: JobContext) -> list[Any]:
        did = [str(ctx.step("pay", shop.do("pay"))), str(ctx.step("pack", shop.do("pack"), ctx.job.payload["id"]))]
        did.append(str(ctx.step("ship", shop.do("ship"))))
        if fails and ctx.job.gen == 1:
            raise PermanentError("no")
        return did

    return act


def steps_of(shop: Shop, made: Job) -> list[str]:
    return [step.name for step in shop.platform.steps(made) if step.kind == "step"]


class Packing(Shop):
    """A shop whose steps take an argument."""

    def do(self, what: str) -> Callable[..., str]:
        def done(*_: object) -> str:
            self.did.append(what)
            return what

        return done


@pytest.fixture
def packing() -> Iterator[Packing]:
    yield Packing()
    registered.pop(TYPE, None)


@pytest.mark.parametrize(
    ("begin", "anew"),
    [
        (None, []),
        ("start", ["pay", "pack", "ship"]),
        ("pay", ["pay", "pack", "ship"]),
        ("pack", ["pack", "ship"]),
        ("step:ship", ["ship"]),
    ],
)
def test_steps_before_it_count_and_the_others_run_anew(packing: Packing, begin: str | None, anew: list[str]) -> None:
    packing.act = order(packing)
    made = packing.start()
    assert made.status is Status.FAILED
    packing.did.clear()
    shown = packing.platform._operations.preview(made.id, begin)
    assert (names_of(shown.places), names_of(shown.anew)) == (["pay", "pack", "ship"], anew)
    assert [step.name for step in shown.kept] == [name for name in ("pay", "pack", "ship") if name not in anew]
    packing.platform.retry(made, from_=begin)
    packing.platform.run()
    assert packing.now(made).result == ["pay", "pack", "ship"]
    assert packing.did == anew
    assert steps_of(packing, made) == ["pay", "pack", "ship"]
    assert packing.now(made).kept == 3


def test_it_can_be_done_again_and_again(packing: Packing) -> None:
    packing.act = order(packing, fails=False)

    def act(ctx: JobContext) -> None:
        order(packing, fails=False)(ctx)
        raise PermanentError("no")

    packing.act = act
    made = packing.start()
    for begin, ran in (("ship", 1), ("pack", 2), ("ship", 1), (None, 0), ("start", 3)):
        packing.did.clear()
        packing.platform.retry(made, from_=begin)
        packing.platform.run()
        assert len(packing.did) == ran
        assert steps_of(packing, made) == ["pay", "pack", "ship"]


def test_with_an_edited_payload_the_steps_before_it_count(packing: Packing) -> None:
    packing.act = order(packing)
    made = packing.start()
    packing.did.clear()
    packing.platform.retry(made, {"id": "o-2"}, from_="pack")
    packing.platform.run()
    assert packing.did == ["pack", "ship"]
    assert packing.now(made).payload == {"id": "o-2"}


def test_an_edited_payload_that_a_kept_step_was_called_with_is_told(packing: Packing) -> None:
    packing.act = order(packing)
    made = packing.start()
    packing.platform.retry(made, {"id": "o-2"}, from_="ship")
    packing.platform.run()
    assert packing.now(made).status is Status.RETRYING
    assert packing.now(made).error_class == "StepChanged"


@pytest.mark.parametrize("name", ["refund", "step:refund", "wait:pay", ""])
def test_an_unknown_step_is_refused_with_the_known_ones(packing: Packing, name: str) -> None:
    packing.act = order(packing)
    made = packing.start()
    with pytest.raises(InvalidRequest) as refused:
        packing.platform.retry(made, from_=name)
    assert refused.value.errors[0].loc == ("from",)
    assert "start, or one of: pay, pack, ship" in refused.value.told()
    assert packing.now(made).gen == 1


def test_a_name_that_two_kinds_have_is_written_with_its_kind(shop: Shop) -> None:
    def act(ctx: JobContext) -> None:
        ctx.step("start", shop.do("start"))
        ctx.step("rest", shop.do("rest"))
        ctx.sleep(30, name="rest")
        raise PermanentError("no")

    shop.act = act
    made = shop.start()
    shop.platform.advance(31)
    with pytest.raises(InvalidRequest, match="write step:rest or sleep:rest"):
        shop.platform.retry(made, from_="rest")
    with pytest.raises(InvalidRequest, match="start, or one of: step:start, step:rest, sleep:rest"):
        shop.platform.retry(made, from_="none")
    shop.platform.retry(made, from_="sleep:rest")
    shop.platform.run()
    assert shop.now(made).status is Status.SUSPENDED
    assert shop.did == ["start", "rest"]
    shop.platform.advance(31)
    shop.platform.retry(made, from_="start")
    shop.platform.run()
    assert shop.did == ["start", "rest"] * 2


def waiting(shop: Shop) -> Callable[[JobContext], Any]:
    def act(ctx: JobContext) -> None:
        ctx.step("pay", shop.do("pay"))
        try:
            ctx.wait_for("approved", timeout=DAY)
        except EventTimedOut:
            shop.did.append("late")
        ctx.step("ship", shop.do("ship"))
        raise PermanentError("no")

    return act


@pytest.mark.parametrize(("begin", "status"), [("approved", Status.SUSPENDED), ("ship", Status.FAILED)])
@pytest.mark.parametrize("posted", [True, False])
def test_an_event_counts_as_long_as_its_wait_does(shop: Shop, begin: str, status: Status, posted: bool) -> None:
    shop.act = waiting(shop)
    made = shop.start()
    if posted:
        shop.platform.event(made, "approved", {"by": "ada"})
    shop.platform.advance(DAY + 1)
    assert shop.now(made).status is Status.FAILED
    shown = shop.platform._operations.preview(made.id, begin)
    assert [step.name for step in shown.forgotten] == ([] if begin == "ship" else ["approved"])
    shop.platform.retry(made, from_=begin)
    shop.platform.run()
    assert shop.now(made).status is status
    if begin == "approved":
        shop.platform.event(made, "approved", {"by": "bob"})
        shop.platform.run()
        assert shop.now(made).status is Status.FAILED
        assert [step.value for step in shop.platform.steps(made) if step.kind == "event"] == [{"by": "bob"}]


def test_an_event_for_a_wait_that_is_still_to_come_counts(shop: Shop) -> None:
    def act(ctx: JobContext) -> Any:
        ctx.step("pay", shop.do("pay"))
        ctx.step("ship", shop.do("ship"))
        if ctx.job.gen == 1:
            ctx.sleep(60)
            raise PermanentError("no")
        return ctx.wait_for("delivered")

    shop.act = act
    made = shop.start()
    shop.platform.event(made, "delivered", "at noon")
    shop.platform.advance(61)
    shop.platform.retry(made, from_="ship")
    shop.platform.run()
    assert shop.now(made).result == "at noon"


def test_times_and_ids_that_were_kept_before_it_stay_and_the_others_are_new(shop: Shop) -> None:
    seen: list[tuple[str, str]] = []

    def act(ctx: JobContext) -> None:
        first = str(ctx.uuid())
        ctx.step("pay", shop.do("pay"))
        seen.append((first, str(ctx.uuid())))
        ctx.step("ship", shop.do("ship"))
        raise PermanentError("no")

    shop.act = act
    made = shop.start()
    for begin in ("ship", "pay"):
        shop.platform.retry(made, from_=begin)
        shop.platform.run()
    assert len({first for first, _ in seen}) == 1
    assert seen[0] == seen[1]
    assert seen[2][1] != seen[1][1]


def test_a_step_whose_failure_was_caught_runs_anew_only_from_there(shop: Shop) -> None:
    def lost() -> None:
        shop.did.append("ship")
        raise ValueError("lost")

    def act(ctx: JobContext) -> None:
        ctx.step("pay", shop.do("pay"))
        try:
            ctx.step("ship", lost, tries=1)
        except StepFailed:
            ctx.step("refund", shop.do("refund"))
            ctx.step("tell", shop.do("tell"))
            raise PermanentError("no") from None

    shop.act = act
    made = shop.start()
    for begin, ran in (
        ("tell", ["tell"]),
        ("ship", ["ship", "refund", "tell"]),
        ("refund", ["ship", "refund", "tell"]),
    ):
        shop.did.clear()
        shop.platform.retry(made, from_=begin)
        shop.platform.run()
        assert shop.did == ran


def test_what_a_step_has_kept_within_its_function_runs_anew_with_it(shop: Shop) -> None:
    def act(ctx: JobContext) -> None:
        def outer() -> str:
            return f"{ctx.step('inner', shop.do('inner'))} {ctx.uuid()}"

        ctx.step("first", shop.do("first"))
        ctx.step("outer", outer)
        ctx.step("last", shop.do("last"))
        raise PermanentError("no")

    shop.act = act
    made = shop.start()
    shown = shop.platform._operations.preview(made.id)
    assert names_of(shown.places) == ["first", "outer", "last"]
    before = [step.value for step in shop.platform.steps(made) if step.name == "outer"]
    shop.did.clear()
    shop.platform.retry(made, from_="outer")
    shop.platform.run()
    assert shop.did == ["inner", "last"]
    assert before != [step.value for step in shop.platform.steps(made) if step.name == "outer"]


def test_steps_that_were_undone_are_not_kept(shop: Shop) -> None:
    def act(ctx: JobContext) -> None:
        ctx.step("pay", shop.do("pay"))
        try:
            ctx.wait_for("approved")
        except JobCancelled:
            ctx.step("refund", shop.do("refund"))
            raise

    shop.act = act
    made = shop.start()
    shop.platform.cancel(made)
    shop.platform.run()
    assert shop.now(made).status is Status.CANCELLED
    with pytest.raises(JobConflict, match="has undone its steps"):
        shop.platform.retry(made, from_="approved")
    assert list(shop.platform._operations.preview(made.id).kept) == []
    shop.platform.retry(made, from_="start")
    shop.platform.run()
    assert shop.did == ["pay", "refund", "pay"]


def test_a_cancelled_job_that_undid_nothing_runs_again_from_a_step_without_stopping(shop: Shop) -> None:
    def act(ctx: JobContext) -> Any:
        ctx.step("pay", shop.do("pay"))
        return ctx.wait_for("approved")

    shop.act = act
    made = shop.start()
    shop.platform.cancel(made)
    shop.platform.run()
    shop.platform.retry(made, from_="approved")
    shop.platform.run()
    shop.platform.event(made, "approved", "yes")
    shop.platform.run()
    assert (shop.now(made).status, shop.now(made).result, shop.did) == (Status.COMPLETED, "yes", ["pay"])


def test_the_steps_of_workers_that_died(shop: Shop) -> None:
    def act(ctx: JobContext) -> None:
        ctx.step("pay", shop.do("pay"))
        ctx.step("ship", shop.do("ship"))
        raise WorkerGone

    shop.act = act
    made = shop.start()
    shop.platform.advance(DAY)
    assert shop.now(made).status is Status.DEAD_LETTER
    shop.act = lambda ctx: [ctx.step("pay", shop.do("pay")), ctx.step("ship", shop.do("ship"))]
    shop.platform.retry(made, from_="ship")
    shop.platform.run()
    assert shop.did.count("pay") == 1


def test_a_job_that_runs_or_has_completed_is_refused(packing: Packing) -> None:
    packing.act = order(packing, fails=False)
    made = packing.start()
    with pytest.raises(JobConflict, match="is completed"):
        packing.platform._operations.preview(made.id, "pay")
    with pytest.raises(JobConflict, match="is completed"):
        packing.platform.retry(made, from_="pay")


def test_deleted_steps_are_not_run_again_unasked(packing: Packing) -> None:
    packing.act = order(packing)
    made = packing.start()
    steps = [step for step in packing.platform.steps(made) if step.name != "pay"]
    with pytest.raises(JobConflict, match="deleted after 180 days"):
        from_step(made, steps, "ship")


@pytest.mark.parametrize("after", [0, 1])
@pytest.mark.parametrize("other", ["pack", "pay", "start", None])
def test_the_death_of_a_request_leaves_nothing_that_a_later_one_could_find(
    packing: Packing, monkeypatch: pytest.MonkeyPatch, after: int, other: str | None
) -> None:
    """A request that copies rows dies, and the operator then retries from another step, or from the start."""
    packing.act = order(packing)
    made = packing.start()
    packing.did.clear()
    keep, left = packing.platform.store.keep_step, after

    def dying(job: Job, step: Step) -> Step:
        nonlocal left
        left -= 1
        if left < 0:
            raise Crash
        return keep(job, step)

    with monkeypatch.context() as dead:
        dead.setattr(packing.platform.store, "keep_step", dying)
        with pytest.raises(Crash):
            packing.platform.retry(made, from_="ship")
    assert packing.now(made) == made
    packing.platform.retry(made, {"id": "o-2"} if other is None else None, from_=other)
    packing.platform.run()
    assert packing.did == {"pack": ["pack", "ship"]}.get(other or "", ["pay", "pack", "ship"])


def test_a_request_without_time_is_continued_by_its_repetition(
    packing: Packing, monkeypatch: pytest.MonkeyPatch
) -> None:
    packing.act = order(packing)
    made = packing.start()
    monkeypatch.setattr("chalicelib.operating.operations.COPIED_AT_ONCE", 1)
    store, clock = packing.platform.store, packing.platform.clock
    keep, kept = store.keep_step, list[str]()

    def slow(job: Job, step: Step) -> Step:
        clock.now += 20
        kept.append(step.name)
        return keep(job, step)

    monkeypatch.setattr(store, "keep_step", slow)
    with pytest.raises(NotStored, match="1 of 2 kept steps were copied"):
        packing.platform.retry(made, from_="ship")
    packing.platform.retry(made, from_="ship")
    assert kept == ["pay", "pack"]


def test_large_values_are_copied_by_their_reference(cloud: Settings, clock: Clock) -> None:
    dynamo_store = DynamoJobStore(cloud, clock, lambda: ["email.send"])
    found = a_job(id=str(uuid.uuid4()), type="email.send", status=Status.FAILED, finished_at=T0, kept=2)
    dynamo_store.add(found)
    large = "x" * 5_000
    for number, name in enumerate(["pay", "ship"], 1):
        dynamo_store.keep_step(found, Step(STEP + name, T0 + number, large, number=number))
    dynamo_store.keep_step(found, Step(EVENT + "paid", T0, large, by="ada"))

    class Queue:
        def send(self, *_: object) -> None:
            """Send nothing."""

    operations = Operations(Dispatcher(dynamo_store, Queue(), lambda: T0 + 10), "ada", threads=4)  # type: ignore[arg-type]
    again = operations.retry(found.id, begin="ship")
    assert (again.gen, again.kept, again.status) == (2, 1, Status.QUEUED)
    assert {step.key for step in dynamo_store.kept_steps(again)} == {STEP + "pay", EVENT + "paid"}
    for key in (STEP + "pay", EVENT + "paid"):
        copied = dynamo_store.kept_step(again, key)
        assert copied is not None
        assert copied.value == large
    # the former line is as it was
    assert len(dynamo_store.kept_steps(replace(again, line=1))) == 3


def test_the_work_for_a_run_grows_with_its_steps_and_not_with_their_square() -> None:
    def calls(number: int) -> int:
        """Return how many functions are called to decide about this many steps, each with a failed try."""
        kept = [Step(f"{STEP}s{place}", 2.0 * place, number=2 * place + 2) for place in range(number)]
        tries = [Step(try_key(1, 1, step.key), step.at, until=step.at, number=step.number - 1) for step in kept]  # type: ignore[operator]
        seen = 0

        def count(*_: object) -> None:
            nonlocal seen
            seen += 1

        sys.setprofile(count)
        try:
            from_step(replace(a_job(), kept=2 * number), [*kept, *tries], f"s{number - 1}")
        finally:
            sys.setprofile(None)
        return seen

    assert calls(200) < 3 * calls(100)
