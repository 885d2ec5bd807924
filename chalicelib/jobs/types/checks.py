"""Check what a declaration of a job type says, and name the fields that pydantic refuses. Pure."""

import inspect
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, get_type_hints

from pydantic import BaseModel, ValidationError

from chalicelib.errors import ConfigurationError, FieldError
from chalicelib.jobs.limits import DAY, LONGEST_NAME, LONGEST_RUN, MAX_ATTEMPTS_CAP, SAFETY
from chalicelib.jobs.types.backoff import LONGEST_WAIT, STANDARD, Backoff, Curve, Delays, longest_run
from chalicelib.jobs.types.rate import Rate
from chalicelib.jobs.types.readback import check_runs_at_once

DEFAULT_ATTEMPTS = 3
DEFAULT_CONCURRENCY = 20
NAME = re.compile(r"[a-z][a-z0-9]*(\.[a-z][a-z0-9]*)+")
KEY = re.compile(r"[\x21-\x7e]{1,255}")
"""An idempotency key: visible ASCII."""
TAG = re.compile(r"[A-Za-z0-9_.:/-]+")
LONGEST_TAG = 40


def check_names(*names: str) -> None:
    """Raise ConfigurationError for a name that is not written like email.send."""
    for name in names:
        if not NAME.fullmatch(name) or len(name) > LONGEST_NAME:
            raise ConfigurationError(f"{name!r}: a job type is named like email.send (lower case, dots)")


def check_limits(name: str, declared: Mapping[str, Any]) -> None:
    """Raise ConfigurationError for a number out of its range (seconds, MB, counts), named as it was declared."""
    limits = {
        "max_attempts": (1, MAX_ATTEMPTS_CAP), "timeout": (SAFETY + 1, 900), "batch_size": (1, 10), "window": (0, 300),
        "concurrency": (2, 1000), "memory": (128, 10240), "budget": (0.1, declared["timeout"] - 1),
    }  # fmt: skip
    for field, (low, high) in limits.items():
        if not low <= declared[field] <= high:
            raise ConfigurationError(f"{name}: {field} must be between {low:g} and {high:g}")


def at_once(rate: Any, timeout: int) -> int:
    """Return how many jobs run side by side by default: 20, or fewer if a rate keeps fewer busy for their timeout."""
    most = DEFAULT_CONCURRENCY if not isinstance(rate, Rate) else math.ceil(rate.n / rate.per * timeout)
    return max(2, min(DEFAULT_CONCURRENCY, most))


def policy(name: str, max_attempts: int | None, retry: Curve, delays: tuple[float, ...]) -> tuple[Curve, int]:
    """Return the curve and the number of attempts that were declared; raises ConfigurationError for two curves."""
    if not delays:
        return retry, DEFAULT_ATTEMPTS if max_attempts is None else max_attempts
    if retry is not STANDARD:
        raise ConfigurationError(f"{name}: give either retry or delays")
    return Delays(delays), len(delays) + 1 if max_attempts is None else max_attempts


def check_curve(name: str, curve: Curve, give_up_after: float | None) -> None:
    """Raise ConfigurationError for a curve of waits that SQS and the job's retention cannot hold."""
    for field, value, low, high in _bounds(curve):
        if not low <= value <= high:
            raise ConfigurationError(f"{name}: {field} must be between {low} and {high}")
    if give_up_after is not None and not 1 <= give_up_after <= LONGEST_RUN:
        raise ConfigurationError(f"{name}: give_up_after must be between 1 and {LONGEST_RUN:.0f} seconds")
    if give_up_after is None and longest_run(curve) > LONGEST_RUN:
        days = f"{longest_run(curve) / DAY:.0f} days of waits, and a run may take {LONGEST_RUN / DAY:.0f}"
        raise ConfigurationError(f"{name}: {MAX_ATTEMPTS_CAP} attempts have {days}; say give_up_after as well")


def _bounds(curve: Curve) -> list[tuple[str, float, float, float]]:
    """Return each number of a curve by its name, with its lowest and highest value."""
    if isinstance(curve, Delays):
        if not 1 <= len(curve.waits) < MAX_ATTEMPTS_CAP:
            return [("the number of delays", len(curve.waits), 1, MAX_ATTEMPTS_CAP - 1)]
        return [("each of delays", wait, 1, LONGEST_WAIT) for wait in curve.waits]
    if isinstance(curve, Backoff):
        limits = (("first", 1, LONGEST_WAIT), ("factor", 1, 10), ("longest", 1, LONGEST_WAIT))
        return [(f"retry's {field}", getattr(curve, field), low, high) for field, low, high in limits]
    raise ConfigurationError("retry is a Backoff or a Delays")


def hints(function: Callable[..., Any]) -> dict[str, Any]:
    """Return the types that a job function is annotated with."""
    return get_type_hints(function, localns={"JobContext": Any})


def payload_model(name: str, function: Callable[..., Any]) -> Any:
    """Return the model of a job function's payload; raises ConfigurationError when it has none."""
    check_runs_at_once(name, function)
    parameters = list(inspect.signature(function).parameters)
    model = hints(function).get(parameters[0]) if parameters else None
    if len(parameters) != 2 or not (isinstance(model, type) and issubclass(model, BaseModel)):
        raise ConfigurationError(
            f"{name}: the function takes (payload, ctx), and payload is annotated with a pydantic model"
        )
    return model


def field_errors(error: ValidationError, *prefix: str) -> list[FieldError]:
    """Return pydantic's findings without the input they were found in, which may be secret."""
    details = error.errors(include_url=False, include_context=False, include_input=False)
    return [FieldError((*prefix, *detail["loc"]), detail["msg"].removeprefix("Value error, ")) for detail in details]
