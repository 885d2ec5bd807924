"""Check that tasks written for Celery run as jobs, with Celery's meaning of their options."""

import copy
import inspect
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from time import sleep
from typing import Any

import pytest

from chalicelib import Delays, JobContext, JobEnd, Queue, cold_start, job
from chalicelib.errors import ConfigurationError, RetryLater
from jobflow.celery import (
    AsyncResult,
    Celery,
    Ignore,
    MaxRetriesExceededError,
    TaskFailed,
    current_task,
    get_task_logger,
    shared_task,
)
from jobflow.celery.worker import Call, queue
from jobflow.testing import Clock, Platform, WorkerGone, eager, run
from tests.chalicelib.api.support import only_types
from tests.support import T0

SEEN: list[Any] = []


class Busy(Exception):
    """A service is busy."""


class Wrong(Busy):
    """A service refuses the request for good."""


@shared_task
def add(left: int, right: int = 1) -> int:
    """Add two numbers."""
    return left + right


@shared_task(bind=True)
def who(self: Any, *_: Any) -> list[Any]:
    """Return the data of its call that the task can read."""
    return [self.request.id, self.request.retries, self.request.args, self.name, current_task.request.id]


@shared_task
def fails() -> None:
    """Fail."""
    SEEN.append("fails")
    raise Busy("no")


@shared_task(autoretry_for=(Busy,), dont_autoretry_for=(Wrong,), retry_kwargs={"max_retries": 5, "countdown": 7})
def unsteady(error: str) -> None:
    """Fail in two ways."""
    SEEN.append(error)
    raise {"busy": Busy, "wrong": Wrong}[error](error)


@shared_task(autoretry_for=(Busy,), retry_backoff=2, retry_backoff_max=10, retry_jitter=False, max_retries=4)
def backs_off() -> None:
    """Fail."""
    raise Busy("again")


@shared_task(autoretry_for=(Busy,), retry_backoff=True)
def backs_off_at_random() -> None:
    """Fail."""
    raise Busy("again")


def busy() -> str:
    """Call a service."""
    raise Busy("not yet")


@shared_task(bind=True, default_retry_delay=30)
def asks(self: Any, swallow: bool = False) -> str:
    """Request a retry as many applications do."""
    try:
        return busy()
    except Busy as error:
        try:
            raise self.retry(exc=None if swallow else error)
        except MaxRetriesExceededError:
            SEEN.append("exceeded")
            return "gave up"


@shared_task(max_retries=1)
def by_its_name() -> None:
    """Request a retry in the older form."""
    raise by_its_name.retry(countdown=1)


@shared_task(bind=True, max_retries=None)
def for_ever(self: Any) -> int:
    """Request many retries."""
    if self.request.retries < 40:
        self.retry(countdown=1)
    return int(self.request.retries)


@shared_task(acks_late=True)
def late() -> str:
    """Run again if the worker dies."""
    return "done"


@shared_task(ignore_result=True)
def silent() -> str:
    """Return a value that is not needed."""
    return "nobody"


@shared_task
def ignored() -> str:
    """End without a result."""
    raise Ignore


@shared_task(queue="high-priority", name="shop.hurry")
def hurry() -> str:
    """Run on another queue."""
    return "hurried"


@shared_task
def makes(number: int) -> str:
    """Make two more jobs, one on another queue."""
    add.delay(number)
    hurry.delay()
    return str(add(1))


app = Celery("shop")


@app.task(bind=True)
def of_the_app(self: Any) -> str:
    """Run as a task declared with the application's decorator."""
    return str(self.name)


@shared_task(bind=True)
def waits_for_another(self: Any) -> Any:
    """Wait for another task, which may never run."""
    return add.delay(1).get()


@pytest.fixture(autouse=True)
def platform() -> Iterator[Platform]:
    SEEN.clear()
    with only_types():
        normal = queue(enqueues=("celery.high.priority",))(lambda: None)
        high = queue("high-priority")(lambda: None)
        with eager(normal, high) as made:
            yield made


def waits(platform: Platform, result: AsyncResult) -> list[float | None]:
    return [attempt.retry_delay_s for attempt in platform.attempts(job_of(platform, result))]


