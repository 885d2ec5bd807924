"""Apply filter patterns of CloudWatch Logs: moto returns every event for most of them.

It supports the terms that the platform uses, as in AWS's "Filter pattern syntax": words and quoted phrases that
an event contains, alternatives (`?word`) and exclusions (`-word`). A pattern of another kind is refused.
"""

import re

from moto.logs import models
from moto.logs.exceptions import InvalidParameterException

from .patching import Replacements

TERM = re.compile(r'([-?]?)(?:"((?:[^"\\]|\\.)*)"|(\S+))')


def repair(replacements: Replacements) -> None:
    """Replace moto's patterns by AWS's."""
    replacements.put(models, "EventMessageFilter", _Filter)


class _Filter:
    def __init__(self, pattern: str | None) -> None:
        text = (pattern or "").strip()
        if text[:1] in ("{", "%", "["):
            reason = "words and quoted phrases only: the local emulator knows no other patterns"
            raise InvalidParameterException(constraint=reason, parameter="filterPattern", value=pattern)
        found = [(sign, phrase.replace('\\"', '"') or word) for sign, phrase, word in TERM.findall(text)]
        self._wanted, self._excluded, self._alternatives = (
            [term for sign, term in found if sign == kind] for kind in ("", "-", "?")
        )

    def matches(self, message: str) -> bool:
        """Return whether an event matches the pattern."""
        if any(term in message for term in self._excluded) or not all(term in message for term in self._wanted):
            return False
        return bool(self._wanted) or not self._alternatives or any(term in message for term in self._alternatives)
