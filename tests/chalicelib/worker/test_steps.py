"""Test steps, sleeps and events: a kept step is not run again, and a waiting job needs no worker."""

import json
import logging
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from pydantic import BaseModel

from chalicelib import Backoff, EventTimedOut, JobCancelled, JobContext, job
from chalicelib.errors import InvalidRequest, JobConflict, LeaseLost, SecretUnavailable, Suspended
from chalicelib.job_types.jobtype import registered
from chalicelib.jobs.job import Job, Status
from jobflow.testing.platform import Platform
from jobflow.testing.single import run
from jobflow.testing.workers import WorkerGone

TYPE = "test.steps"
DAY = 86_400.0


class Order(BaseModel):
    """The payload of the test's job."""

    id: str = "o-1"


Act = Callable[[JobContext], Any]


class Shop:
    """A platform with one job type, whose function a test writes, and a record of what the function did."""

    def __init__(self, **options: Any) -> None:
        self.act: Act = lambda _: None
        self.did: list[str] = []

        def run(payload: Order, ctx: JobContext) -> Any:
            return self.act(ctx)

        self.platform = Platform(job(TYPE, **{"max_attempts": 3, "timeout": 60, **options})(run))

    def do(self, what: str) -> Callable[[], str]:
        def done() -> str:
            self.did.append(what)
            return what

        return done

    def start(self) -> Job:
        made = self.platform.submit(TYPE, {"id": "o-1"})
        self.platform.run()
        return self.now(made)

    def now(self, made: Job) -> Job:
        return self.platform.job(made)


@pytest.fixture
def shop() -> Iterator[Shop]:
    yield Shop()
    registered.pop(TYPE, None)


def test_a_kept_step_is_not_run_again_and_a_retry_goes_on_where_it_failed(shop: Shop) -> None:
    fails = [ValueError("no"), ValueError("no")]

    def ship() -> str:
        shop.did.append("ship")
        if fails:
            raise fails.pop()
        return "shipped"

    shop.act = lambda ctx: [ctx.step("pay", shop.do("pay")), ctx.step("ship", ship)]
    made = shop.start()
    shop.platform.advance(minutes=5)
    assert shop.now(made).result == ["pay", "shipped"]
    assert shop.did == ["pay", "ship", "ship", "ship"]


def test_each_step_has_all_attempts_of_the_job(shop: Shop) -> None:
    """Two failures of one step and two of the next one: after a kept step, earlier attempts are not counted."""
    fails = {"a": 2, "b": 2}

    def act(name: str) -> str:
        shop.did.append(name)
        fails[name] -= 1
        if fails[name] >= 0:
            raise ValueError(name)
        return name

    shop.act = lambda ctx: [ctx.step(name, act, name) for name in "ab"]
    made = shop.start()
    shop.platform.advance(minutes=5)
    assert (shop.now(made).status, shop.did) == (Status.COMPLETED, ["a"] * 3 + ["b"] * 3)


def test_a_worker_that_dies_after_a_step_loses_only_what_it_had_not_kept(shop: Shop) -> None:
    def act(ctx: JobContext) -> str:
        ctx.step("pay", shop.do("pay"))
        if shop.did.count("died") == 0:
            shop.did.append("died")
            raise WorkerGone
        return str(ctx.step("ship", shop.do("ship")))

    shop.act = act
    made = shop.start()
    shop.platform.advance(minutes=30)
    assert (shop.now(made).result, shop.did) == ("ship", ["pay", "died", "ship"])


@pytest.mark.parametrize("seconds", [5, 600, 901, 3 * DAY])
def test_a_sleeping_job_holds_no_worker_and_wakes_within_two_seconds(shop: Shop, seconds: float) -> None:
    woke: list[float] = []

    def act(ctx: JobContext) -> None:
        ctx.step("before", shop.do("before"))
        ctx.sleep(seconds)
        woke.append(shop.platform.clock.now)

    shop.act = act
    began = shop.platform.clock.now
    made = shop.start()
    asleep = shop.now(made)
    assert (asleep.status, asleep.waits, asleep.lease_until) == (Status.SUSPENDED, "time", None)
    shop.platform.advance(seconds + 2)
    assert shop.now(made).status is Status.COMPLETED
    assert 0 <= woke[0] - began - seconds <= 2
    assert shop.did == ["before"]
    assert not shop.platform.attempts(made)


