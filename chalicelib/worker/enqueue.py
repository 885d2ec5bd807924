"""Make jobs for a job function. Each job is made once per run of its parent job, even if attempts fail."""

import hashlib
import json
import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from chalicelib.errors import (
    BatchConflict,
    ConfigurationError,
    FieldError,
    InvalidRequest,
    JobFlowError,
    StoreUnavailable,
)
from chalicelib.job_types import jobtype
from chalicelib.job_types.checks import KEY, TAG, WEBHOOK
from chalicelib.job_types.constants import LONGEST_TAG, MAX_ATTEMPTS_CAP
from chalicelib.job_types.context import NamedType
from chalicelib.job_types.lineage import Lineage
from chalicelib.jobs.constants import DAY, MAX_DELAY, MOST_NOTIFIED, MOST_READ, MOST_TAGS
from chalicelib.jobs.job import JSON, Job
from chalicelib.jobs.priority import RANKS, Priority
from chalicelib.jobs.retention import KEEP_DONE, KEEP_KEYS
from chalicelib.jobs.trace import carried
from chalicelib.keys.constants import LONGEST_DEBOUNCE
from chalicelib.keys.rule import Debounce
from chalicelib.producing.batch import submit_all
from chalicelib.producing.service import JobService
from chalicelib.producing.submission import Submission, Wanted
from chalicelib.side_by_side import side_by_side
from chalicelib.worker.constants import LARGEST_BODY, MOST_AT_ONCE, SETTLE_RESERVE
from chalicelib.worker.result import length

if TYPE_CHECKING:
    from chalicelib.batches.batches import Batches

NONE_MADE = "No job was created."
NOT_WEBHOOKS = f"must be at most {MOST_NOTIFIED} names of webhooks, like billing"


@dataclass(frozen=True, slots=True)
class InBatch:
    """The batch whose members are made; `closed`: an earlier attempt has closed it, so no member can be new."""

    id: str
    closed: bool


