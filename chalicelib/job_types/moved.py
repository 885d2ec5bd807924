"""List the settings of `@job` that had another place in earlier versions. Pure.

`@job` uses this table to refuse the earlier places; `jobflow upgrade` uses it to rewrite a repository.
"""

import functools
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, ParamSpec, TypeVar

from chalicelib.errors import ConfigurationError
from chalicelib.job_types.constants import LONGEST_VALUE_SHOWN


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
FORMER_TYPE = "job_type"
"""The former name of the argument `type` of `ctx.enqueue`."""
P = ParamSpec("P")
R = TypeVar("R")


def refuse(name: str, given: Mapping[str, Any]) -> None:
    """Raise ConfigurationError with the new place of each earlier setting, and TypeError for an unknown setting."""
    for setting in given:
        if setting not in MOVED:
            raise TypeError(f"job() got an unexpected keyword argument {setting!r}")
    told = "; ".join(_told(setting, value) for setting, value in given.items())
    raise ConfigurationError(f"{name}: {told}. `jobflow upgrade` rewrites the files in handlers/.")


def refuse_job_type(function: Callable[P, R]) -> Callable[P, R]:
    """Let a function that takes `type` raise ConfigurationError if it is called with the former name."""

    @functools.wraps(function)
    def call(*given: P.args, **named: P.kwargs) -> R:
        if FORMER_TYPE in named:
            raise ConfigurationError(
                f"{function.__name__}: {FORMER_TYPE}= is now type=. `jobflow upgrade` rewrites the files in handlers/."
            )
        return function(*given, **named)

    return call


def _told(setting: str, value: Any) -> str:
    new = MOVED[setting]
    text = repr(value) if isinstance(value, int | float | str | tuple) else ""
    shown = text if text and len(text) <= LONGEST_VALUE_SHOWN else "…"
    return f"{setting}= is now {new.setting}={new.kind}({new.field}={shown})"
