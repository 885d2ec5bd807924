"""Define attribute types: text that DynamoDB always accepts, and numbers in DynamoDB's own format."""

import json
import math
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute


class Text(UnicodeAttribute):
    """Text.

    Invalid Unicode (half a surrogate pair in an error message) becomes "?", because DynamoDB would refuse it.
    """

    def serialize(self, value: Any) -> str:
        """Return the text as valid Unicode."""
        return str(value).encode("utf-8", "replace").decode()


class Seconds(NumberAttribute):
    """A time or a duration, or any other number that may have a fraction."""

    def serialize(self, value: float) -> str:
        """Return the number without a trailing ".0", as DynamoDB writes it."""
        return json.dumps(int(value) if value == int(value) else value)

    def deserialize(self, value: str) -> float:
        """Return a float in any case."""
        return float(value)


class Whole(NumberAttribute):
    """An integer; a fraction is rounded up. For an expiry this means: not before."""

    def serialize(self, value: float) -> str:
        """Return only digits."""
        return str(math.ceil(value))

    def deserialize(self, value: str) -> int:
        """Return an int in any case."""
        return int(float(value))
