"""Read jobflow.toml: the repository's built-in job types, and the parameters of its stages."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from jobflow.errors import ConfigurationError

MARK = "jobflow.toml"
FIRST_VERSION = "0.1.0"
"""The version of a repository that sets no `version`: all later breaking changes are listed for it."""
KEYS = ("name", "version", "prefix", "python", "architecture", "builtin", "stages")
PINS = {"architecture": "arm64", "python": "3.13"}
"""Settings for all functions, each with an example."""

BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
"""A key of TOML that needs no quotes."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The content of jobflow.toml. `version` is the JobFlow version that the repository was last updated to.

    Names in AWS begin with `prefix`, or with jobflow if `prefix` is empty. `pins` are the functions' processor and
    Python version, if they are not JobFlow's defaults.
    """

    builtin: tuple[str, ...]
    stages: Mapping[str, Mapping[str, str]]
    version: str = FIRST_VERSION
    prefix: str = ""
    pins: Mapping[str, str] = field(default_factory=dict)

    def packaging(self) -> list[str]:
        """Return the pins as arguments of the packaging commands."""
        return [word for name, value in self.pins.items() for word in (f"--{name}", value)]

    def parameters(self, stage: str) -> list[str]:
        """Return a stage's parameters as `--set Name=value` arguments; raises ConfigurationError.

        A name with a star, such as `[stages."pull*"]`, applies to the stages without their own entry.
        """
        like_it = (found for name, found in self.stages.items() if fnmatchcase(stage, name))
        of_stage = self.stages.get(stage, next(like_it, None))
        if of_stage is None:
            known = ", ".join(self.stages) or "none"
            key = stage if BARE_KEY.fullmatch(stage) else f'"{stage}"'
            raise ConfigurationError(f"{MARK} has no stage {stage!r} (it has: {known}). Add [stages.{key}].")
        return [word for name, value in of_stage.items() for word in ("--set", f"{name}={value}")]


def read(project: Path) -> Settings:
    """Return the settings of a repository; raises ConfigurationError that names the key."""
    try:
        found = tomllib.loads((project / MARK).read_text())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{MARK} cannot be read: {error}") from error
    if strange := sorted(found.keys() - set(KEYS)):
        raise ConfigurationError(f"{MARK} has {strange[0]!r}; known are {', '.join(KEYS)}.")
    builtin = found.get("builtin", [])
    if not isinstance(builtin, list) or not all(isinstance(name, str) for name in builtin):
        raise ConfigurationError(f'{MARK}: builtin must be a list of names, such as ["email.send"].')
    version = found.get("version", FIRST_VERSION)
    if not isinstance(version, str):
        raise ConfigurationError(f'{MARK}: version must be a text, such as "{FIRST_VERSION}".')
    prefix = found.get("prefix", "")
    if not isinstance(prefix, str):
        raise ConfigurationError(f'{MARK}: prefix must be a text, such as "acme".')
    pins = {name: found[name] for name in PINS if name in found}
    for name, value in pins.items():
        if not isinstance(value, str):
            raise ConfigurationError(f'{MARK}: {name} must be a text, such as {name} = "{PINS[name]}".')
    stages = _table(found, "stages", "stages")
    return Settings(tuple(builtin), {name: _stage(stages, name) for name in stages}, version, prefix, pins)


def _stage(stages: Mapping[str, Any], name: str) -> Mapping[str, str]:
    of_stage = _table(stages, name, f"stages.{name}")
    if strange := sorted(of_stage.keys() - {"parameters"}):
        raise ConfigurationError(f"{MARK}: stages.{name} has {strange[0]!r}; only parameters can be in it.")
    given = _table(of_stage, "parameters", f"stages.{name}.parameters")
    return {key: _text(value, f"stages.{name}.parameters.{key}") for key, value in given.items()}


def _table(of: Mapping[str, Any], key: str, where: str) -> Mapping[str, Any]:
    found = of.get(key, {})
    if not isinstance(found, dict):
        raise ConfigurationError(f"{MARK}: {where} must be a table: [{where}].")
    return found


def _text(value: Any, where: str) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int):
        return str(value)
    raise ConfigurationError(f"{MARK}: {where} must be a text, a whole number, true or false.")
