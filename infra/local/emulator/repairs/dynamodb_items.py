"""DynamoDB items: measured once, copied no deeper than they can change, not kept after they are gone."""

import copy
from typing import Any

from moto.core import common_models
from moto.dynamodb.exceptions import ItemSizeTooLarge
from moto.dynamodb.models import dynamo_type
from moto.dynamodb.models.utilities import bytesize

from .patching import Replacements

PLAIN = frozenset(("S", "N", "B", "BOOL", "NULL"))
ITEM_LIMIT_BYTES = 405_000  # moto's own figure


def repair(replacements: Replacements) -> None:
    """All repairs of this module."""
    forget_what_is_gone(replacements)
    measure_plain_values_plainly(replacements)
    measure_new_items_once(replacements)
    share_what_cannot_change(replacements)


def forget_what_is_gone(replacements: Replacements) -> None:
    """moto keeps every object it ever made (each item, message, copy and stream record) in a list for its dashboard,
    so its memory only grows. Only S3's objects are looked up there, when S3 is reset."""

    def new(cls: type, *_args: Any, **_kwargs: Any) -> Any:
        instance: Any = object.__new__(cls)
        if cls.__module__.startswith("moto.s3."):
            cls.instances_tracked.append(instance)  # type: ignore[attr-defined]
        return instance

    replacements.put(common_models.BaseModel, "__new__", staticmethod(new))


def measure_new_items_once(replacements: Replacements) -> None:
    """moto adds up the whole item again for each attribute it puts in: for 20 attributes, 210 measurements."""

    def init(item: Any, hash_key: Any, range_key: Any, attrs: dict[str, Any]) -> None:
        item.hash_key, item.range_key = hash_key, range_key
        item.attrs = dynamo_type.LimitedSizeDict()
        total = 0
        for key, given in attrs.items():
            value = dynamo_type.DynamoType(given)
            total += bytesize(key) + value.size()
            if total > ITEM_LIMIT_BYTES:
                raise ItemSizeTooLarge
            dict.__setitem__(item.attrs, key, value)

    def set_item(attrs: Any, key: str, value: Any) -> None:
        if sum(map(_at_most, attrs.values()), _at_most(value)) + 4 * sum(map(len, attrs), len(key)) > ITEM_LIMIT_BYTES:
            stock(attrs, key, value)
        else:
            dict.__setitem__(attrs, key, value)

    replacements.put(dynamo_type.Item, "__init__", init)
    stock = replacements.put(dynamo_type.LimitedSizeDict, "__setitem__", set_item)


def measure_plain_values_plainly(replacements: Replacements) -> None:
    """moto asks a value six questions about its type, and writes its text out in bytes, to know its size; a query does
    so twice for each value it looks at."""

    def size(value: Any) -> int:
        content = value.value
        if value.type in ("S", "N") and type(content) is str and content.isascii():
            return len(content)
        return int(stock(value))

    stock = replacements.put(dynamo_type.DynamoType, "size", size)


def _at_most(value: Any) -> int:
    content = value.value
    return 4 * len(content) if type(content) is str else int(value.size())


def share_what_cannot_change(replacements: Replacements) -> None:
    """moto copies every value of an item at each update and query. Plain values are only ever replaced, never changed,
    so a copy may share them; maps, lists and sets are still copied."""

    def deepcopy(value: Any, memo: dict[int, Any]) -> Any:
        if value.type in PLAIN:
            return value
        return stock(value, memo)

    def copy_item(item: Any, memo: dict[int, Any]) -> Any:
        copied = memo[id(item)] = object.__new__(type(item))
        copied.hash_key, copied.range_key = item.hash_key, item.range_key
        copied.attrs = dynamo_type.LimitedSizeDict()
        for key, value in item.attrs.items():
            shared = value.type in PLAIN
            dict.__setitem__(copied.attrs, key, value if shared else copy.deepcopy(value, memo))
        return copied

    stock = replacements.put(dynamo_type.DynamoType, "__deepcopy__", deepcopy)
    replacements.put(dynamo_type.Item, "__deepcopy__", copy_item)
