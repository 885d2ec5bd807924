"""Decide which types are in trouble, and what the message about them says. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from chalicelib.counters.port import Latest, Standing
from chalicelib.counters.troubles import Condition, Trouble, Troubles, written
from chalicelib.job_types.queues import TypeQueue
from chalicelib.job_types.retry import message_age
from chalicelib.jobs.constants import LEASE_SLACK
from chalicelib.jobs.job import ACTIVE, Job, Status
from chalicelib.jobs.port import Depth
from chalicelib.watchdog.constants import (
    CALM,
    DUE_UNCLAIMED,
    HOLD,
    LEAST_ENDED,
    LEAST_OLD,
    MOST_FAILED_PERCENT,
    MOST_IN_FLIGHT,
)
from chalicelib.watchdog.rule import expected


@dataclass(frozen=True, slots=True)
class TypeSeen:
    """Hold what a run knows of a type. `late`: seconds for which its longest waiting job has been due; 0 without one.

    `ended` and `failed` count jobs of the last 15 minutes, and are 0 if no job of the queue has failed.
    """

    name: str
    latest: Latest = field(default_factory=Latest)
    late: float = 0.0
    ended: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class QueueSeen:
    """Hold what a run knows of a queue and its types.

    `in_flight` is None if SQS did not answer. `running`: a worker runs a job. `starts_after`: seconds within which a
    worker claims a due job. `starts_late` and `patience` (seconds): see the functions.
    """

    key: str
    types: Sequence[TypeSeen]
    in_flight: int | None = 0
    running: bool = False
    paused: bool = False
    paused_by_itself: bool = False
    starts_late: bool = False
    starts_after: float = DUE_UNCLAIMED
    patience: float = LEAST_OLD


@dataclass(frozen=True, slots=True)
class Waits:
    """Hold what the jobs of a type show. `late`: as in TypeSeen. `running`: a worker runs one of them."""

    late: float = 0.0
    running: bool = False

    def with_(self, jobs: Iterable[Job], now: float) -> "Waits":
        """Return what is known after these jobs were read, too.

        A job whose lease has ended is due again: its worker has died, and it does not show that workers run.
        """
        late, running = self.late, self.running
        for job in jobs:
            if job.status is Status.PROCESSING and (job.lease_until or now) >= now:
                running = True
            elif job.status in ACTIVE:
                late = max(late, now - expected(job))
        return Waits(late, running)


def ends(minutes: Iterable[Mapping[str, int]]) -> tuple[int, int]:
    """Return how many jobs have completed or failed in these minutes of counters, and how many of them failed.

    A failed attempt that is retried, and a dead letter, have conditions of their own.
    """
    counted = list(minutes)
    failed = sum(numbers.get("failed", 0) for numbers in counted)
    return failed + sum(numbers.get("completed", 0) for numbers in counted), failed


def may_run(queue: TypeQueue, latest: Latest, now: float) -> bool:
    """Return whether a job that the counters count as running may have a worker: its lease may not have ended."""
    return now - latest.claimed_at <= queue.timeout + LEASE_SLACK


def starts_late(queue: TypeQueue) -> bool:
    """Return whether jobs may be due for long although workers run: they wait for a turn or a job with their key."""
    return queue.serial or any(kind.rate is not None for kind in queue.types)


def starts_after(queue: TypeQueue) -> float:
    """Return within how many seconds a worker claims a due job. A function may wait for fuller batches."""
    return DUE_UNCLAIMED + queue.function.window


def patience(queue: TypeQueue) -> float:
    """Return after how many seconds a job that is due, or a message, is old.

    Attempts that fail take time, and in a queue with long backoffs, messages can be old although nothing is wrong.
    """
    ages = (message_age(kind.retry, kind.max_attempts, kind.timeout) for kind in queue.types)
    return max(LEAST_OLD, queue.visibility_timeout, *ages)


def seen_of(queue: TypeQueue, standing: Standing, depth: Depth | None) -> QueueSeen:
    """Return what the counters and the queue's depth show."""
    pause = standing.paused.get(queue.key)
    return QueueSeen(
        queue.key,
        [TypeSeen(kind.name, standing.latest.get(kind.name, Latest())) for kind in queue.types],
        None if depth is None else depth.in_flight,
        paused=pause is not None,
        paused_by_itself=pause is not None and pause.by_itself,
        starts_late=starts_late(queue),
        starts_after=starts_after(queue),
        patience=patience(queue),
    )