def test_many_sleeps_outlive_the_receives_of_a_message_and_cost_no_attempt(shop: Shop) -> None:
    def act(ctx: JobContext) -> None:
        for _ in range(40):
            ctx.sleep(30)

    shop.act = act
    made = shop.start()
    shop.platform.advance(hours=1)
    assert (shop.now(made).status, shop.now(made).claims) == (Status.COMPLETED, 41)


def test_an_event_wakes_its_job_with_its_data(shop: Shop) -> None:
    shop.act = lambda ctx: ctx.wait_for("approved")["by"]
    made = shop.start()
    assert (shop.now(made).status, shop.now(made).waits) == (Status.SUSPENDED, "event:approved")
    shop.platform.advance(days=2)
    shop.platform.event(made, "other")
    shop.platform.run()
    assert shop.now(made).status is Status.SUSPENDED
    woken = shop.platform.event(made, "approved", {"by": "ada"})
    assert (woken.status, woken.sent) == (Status.QUEUED, True)
    shop.platform.run()
    assert (shop.now(made).status, shop.now(made).result) == (Status.COMPLETED, "ada")


def test_an_event_that_came_before_its_wait_is_there(shop: Shop) -> None:
    shop.act = lambda ctx: ctx.wait_for("approved")
    made = shop.platform.submit(TYPE, {"id": "o-1"})
    shop.platform.event(made, "approved", 7)
    shop.platform.run()
    assert shop.now(made).result == 7


def test_an_event_that_comes_while_the_function_ends_is_found_before_the_message_is_acknowledged(shop: Shop) -> None:
    def act(ctx: JobContext) -> Any:
        try:
            return ctx.wait_for("approved")
        except Suspended:
            shop.platform.event(ctx.job_id, "approved", "late")
            raise

    shop.act = act
    made = shop.start()
    shop.platform.advance(5)
    assert shop.now(made).result == "late"


def test_a_wait_times_out_once_and_for_all(shop: Shop) -> None:
    def act(ctx: JobContext) -> str:
        try:
            ctx.wait_for("approved", timeout=3600)
        except EventTimedOut:
            ctx.sleep(60)
            return "timed out"
        return "approved"

    shop.act = act
    made = shop.start()
    shop.platform.advance(3630)
    with pytest.raises(JobConflict, match="timed out"):
        shop.platform.event(made, "approved")
    shop.platform.advance(120)
    assert shop.now(made).result == "timed out"


def test_a_wait_that_nobody_catches_fails_the_job(shop: Shop) -> None:
    shop.act = lambda ctx: ctx.wait_for("approved", timeout=10)
    made = shop.start()
    shop.platform.advance(20)
    assert (shop.now(made).status, shop.now(made).error_class) == (Status.FAILED, "EventTimedOut")


def test_the_first_event_of_a_name_counts(shop: Shop) -> None:
    shop.act = lambda ctx: [ctx.wait_for("one"), ctx.wait_for("two")]
    made = shop.start()
    shop.platform.event(made, "two", {"n": 1})
    shop.platform.clock.now += 1
    assert shop.platform._posting.post(made.id, "two", {"n": 1})[1], "the same one is a replay"
    with pytest.raises(JobConflict, match="other data"):
        shop.platform.event(made, "two", {"n": 2})
    shop.platform.event(made, "one")
    shop.platform.run()
    assert shop.now(made).result == [None, {"n": 1}]
    with pytest.raises(JobConflict, match="completed"):
        shop.platform.event(made, "three")


@pytest.mark.parametrize("name", ["", "a b", "a/b", "-a", "x" * 101, "a:b", "ä"])
def test_a_name_that_is_none_is_refused(shop: Shop, name: str) -> None:
    shop.act = lambda ctx: ctx.wait_for("approved")
    with pytest.raises(InvalidRequest):
        shop.platform.event(shop.start(), name)