def job_of(platform: Platform, result: AsyncResult) -> Any:
    [job] = [one for one in platform.jobs() if result.id in (one.id, one.idempotency_key)]
    return platform.job(job)


def test_a_call_runs_the_task_and_gives_its_result() -> None:
    done = add.delay(2, right=3)
    assert (done.get(timeout=1), done.status, done.ready(), done.successful()) == (5, "SUCCESS", True, True)
    assert add(2, 3) == 5


def test_the_job_has_the_type_of_the_queue_and_the_tag_of_the_task(platform: Platform) -> None:
    found = [
        job_of(platform, one) for one in (add.delay(1), hurry.delay(), add.apply_async((1,), queue="high-priority"))
    ]
    assert [job.type for job in found] == ["celery.default", "celery.high.priority", "celery.high.priority"]
    assert [job.tags for job in found] == [(add.name,), ("shop.hurry",), (add.name,)]


def test_a_bound_task_knows_its_call(platform: Platform) -> None:
    plain, named = who.delay("a"), who.apply_async(("a",), task_id="order-7")
    assert plain.get() == [plain.id, 0, ["a"], who.name, plain.id]
    assert named.get() == ["order-7", 0, ["a"], who.name, "order-7"]
    assert who("b")[:3] == [None, 0, ("b",)]


def test_one_task_id_makes_one_job(platform: Platform) -> None:
    for _ in range(2):
        assert add.apply_async((1, 2), task_id="order-1042").get() == 3
    assert len(platform.jobs()) == 1


def test_a_task_id_in_a_task_is_of_that_task_only_so_the_result_has_the_id_of_the_job(platform: Platform) -> None:
    @shared_task
    def parent() -> list[str]:
        return [add.apply_async((1,), task_id="order-7").id, add.apply_async((2,), task_id="order-8").id]

    found = [parent.delay() for _ in range(2)]
    made = [sorted(child.id for child in platform.made_by(one.id)) for one in found]
    assert made == [sorted(one.get()) for one in found]
    assert made[0] != made[1]


def test_a_task_without_retries_fails_at_once(platform: Platform) -> None:
    failed = fails.delay()
    assert (SEEN, failed.status, failed.failed()) == (["fails"], "FAILURE", True)
    job = job_of(platform, failed)
    assert (job.status, job.error_class, job.max_attempts) == ("failed", "Busy", 1)
    with pytest.raises(TaskFailed, match="failed: Busy: no"):
        failed.get()
    assert isinstance(failed.get(propagate=False), TaskFailed)


def test_a_task_does_not_run_again_after_the_death_of_its_worker_unless_it_acknowledges_late(
    platform: Platform,
) -> None:
    platform.fail("celery.default", WorkerGone())
    assert job_of(platform, add.delay(1)).status == "dead_letter"
    platform.fail("celery.default", WorkerGone())
    assert job_of(platform, late.delay()).result == "done"


def test_autoretry_repeats_its_errors_only(platform: Platform) -> None:
    busy, wrong = unsteady.delay("busy"), unsteady.delay("wrong")
    assert SEEN == ["busy"] * 6 + ["wrong"]
    assert waits(platform, busy) == [7, 7, 7, 7, 7, None]
    assert [job_of(platform, one).error_class for one in (busy, wrong)] == ["Busy", "Wrong"]


def test_backoff_doubles_up_to_its_limit(platform: Platform) -> None:
    assert waits(platform, backs_off.delay()) == [2, 4, 8, 10, None]
    first, second, third, last = waits(platform, backs_off_at_random.delay())
    assert (first, last) == (1, None)
    assert 1 <= (second or 0) <= 2
    assert 1 <= (third or 0) <= 4


def test_self_retry_waits_its_delay_and_ends_with_the_error_or_exceeded(platform: Platform) -> None:
    asked = asks.delay()
    assert waits(platform, asked) == [30, 30, 30, None]
    job = job_of(platform, asked)
    assert (job.status, job.error_class, job.attempts) == ("failed", "Busy", 4)
    assert (asks.delay(swallow=True).get(), SEEN) == ("gave up", ["exceeded"])
    assert job_of(platform, by_its_name.delay()).error_class == "MaxRetriesExceededError"