@dataclass(frozen=True)
class Enqueuing:
    """Make jobs of the `allowed` types for one attempt; `made` contains the hashes of their requests.

    `batches` makes the batches of `ctx.batch`. `left` returns the seconds until the invocation ends. `threads` is how
    many jobs `make_many` stores side by side.
    """

    allowed: tuple[str, ...] = ()
    service: JobService | None = None
    left: Callable[[], float] = lambda: math.inf
    threads: int = 1
    batches: "Batches | None" = None
    calls: tuple[str, ...] = ()
    """The allowed types whose jobs can be called."""
    made: dict[tuple[str, str], str] = field(default_factory=dict)
    unnamed: Counter[str] = field(default_factory=Counter)
    """Number of times that each request without a key was made: outside of steps, and in each step."""

    def make(
        self,
        parent: Job,
        type: str | NamedType,
        payload: Any,
        *,
        key: str | None,
        delay: float | timedelta | None = None,
        run_at: datetime | None = None,
        tags: Iterable[str] = (),
        debounce: tuple[str, float | timedelta] | None = None,
        expires: float | timedelta | None = None,
        max_attempts: int | None = None,
        on_end: str | NamedType | None = None,
        notify: Iterable[str] = (),
        priority: str = Priority.NORMAL,
        step: str = "",
        kept_at: float | None = None,
        batch: InBatch | None = None,
    ) -> Job:
        """Store a job and send its message; return it. A second attempt gets the job that the first one made.

        Without `key`, the key consists of the request, the name of the running `step`, and the number of equal requests
        that succeeded there before. The key contains the step, because kept steps do not run in a later invocation, so
        their requests are not counted there. `debounce` is a key and seconds: a job that waits under that key is
        replaced. `kept_at`: when the kept step that follows was kept (epoch seconds). If there is one, the job may have
        been made before, also by an earlier run. A member of a `batch` has its key from its request, if none is given.
        Raises ConfigurationError for a type that is not declared, InvalidPayload, InvalidRequest, BatchConflict, and
        StoreUnavailable if AWS refuses the requests.
        """
        service, name, end = self._declared(parent, type, tags, on_end, notify)
        asked = Submission(
            name, _plain(payload), delay_seconds=None if delay is None else _whole(delay),
            run_at=None if run_at is None else _seconds(run_at), tags=tuple(dict.fromkeys(tags)), idempotency_key=key,
            correlation_id=parent.correlation_id, lineage=Lineage.of(parent), trace=carried(parent),
            debounce=None if debounce is None else Debounce(debounce[0], _whole(debounce[1])),
            expires_seconds=None if expires is None else _whole(expires), max_attempts=max_attempts, on_end=end,
            notify=tuple(dict.fromkeys(notify)), batch=None if batch is None else batch.id, priority=priority,
        )  # fmt: skip
        if batch is not None:
            return self._member(service, asked, batch)
        if key is not None:
            return self._made_once(service, parent, asked, key, kept_at)
        same = f"{asked.body_hash()}.{step}" if step else asked.body_hash()
        key = f"{same}.{self.unnamed[same] + 1}"
        made = self._made_once(service, parent, replace(asked, idempotency_key=key), key, kept_at)
        # count only what succeeded: the job may be stored although the request failed, and its repetition finds it
        self.unnamed[same] += 1
        return made

    def make_many(
        self,
        parent: Job,
        type: str | NamedType,
        payloads: Iterable[Any],
        *,
        keys: Iterable[str] | None = None,
        delay: float | timedelta | None = None,
        run_at: datetime | None = None,
        tags: Iterable[str] = (),
        expires: float | timedelta | None = None,
        on_end: str | NamedType | None = None,
        notify: Iterable[str] = (),
        priority: str = Priority.NORMAL,
        kept_at: float | None = None,
        batch: InBatch | None = None,
        types: Sequence[str] | None = None,
    ) -> Sequence[str]:
        """Store a job for each payload, and send their messages ten at a time; return the ids, in the same order.

        All jobs are checked before the first one is made. Without `keys`, the key of a job is made from its payload,
        and equal payloads of one call are numbered. `types` is the type of each job, if they differ. `kept_at`: see
        `make`. Raises what `make` raises; for a payload or a key, the error names its place. If AWS refuses requests,
        some jobs may be made: the next attempt finds them.
        """
        service, name, end = self._declared(parent, type, tags, on_end, notify)
        bodies = [_plain(payload) for payload in payloads]
        # members of a batch have the hashes of their requests as keys
        unnamed: Sequence[str | None] = [None] * len(bodies) if batch is not None else _numbered(bodies)
        named = unnamed if keys is None else list(keys)
        if len(named) != len(bodies) or isinstance(keys, str):
            told = f"must be a list with one key for each of the {len(bodies):,} payloads, and has {len(named):,}"
            raise InvalidRequest(NONE_MADE, [FieldError(("keys",), told)])
        if len(bodies) > MOST_AT_ONCE:
            told = f"must be at most {MOST_AT_ONCE:,}, and are {len(bodies):,}: make several calls"
            raise InvalidRequest(NONE_MADE, [FieldError(("payloads",), told)])
        plain = Submission(
            name, None, delay_seconds=None if delay is None else _whole(delay),
            run_at=None if run_at is None else _seconds(run_at), tags=tuple(dict.fromkeys(tags)),
            correlation_id=parent.correlation_id, lineage=Lineage.of(parent), trace=carried(parent),
            expires_seconds=None if expires is None else _whole(expires), on_end=end,
            notify=tuple(dict.fromkeys(notify)), batch=None if batch is None else batch.id, priority=priority,
        )  # fmt: skip
        each = zip(bodies, named, types or [name] * len(bodies), strict=True)
        asked = [replace(plain, type=one, payload=body, idempotency_key=key) for body, key, one in each]
        wanted = [self._checked(service, one, place) for place, one in enumerate(asked)]
        if batch is not None and batch.closed:
            self._in_it(service, batch, [one.job.id for one in wanted])
        found = self._found(service, parent, asked, kept_at if batch is None else None)
        left = {one.job.id: one for one in wanted if one.job.id not in found}
        time = self.left()
        ends = service.now() + max(time / 2, time - SETTLE_RESERVE)
        made = submit_all(service, list(left.values()), ends, self.threads)
        answers = found | {one: job.id for one, job in zip(left, made, strict=True)}
        return [answers[one.job.id] for one in wanted]

    def _checked(self, service: JobService, asked: Submission, place: int) -> Wanted:
        """Return the job that is wanted; raises InvalidPayload and InvalidRequest with the place of a wrong payload."""
        key = asked.key or ""
        try:
            _check(asked, key)
            self._once(asked, key)
            return service.wanted(asked)
        except InvalidRequest as error:
            error.errors = tuple(_at(place, one) for one in error.errors)
            raise

    def _found(
        self, service: JobService, parent: Job, asked: Sequence[Submission], kept_at: float | None
    ) -> dict[str, str]:
        """Return the jobs that were made before the kept step that follows, by the ids that they would have now."""
        if kept_at is None:
            return {}
        before = side_by_side(
            lambda one: self._made_before(service, parent, one, one.idempotency_key or ""), asked, self.threads
        )
        old = service.now() - kept_at > KEEP_DONE - DAY  # see `_made_once`
        return {
            one.new_id(): one.new_id() if job is None else job.id
            for one, job in zip(asked, before, strict=True)
            if job is not None or old
        }

    def _declared(
        self,
        parent: Job,
        type: str | NamedType,
        tags: Iterable[str],
        on_end: str | NamedType | None,
        notify: Iterable[str],
    ) -> tuple[JobService, str, str | None]:
        """Return what makes the jobs, the name of their type, and that of the type that gets their ends."""
        name = type if isinstance(type, str) else type.name
        end = on_end if on_end is None or isinstance(on_end, str) else on_end.name
        if self.service is None or name not in self.allowed:
            raise self._undeclared(parent, name)
        if end is not None and end not in self.allowed:
            raise self._undeclared(parent, f"{end}, which on_end names,")
        if isinstance(tags, str):
            raise InvalidRequest("The job cannot be created.", [FieldError(("tags",), f"is a list: [{tags!r}]")])
        if isinstance(notify, str):
            raise InvalidRequest("The job cannot be created.", [FieldError(("notify",), f"is a list: [{notify!r}]")])
        jobtype.declared(name)
        return self.service, name, end

    def _undeclared(self, parent: Job, what: str) -> ConfigurationError:
        known = ", ".join(self.allowed) or "none"
        return ConfigurationError(f"{what} is not in enqueues= of {parent.type}; declared: {known}")

    def _made_once(self, service: JobService, parent: Job, asked: Submission, key: str, kept_at: float | None) -> Job:
        if kept_at is None:
            return self._submitted(service, asked, key)
        if (found := self._made_before(service, parent, asked, key)) is not None:
            return found
        # for how long the job can be found: by its own row, or by the row of the key whose job it has replaced
        kept = KEEP_DONE if asked.debounce is None else KEEP_KEYS
        if service.now() - kept_at > kept - DAY:  # the job was made and has ended, and its row was deleted since
            return service.wanted(asked).job
        return self._submitted(service, asked, key)

    def _made_before(self, service: JobService, parent: Job, asked: Submission, key: str) -> Job | None:
        """Return the job that this run, or an earlier run with the same kept steps, has made with this key."""
        ids = (Lineage.of(replace(parent, gen=gen)).child_id(asked.type, key) for gen in range(parent.gen, 0, -1))
        look = service.keyed.find if asked.debounce is None else service.keyed.answered
        try:
            return next((job for job in map(look, ids) if job is not None), None)
        except Exception as error:
            raise StoreUnavailable(f"The job cannot be read: {type(error).__name__}") from error

    def _member(self, service: JobService, asked: Submission, batch: InBatch) -> Job:
        if batch.closed:
            self._in_it(service, batch, [asked.new_id()])
        return self._submitted(service, asked, asked.key or "")

    def _in_it(self, service: JobService, batch: InBatch, ids: Sequence[str]) -> None:
        """Raise BatchConflict unless an earlier attempt, which closed the batch, has made all of these members."""
        try:
            once = list(dict.fromkeys(ids))  # DynamoDB refuses a read that names a job twice
            starts = range(0, len(once), MOST_READ)
            found = {job.id for at in starts for job in service.store.read_all(once[at : at + MOST_READ])}
        except Exception as error:
            raise StoreUnavailable(f"The members cannot be read: {type(error).__name__}") from error
        if new := len(set(once) - found):
            raise BatchConflict(
                f"The batch {batch.id} is closed, and {new:,} members are new: add the same members in each attempt, "
                "or use another key for the batch."
            )

    def _submitted(self, service: JobService, asked: Submission, key: str) -> Job:
        _check(asked, key)
        self._once(asked, key)
        wanted = service.wanted(asked)
        try:
            return service.submit_wanted(wanted).job
        except JobFlowError:
            raise
        except Exception as error:
            raise StoreUnavailable(f"The job cannot be made: {type(error).__name__}") from error

    def _once(self, asked: Submission, key: str) -> None:
        """Raise InvalidRequest if this attempt has used the key for another job."""
        named = key if asked.batch is None else f"{asked.batch} {key}"
        if self.made.setdefault((asked.type, named), asked.body_hash()) != asked.body_hash():
            where = [FieldError(("key",), f"{key!r} names another job that this attempt made; give each its own")]
            raise InvalidRequest("A key can be used for one job only.", where)