def test_a_large_value_of_a_step_comes_back_whole_and_a_large_event_is_refused(shop: Shop) -> None:
    def act(ctx: JobContext) -> int:
        text = ctx.step("read", lambda: "x" * 50_000)
        ctx.sleep(2000)
        return len(text)

    shop.act = act
    made = shop.start()
    shop.platform.advance(2010)
    assert shop.now(made).result == 50_000
    with pytest.raises(InvalidRequest):
        shop.platform.event(made, "big", "x" * 33_000)


def test_what_is_not_the_same_twice_is_kept(shop: Shop) -> None:
    seen: list[Any] = []

    def act(ctx: JobContext) -> None:
        seen.append((ctx.now(), ctx.uuid(), ctx.uuid()))
        ctx.sleep(5)

    shop.act = act
    shop.start()
    shop.platform.advance(10)
    first, second = seen
    assert first == second
    assert first[1] != first[2]


def test_a_uuid_within_a_step_does_not_shift_those_after_it(shop: Shop) -> None:
    seen: list[Any] = []

    def act(ctx: JobContext) -> None:
        inner = ctx.step("inner", lambda: str(ctx.uuid()))
        seen.append((inner, str(ctx.uuid()), ctx.now()))
        ctx.sleep(5)

    shop.act = act
    shop.start()
    shop.platform.advance(10)
    first, second = seen
    assert first == second
    assert first[0] != first[1]


def test_one_name_is_used_once_and_scopes_keep_names_apart(shop: Shop) -> None:
    def act(ctx: JobContext) -> list[Any]:
        found = []
        for parcel in ("p1", "p2"):
            with ctx.scope(parcel):
                found.append(ctx.step("ship", shop.do(parcel)))
        return found

    shop.act = act
    assert shop.start().result == ["p1", "p2"]
    shop.act = lambda ctx: [ctx.step("ship", shop.do("x")) for _ in range(2)]
    twice = shop.start()
    assert (twice.status, "used twice" in (twice.error_message or "")) == (Status.FAILED, True)


def test_a_long_job_goes_on_in_the_next_invocation_before_its_time_ends(shop: Shop) -> None:
    """There are 200 steps of a minute each, and an invocation has two minutes."""

    def step(number: int) -> int:
        shop.did.append(str(number))
        shop.platform.clock.now += 50
        return number

    shop.act = lambda ctx: len([ctx.step(f"part-{n}", step, n) for n in range(200)])
    made = shop.start()
    shop.platform.advance(hours=4)
    assert (shop.now(made).status, shop.now(made).result) == (Status.COMPLETED, 200)
    assert shop.did == [str(n) for n in range(200)]
    assert not shop.platform.attempts(made)


def test_a_retry_by_hand_goes_on_and_one_with_another_payload_begins_anew(shop: Shop) -> None:
    def act(ctx: JobContext) -> None:
        ctx.step("pay", shop.do("pay"))
        ctx.step("ship", shop.do("ship"))
        raise ValueError("no")

    shop.act = act
    made = shop.start()
    shop.platform.advance(minutes=5)
    assert (shop.now(made).status, shop.did) == (Status.DEAD_LETTER, ["pay", "ship"])
    shop.platform.retry(made)
    shop.platform.run()
    assert shop.did == ["pay", "ship"]
    shop.platform.advance(minutes=5)
    shop.platform.retry(made, {"id": "o-2"})
    shop.platform.run()
    assert shop.did == ["pay", "ship", "pay", "ship"]


def test_a_suspended_job_is_cancelled_at_once_and_not_run_now(shop: Shop) -> None:
    shop.act = lambda ctx: ctx.wait_for("approved")
    made = shop.start()
    with pytest.raises(JobConflict):
        shop.platform.run_now(made)
    assert shop.platform.cancel(made).status is Status.CANCELLED
    with pytest.raises(JobConflict):
        shop.platform.event(made, "approved")


def test_a_function_that_waits_is_not_asked_for_its_result(shop: Shop) -> None:
    def act(ctx: JobContext) -> str:
        try:
            ctx.sleep(5)
        except BaseException:
            return "swallowed"
        with pytest.raises(Suspended):
            ctx.step("later", shop.do("later"))
        return "slept"

    shop.act = act
    made = shop.start()
    assert shop.now(made).status is Status.SUSPENDED

    def slept(ctx: JobContext) -> str:
        ctx.sleep(5)
        return "slept"

    shop.act = slept
    shop.platform.advance(10)
    assert shop.now(made).result == "slept"