def test_retries_without_an_end_charge_no_attempt(platform: Platform) -> None:
    done = for_ever.delay()
    assert (done.get(), job_of(platform, done).attempts) == (40, 1)


def test_a_task_that_is_called_as_a_function_raises_its_error() -> None:
    with pytest.raises(Busy, match="not yet"):
        asks()


def test_times_are_those_of_the_call(platform: Platform) -> None:
    now = datetime.now(UTC)
    later = [
        add.apply_async((1,), countdown=Decimal("30.5")),
        add.apply_async((1,), eta=now + timedelta(seconds=60)),
        add.apply_async((1,), countdown=100, expires=160),
        add.apply_async((1,), expires=now + timedelta(hours=1)),
    ]
    found = [job_of(platform, one) for one in later]
    assert [one.status for one in found] == ["completed"] * 4
    assert found[1].run_at == pytest.approx(now.timestamp() + 60, abs=1)
    with pytest.raises(ValueError, match="expire before it begins"):
        add.apply_async((1,), countdown=100, expires=60)
    with pytest.raises(ValueError, match="no time zone"):
        add.apply_async((1,), expires=datetime(2030, 1, 1))  # noqa: DTZ001
    with pytest.raises(ValueError, match="exclude each other"):
        add.apply_async((1,), countdown=1, eta=now)


@pytest.mark.parametrize(("name", "more"), [("expires", {}), ("eta", {"expires": 7200})])
def test_a_repeated_call_whose_expiry_is_counted_anew_makes_one_job(
    platform: Platform, name: str, more: dict[str, Any]
) -> None:
    asked: dict[str, Any] = {name: datetime.now(UTC) + timedelta(hours=1, milliseconds=5), **more}
    for _ in range(2):
        add.apply_async((1,), task_id="once", **asked)
        sleep(0.01)
    assert len(platform.jobs()) == 1


def test_a_task_that_runs_again_makes_no_second_job_whose_expiry_is_counted_anew(platform: Platform) -> None:
    end = datetime.now(UTC) + timedelta(hours=1, milliseconds=5)

    @shared_task(bind=True)
    def repeats(self: Any) -> None:
        add.apply_async((1,), expires=end)
        sleep(0.01)
        if not self.request.retries:
            self.retry(countdown=1)

    assert len(platform.made_by(repeats.delay().id)) == 1


def test_a_result_can_be_left_out(platform: Platform) -> None:
    assert [job_of(platform, one.delay()).result for one in (silent, ignored)] == [None, None]


def test_a_task_makes_other_tasks_as_its_children(platform: Platform) -> None:
    made = makes.delay(4)
    children = platform.made_by(made.id)
    assert sorted(str(child.result) for child in children) == ["5", "hurried"]
    assert made.get() == "2"


def test_a_task_does_not_wait_for_another(platform: Platform) -> None:
    with pytest.raises(TaskFailed, match="RuntimeError"):
        waits_for_another.delay().get()


def test_the_decorator_of_an_application_works_but_no_setting_of_it() -> None:
    assert of_the_app.delay().get() == of_the_app.name
    with pytest.raises(ImportError, match="handlers/"):
        app.conf.beat_schedule = {}
    with pytest.raises(ImportError, match="broker"):
        Celery("shop", broker="sqs://")
    assert get_task_logger("shop") is logging.getLogger("shop")
    assert not current_task


def test_an_application_can_be_copied_and_inspected() -> None:
    assert copy.copy(app).main == copy.deepcopy(app).main == "shop"
    assert inspect.unwrap(app) is app  # type: ignore[arg-type]


def test_wrong_arguments_are_refused_at_the_call(platform: Platform) -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'rihgt'"):
        add.delay(1, rihgt=2)
    with pytest.raises(TypeError, match="missing a required argument"):
        add.delay()
    assert platform.jobs() == []


