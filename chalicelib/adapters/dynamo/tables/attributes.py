"""Attribute types of our own: text that DynamoDB always takes, and numbers in the form in which it gives them back."""

import json
import math
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute


class Text(UnicodeAttribute):
    """Text. What is not Unicode (half a surrogate pair in an error message) becomes "?": DynamoDB would refuse it."""

    def serialize(self, value: Any) -> str:
        """As valid Unicode."""
        return str(value).encode("utf-8", "replace").decode()


class Seconds(NumberAttribute):
    """A time or a duration, or any other number that may have a fraction."""

    def serialize(self, value: float) -> str:
        """Without a trailing ".0", as DynamoDB writes it."""
        return json.dumps(int(value) if value == int(value) else value)

    def deserialize(self, value: str) -> float:
        """As a float, whatever it looks like."""
        return float(value)


class Whole(NumberAttribute):
    """A whole number; a fraction is rounded up, which for an expiry means: not before."""

    def serialize(self, value: float) -> str:
        """Digits only."""
        return str(math.ceil(value))

    def deserialize(self, value: str) -> int:
        """As an int, whatever it looks like."""
        return int(float(value))
