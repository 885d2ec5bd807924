"""Check what a declaration of a job type says, and name the fields that pydantic refuses. Pure."""

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any, get_type_hints

from pydantic import BaseModel, ValidationError

from chalicelib.errors import ConfigurationError, FieldError
from chalicelib.jobs.backoff import LONGEST_WAIT, Backoff
from chalicelib.jobs.limits import LONGEST_NAME, MAX_ATTEMPTS_CAP, SAFETY
from chalicelib.jobs.readback import check_runs_at_once

NAME = re.compile(r"[a-z][a-z0-9]*(\.[a-z][a-z0-9]*)+")


def check_name(name: str) -> None:
    """Raise ConfigurationError for a name that is not written like email.send."""
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


def check_curve(name: str, curve: Backoff) -> None:
    """Raise ConfigurationError for a curve of waits that SQS and the job's retention cannot hold."""
    for field, low, high in (("first", 1, LONGEST_WAIT), ("factor", 1, 10), ("longest", 1, LONGEST_WAIT)):
        if not low <= getattr(curve, field) <= high:
            raise ConfigurationError(f"{name}: retry's {field} must be between {low} and {high}")


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
