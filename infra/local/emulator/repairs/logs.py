"""Apply filter patterns of CloudWatch Logs: moto returns every event for most of them."""

from typing import Any

from moto.logs import models
from moto.logs.exceptions import InvalidParameterException

from infra.local.emulator.log_pattern import compiled

from .patching import Replacements


def repair(replacements: Replacements) -> None:
    """Replace moto's patterns by AWS's."""
    replacements.put(models, "EventMessageFilter", _Filter)


class _Filter:
    def __init__(self, pattern: str | None) -> None:
        try:
            self.matches: Any = compiled(pattern or "")
        except ValueError as error:
            raise InvalidParameterException(constraint=str(error), parameter="filterPattern", value=pattern) from error
