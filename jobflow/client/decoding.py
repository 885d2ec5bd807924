"""Convert JSON to the models.

Unknown fields are ignored and missing fields are None, because the client and the API may have different versions.
"""

import types
from collections.abc import Callable, Hashable
from dataclasses import fields, is_dataclass
from datetime import datetime
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")
Reader = Callable[[Any], Any]


def read(model: type[T], value: Any) -> T:
    """Return a JSON value as this model; raises TypeError or ValueError if it has another shape."""
    if not isinstance(value, dict):
        raise TypeError(f"an object is expected for {model.__name__}, not {type(value).__name__}")
    hint: Any = model
    found: T = _reader(hint)(value)
    return found


@cache
def _reader(hint: Hashable) -> Reader:
    if is_dataclass(hint):
        return _of_model(hint)
    if hint is datetime:
        return datetime.fromisoformat
    arguments = get_args(hint)
    if get_origin(hint) is list:
        inner = _reader(arguments[0])
        return lambda value: [inner(item) for item in value]
    if get_origin(hint) is dict:
        inner = _reader(arguments[1])
        return lambda value: {key: inner(item) for key, item in value.items()}
    if get_origin(hint) in {Union, types.UnionType}:
        return _of_union([one for one in arguments if one is not type(None)])
    return lambda value: value


def _of_model(model: Any) -> Reader:
    hints = get_type_hints(model)
    readers = [(field.name, field.name.rstrip("_"), _reader(hints[field.name])) for field in fields(model)]

    def build(value: dict[str, Any]) -> Any:
        given = {name: None if (raw := value.get(key)) is None else convert(raw) for name, key, convert in readers}
        return model(**given)

    return build


def _of_union(options: list[Any]) -> Reader:
    if len(options) == 1:
        return _reader(options[0])
    if all(get_origin(option) is list for option in options):
        return lambda value: _reader(_fitting(options, value))(value)
    return lambda value: value


def _fitting(options: list[Any], items: list[Any]) -> Any:
    """Return the list type whose items have the fields that differ least from the keys of the first item."""
    keys = set(items[0]) if items and isinstance(items[0], dict) else set()

    def score(option: Any) -> int:
        inner = get_args(option)[0]
        return -len(keys ^ {field.name for field in fields(inner)}) if is_dataclass(inner) else -len(keys)

    return max(options, key=score)