def unclaimed(latest: Iterable[Latest], now: float, starts_after: float) -> bool:
    """Return whether no worker has claimed a job of these types for so long that a due job is suspicious."""
    return all(now - one.claimed_at >= starts_after for one in latest)


def causes(queue: QueueSeen, now: float) -> dict[Trouble, float]:
    """Return the troubles whose cause a run at `now` finds, with the time of the cause (epoch seconds)."""
    ended = {(Condition.DEAD_LETTERS, one.name): one.latest.dead_at for one in queue.types}
    ended |= {(Condition.NOT_STARTING, one.name): one.latest.lost_at for one in queue.types}
    found = {trouble: at for trouble, at in ended.items() if now - at < HOLD}
    conditions = (
        (Condition.NOT_STARTING, _not_starting(queue, now)),
        (Condition.OLDEST_JOB, [one.name for one in queue.types if not queue.paused and one.late >= queue.patience]),
        (Condition.FAILURE_RATIO, _failing(queue.types)),
        (Condition.IN_FLIGHT, [queue.key] if (queue.in_flight or 0) > MOST_IN_FLIGHT else []),
        (Condition.PAUSED, [queue.key] if queue.paused_by_itself else []),
    )
    return found | {(condition, name): now for condition, names in conditions for name in names}


def _not_starting(queue: QueueSeen, now: float) -> list[str]:
    """Return the queue if workers receive its messages and claim none of its jobs."""
    soon = not queue.paused and not queue.starts_late and not queue.running
    claims = (one.latest for one in queue.types)
    if not soon or not queue.in_flight or not unclaimed(claims, now, queue.starts_after):
        return []
    return [queue.key] if any(one.late >= queue.starts_after for one in queue.types) else []


def _failing(types: Sequence[TypeSeen]) -> list[str]:
    """Return the types with failed jobs, if too large a share of the queue's jobs failed permanently."""
    ended, failed = sum(one.ended for one in types), sum(one.failed for one in types)
    if ended < LEAST_ENDED or 100 * failed <= MOST_FAILED_PERCENT * ended:
        return []
    return [one.name for one in types if one.failed]


def after(
    known: Troubles, found: Mapping[Trouble, float], now: float, unknown: Collection[str] = frozenset()
) -> Troubles:
    """Return the troubles after a run that found these causes: each lasts HOLD seconds longer than its cause.

    The known troubles of types and queues that are `unknown` to this run stay.
    """
    newest = {**known.causes, **{one: max(at, known.causes.get(one, 0.0)) for one, at in found.items()}}
    lasting = {one: at for one, at in newest.items() if now - at < HOLD or one[1] in unknown}
    return written(lasting, known.told, {one: known.over.get(one, now) for one in known.told})


def is_news(troubles: Troubles, now: float) -> bool:
    """Return whether a message is due: a trouble is new, or has been over for long enough to report it.

    A trouble that ends and returns is reported once. It is over when it has not returned for CALM seconds.
    """
    return bool(troubles.causes.keys() - troubles.told or _calm(troubles, now))


def told(troubles: Troubles, now: float) -> Troubles:
    """Return the troubles after the message about them was sent."""
    known = frozenset({*troubles.causes, *troubles.told}) - _calm(troubles, now)
    return written(troubles.causes, known, troubles.over)


def _calm(troubles: Troubles, now: float) -> frozenset[Trouble]:
    return frozenset(one for one, since in troubles.over.items() if now - since >= CALM)


def message(troubles: Troubles, stack: str, now: float) -> tuple[str, str]:
    """Return subject and text of the message: which types are in trouble, what is new and what is over."""
    present, over = troubles.causes.keys(), _calm(troubles, now)
    new = present - troubles.told
    if not present:
        return f"{stack}: no type is in trouble", _lines("Over", over)
    advice = (
        "What to do: docs/operations.md, the section with the name of the condition. The console and "
        "GET /metrics/health show the same."
    )
    parts = [
        _lines("In trouble", present),
        *([_lines("New", new)] if new != present and new else []),
        *([_lines("Over", over)] if over else []),
        advice,
    ]
    return f"{stack}: types in trouble", "\n\n".join(parts)


def _lines(title: str, troubles: Iterable[Trouble]) -> str:
    names: dict[str, list[str]] = {}
    for condition, name in sorted(troubles):
        names.setdefault(condition, []).append(name)
    return "\n".join([f"{title}:", *(f"  {condition}: {', '.join(of_it)}" for condition, of_it in names.items())])
