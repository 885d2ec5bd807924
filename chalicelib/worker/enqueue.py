"""Make jobs for a job function. Each job is made once per run of its parent job, even if attempts fail."""

import json
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel

from chalicelib.errors import ConfigurationError, FieldError, InvalidRequest, JobFlowError, StoreUnavailable
from chalicelib.job_types import jobtype
from chalicelib.job_types.checks import KEY, TAG
from chalicelib.job_types.constants import LONGEST_TAG, MAX_ATTEMPTS_CAP
from chalicelib.job_types.context import NamedType
from chalicelib.job_types.lineage import Lineage
from chalicelib.jobs.constants import DAY, MAX_DELAY, MOST_TAGS
from chalicelib.jobs.job import JSON, Job
from chalicelib.jobs.retention import KEEP_DONE, KEEP_KEYS
from chalicelib.keys.constants import LONGEST_DEBOUNCE
from chalicelib.keys.rule import Debounce
from chalicelib.producing.service import JobService
from chalicelib.producing.submission import Submission
from chalicelib.worker.constants import LARGEST_BODY
from chalicelib.worker.result import length


@dataclass(frozen=True)
class Enqueuing:
    """Make jobs of the `allowed` types for one attempt; `made` contains the hashes of their requests."""

    allowed: tuple[str, ...] = ()
    service: JobService | None = None
    made: dict[tuple[str, str], str] = field(default_factory=dict)
    unnamed: Counter[str] = field(default_factory=Counter)
    """How often each request without a key was made: outside of steps, and in each step."""

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
        step: str = "",
        kept_at: float | None = None,
    ) -> Job:
        """Store a job and send its message; return it. A second attempt gets the job that the first one made.

        Without `key`, the key consists of the request, the name of the running `step`, and the number of equal requests
        that succeeded there before. The key contains the step, because kept steps do not run in a later invocation, so
        their requests are not counted there. `debounce` is a key and seconds: a job that waits under that key is
        replaced. `kept_at`: when the kept step that follows was kept (epoch seconds). If there is one, the job may have
        been made before, also by an earlier run. Raises ConfigurationError for a type that is not declared,
        InvalidPayload, InvalidRequest, and StoreUnavailable if AWS refuses the requests.
        """
        name = type if isinstance(type, str) else type.name
        end = on_end if on_end is None or isinstance(on_end, str) else on_end.name
        if self.service is None or name not in self.allowed:
            raise self._undeclared(parent, name)
        if end is not None and end not in self.allowed:
            raise self._undeclared(parent, f"{end}, which on_end names,")
        if isinstance(tags, str):
            raise InvalidRequest("The job cannot be created.", [FieldError(("tags",), f"is a list: [{tags!r}]")])
        jobtype.declared(name)
        asked = Submission(
            name, _plain(payload), delay_seconds=None if delay is None else _whole(delay),
            run_at=None if run_at is None else _seconds(run_at), tags=tuple(dict.fromkeys(tags)), idempotency_key=key,
            correlation_id=parent.correlation_id, lineage=Lineage.of(parent),
            debounce=None if debounce is None else Debounce(debounce[0], _whole(debounce[1])),
            expires_seconds=None if expires is None else _whole(expires), max_attempts=max_attempts, on_end=end,
        )  # fmt: skip
        if key is not None:
            return self._made_once(self.service, parent, asked, key, kept_at)
        same = f"{asked.body_hash()}.{step}" if step else asked.body_hash()
        key = f"{same}.{self.unnamed[same] + 1}"
        made = self._made_once(self.service, parent, replace(asked, idempotency_key=key), key, kept_at)
        # count only what succeeded: the job may be stored although the request failed, and its repetition finds it
        self.unnamed[same] += 1
        return made

    def _undeclared(self, parent: Job, what: str) -> ConfigurationError:
        known = ", ".join(self.allowed) or "none"
        return ConfigurationError(f"{what} is not in enqueues= of {parent.type}; declared: {known}")

    def _made_once(self, service: JobService, parent: Job, asked: Submission, key: str, kept_at: float | None) -> Job:
        if kept_at is None:
            return self._submitted(service, asked, key)
        if (found := self._made_before(service, parent, asked, key)) is not None:
            return found
        # how long the job is found: by its own row, or by the row of the key whose job it has replaced
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

    def _submitted(self, service: JobService, asked: Submission, key: str) -> Job:
        _check(asked, key)
        if self.made.setdefault((asked.type, key), asked.body_hash()) != asked.body_hash():
            where = [FieldError(("key",), f"{key!r} names another job that this attempt made; give each its own")]
            raise InvalidRequest("A key can be used for one job only.", where)
        wanted = service.wanted(asked)
        try:
            return service.submit_wanted(wanted).job
        except JobFlowError:
            raise
        except Exception as error:
            raise StoreUnavailable(f"The job cannot be made: {type(error).__name__}") from error


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


def _fit(tags: tuple[str, ...]) -> bool:
    return len(tags) <= MOST_TAGS and all(len(tag) <= LONGEST_TAG and TAG.fullmatch(tag) for tag in tags)
