"""Test complete lifecycles of jobs in memory: the platform for tests does what the real platform promises."""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import BaseModel, Field

from chalicelib import (
    AtMost,
    AwsAccess,
    Cron,
    Failing,
    Function,
    JobContext,
    JobType,
    PermanentError,
    Queue,
    Unique,
    job,
)
from chalicelib.errors import (
    IdempotencyMismatch,
    InvalidPayload,
    InvalidRequest,
    JobNotFound,
    LimitNotFound,
    UnknownJobType,
)
from chalicelib.jobs.constants import DAY
from chalicelib.jobs.job import Status
from jobflow.testing import Clock, Platform, WorkerGone, eager, example, run
from tests.chalicelib.api.support import only_types
from tests.support import T0


class Nothing(BaseModel):
    """No payload."""


def tell(_: Nothing, _ctx: JobContext) -> str:
    """Return a value of its environment."""
    return f"{os.environ['NIGHTLY_URL']} in {os.environ['NIGHTLY_ZONE']}"


class Name(BaseModel):
    """A payload."""

    name: str = Field(examples=["ada"])


def say(payload: Name, _: JobContext) -> str:
    """Say a name."""
    return payload.name


@pytest.fixture
def nightly() -> Iterator[JobType[Nothing, str]]:
    with only_types():
        variables = {"NIGHTLY_URL": "https://example.com", "NIGHTLY_ZONE": "utc"}
        yield job("report.nightly", schedule=Cron("0 5 * * *"), access=AwsAccess(environment=variables))(tell)


Kinds = tuple[JobType[Any, Any], JobType[Any, Any]]


@pytest.fixture
def platform(kinds: Kinds) -> Platform:
    return Platform(*kinds, secrets={"KEY": "sesame"})


def test_a_job_completes_when_it_is_run_and_not_before(platform: Platform) -> None:
    job = platform.submit("order.charge", {"number": 7}, tags=["a"])
    assert platform.job(job).status is Status.QUEUED
    assert platform.run() == 1
    done = platform.job(job)
    assert (done.status, done.result, done.tags) == (Status.COMPLETED, {"number": 7, "attempt": 1}, ("a",))
    assert platform.run() == 0


def test_an_error_is_retried_when_the_curve_says(platform: Platform, kinds: Kinds) -> None:
    platform.fail(kinds[0], ValueError("first"), ValueError("second"))
    job = platform.submit(kinds[0], {"number": 7})
    platform.run()
    waiting = platform.job(job)
    assert waiting.status is Status.RETRYING
    assert waiting.next_attempt_at == pytest.approx(platform.clock.now + 2, abs=0.01)
    platform.advance(1)
    assert platform.job(job).attempts == 1
    platform.advance(60)
    assert platform.job(job).result == {"number": 7, "attempt": 3}
    assert [attempt.error_message for attempt in platform.attempts(job)] == ["first", "second"]


def test_the_last_attempt_ends_in_a_dead_letter_and_can_be_run_again(platform: Platform) -> None:
    platform.fail("order.charge", *[ValueError("no")] * 3)
    job = platform.submit("order.charge", {"number": 7})
    platform.advance(hours=1)
    assert [dead.id for dead in platform.jobs("dead_letter")] == [job.id]
    platform.retry(job)
    platform.run()
    assert (platform.job(job).status, platform.job(job).gen) == (Status.COMPLETED, 2)


def test_a_permanent_error_fails_at_once_and_a_later_one_is_not_charged(platform: Platform) -> None:
    never = platform.perform("order.charge", {"number": 7, "fail": "never"})
    assert (never.status, never.error_message) == (Status.FAILED, "no such order")
    later = platform.perform("order.charge", {"number": 7, "fail": "later"})
    assert (later.status, later.attempts) == (Status.RETRYING, 0)
    platform.advance(hours=3)
    assert platform.job(later).claims >= 3
    assert platform.job(later).attempts == 0


def test_a_delayed_job_starts_at_its_time(platform: Platform) -> None:
    begun = platform.clock.now
    job = platform.submit("order.charge", {"number": 7}, delay=7200)
    at = platform.submit("order.charge", {"number": 8}, run_at=platform.clock.time + timedelta(days=2))
    platform.advance(hours=1, minutes=59)
    assert platform.jobs("scheduled")[0].id in {job.id, at.id}
    platform.advance(days=3)
    assert platform.job(job).started_at == pytest.approx(begun + 7200, abs=1)
    assert platform.job(at).started_at == pytest.approx(begun + 2 * 86400, abs=1)


