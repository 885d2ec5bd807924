"""Check the declaration of a job type, and name the fields that pydantic refuses. Pure."""

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_args, get_type_hints

from pydantic import BaseModel, ValidationError

from chalicelib.errors import ConfigurationError, FieldError
from chalicelib.job_types.constants import LONGEST_NAME, LONGEST_SCHEDULE
from chalicelib.job_types.readback import check_returns
from chalicelib.jobs.constants import MAX_DELAY

NAME = re.compile(r"[a-z][a-z0-9]*(\.[a-z][a-z0-9]*)+")
KEY = re.compile(r"[\x21-\x7e]{1,255}")
"""An idempotency key: visible ASCII."""
TAG = re.compile(r"[A-Za-z0-9_.:/-]+")
WEBHOOK = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
"""The name of a webhook."""
JOB_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""The id of a job, a batch or a delivery, as it is stored."""
BULK_ID = re.compile(r"[0-9a-f]{20}")
"""The id of a bulk action."""
SCHEDULE = re.compile(rf"[a-z0-9][a-z0-9.-]{{0,{LONGEST_SCHEDULE - 1}}}")
"""The id of a schedule."""
PERSON = re.compile(r"oidc:[0-9a-f]{8}:[A-Za-z0-9._~|%-]{1,240}")
"""The principal of a person who has signed in: the issuer, hashed, and the subject that it gives to the person."""
ID = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
"""The id of a job or a batch, as a request may write it."""
ID_PREFIX = r"^[0-9a-fA-F-]{1,36}$"
FINGERPRINT = r"^[0-9a-f]{12}$"


def check_name(where: str, name: object) -> None:
    """Raise ConfigurationError for a name that does not look like email.send; `where` says where the name stands."""
    if not isinstance(name, str) or not NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        raise ConfigurationError(
            f"{where}: {name!r} is not the name of a job type, which looks like email.send: lower-case letters and "
            f"digits with dots between them, up to {LONGEST_NAME} characters"
        )


def check_number(setting: str, value: object, low: float, high: float, unit: str = "", *, whole: bool = True) -> None:
    """Raise ConfigurationError unless the value of a setting is a number within these bounds."""
    fits = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool) and low <= value <= high
    if not fits:
        kind = "a whole number between" if whole and not isinstance(value, int) else "between"
        raise ConfigurationError(f"{setting} must be {kind} {_digits(low)} and {_digits(high)} {unit}".rstrip())


def _digits(number: float) -> str:
    return f"{number:.10f}".rstrip("0").rstrip(".")


def check_expires(where: str, seconds: float | None) -> None:
    """Raise ConfigurationError unless `expires` may have this value, in seconds."""
    if seconds is not None:
        check_number(f"{where}: expires", seconds, 1, MAX_DELAY, "seconds", whole=False)


def check_field(name: str, option: str, path: str | None, payload: type[BaseModel]) -> None:
    """Raise ConfigurationError unless the path leads to a field of text, integers, or an enum's values."""
    if path is None:
        return
    if not isinstance(path, str):
        raise ConfigurationError(f"{name}: {option} is the name of a field of the payload, not {path!r}")
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


def hints(function: Callable[..., Any], *, extras: bool = False) -> dict[str, Any]:
    """Return the types that a job function is annotated with; `extras`: with what `Annotated` adds to them."""
    return get_type_hints(function, localns={"JobContext": Any, "AsyncJobContext": Any}, include_extras=extras)


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


OBJECT, ARRAY = "Input should be an object", "Input should be an array"
AS_IN_JSON = {"dict_type": OBJECT, "model_type": OBJECT, "model_attributes_type": OBJECT, "list_type": ARRAY}
"""Texts for the errors of pydantic that name a dictionary or a list, by the type of the error."""
PATTERNS = {
    f"^{TAG.pattern}$": "must have only letters, digits and _ . : / -",
    f"^{WEBHOOK.pattern}$": "must have up to 40 of a-z, 0-9 and -, and begin with a letter or a digit",
    ID: "must be a complete id, such as 6a1de45f-8c1e-4f0e-9f7e-0c9b7a6d5e4f",
    ID_PREFIX: "must have only 0-9, a-f and -, at most 36 of them",
    FINGERPRINT: "must be 12 of 0-9 and a-f, as in GET /errors",
}
"""Words for the patterns of names and ids."""


def field_errors(error: ValidationError, model: type[BaseModel], *prefix: str) -> list[FieldError]:
    """Return pydantic's findings without the input, which may be secret; for an unknown field, name the known ones."""
    details = error.errors(include_url=False, include_input=False)
    return [FieldError((*prefix, *detail["loc"]), _words(detail, model)) for detail in details]


def _words(detail: Mapping[str, Any], model: type[BaseModel]) -> str:
    kind, more = detail["type"], detail.get("ctx", {})
    if kind == "extra_forbidden" and (known := _known(detail["loc"][:-1], model)) is not None:
        return (
            f"is not known; known are: {', '.join(known)}" if known else "is not known; there is nothing to give here"
        )
    if kind == "too_long":
        return f"must have at most {more['max_length']} items"
    if kind == "too_short":
        return f"must have at least {more['min_length']} items"
    found = AS_IN_JSON.get(kind) or PATTERNS.get(more.get("pattern", ""))
    return found or str(detail["msg"]).removeprefix("Value error, ")


def _known(path: Sequence[str | int], model: type[BaseModel]) -> list[str] | None:
    """Return the names of the fields of the model at this path; None if more than one model is possible there."""
    kinds = [model]
    for part in (part for part in path if isinstance(part, str)):
        named = [field for kind in kinds for name, field in kind.model_fields.items() if part in (name, field.alias)]
        kinds = [inner for field in named for inner in _models(field.annotation)]
    return [field.alias or name for name, field in kinds[0].model_fields.items()] if len(kinds) == 1 else None


def _models(annotation: Any) -> list[type[BaseModel]]:
    """Return the models in an annotation, such as `list[Line] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in get_args(annotation) for model in _models(inner)]