def _at(place: int, error: FieldError) -> FieldError:
    """Return the error of one of many jobs; it names the plural argument, and the job's place from 0."""
    first, *more = error.loc or ("",)
    return replace(error, loc=(f"{first}s", place, *more)) if first in ("payload", "key") else error


def _numbered(payloads: Sequence[JSON]) -> list[str]:
    """Return a key for each payload: the same in each attempt, in whichever order the payloads come."""
    seen, keys = Counter[str](), []
    for payload in payloads:
        text = json.dumps(payload, sort_keys=True, separators=(",", ":"), default=str)
        same = hashlib.sha256(text.encode()).hexdigest()[:32]
        seen[same] += 1
        keys.append(f"{same}.{seen[same]}")
    return keys


def _plain(payload: Any) -> JSON:
    return payload.model_dump(mode="json") if isinstance(payload, BaseModel) else payload


def _whole(delay: float | timedelta) -> int:
    """Return a time in whole seconds, rounded up: a job must not start too early."""
    return math.ceil(delay.total_seconds() if isinstance(delay, timedelta) else delay)


def _seconds(run_at: datetime) -> float:
    if run_at.tzinfo is None:
        raise InvalidRequest("The time zone is missing.", [FieldError(("run_at",), "must have a time zone")])
    return round(run_at.timestamp(), 3)