def test_a_worker_that_goes_away_costs_the_attempt_and_not_the_job(platform: Platform) -> None:
    platform.fail("order.charge", WorkerGone())
    job = platform.submit("order.charge", {"number": 7})
    platform.run()
    assert platform.job(job).status is Status.PROCESSING
    platform.advance(hours=1)
    assert platform.job(job).result == {"number": 7, "attempt": 2}
    assert [attempt.outcome for attempt in platform.attempts(job)] == ["lost"]


def test_a_message_delivered_twice_runs_the_job_once(platform: Platform) -> None:
    platform.duplicate()
    job = platform.submit("order.charge", {"number": 7})
    assert platform.run() == 2
    assert (platform.job(job).claims, platform.job(job).attempts) == (1, 1)


def test_the_checks_of_the_api_hold(platform: Platform) -> None:
    with pytest.raises(InvalidPayload, match=r"payload\.number: Field required"):
        platform.submit("order.charge", {})
    with pytest.raises(InvalidRequest, match="max_attempts"):
        platform.submit("order.charge", {"number": 1}, max_attempts=0)
    with pytest.raises(InvalidRequest, match="tags"):
        platform.submit("order.charge", {"number": 1}, tags=["schedule:mine"])
    with pytest.raises(ValueError, match="delay and run_at exclude each other"):
        platform.submit("order.charge", {"number": 1}, delay=5, run_at=platform.clock.time)
    first = platform.submit("order.charge", {"number": 1}, key="k")
    assert platform.submit("order.charge", {"number": 1}, key="k").id == first.id
    with pytest.raises(IdempotencyMismatch):
        platform.submit("order.charge", {"number": 2}, key="k")
    assert platform.cancel(first).status is Status.CANCELLED


def test_secrets_are_those_of_the_test(platform: Platform, kinds: Kinds) -> None:
    assert platform.perform("order.secret", {"number": 1}).result == 6
    without = Platform(kinds[1]).perform("order.secret", {"number": 1})
    assert (without.status, without.attempts) == (Status.RETRYING, 0)
    assert "the test did not give it" in (without.error_message or "")


def test_a_declared_schedule_fires_at_its_times(nightly: JobType[Nothing, str]) -> None:
    platform = Platform(nightly, clock=Clock(T0))
    platform.advance(days=2)
    fired = [job.fires_at for job in platform.jobs("completed")]
    assert fired == [1_800_075_600.0 + DAY, 1_800_075_600.0], "2027-01-16T05:00:00Z and the day after"


def test_a_request_under_a_debounce_key_replaces_the_one_that_waits(platform: Platform) -> None:
    first = platform.submit("order.charge", {"number": 1}, debounce=("order-7", 30))
    again = platform.submit("order.charge", {"number": 2}, debounce=("order-7", 30))
    platform.advance(minutes=1)
    assert first.id == again.id
    assert platform.job(first).result == {"number": 2, "attempt": 1}


def test_the_clock_begins_now_so_that_a_time_of_the_callers_is_ahead_of_it(platform: Platform) -> None:
    job = platform.submit("order.charge", {"number": 1}, run_at=datetime.now(UTC) + timedelta(hours=1))
    platform.advance(minutes=58)
    assert platform.job(job).status is Status.SCHEDULED
    platform.advance(minutes=3)
    assert platform.job(job).status is Status.COMPLETED


