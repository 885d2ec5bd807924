"""Read a request's body as a JSON object, and refuse content that would cause harm later. Pure."""

import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from chalicelib.api.constants import DEEPEST_REQUEST, LARGEST_REQUEST, MOST_UNWELCOME
from chalicelib.errors import FieldError, InvalidRequest, MalformedRequest, PayloadTooLarge, UnsupportedMediaType

LARGEST_INTEGER = 2**63
UNWELCOME = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
"""Control characters except tab and line ends, and halves of surrogate pairs. Stores and queues refuse or change these
characters."""

Loc = tuple[str | int, ...]


def read_object(raw: bytes, content_type: str | None) -> dict[str, Any]:
    """Return the body as an object; an empty body is an empty object.

    Raises PayloadTooLarge, UnsupportedMediaType, MalformedRequest, and InvalidRequest that names the field.
    """
    if len(raw) > LARGEST_REQUEST:
        raise PayloadTooLarge(f"The body has {len(raw)} bytes; at most {LARGEST_REQUEST} are allowed.")
    if not raw:
        return {}
    _check_content_type(content_type)
    value = _parse(raw)
    if not isinstance(value, dict):
        raise MalformedRequest("The body is JSON, but not an object; send one like {...}.")
    _check_values(value)
    return value


def _check_content_type(content_type: str | None) -> None:
    if not content_type:
        return
    media, *parameters = (part.strip().lower() for part in content_type.split(";"))
    charset = [p.removeprefix("charset=").strip('"') for p in parameters if p.startswith("charset=")]
    if media != "application/json" or charset not in ([], ["utf-8"]):
        raise UnsupportedMediaType(f"{content_type[:100]!a} is not supported; send application/json in UTF-8.")


def _parse(raw: bytes) -> Any:
    try:
        return json.loads(
            raw.decode("utf-8"), parse_constant=_no_constant, parse_int=_integer, parse_float=_float,
            object_pairs_hook=_object,
        )  # fmt: skip
    except UnicodeDecodeError:
        raise MalformedRequest("The body is not UTF-8.") from None
    except json.JSONDecodeError as error:
        raise MalformedRequest(
            f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        ) from None
    except RecursionError:
        raise _too_deep() from None


def _no_constant(name: str) -> NoReturn:
    raise MalformedRequest(f"The body is not JSON: {name} is not a JSON number.")


def _integer(digits: str) -> int:
    # The length is checked first, because converting many digits to a number takes quadratic time.
    if len(digits) > 20 or not -LARGEST_INTEGER <= int(digits) < LARGEST_INTEGER:
        raise MalformedRequest("The body contains an integer that does not fit into 64 bits; send it as a string.")
    return int(digits)


def _float(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise MalformedRequest("The body contains a number that is too large.")
    return number


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise MalformedRequest("The body contains an object with the same key twice.")
    return found


def _check_values(body: dict[str, Any]) -> None:
    found = []
    for loc, text in _texts(body):
        if UNWELCOME.search(text):
            found.append(FieldError(loc, "holds a control character or half of a surrogate pair"))
            if len(found) == MOST_UNWELCOME:
                break
    if found:
        raise InvalidRequest("The request contains characters that are not allowed.", found)


def _texts(body: dict[str, Any]) -> Iterator[tuple[Loc, str]]:
    waiting: list[tuple[Loc, Any]] = [((), body)]
    while waiting:
        loc, value = waiting.pop()
        if len(loc) >= DEEPEST_REQUEST:
            raise _too_deep()
        if isinstance(value, dict):
            yield from (((*loc, _printable(key)), key) for key in value)
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            if isinstance(item, str):
                yield (*loc, _printable(key)), item
            elif isinstance(item, dict | list):
                waiting.append(((*loc, _printable(key)), item))


def _printable(key: str | int) -> str | int:
    return UNWELCOME.sub("?", key[:80]) if isinstance(key, str) else key


def _too_deep() -> MalformedRequest:
    return MalformedRequest(f"The body is nested deeper than {DEEPEST_REQUEST} levels.")