def test_a_task_that_is_not_deployed_yet_is_waited_for_and_an_unknown_one_fails(platform: Platform) -> None:
    kind = queue("mail")(lambda: None)
    with only_types(kind), eager(kind) as other:
        job = other.submit(kind, {"task": "shop.new"}, max_attempts=1)
        other.advance(minutes=10)
        assert "handlers/celery_mail.py imports no task 'shop.new'" in (other.job(job).error_message or "")
        shared_task(name="shop.new")(lambda: "deployed")
        other.advance(minutes=2)
        assert other.job(job).result == "deployed"
        failed = other.finish(other.submit(kind, {"task": "shop.gone"}))
    assert (failed.status, failed.error_class) == ("failed", "PermanentError")
    assert "handlers/celery_mail.py imports no task 'shop.gone'" in (failed.error_message or "")


def test_jobs_wait_while_their_tasks_cannot_be_imported() -> None:
    broken = [ImportError("no module shop"), None]

    def load() -> None:
        if error := broken.pop(0):
            raise error

    kind = queue("mail")(load)
    with pytest.raises(RetryLater, match="no module shop"):
        run(kind, add.payload(1))
    assert run(kind, add.payload(1)).value == 2


def test_a_process_whose_tasks_cannot_be_imported_any_more_shows_the_first_error_and_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cold_start, "_recycled", [])
    monkeypatch.setattr(cold_start, "BY_RUNTIME_API", True)
    errors = [
        ConnectionError("no database"),
        ConnectionError("no database"),
        RuntimeError("populate() isn't reentrant"),
    ]

    def load() -> None:
        raise errors.pop(0)

    kind = queue("mail")(load)
    for _ in range(2):
        with pytest.raises(RetryLater, match=r"no database$"):
            run(kind, add.payload(1))
        cold_start.end_if_recycled()
    with pytest.raises(RetryLater, match="no database; then, in the same process, RuntimeError: populate"):
        run(kind, add.payload(1))
    with pytest.raises(SystemExit, match=r"celery\.mail cannot be imported: ConnectionError: no database"):
        cold_start.end_if_recycled()


def test_a_schedule_makes_jobs_of_a_task() -> None:
    from chalicelib import Cron

    kind = queue("mail", schedule=Cron("0 * * * *", payload=add.payload(20, right=2)))(lambda: None)
    with only_types(kind):
        platform = Platform(kind, clock=Clock(T0))
        platform.advance(hours=1)
        assert [job.result for job in platform.jobs()] == [22]


def test_queues_of_celery_may_share_one_queue() -> None:
    tasks = Queue("tasks")
    with only_types():
        kinds = [queue(name, queue=tasks)(lambda: None) for name in ("mail", "high-priority")]
        with eager(*kinds) as platform:
            assert hurry.delay().get() == "hurried"
            assert add.apply_async((1,), queue="mail").get() == 2
    assert [kind.queue_key for kind in kinds] == ["tasks", "tasks"]
    assert [job.type for job in platform.jobs()] == ["celery.mail", "celery.high.priority"]


def test_the_end_of_a_task_is_told_with_its_name() -> None:
    ends: list[Any] = []

    def task_ended(end: JobEnd, ctx: JobContext) -> None:
        ends.append((end.status, end.error_class, end.tags))

    with only_types():
        tasks, told = queue("default", on_end="task.ended")(lambda: None), job("task.ended")(task_ended)
        with eager(tasks, told) as platform:
            fails.delay()
            platform.fail("celery.default", WorkerGone())
            add.delay(1)
            platform.advance(minutes=5)
    assert sorted(ends, key=str) == [("dead_letter", "WorkerLost", [add.name]), ("failed", "Busy", [fails.name])]


def test_settings_of_the_queue_are_those_of_a_job_type() -> None:
    kind = queue("mail", timeout=300, enqueues=("celery.default",))(lambda: None)
    assert (kind.name, kind.timeout, kind.enqueues) == ("celery.mail", 300, ("celery.mail", "celery.default"))
    assert kind.canonical({"task": "shop.charge"}) == {"task": "shop.charge", "args": [], "kwargs": {}, "id": None}
    assert Call.model_validate(kind.example)
    with pytest.raises(ConfigurationError):
        queue("mail", retry=Delays(()))(lambda: None)
