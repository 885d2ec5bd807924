"""Check the declaration of a job type, and name the fields that pydantic refuses. Pure."""

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any, get_type_hints

from pydantic import BaseModel, ValidationError

from chalicelib.errors import ConfigurationError, FieldError
from chalicelib.job_types.constants import LONGEST_NAME
from chalicelib.job_types.readback import check_returns
from chalicelib.jobs.constants import MAX_DELAY

NAME = re.compile(r"[a-z][a-z0-9]*(\.[a-z][a-z0-9]*)+")
KEY = re.compile(r"[\x21-\x7e]{1,255}")
"""An idempotency key: visible ASCII."""
TAG = re.compile(r"[A-Za-z0-9_.:/-]+")


def check_names(*names: str) -> None:
    """Raise ConfigurationError for a name that does not look like email.send."""
    for name in names:
        if not NAME.fullmatch(name) or len(name) > LONGEST_NAME:
            raise ConfigurationError(f"{name!r}: a job type's name must look like email.send (lower case, dots)")


def check_number(setting: str, value: object, low: float, high: float, unit: str = "", *, whole: bool = True) -> None:
    """Raise ConfigurationError unless the value of a setting is a number within these bounds."""
    fits = isinstance(value, int if whole else (int, float)) and low <= value <= high
    if not fits:
        kind = "a whole number between" if whole and not isinstance(value, int) else "between"
        raise ConfigurationError(f"{setting} must be {kind} {low:.10g} and {high:.10g} {unit}".rstrip())


def check_expires(where: str, seconds: float | None) -> None:
    """Raise ConfigurationError unless `expires` may have this value, in seconds."""
    if seconds is not None:
        check_number(f"{where}: expires", seconds, 1, MAX_DELAY, "seconds", whole=False)


def check_field(name: str, option: str, path: str | None, payload: type[BaseModel]) -> None:
    """Raise ConfigurationError unless the path leads to a field of text, integers, or an enum's values."""
    if path is None:
        return
    whole = payload.model_json_schema(by_alias=False, mode="serialization")
    kinds = _meant(whole, whole)
    for part in path.split("."):
        fields = [field for kind in kinds for key, field in kind.get("properties", {}).items() if key == part]
        if not fields:
            raise ConfigurationError(f"{name}: {option} names {path}, which the payload does not have")
        kinds = [kind for field in fields for kind in _meant(field, whole)]
    if not kinds or not all(kind.get("type") in ("string", "integer") for kind in kinds):
        raise ConfigurationError(f"{name}: {option} names {path}, which is neither text nor a whole number nor an enum")


def _meant(schema: Mapping[str, Any], whole: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the schemas to which this schema resolves, without null: follow references, and list each alternative."""
    if "$ref" in schema:
        return _meant(whole["$defs"][schema["$ref"].rpartition("/")[2]], whole)
    several = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
    if several:
        return [kind for one in several for kind in _meant(one, whole)]
    return [] if schema.get("type") == "null" else [schema]


def hints(function: Callable[..., Any]) -> dict[str, Any]:
    """Return the types that a job function is annotated with."""
    return get_type_hints(function, localns={"JobContext": Any, "AsyncJobContext": Any})


def payload_model(name: str, function: Callable[..., Any]) -> Any:
    """Return the model of a job function's payload; raises ConfigurationError if it has none."""
    check_returns(name, function)
    parameters = list(inspect.signature(function).parameters)
    model = hints(function).get(parameters[0]) if parameters else None
    if len(parameters) != 2 or not (isinstance(model, type) and issubclass(model, BaseModel)):
        raise ConfigurationError(
            f"{name}: the function must take (payload, ctx), and payload must be annotated with a pydantic model"
        )
    _check_context(name, function, parameters[1])
    return model


def _check_context(name: str, function: Callable[..., Any], parameter: str) -> None:
    """Raise ConfigurationError if a function is annotated with the context of the other kind of function."""
    written = inspect.signature(function).parameters[parameter].annotation
    given = written if isinstance(written, str) else getattr(written, "__name__", "")
    awaits = inspect.iscoroutinefunction(function)
    if given.rpartition(".")[2] == ("JobContext" if awaits else "AsyncJobContext"):
        fits = (
            "annotate ctx with AsyncJobContext, and await its methods"
            if awaits
            else "annotate ctx with JobContext, or make the function `async def`"
        )
        raise ConfigurationError(f"{name}: {fits}")


def field_errors(error: ValidationError, *prefix: str) -> list[FieldError]:
    """Return pydantic's findings without the input, which may be secret."""
    details = error.errors(include_url=False, include_context=False, include_input=False)
    return [FieldError((*prefix, *detail["loc"]), detail["msg"].removeprefix("Value error, ")) for detail in details]
