"""Check that the stored form of a model reads back as the same model; if not, the job would run with other data. Pure.

`model_dump(mode="json")` silently writes ten asterisks for a secret and leaves excluded fields out.
"""

import json
from collections.abc import Callable, Iterator
from inspect import isasyncgenfunction, isgeneratorfunction
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, SecretBytes, SecretStr, ValidationError
from pydantic.types import Secret

from chalicelib.errors import ConfigurationError, FieldError, InvalidPayload

M = TypeVar("M", bound=BaseModel)
MASKED = (SecretStr, SecretBytes, Secret)


def check_returns(name: str, function: Callable[..., Any]) -> None:
    """Raise ConfigurationError for a function that returns a generator instead of its result."""
    if isgeneratorfunction(function) or isasyncgenfunction(function):
        raise ConfigurationError(f"{name}: the function must return its result; it must not use `yield`")


def check_models(name: str, **models: Any) -> None:
    """Raise ConfigurationError for a job type's payload or result that cannot be read back."""
    for part, model in models.items():
        wrong = unreadable(model) if isinstance(model, type) and issubclass(model, BaseModel) else []
        if wrong:
            raise ConfigurationError(f"{name}: the {part} does not read back equal: {'; '.join(wrong)}")


def check_reads_back(name: str, model: BaseModel, stored: Any) -> None:
    """Raise InvalidPayload, with the field, when a stored payload does not read back equal to its model."""
    wrong = differing(model, read_payload(type(model), stored))
    if wrong is not None:
        where = [FieldError(("payload", *wrong.split(" ")[0].split(".")), "does not read back as it was sent")]
        raise InvalidPayload(f"The stored form of a {name} payload does not read back equal: {wrong}.", where)


def unreadable(model: type[BaseModel]) -> list[str]:
    """Return the fields whose stored form cannot be read back, each with the reason; nested fields with dots."""
    return list(_unreadable(model, "", frozenset()))


def differing(model: M, again: M | ValidationError) -> str | None:
    """Return a field of a stored model that reads back different, and why; None if all fields read back equal."""
    if isinstance(again, ValidationError):
        first = again.errors(include_url=False, include_context=False, include_input=False)[0]
        return f"{'.'.join(map(str, first['loc'])) or type(model).__name__} ({first['msg']})"
    return next((name for name in type(model).model_fields if getattr(model, name) != getattr(again, name)), None)


def read_payload(model: type[M], stored: Any) -> M | ValidationError:
    """Read a stored payload as a worker does."""
    try:
        return model.model_validate_json(json.dumps(stored))
    except ValidationError as error:
        return error


def read_result(value: M) -> M | ValidationError:
    """Read a result's stored form as its own model, with the field names of the stored form.

    Computed fields are left out.
    """
    text = value.model_dump_json(by_alias=False)
    try:
        return type(value).model_validate_json(text, extra="ignore", by_name=True, by_alias=True)
    except ValidationError as error:
        return error


def _unreadable(model: type[BaseModel], prefix: str, above: frozenset[type]) -> Iterator[str]:
    if model in above:
        return
    for name, field in model.model_fields.items():
        parts = list(_parts(field.annotation))
        if field.exclude:
            yield f"{prefix}{name} is excluded from what is stored"
        if any(isinstance(part, type) and issubclass(part, MASKED) for part in parts):
            yield f"{prefix}{name} is a secret, of which only asterisks are stored; pass the name of a secret instead"
        for part in parts:
            if isinstance(part, type) and issubclass(part, BaseModel):
                yield from _unreadable(part, f"{prefix}{name}.", above | {model})


def _parts(annotation: Any) -> Iterator[Any]:
    yield annotation
    for part in get_args(annotation):
        yield from _parts(part)
