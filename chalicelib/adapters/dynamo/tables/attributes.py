"""Define attribute types: text that DynamoDB always accepts, and numbers in DynamoDB's own format."""

import json
import math
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

FIRST, LAST = -62_135_596_800, 253_402_300_799
"""The years 1 to 9999, in epoch seconds: a time outside of them cannot be shown as a date."""


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
        """Return a float, also for a whole number; raises ValueError if it is not within the years 1 to 9999."""
        number = float(value)
        if not FIRST <= number <= LAST:
            raise ValueError(f"{value[:20]} is not a time.")
        return number


class Whole(NumberAttribute):
    """An integer; a fraction is rounded up, so that no row expires too early."""

    def serialize(self, value: float) -> str:
        """Return only digits."""
        return str(math.ceil(value))

    def deserialize(self, value: str) -> int:
        """Return an int, also for a number with a fraction."""
        return int(float(value))