def test_the_time_of_a_wait_does_not_give_the_job_up() -> None:
    shop = Shop(retry=Backoff(first=10), give_up_after=100)
    try:
        fails = [ValueError("no")]

        def act(ctx: JobContext) -> str:
            ctx.wait_for("approved")
            if fails:
                raise fails.pop()
            return "done"

        shop.act = act
        made = shop.start()
        shop.platform.advance(hours=5)
        shop.platform.event(made, "approved")
        shop.platform.advance(60)
        assert shop.now(made).result == "done"
    finally:
        registered.pop(TYPE, None)


def test_a_type_that_runs_one_at_a_time_keeps_steps_and_does_not_wait() -> None:
    shop = Shop(serial_by="id")
    try:
        shop.act = lambda ctx: ctx.step("pay", shop.do("pay"))
        assert shop.start().result == "pay"
        shop.act = lambda ctx: ctx.sleep(5)
        assert shop.start().error_class == "ConfigurationError"
    finally:
        registered.pop(TYPE, None)


def test_a_job_that_uses_no_step_reads_and_writes_nothing_for_them(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("kept_steps", "kept_step", "keep_step"):
        monkeypatch.setattr(shop.platform.store, name, lambda *_: pytest.fail("asked for steps"))
    assert shop.start().status is Status.COMPLETED


@pytest.mark.parametrize("name", ["kept_steps", "keep_step"])
def test_a_step_that_cannot_be_stored_at_once_is_stored_a_little_later(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(shop.platform.store, name, refusing(getattr(shop.platform.store, name), 3))
    shop.act = lambda ctx: ctx.step("pay", shop.do("pay"))
    made = shop.start()
    assert (made.status, made.claims, shop.did) == (Status.COMPLETED, 1, ["pay"])


@pytest.mark.parametrize("wrapped", [False, True])
def test_an_outage_of_the_store_is_not_an_error_of_the_function(monkeypatch: pytest.MonkeyPatch, wrapped: bool) -> None:
    shop = Shop(retry_on=(TimeoutError,), max_attempts=1, timeout=10)
    try:

        def act(ctx: JobContext) -> Any:
            shop.platform.clock.now += 8  # no time is left to repeat the write
            try:
                return ctx.step("pay", shop.do("pay"))
            except Exception as error:
                if wrapped:
                    raise ValueError("payment failed") from error
                raise

        monkeypatch.setattr(shop.platform.store, "keep_step", refusing(shop.platform.store.keep_step, 1))
        shop.act = act
        made = shop.start()
        assert (made.status, made.attempts, made.error_class) == (Status.RETRYING, 0, "StoreUnavailable")
        shop.platform.advance(minutes=5)
        assert shop.now(made).result == "pay"
    finally:
        registered.pop(TYPE, None)


def test_a_worker_that_was_taken_over_stops_at_its_next_step(shop: Shop) -> None:
    def act(ctx: JobContext) -> Any:
        first = not shop.did
        shop.did.append("run")
        if first:
            shop.platform.clock.now += 400
            shop.platform.run()
        return ctx.step("pay", lambda: "first" if first else "second")

    shop.act = act
    made = shop.start()
    assert (shop.now(made).result, len(shop.did)) == ("second", 2)


def test_a_retry_after_the_steps_have_expired_runs_no_step_again(shop: Shop) -> None:
    fails = [ValueError("no")] * 3

    def act(ctx: JobContext) -> str:
        ctx.step("pay", shop.do("pay"))
        ctx.sleep(5)
        if fails:
            raise fails.pop()
        return "shipped"

    shop.act = act
    made = shop.start()
    shop.platform.advance(minutes=5)
    assert shop.now(made).status is Status.DEAD_LETTER
    shop.platform.store._steps[made.id, 1].pop("step:pay")
    shop.platform.retry(made)
    shop.platform.run()
    assert (shop.now(made).status, shop.did) == (Status.FAILED, ["pay"])
    shop.platform.retry(made, {"id": "o-2"})
    shop.platform.advance(10)
    assert shop.now(made).result == "shipped"


def test_a_job_whose_function_has_run_does_not_expire_while_a_secret_is_missing() -> None:
    shop = Shop(expires=20)
    try:
        secrets: dict[str, str] = {}

        def act(ctx: JobContext) -> str:
            ctx.step("pay", shop.do("pay"))
            if not secrets:
                raise SecretUnavailable("CARRIER")
            return "shipped"

        shop.act = act
        made = shop.start()
        secrets["CARRIER"] = "known now"
        shop.platform.advance(minutes=10)
        assert (shop.now(made).status, shop.now(made).result) == (Status.COMPLETED, "shipped")
    finally:
        registered.pop(TYPE, None)


def test_workers_that_die_in_different_steps_do_not_use_up_the_attempts(shop: Shop) -> None:
    def act(ctx: JobContext) -> str:
        for name in "abcde":
            ctx.step(name, shop.do(name))
            if f"died after {name}" not in shop.did:
                shop.did.append(f"died after {name}")
                raise WorkerGone
        return "shipped"

    shop.act = act
    made = shop.start()
    shop.platform.advance(hours=2)
    assert (shop.now(made).status, shop.now(made).result) == (Status.COMPLETED, "shipped")


def test_a_step_in_which_each_worker_dies_uses_up_the_attempts(shop: Shop) -> None:
    def die() -> None:
        shop.did.append("died")
        raise WorkerGone

    def act(ctx: JobContext) -> None:
        ctx.step("pay", shop.do("pay"))
        ctx.sleep(5)
        ctx.step("ship", die)

    shop.act = act
    made = shop.start()
    shop.platform.advance(hours=5)
    assert (shop.now(made).status, shop.did) == (Status.DEAD_LETTER, ["pay", *["died"] * 3])


def test_the_90_days_of_waits_do_not_begin_with_an_event_that_came_before(shop: Shop) -> None:
    def act(ctx: JobContext) -> Any:
        ctx.sleep(89 * DAY)
        return ctx.wait_for("approved", timeout=3600)

    shop.act = act
    made = shop.platform.submit(TYPE, {"id": "o-1"}, delay=30 * DAY)
    shop.platform.event(made, "approved", "early")
    assert shop.platform.finish(made).result == "early"


@pytest.mark.parametrize("look", [lambda ctx: ctx.progress(50), lambda ctx: ctx.check_cancelled()])
def test_an_outage_at_a_look_is_not_an_error_of_the_function(
    monkeypatch: pytest.MonkeyPatch, look: Callable[[JobContext], None]
) -> None:
    shop = Shop(retry_on=(TimeoutError,), max_attempts=1)
    try:

        def act(ctx: JobContext) -> str:
            if not shop.did:
                shop.did.append("look")
                for name in ("apply", "get_without_bodies"):
                    monkeypatch.setattr(shop.platform.store, name, refusing(getattr(shop.platform.store, name), 1))
                look(ctx)
            return "done"

        shop.act = act
        made = shop.start()
        shop.platform.advance(minutes=5)
        assert (shop.now(made).status, shop.now(made).result) == (Status.COMPLETED, "done")
    finally:
        registered.pop(TYPE, None)


@pytest.mark.parametrize("cancelled", [False, True])
def test_an_outage_of_the_store_that_the_function_catches_does_not_complete_the_job(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, cancelled: bool
) -> None:
    def quietly(ctx: JobContext, name: str) -> bool:
        try:
            ctx.step(name, shop.do(name), within=0)
        except Exception:
            return False
        return True

    def act(ctx: JobContext) -> list[bool]:
        ctx.step("pay", shop.do("pay"))
        try:
            ctx.sleep(60)
        except JobCancelled:
            if shop.did.count("refund") == 0:
                break_down(ctx)
            assert quietly(ctx, "refund") or shop.did.count("refund") == 1
            raise
        if shop.did.count("pack") == 0:
            break_down(ctx)
        return [quietly(ctx, "pack"), quietly(ctx, "ship")]

    def break_down(ctx: JobContext) -> None:
        shop.platform.clock.now += ctx.remaining_seconds() - 2  # no time is left to repeat the write
        monkeypatch.setattr(shop.platform.store, "keep_step", refusing(keep, 1))

    keep = shop.platform.store.keep_step
    shop.act = act
    made = shop.start()
    if cancelled:
        shop.platform.cancel(made)
    shop.platform.advance(minutes=30)
    if cancelled:
        assert (shop.now(made).status, shop.did) == (Status.CANCELLED, ["pay", "refund", "refund"])
    else:
        assert (shop.now(made).result, shop.did) == ([True, True], ["pay", "pack", "pack", "ship"])


def test_a_worker_that_was_taken_over_and_catches_this_runs_no_further_step(shop: Shop) -> None:
    told = list[str]()

    def act(ctx: JobContext) -> str:
        for name in ("pay", "ship"):
            try:
                ctx.step(name, shop.do(f"{name} of {ctx.attempt}"))
                if ctx.attempt == 1 and name == "pay" and not told:
                    told.append("taken over")
                    lose()
                    ctx.check_cancelled()
            except LeaseLost:
                told.append(name)
        return "done"

    def lose() -> None:
        get = shop.platform.store.get_without_bodies
        shop.platform.store.get_without_bodies = lambda job_id: replace(get(job_id), claims=9)  # type: ignore[method-assign]

    shop.act = act
    made = shop.start()
    assert (told, shop.did) == (["taken over", "pay", "ship"], ["pay of 1"])
    assert shop.now(made).status is Status.PROCESSING, "the other worker settles the job"


def refusing(function: Callable[..., Any], times: int) -> Callable[..., Any]:
    """Return the function; it is refused this many times first."""
    left = [times]

    def refuses(*args: Any) -> Any:
        left[0] -= 1
        if left[0] >= 0:
            raise ConnectionError
        return function(*args)

    return refuses


def test_one_run_of_the_test_kit_sleeps_and_finds_its_events(shop: Shop) -> None:
    def act(ctx: JobContext) -> Any:
        ctx.step("before", shop.do("before"))
        ctx.progress(50)
        ctx.sleep(3 * DAY)
        return ctx.wait_for("approved", timeout=10)

    shop.act = act
    clock = shop.platform.clock
    began = clock.now
    ran = run(TYPE, {"id": "o-1"}, clock=clock, events={"approved": 7})
    assert (ran.value, shop.did, round(clock.now - began)) == (7, ["before"], 3 * DAY)
    with pytest.raises(EventTimedOut):
        run(TYPE, {"id": "o-1"})


def test_a_function_that_is_called_again_does_not_repeat_its_output(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    def act(ctx: JobContext) -> None:
        log = ctx.logger
        log.info("line 1")
        ctx.step("pay", lambda: print("line 2"))  # noqa: T201
        print("line 3")  # noqa: T201
        ctx.progress(10, "paid")
        ctx.sleep(3600)
        logging.getLogger("carrier").warning("line 4")
        ctx.step("ship", shop.do("ship"))
        log.info("line 5")
        if len(shop.did) < 2:
            shop.did.append("fails")
            raise ValueError("no")

    shop.act = act
    made = shop.start()
    shop.platform.advance(hours=2)
    assert shop.now(made).status is Status.COMPLETED
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    own = [line["message"] for line in lines if str(line.get("message", "")).startswith("line ")]
    assert own == [f"line {number}" for number in (1, 2, 3, 4, 5, 5)]
    assert {line["job_id"] for line in lines if line.get("message") in own} == {made.id}


@pytest.mark.parametrize("change", ["fails earlier", "without its last step"])
def test_a_function_that_does_not_come_to_where_it_was_logs_everything(
    shop: Shop, capsys: pytest.CaptureFixture[str], change: str
) -> None:
    def act(ctx: JobContext) -> None:
        called = shop.did.count("called")
        shop.did.append("called")
        ctx.step("pay", shop.do("pay"))
        ctx.logger.info("line %d", 3 * called + 1)
        print(f"line {3 * called + 2}")  # noqa: T201
        logging.getLogger("carrier").warning("line %d", 3 * called + 3)
        if called == 1 and change == "fails earlier":
            raise ValueError("early")
        if called != 1:
            ctx.step("ship", shop.do("ship"))
        if called == 0:
            raise ValueError("no")

    shop.act = act
    made = shop.start()
    shop.platform.advance(hours=2)
    assert shop.now(made).status is Status.COMPLETED
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    own = [line["message"] for line in lines if str(line.get("message", "")).startswith("line ")]
    assert own == [f"line {number}" for number in range(1, 7)]
    assert {line["job_id"] for line in lines if line.get("message") in own} == {made.id}


def test_a_function_that_is_called_again_reports_no_progress_before_the_place_where_it_was(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[float | None] = []
    apply = shop.platform.store.apply

    def listening(job_id: str, change: Any) -> Job:
        if change.move.name == "report":
            told.append(change.values["progress"])
        return apply(job_id, change)

    def act(ctx: JobContext) -> None:
        for part in range(3):
            ctx.progress(part * 10)
            ctx.step(f"part-{part}", shop.do("part"))
            ctx.sleep(100, f"nap-{part}")

    monkeypatch.setattr(shop.platform.store, "apply", listening)
    shop.act = act
    shop.start()
    shop.platform.advance(hours=1)
    assert told == [0, 10, 20]


@pytest.mark.parametrize("way", ["name", "type", "client", "debounce"])
def test_a_job_that_was_made_before_a_kept_step_is_not_made_again_after_a_manual_retry(way: str) -> None:
    def child(payload: Order, ctx: JobContext) -> str:
        return payload.id

    shop = Shop(enqueues=("test.child",), max_attempts=1)
    kind = job("test.child")(child)
    try:
        shop.platform = Platform(registered[TYPE], kind)

        def make(ctx: JobContext, name: str) -> None:
            if way == "debounce":
                ctx.enqueue(kind, {"id": name}, key=name, debounce=(name, 5))
            elif way != "client":
                ctx.enqueue(kind if way == "type" else kind.name, {"id": name}, key=name)
            else:
                kind.delay(id=name)

        def act(ctx: JobContext) -> None:
            make(ctx, "before")
            ctx.step("pay", shop.do("pay"))
            ctx.sleep(60)
            make(ctx, "after")
            if shop.did.count("failed") == 0:
                shop.did.append("failed")
                raise ValueError("no")

        shop.act = act
        made = shop.start()
        shop.platform.advance(minutes=2)
        assert shop.now(made).status is Status.DEAD_LETTER
        shop.platform.retry(made)
        shop.platform.run()
        shop.platform.advance(minutes=1)
        assert shop.now(made).status is Status.COMPLETED
        assert [one.payload["id"] for one in shop.platform.jobs(type=kind)].count("before") == 1
        assert [one.payload["id"] for one in shop.platform.jobs(type=kind)].count("after") == 2, "a run makes its own"
    finally:
        for name in (TYPE, "test.child"):
            registered.pop(name, None)


def test_a_job_that_was_made_before_a_wait_of_40_days_is_not_made_again_after_its_deletion() -> None:
    shop = Shop(enqueues=("test.child",))

    def child(payload: Order, ctx: JobContext) -> None:
        shop.did.append(payload.id)

    kind = job("test.child")(child)
    try:
        shop.platform = Platform(registered[TYPE], kind)

        def act(ctx: JobContext) -> list[str]:
            return [before(ctx), str(ctx.step("pay", shop.do("pay"))), after(ctx), nap(ctx)]

        def before(ctx: JobContext) -> str:
            made = ctx.enqueue(kind, {"id": "before"}, key="before")
            ctx.sleep(40 * DAY)
            return made

        def after(ctx: JobContext) -> str:
            return ctx.enqueue(kind, {"id": "after"}, key="after")

        def nap(ctx: JobContext) -> str:
            ctx.sleep(DAY)
            return "slept"

        shop.act = act
        made = shop.start()
        [first] = shop.platform.jobs(type=kind)
        shop.platform.clock.now += 39 * DAY
        expired(shop)
        assert not shop.platform.jobs(type=kind)
        shop.platform.advance(3 * DAY)
        assert shop.now(made).result[0] == first.id
        assert shop.did == ["before", "pay", "after"]
    finally:
        for name in (TYPE, "test.child"):
            registered.pop(name, None)


def expired(shop: Shop) -> None:
    """Delete the jobs that DynamoDB has deleted by now."""
    jobs = shop.platform.store._jobs
    for one in [one for one in jobs.values() if (one.expires_at or math.inf) < shop.platform.clock.now]:
        del jobs[one.id]
