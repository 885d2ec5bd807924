"""Measure items as DynamoDB bills them. Pure; sizes in bytes.

Source: Amazon DynamoDB Developer Guide, "DynamoDB item sizes and formats".
"""

import base64
import math
from collections.abc import Mapping
from typing import Any

WRITE_UNIT = 1024


def item_size(item: Mapping[str, Mapping[str, Any]]) -> int:
    """Return the size of an item as botocore writes it: names and values."""
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def write_units(size: int) -> int:
    """Return the write units of an item of that many bytes."""
    return max(1, math.ceil(size / WRITE_UNIT))


def _value_size(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "B":
            return len(content) if isinstance(content, bytes) else len(base64.b64decode(content))
        case "N":
            return _number_size(content)
        case "L":
            return 3 + sum(1 + _value_size(element) for element in content)
        case "M":
            return 3 + item_size(content) + len(content)
        case _:
            return 1


def _number_size(text: str) -> int:
    digits = text.lstrip("-").replace(".", "").strip("0")
    return 1 + math.ceil(len(digits) / 2) + text.startswith("-")
