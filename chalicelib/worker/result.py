"""Prepare the call of a job function (an injected fault, its payload), and convert its return value."""

import json
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel

from chalicelib.errors import InvalidPayload, PayloadRefused, PayloadUnreadable, PermanentError
from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.readback import differing, read_result
from chalicelib.jobs.job import JSON, Job
from chalicelib.worker.constants import DEEPEST_RESULT, LARGEST_BODY


class InjectedFault(Exception):
    """JOBFLOW_FAULT_RATE made this attempt fail before the work, to demonstrate retries."""


def inject_fault(rate: float, chance: Callable[[], float]) -> None:
    """Raise InjectedFault in this share of all calls; `chance` returns a number from 0 to 1."""
    if rate and chance() < rate:
        raise InjectedFault("JOBFLOW_FAULT_RATE is set: this attempt fails before the work.")


def payload_of(kind: JobType[Any, Any], job: Job) -> Any:
    """Return the payload; raises PayloadUnreadable, or PayloadRefused if the current schema refuses it."""
    if job.payload is None:
        size = f"The payload of {job.payload_bytes:,} bytes cannot be read"
        raise PayloadUnreadable(f"{size}: it was deleted, or this function may not read it.")
    try:
        return kind.parse_stored(job.payload)
    except InvalidPayload as error:
        wrong = "; ".join(f"{'.'.join(map(str, e.loc))}: {e.msg}" for e in error.errors)
        raise PayloadRefused(f"Today's schema of {job.type} refuses the stored payload: {wrong}") from None


def as_json(value: Any, what: str = "The result") -> JSON:
    """Return the value of a function in stored form; raises PermanentError for a value that cannot be stored.

    `what` names the value in the error.
    """
    plain = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
    try:
        text = json.dumps(plain, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise PermanentError(f"{what} is not JSON: {error}") from error
    if nested(plain) > DEEPEST_RESULT:
        raise PermanentError(f"{what} is nested deeper than {DEEPEST_RESULT} levels.")
    wrong = differing(value, read_result(value)) if isinstance(value, BaseModel) else None
    if wrong is not None:
        raise PermanentError(f"{what} does not read back equal from its stored form: {wrong}.")
    if (size := length(text)) > LARGEST_BODY:
        raise PermanentError(f"{what} has {size:,} characters; at most {LARGEST_BODY:,}. Store it in S3.")
    return plain


def nested(value: Any) -> int:
    """Return how many levels of objects and arrays a JSON value has; at most one more than a result may have."""
    level, depth = [value], 0
    while depth <= DEEPEST_RESULT and (level := [one for one in level if isinstance(one, dict | list | tuple)]):
        level = [inner for one in level for inner in (one.values() if isinstance(one, dict) else one)]
        depth += 1
    return depth


def length(text: str) -> int:
    """Return the length of JSON text within JSON, where each quote and each backslash becomes two characters."""
    return len(text) + text.count('"') + text.count("\\")


def endings() -> tuple[type[BaseException], ...]:
    """Return the exceptions of a function that end its attempt.

    Any other exception ends the process: the attempt is lost.
    """
    from asyncio import CancelledError  # imported here, because this import takes as long as all others

    return Exception, SystemExit, CancelledError
