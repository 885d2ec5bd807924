"""Which items of an index a query has to look at."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import RESULT_SIZE_LIMIT

from .sorted_view import Key, SortedView, part

HIGHEST = chr(0x10FFFF) * 8  # behind anything a string with a given beginning will have next
UNMEASURED = 1000  # items of a page that moto may measure against its 1 MB limit by itself


@dataclass(frozen=True, slots=True)
class Question:
    """The arguments of moto's Table.query that decide which items matter."""

    hash_key: Any
    comparison: str | None
    operands: list[Any]
    limit: int | None
    start: dict[str, Any] | None
    forward: bool
    index_name: str | None
    hash_conditions: dict[str, Any]
    range_names: list[str]
    filtered: bool

    @classmethod
    def of(cls, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Self:
        """Read them out of a call of Table.query, where the first eight come by position."""
        known = {"hash_key_conditions", "range_key_conditions"}
        return cls(
            hash_key=args[0],
            comparison=args[1],
            operands=args[2],
            limit=args[3],
            start=args[4],
            forward=args[5] is not False,
            index_name=args[7],
            hash_conditions=dict(kwargs.get("hash_key_conditions") or []),
            range_names=[condition[0] for condition in kwargs.get("range_key_conditions") or []],
            filtered=bool(set(kwargs) - known),
        )


def page(view: SortedView, question: Question) -> list[Any] | None:
    """Return the items moto's query must see, in ascending order: those of the page, and the one after it, by which
    moto knows that there are more. None when the question is an unusual one and moto should see the whole table."""
    partition = _partition(view, question)
    if partition is None or question.filtered:
        return None
    if question.comparison and question.range_names != [view.order.sort[0]]:
        return None
    try:
        begin = _start_key(view, partition, question)
    except (KeyError, TypeError, AttributeError, IndexError):
        return None  # a malformed start key: moto's answer to it is wanted
    items = _collect(view, partition, begin, question)
    return items if question.forward else items[::-1]


def _partition(view: SortedView, question: Question) -> Key | None:
    names = view.order.partition
    conditions = question.hash_conditions or {names[0]: question.hash_key}
    if set(conditions) != set(names):
        return None
    return tuple(part(conditions[name]) for name in names)


def _start_key(view: SortedView, partition: Key, question: Question) -> Key | None:
    if question.start is None:
        return None
    given = {name: part(DynamoType(value)) for name, value in question.start.items()}
    if tuple(given[name] for name in view.order.partition) != partition:
        raise KeyError("a start key in another partition")
    return tuple(given[name] for name in view.order.sort)


def _collect(view: SortedView, partition: Key, begin: Key | None, question: Question) -> list[Any]:
    bounds = _bounds(question)
    matches, is_beyond = _matcher(view.order.sort[0], question), _far_end(view.order.sort[0], bounds, question.forward)
    items: list[Any] = []
    found, size = 0, 0
    for item in view.walk(partition, begin, bounds, forward=question.forward):
        items.append(item)
        if found == question.limit or size > RESULT_SIZE_LIMIT:
            break
        if matches(item):
            found += 1
            size += item.size() if question.limit is None or question.limit > UNMEASURED else 0
        elif found or is_beyond(item):
            break  # what matches stands together, so nothing after this one does
    return items


def _matcher(name: str, question: Question) -> Callable[[Any], bool]:
    comparison = question.comparison
    if not comparison:
        return lambda _item: True
    return lambda item: bool(item.attrs[name].compare(comparison, question.operands))


def _far_end(name: str, bounds: tuple[Key | None, Key | None], forward: bool) -> Callable[[Any], bool]:
    lower, upper = bounds
    if forward:
        return lambda item: upper is not None and (part(item.attrs[name]),) > upper
    return lambda item: lower is not None and (part(item.attrs[name]),) < lower


def _bounds(question: Question) -> tuple[Key | None, Key | None]:
    """The least and the greatest first sort value that can match, as far as the comparison says."""
    if not question.comparison:
        return None, None
    operands: list[Key] = [(part(operand),) for operand in question.operands]
    if question.comparison == "BETWEEN":
        return operands[0], operands[-1]
    if question.comparison == "BEGINS_WITH" and question.operands[0].type == "S":
        return operands[0], (("S", question.operands[0].value + HIGHEST),)
    lower = operands[0] if question.comparison in ("=", ">", ">=", "BEGINS_WITH") else None
    upper = operands[0] if question.comparison in ("=", "<", "<=") else None
    return lower, upper