def _check(asked: Submission, key: str) -> None:
    """Raise InvalidRequest for data that the API would also refuse."""
    size = length(json.dumps(asked.payload, default=str))
    wrong = {
        "key": None if KEY.fullmatch(key) else "must be 1 to 255 visible ASCII characters",
        "tags": None if _fit(asked.tags) else f"must be at most {MOST_TAGS}, of up to {LONGEST_TAG} of A-Za-z0-9_.:/-",
        "notify": None if are_webhooks(asked.notify) else NOT_WEBHOOKS,
        "priority": None if asked.priority in RANKS else f"must be {', '.join(Priority)}",
        "delay": None if 0 <= (asked.delay_seconds or 0) <= MAX_DELAY else f"must be 0 to {MAX_DELAY} seconds",
        "run_at": None if asked.run_at is None or asked.delay_seconds is None else "excludes delay",
        "expires": None if _in(asked.expires_seconds, MAX_DELAY) else f"must be 1 to {MAX_DELAY} seconds",
        "max_attempts": None if _in(asked.max_attempts, MAX_ATTEMPTS_CAP) else f"must be 1 to {MAX_ATTEMPTS_CAP}",
        "debounce": _wrong_debounce(asked),
        "payload": None if size <= LARGEST_BODY else f"has {size:,} characters; at most {LARGEST_BODY:,}",
    }
    errors = [FieldError((name,), fault) for name, fault in wrong.items() if fault]
    if errors:
        raise InvalidRequest("The job cannot be created.", errors)


def _in(number: float | None, most: float) -> bool:
    return number is None or 1 <= number <= most


def _wrong_debounce(asked: Submission) -> str | None:
    wanted = asked.debounce
    if wanted is None:
        return None
    if asked.delay_seconds is not None or asked.run_at is not None:
        return "excludes delay and run_at"
    fits = KEY.fullmatch(wanted.key) and 1 <= wanted.seconds <= LONGEST_DEBOUNCE
    return None if fits else f"must be 1 to 255 visible ASCII characters, and 1 to {LONGEST_DEBOUNCE} seconds"


def are_webhooks(webhooks: Sequence[str]) -> bool:
    """Return whether these can be the names of webhooks. A function may not read which ones exist."""
    return len(webhooks) <= MOST_NOTIFIED and all(WEBHOOK.fullmatch(name) for name in webhooks)


def _fit(tags: tuple[str, ...]) -> bool:
    return len(tags) <= MOST_TAGS and all(len(tag) <= LONGEST_TAG and TAG.fullmatch(tag) for tag in tags)
