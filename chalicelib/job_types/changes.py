"""Declare changes of a job type that has stored jobs: older payloads, its removal, its smoke test. Pure."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.errors import ConfigurationError
from chalicelib.jobs.job import JSON

FIRST_VERSION = "1"
"""The version of a type that declares no version."""
VERSION = re.compile(r"[A-Za-z0-9_.-]{1,20}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Declare how a job type changes between deployments. Raises ConfigurationError.

    * `upgrade`: convert a stored payload to the current schema. Without `upgrade`, a job that the schema refuses waits.
    * `retired`: refuse new jobs, finish the stored ones.
    * `smoke`: a payload to test each deployment with, as JSON.
    * `version`: the name of the function's present version, such as "2". A run keeps the version of its first attempt,
      and the function finds this version in `ctx.version`. A type that declares no version has version "1".
    * `versions`: older versions whose runs this code can continue. Runs of other versions wait.
    """

    upgrade: Callable[[JSON], JSON] | None = None
    retired: bool = False
    smoke: Mapping[str, Any] | None = None
    version: str = FIRST_VERSION
    versions: Sequence[str] = ()

    def __post_init__(self) -> None:
        if self.upgrade is not None and not callable(self.upgrade):
            raise ConfigurationError(
                "changes: upgrade must be a function that takes a stored payload and returns it in today's form"
            )
        if not isinstance(self.retired, bool):
            raise ConfigurationError("changes: retired must be True or False")
        if self.smoke is not None and not isinstance(self.smoke, Mapping):
            raise ConfigurationError('changes: smoke must be a payload, such as {"text": "hello"}')
        if isinstance(self.versions, str) or not isinstance(self.versions, list | tuple):
            raise ConfigurationError('changes: versions must be a list of older versions, such as ("1",)')
        for version in (self.version, *self.versions):
            if not isinstance(version, str) or not VERSION.fullmatch(version):
                raise ConfigurationError(
                    f"changes: {version!r} is no version: write a text of up to 20 letters, digits, _, - and ."
                )

    @property
    def versioned(self) -> bool:
        """Return whether the type declares a version."""
        return self.version != FIRST_VERSION or bool(self.versions)

    def runs(self, version: str) -> bool:
        """Return whether this code can continue a run of that version."""
        return version == self.version or version in self.versions
