"""List every option of Celery's tasks: what JobFlow does with it, and what to do instead. Pure.

`docs/moving/celery.md` shows these tables (`make docs-values` writes them). The code refuses what the tables refuse.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

GUIDE = "moving/celery.md"
"""The page for every option without a separate page."""


class NotOffered(ImportError):
    """A task uses a part of Celery that JobFlow does not have; the text says what to do instead, and on which page.

    NotOffered is an ImportError, because it is raised when the task's module is imported.
    """


@dataclass(frozen=True, slots=True)
class Option:
    """Say what JobFlow does with an option: `says` is the text for the guide and the error, `page` the page to read.

    `only` lists the values that work; without `only`, every value works. None always works, because None means "not
    set" in Celery.
    """

    says: str
    only: tuple[Any, ...] | None = None
    page: str = GUIDE

    @property
    def works(self) -> bool:
        """Return whether the option can be used at all."""
        return self.only != ()

    def takes(self, value: Any) -> bool:
        """Return whether this value works."""
        return value is None or self.only is None or value in self.only


def no(says: str, page: str = GUIDE) -> Option:
    """Return an option that JobFlow does not have."""
    return Option(says, (), page)


RETRIES, RATE, EXPIRES = "job-types/retries.md", "job-types/rate.md", "job-types/expires.md"
STEPS, ENDS, NOT_THERE = "job-types/steps.md", "job-types/ends.md", "not-offered.md"
BATCHES = "job-types/batches.md"
GROUPS = "write the parts as a job type, and add them to a batch: its `then` job runs after the last of them"
PAYLOADS = "JSON is the only format"
TELL = "declare `on_end=` for the queue: a job gets each end, also that of a dead worker. Its `tags` name the task"

TASK: Mapping[str, Option] = {
    "name": Option("the task's name, also the tag of its jobs; without it, module and function"),
    "bind": Option("the function gets the task as first argument"),
    "queue": Option('the job type of the task: `queue="mail"` is `celery.mail`; without it `celery.default`'),
    "autoretry_for": Option(
        "errors of these classes are retried; PermanentError, RetryLater and JobCancelled keep their own effect",
        page=RETRIES,
    ),
    "dont_autoretry_for": Option("errors of these classes are not retried", page=RETRIES),
    "retry_kwargs": Option("`max_retries` and `countdown` of the retries by `autoretry_for`, as in Celery"),
    "retry_backoff": Option("True, or the first wait in seconds; the waits double"),
    "retry_backoff_max": Option("the longest wait, 600 seconds by default, at most 7 days"),
    "retry_jitter": Option("True by default: each wait is random, up to its length"),
    "max_retries": Option("3 by default, 29 at most. None retries without an end; such retries charge no attempt"),
    "default_retry_delay": Option("180 seconds by default, at most 7 days"),
    "expires": Option("seconds, or a datetime with a time zone; then the job is cancelled", page=EXPIRES),
    "ignore_result": Option("True: the returned value is not stored. The state of a job is always stored"),
    "acks_late": Option(
        "True: if the worker dies, the task runs again (it has 3 attempts at least). Without it, the job is "
        "dead-lettered then, and you can retry it"
    ),
    "reject_on_worker_lost": Option("as `acks_late`", (True,)),
    "acks_on_failure_or_timeout": Option("always so", (True,)),
    "track_started": Option("no effect: the start is always stored"),
    "store_errors_even_if_ignored": Option("no effect: errors are always stored"),
    "send_events": Option("no effect: the console shows every job"),
    "trail": Option("no effect: the console shows the jobs that a job makes"),
    "throws": Option("no effect: these errors fail the job at once, as all others that are not retried"),
    "typing": Option("True by default: a call with wrong arguments raises TypeError"),
    "serializer": Option(PAYLOADS, ("json",)),
    "compression": Option("no effect: payloads of over 300 KB are stored in S3"),
    "resultrepr_maxsize": Option("no effect: results are stored whole, up to 5 MB"),
    "lazy": Option("no effect"),
    "shared": Option("no effect"),
    "rate_limit": no("declare `rate=Rate(10, per=1)` for the queue: it counts over all workers", RATE),
    "time_limit": no("declare `timeout=` for the queue: an attempt takes 15 minutes at most", "job-types.md"),
    "soft_time_limit": no("ask `jobflow.current().remaining_seconds()` in the task", "job-types.md"),
    "priority": no("give urgent tasks a queue of their own", NOT_THERE),
    "base": no(
        "put what the tasks share into a decorator, under `@shared_task`; to learn of ends, declare `on_end=`", ENDS
    ),
    "after_return": no(TELL, ENDS),
    "on_success": no(TELL, ENDS),
    "on_failure": no(TELL, ENDS),
    "on_retry": no("catch the error in the task, call it, and raise the error again"),
    "before_start": no("call it at the beginning of the task"),
    "routing_key": no("name a queue: `queue=`"),
    "exchange": no("name a queue: `queue=`"),
    "backend": no("results are always stored with the job"),
    "abstract": no("put what the tasks share into a decorator, under `@shared_task`"),
    "request_stack": no("`self.request` is that of the running task"),
    "pydantic": no("build the model in the task: `Order.model_validate(order)`"),
    "pydantic_strict": no("build the model in the task"),
    "pydantic_context": no("build the model in the task"),
    "pydantic_dump_kwargs": no("return `model.model_dump(mode='json')`"),
}
"""Arguments of `@shared_task`."""

CALL: Mapping[str, Option] = {
    "args": Option("JSON: text, numbers, True and False, None, lists, dicts with texts as keys"),
    "kwargs": Option("as `args`"),
    "task_id": Option(
        "the idempotency key: the same id with the same arguments makes one job. In a task, it counts only within the "
        "run of that task's job, and the result has the job's id"
    ),
    "countdown": Option("seconds"),
    "eta": Option("a datetime with a time zone"),
    "expires": Option("seconds from the call, or a datetime with a time zone", page=EXPIRES),
    "queue": Option("the job type, as for the task"),
    "ignore_result": Option("the same value as for the task; else declare it there"),
    "serializer": Option(PAYLOADS, ("json",)),
    "compression": Option("no effect: payloads of over 300 KB are stored in S3"),
    "retry": Option("no effect: the client repeats requests safely", page="client.md"),
    "add_to_parent": Option("no effect: a job that a job makes always has its parent"),
    "link": no("call `.delay(…)` at the end of the task, or declare `on_end=` for the queue", ENDS),
    "link_error": no(TELL, ENDS),
    "retry_policy": no("give `JobFlow(patience=…)`", "client.md"),
    "shadow": no("the tag of a job is the task's name"),
    "headers": no("pass it as an argument of the task"),
    "MessageGroupId": no("for an order within a key, write a job type with `serial_by=`", "job-types/serial-by.md"),
    "priority": no("give urgent tasks a queue of their own", NOT_THERE),
    "time_limit": no("declare `timeout=` for the queue", "job-types.md"),
    "soft_time_limit": no("ask `jobflow.current().remaining_seconds()` in the task", "job-types.md"),
    "routing_key": no("name a queue: `queue=`"),
    "exchange": no("name a queue: `queue=`"),
    "connection": no("the client has its own", "client.md"),
    "producer": no("the client has its own", "client.md"),
    "publisher": no("the client has its own", "client.md"),
    "chord": no(GROUPS, BATCHES),
    "group_id": no(GROUPS, BATCHES),
    "root_id": no("it is always set", "job-types/enqueue.md"),
    "parent_id": no("it is always set", "job-types/enqueue.md"),
}
"""Arguments of `apply_async`; `delay(…)` takes the arguments of the function."""

SELF: Mapping[str, Option] = {
    "name": Option("the task's name"),
    "request": Option("see below"),
    "retry": Option(
        "with `exc`, `countdown`, `eta` (7 days at most), `throw`, and `max_retries` up to that of the task. With "
        "`throw=False`, the retry follows when the task ends, also with an error. Others raise: it runs the same call "
        "again; for another, call `.apply_async(…)` and return"
    ),
    "max_retries": Option("as declared"),
    "default_retry_delay": Option("as declared"),
    "MaxRetriesExceededError": Option("raised by `self.retry()` without `exc` after the last retry"),
    "delay": Option("as outside of the task"),
    "apply_async": Option("as outside of the task"),
    "delay_on_commit": Option("as `delay`, when Django's transaction commits"),
    "apply_async_on_commit": Option("as `apply_async`, when Django's transaction commits"),
    "AsyncResult": Option("as outside of the task"),
    "run": Option("the function itself"),
    "update_state": no("`jobflow.current().progress(50, 'half')`", "job-types.md"),
    "s": no("call `.delay(…)` at the end of the task"),
    "si": no("call `.delay(…)` at the end of the task"),
    "signature": no("call `.delay(…)` at the end of the task"),
    "subtask": no("call `.delay(…)` at the end of the task"),
    "replace": no("call `.delay(…)`, and return"),
    "add_to_chord": no(GROUPS, BATCHES),
    "chunks": no("call `.delay(…)` for each part"),
    "map": no("call `.delay(…)` for each item"),
    "starmap": no("call `.delay(…)` for each item"),
    "apply": no("in tests, `jobflow.testing.eager()`; elsewhere call the task as a function", "testing.md"),
    "send_event": no("`jobflow.current().progress(50, 'half')`", "job-types.md"),
    "backend": no("`AsyncResult(id)`"),
    "app": no("there is no app; the queue's file in `handlers/` has its settings"),
    "on_failure": no(TELL, ENDS),
    "is_aborted": no("`jobflow.current().check_cancelled()`", "job-types.md"),
}
"""Attributes of a task: in a task with `bind=True`, the attributes of `self`."""

REQUEST: Mapping[str, Option] = {
    "id": Option("the `task_id` of the call, else the job's id"),
    "task": Option("the task's name"),
    "args": Option("the positional arguments"),
    "kwargs": Option("the named arguments"),
    "retries": Option(
        "0 in the first attempt. With `max_retries=None`, a start that could not import the tasks counts, too"
    ),
    "called_directly": Option("True if the task was called as a function"),
    "root_id": Option("the first job of the chain of parents"),
    "parent_id": Option("the job that made this one"),
    "correlation_id": Option("that of the job: it finds the log lines of a request and its jobs"),
    "is_eager": Option("always False"),
    "eta": no("`jobflow.current().job.run_at`"),
    "expires": no("`jobflow.current().job.start_by`"),
    "hostname": no("a function has no host"),
    "properties": no("pass it as an argument of the task"),
    "delivery_info": no("`jobflow.current().job.type` is `celery.` and the queue"),
    "timelimit": no("`jobflow.current().remaining_seconds()`"),
    "headers": no("pass it as an argument of the task"),
    "chain": no("call `.delay(…)` at the end of the task"),
    "chord": no(GROUPS, BATCHES),
    "group": no(GROUPS, BATCHES),
    "callbacks": no("call `.delay(…)` at the end of the task"),
    "errbacks": no(TELL, ENDS),
}
"""Attributes of `self.request`."""

NAMES: Mapping[str, Option] = {
    "shared_task": Option("`@shared_task`, `@shared_task(…)`"),
    "Celery": Option('`app = Celery("shop")`, only for `@app.task(…)`; every other attribute raises'),
    "Task": Option("for annotations: `self: Task`"),
    "current_task": Option("the running task"),
    "AsyncResult": Option(
        "`get(timeout=)`, `status`, `state`, `result`, `ready()`, `successful()`, `failed()`, `revoke()`"
    ),
    "get_task_logger": Option("a logger of `logging`"),
    "Retry": Option("what `self.retry()` raises"),
    "MaxRetriesExceededError": Option("as in Celery"),
    "Ignore": Option("ends the task; its job is completed"),
    "chain": no("call `.delay(…)` at the end of each task"),
    "group": no("call `.delay(…)` for each task: 25 in a request with `JobFlow().batch([…])`", "client.md"),
    "chord": no(GROUPS, BATCHES),
    "chunks": no("call `.delay(…)` for each part"),
    "signature": no("pass the task's name or its arguments, and call `.delay(…)` where they arrive"),
    "subtask": no("pass the task's name or its arguments, and call `.delay(…)` where they arrive"),
    "xmap": no("call `.delay(…)` for each item"),
    "xstarmap": no("call `.delay(…)` for each item"),
    "crontab": no('`schedule=Cron("0 6 * * *", payload={"task": "shop.tasks.report"})` for the queue', "schedules.md"),
    "schedule": no('`schedule=Every(seconds=20, payload={"task": "shop.tasks.report"})` for the queue', "schedules.md"),
    "solar": no("solar times are not offered", "schedules.md"),
    "signals": no("call the code in the task, or in the function of the queue that imports the tasks"),
    "Reject": no("raise the error, or return"),
    "SoftTimeLimitExceeded": no("ask `jobflow.current().remaining_seconds()` in the task", "job-types.md"),
    "TimeLimitExceeded": no("a job whose time has ended is tried again or dead-lettered", "job-types.md"),
    "AbortableTask": no("`jobflow.current().check_cancelled()`", "job-types.md"),
    "GroupResult": no("keep the results of the calls in a list"),
    "ResultSet": no("keep the results of the calls in a list"),
    "states": no("compare with the texts: `'SUCCESS'`, `'FAILURE'`"),
}
"""Names that modules import from Celery; all of them come from `jobflow.celery`."""


def refused(where: str, name: str, option: Option | None) -> NotOffered:
    """Return the error for a part of Celery that a task uses and JobFlow refuses."""
    found = option or no("JobFlow does not know it")
    return NotOffered(f"{where}: {name} is not offered: {found.says} (docs/{found.page}).")


def check(where: str, given: Mapping[str, Any], options: Mapping[str, Option]) -> None:
    """Raise NotOffered for the first argument that does not work; `where` names the task."""
    for name, value in given.items():
        option = options.get(name)
        if option is None or not option.takes(value):
            raise refused(where, f"{name}={value!r}", option)


def check_used(where: str, prefix: str, names: Iterable[str], options: Mapping[str, Option]) -> None:
    """Raise NotOffered for the first of the attributes that a task's code uses and that JobFlow does not have."""
    for name in names:
        if name not in options or not options[name].works:
            raise refused(where, f"{prefix}{name}", options.get(name))
