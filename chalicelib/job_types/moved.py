"""List the settings of `@job` that have another place than in earlier versions. Pure.

`@job` uses this table to refuse them, and `jobflow upgrade` to rewrite a repository.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from chalicelib.errors import ConfigurationError


class Place(NamedTuple):
    """The new place of a setting: `setting=kind(field=…)`."""

    setting: str
    kind: str
    field: str


MOVED: Mapping[str, Place] = {
    "memory": Place("function", "Function", "memory"),
    "batch_size": Place("function", "Function", "batch_size"),
    "budget": Place("function", "Function", "budget"),
    "window": Place("function", "Function", "window"),
    "concurrency": Place("function", "Function", "concurrency"),
    "vpc": Place("function", "Function", "vpc"),
    "layers": Place("function", "Function", "layers"),
    "ephemeral_storage": Place("function", "Function", "ephemeral_storage"),
    "grants": Place("access", "AwsAccess", "grants"),
    "secrets": Place("access", "AwsAccess", "secrets"),
    "environment": Place("access", "AwsAccess", "environment"),
    "upgrade": Place("changes", "Changes", "upgrade"),
    "retired": Place("changes", "Changes", "retired"),
    "smoke": Place("changes", "Changes", "smoke"),
    "unique_by": Place("unique", "Unique", "by"),
    "unique_for": Place("unique", "Unique", "seconds"),
    "delays": Place("retry", "Delays", "waits"),
}
LONGEST_SHOWN = 40


def refuse(name: str, given: Mapping[str, Any]) -> None:
    """Raise ConfigurationError with the new place of each earlier setting, and TypeError for an unknown setting."""
    for setting in given:
        if setting not in MOVED:
            raise TypeError(f"job() got an unexpected keyword argument {setting!r}")
    told = "; ".join(_told(setting, value) for setting, value in given.items())
    raise ConfigurationError(f"{name}: {told}. `jobflow upgrade` rewrites the files in handlers/.")


def _told(setting: str, value: Any) -> str:
    new = MOVED[setting]
    text = repr(value) if isinstance(value, int | float | str | tuple) else ""
    shown = text if text and len(text) <= LONGEST_SHOWN else "…"
    return f"{setting}= is now {new.setting}={new.kind}({new.field}={shown})"