def test_variables_that_a_type_declares_are_set_while_it_runs(
    nightly: JobType[Nothing, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIGHTLY_URL", "as it was")
    monkeypatch.delenv("NIGHTLY_ZONE", raising=False)
    assert Platform(nightly).perform(nightly, {}).result == run(nightly).value == "https://example.com in utc"
    assert (os.environ["NIGHTLY_URL"], os.environ.get("NIGHTLY_ZONE")) == ("as it was", None)


def test_a_time_is_a_delay_of_either_kind_or_a_moment_with_a_time_zone(platform: Platform) -> None:
    hour, end = timedelta(hours=1), platform.clock.now + 3600
    for asked in ({"delay": hour}, {"delay": 3600}, {"run_at": platform.clock.time + hour}):
        job = platform.submit("order.charge", {"number": 7}, **asked)
        assert platform.job(job).next_attempt_at == pytest.approx(end, abs=1)
    for wrong in (end, platform.clock.time.replace(tzinfo=None)):
        with pytest.raises((TypeError, ValueError), match="time zone"):
            platform.submit("order.charge", {"number": 7}, run_at=wrong)  # type: ignore[arg-type]


def test_a_job_that_waits_too_long_for_an_outage_expires(platform: Platform) -> None:
    job = platform.submit("order.charge", {"number": 7}, delay=60, expires=timedelta(minutes=5))
    platform.clock.advance(361)
    platform.run()
    ended = platform.job(job)
    assert (ended.status, ended.error_class, ended.attempts) == (Status.CANCELLED, "Expired", 0)


@pytest.mark.parametrize("fraction", [0.0, 0.0004, 0.0005, 0.1234567, 0.3, 0.48271828, 0.7071067, 0.9999])
def test_a_job_is_due_exactly_at_its_time_whenever_the_test_begins(kinds: Kinds, fraction: float) -> None:
    platform = Platform(*kinds, clock=Clock(1_795_957_973 + fraction))
    now = platform.submit("order.charge", {"number": 1})
    platform.run()
    assert (platform.job(now).started_at or 0) >= now.created_at

    begun = platform.clock.now
    delayed = platform.submit("order.charge", {"number": 2}, delay=3600)
    timed = platform.submit("order.charge", {"number": 3}, run_at=platform.clock.time + timedelta(hours=1))
    platform.advance(seconds=3599.999)
    assert {platform.job(one).status for one in (delayed, timed)} == {Status.SCHEDULED}
    platform.advance(0.001)
    assert {platform.job(one).status for one in (delayed, timed)} == {Status.COMPLETED}
    assert platform.clock.now == platform.job(timed).started_at == round(begun + 3600, 3)

    platform.fail("order.charge", ValueError("once"))
    again = platform.perform("order.charge", {"number": 4})
    platform.advance(2)
    assert platform.job(again).status is Status.COMPLETED


def test_a_wait_of_any_length_moves_the_clock() -> None:
    clock = Clock()
    begun = clock.now
    clock.advance(1e-7)
    for _ in range(10):
        clock.advance(0.1)
    assert clock.now == round(begun + 1.001, 3)


def test_a_type_is_given_by_its_name(kinds: Kinds) -> None:
    platform = Platform(kinds[0].name)
    assert platform.perform("order.charge", {"number": 7}).status is Status.COMPLETED


def test_an_attempt_of_a_job_that_waits_says_when_it_is_due(platform: Platform) -> None:
    platform.fail("order.charge", ValueError("once"))
    waiting = platform.perform("order.charge", {"number": 7})
    with pytest.raises(RuntimeError, match=r"retrying and due at .*: advance\(2\)"):
        platform.attempt(waiting)
    platform.clock.advance(2)
    assert platform.attempt(waiting).status is Status.COMPLETED
    with pytest.raises(RuntimeError, match="has ended: it is completed"):
        platform.attempt(waiting)


def test_an_attempt_of_a_job_whose_worker_is_gone_says_when_another_one_takes_it(platform: Platform) -> None:
    platform.fail("order.charge", WorkerGone())
    lost = platform.perform("order.charge", {"number": 7})
    with pytest.raises(RuntimeError, match=r"processing and due at .*: advance\([\d.]+\)") as told:
        platform.attempt(lost)
    platform.advance(float(str(told.value).split("advance(")[1].split(")")[0]))
    assert (platform.job(lost).status, platform.job(lost).attempts) == (Status.COMPLETED, 2)


@pytest.mark.parametrize("settings", [{}, {"function": Function(batch_size=10)}, {"fair_by": "name"}])
def test_an_attempt_is_of_the_named_job_and_of_no_other(settings: dict[str, Any]) -> None:
    with only_types():
        platform = Platform(job("name.say", **settings)(say))
        first, second = (platform.submit("name.say", {"name": name}) for name in ("ada", "bob"))
        assert platform.attempt(second).result == "bob"
        assert platform.perform("name.say", {"name": "cy"}).result == "cy"
        assert platform.job(first).status is Status.QUEUED


def test_an_attempt_of_a_job_behind_another_one_of_its_key_is_refused() -> None:
    with only_types():
        platform = Platform(job("name.say", serial_by="name")(say))
        first, second, other = (platform.submit("name.say", {"name": name}) for name in ("ada", "ada", "bob"))
        assert platform.attempt(other).result == "bob"
        with pytest.raises(RuntimeError, match="no worker can receive its message now"):
            platform.attempt(second)
        assert [platform.attempt(job).result for job in (first, second)] == ["ada", "ada"]


@pytest.mark.parametrize("named", [True, False], ids=["by its name", "as it is imported"])
def test_a_retry_makes_no_second_job_before_a_kept_step_however_its_type_is_given(named: bool) -> None:
    with only_types():
        child = job("name.say")(say)

        def order(payload: Name, ctx: JobContext) -> str:
            made = ctx.enqueue("name.say" if named else child, payload, key="say")
            ctx.step("pay", str, payload.name)
            if payload.name == "ada" and ctx.job.gen == 1:
                raise PermanentError("later")
            return made

        platform = Platform(job("order.place", enqueues=("name.say",))(order), child)
        placed = platform.perform("order.place", {"name": "ada"})
        assert placed.status is Status.FAILED
        platform.attempt(platform.retry(placed))
        assert [made.id for made in platform.made_by(placed)] == [platform.job(placed).result]


def test_a_retry_makes_none_of_many_jobs_again_before_a_kept_step() -> None:
    with only_types():
        child = job("name.say")(say)

        def greet(payload: Name, ctx: JobContext) -> list[str]:
            made = ctx.enqueue_many(child, [{"name": "ada"}, {"name": "bob"}])
            ctx.step("pay", str, payload.name)
            if ctx.job.gen == 1:
                raise PermanentError("later")
            return [*made, *ctx.enqueue_many(child, [{"name": "ada"}, {"name": "eve"}])]

        kind = job("name.all", enqueues=("name.say",))(greet)
        platform = Platform(kind, child)
        first = platform.perform(kind, {"name": "x"})
        before = {made.id for made in platform.made_by(first)}
        last = platform.attempt(platform.retry(first))
        made: Any = last.result
        assert len(before) == 2
        assert before == set(made[:2])
        # after the step, a retry makes its own
        assert before.isdisjoint(made[2:])
        with eager(kind, child) as applied:
            assert len(applied.made_by(applied.finish(applied.submit(kind, {"name": "x"})))) == 2


def test_jobs_of_the_same_moment_are_listed_newest_first(platform: Platform) -> None:
    made = [platform.submit("order.charge", {"number": number}).id for number in range(20)]
    assert [job.id for job in platform.jobs()] == made[::-1]
    platform.run()
    assert [job.id for job in platform.jobs("completed", "order.charge")] == made[::-1]


def test_a_job_that_existed_already_is_returned_as_it_is() -> None:
    with only_types():
        platform = Platform(job("name.say", unique=Unique(by=("name",), seconds=60))(say))
        first = platform.perform("name.say", {"name": "ada"})
        assert platform.perform("name.say", {"name": "ada"}) == first


@pytest.mark.parametrize(
    ("error", "mistake"),
    [
        (UnknownJobType, lambda platform: platform.fail("order.chrage", ValueError())),
        (UnknownJobType, lambda platform: platform.jobs(type="order.chrage")),
        (UnknownJobType, lambda platform: platform.submit("order.refund", {})),
        (UnknownJobType, lambda platform: Platform("order.chrage")),
        (ValueError, lambda platform: platform.jobs("complete")),
        (ValueError, lambda platform: platform.advance(-5)),
        (ValueError, lambda platform: platform.advance(hours=-1)),
        (ValueError, lambda platform: Platform("order.secret", secrets={"KYE": "sesame"})),
        (ValueError, lambda platform: run("order.secret", secrets={"KYE": "sesame"})),
        (TypeError, lambda platform: platform.submit("order.charge", {"number": 1}, dealy=5)),
        (TypeError, lambda platform: platform.submit("order.charge", {"number": 1}, tags="a:1")),
        (TypeError, lambda platform: platform.submit("order.charge", {"number": 1}, debounce="doc-17")),
        (TypeError, lambda platform: platform.fail("order.charge", "busy")),
    ],
)
def test_a_mistake_of_the_test_is_an_error(
    platform: Platform, error: type[Exception], mistake: Callable[[Platform], object]
) -> None:
    with pytest.raises(error):
        mistake(platform)


def test_types_of_one_queue_run_in_one_batch_and_settle_by_their_own_rules() -> None:
    mail = Queue("mail", function=Function(batch_size=5), access=AwsAccess(environment={"NIGHTLY_ZONE": "utc"}))
    seen: list[str] = []

    def greet(_: Nothing, ctx: JobContext) -> str:
        seen.append(ctx.job.type)
        if ctx.job.type == "mail.bill":
            raise ValueError("no")
        return os.environ["NIGHTLY_ZONE"]

    with only_types():
        kinds = [job("mail.welcome", queue=mail)(greet), job("mail.bill", queue=mail, max_attempts=1)(greet)]
        platform = Platform(*kinds)
        welcome, bill = (platform.submit(kind, {}) for kind in kinds)
        assert platform.run() > 2, "the dead letter is received until its queue gives it up"
        assert seen == ["mail.welcome", "mail.bill"]
        assert (platform.job(welcome).result, platform.job(bill).status) == ("utc", Status.DEAD_LETTER)
        assert platform.queue_of_the_dead() == 1


@pytest.mark.parametrize(("hours", "most"), [(0.5, 10), (24, 40)])
def test_a_type_pauses_itself_spends_only_probes_and_goes_on(hours: float, most: int) -> None:
    with only_types():
        platform = Platform(job("name.say", pause_when=Failing(of=5, within=60))(say))
        platform.fail("name.say", *[ConnectionError("provider down")] * 500)
        jobs = [platform.submit("name.say", {"name": str(n)}) for n in range(30)]
        platform.advance(hours=hours)
        assert 5 <= sum(len(platform.attempts(job)) for job in jobs) <= most
        platform.workers.faults.clear()
        platform.advance(hours=2)
        assert {platform.job(job).status for job in jobs if not platform.attempts(job)} == {Status.COMPLETED}
        assert all(platform.job(job).terminal for job in jobs)


def test_a_shared_queue_pauses_as_a_whole() -> None:
    mail = Queue("mail", pause_when=Failing(of=4, within=60))
    with only_types():
        kinds = [job("name.say", queue=mail)(say), job("name.shout", queue=mail)(say)]
        platform = Platform(*kinds)
        platform.fail("name.say", *[ConnectionError("provider down")] * 500)
        failing = [platform.submit("name.say", {"name": str(n)}) for n in range(5)]
        platform.advance(seconds=5)
        waiting = platform.submit("name.shout", {"name": "ada"})
        platform.advance(seconds=30)
        assert platform.job(waiting).status is Status.QUEUED
        assert sum(len(platform.attempts(job)) for job in failing) == 4
        platform.workers.faults.clear()
        platform.advance(hours=2)
        assert {platform.job(job).status for job in [*failing, waiting]} == {Status.COMPLETED}


def test_a_pause_ends_when_no_unfinished_job_is_left() -> None:
    with only_types():
        platform = Platform(job("name.say", max_attempts=1, pause_when=Failing(of=2, within=60))(say))
        platform.fail("name.say", *[ConnectionError("provider down")] * 2)
        for name in ("ada", "bob"):
            platform.perform("name.say", {"name": name})
        platform.advance(minutes=10)
        assert platform.perform("name.say", {"name": "cy"}).result == "cy"


NONE: Any = None


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda platform: platform.job(None), "None is not a job"),
        (lambda platform: platform.cancel(5), "5 is not a job"),
        (lambda platform: platform.jobs("done"), "completed"),
        (lambda platform: platform.jobs(type=5), "5 is not a job type"),
        (lambda _: Platform(NONE), "None is not a job type"),
        (lambda _: run(NONE), "None is not a job type"),
    ],
)
def test_a_wrong_argument_of_the_test_kit_is_named(call: Callable[[Any], object], told: str) -> None:
    with pytest.raises((TypeError, ValueError), match=told):
        call(Platform("email.send"))


def test_what_an_unknown_job_made_is_an_error_and_a_wrong_event_says_what_would_be_right() -> None:
    platform = Platform("email.send")
    with pytest.raises(JobNotFound):
        platform.made_by("none")
    job = platform.submit("email.send", example("email.send"))
    with pytest.raises(InvalidRequest, match=r"path\.name: must be letters"):
        platform.event(job, "a b")
    with pytest.raises(UnknownJobType, match="must be one of"):
        run("no.such")


def test_a_limit_is_changed_and_reset_as_an_operator_does() -> None:
    with only_types():
        kind: JobType[Any, Any] = job("a.limited", limits=[AtMost(1)])(say)
        platform = Platform(kind)
        platform.set_limit("1.a.limited", 0)
        made = platform.submit("a.limited", {"name": "ada"})
        platform.run()
        assert platform.job(made).status is Status.BLOCKED
        platform.reset_limit("1.a.limited")
        platform.run()
        assert platform.job(made).status is Status.COMPLETED
        with pytest.raises(LimitNotFound):
            platform.set_limit("1.other", 1)
        with pytest.raises(ValueError, match="0 to 100"):
            platform.set_limit("1.a.limited", 101)
