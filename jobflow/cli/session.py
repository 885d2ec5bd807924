"""Hold one run of a command: the client, the output, and the last job's id."""

import json
import os
import re
import sys
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import typer

from jobflow.cli.printer import Printer

if TYPE_CHECKING:
    from jobflow import JobFlow
    from jobflow.client.transport import Personal

LAST = "@last"
SHORTEST_PREFIX = 4
LONGEST_ID = 36
OF_ID = re.compile("[0-9a-fA-F-]+")


class Session:
    """Hold what one command needs.

    The client is made at its first use, so that wrong usage is reported without a connection.
    """

    def __init__(
        self,
        profile: str | None = None,
        url: str | None = None,
        as_json: bool | None = None,
        personal: bool | None = None,
        connect: "Callable[..., JobFlow] | None" = None,
    ) -> None:
        self.personal: Personal = "show" if personal else "hide"
        self.url, self._profile, self._connect = url, profile, connect
        # `sys.stdout` is None if standard output is closed (`>&-`)
        self.out = Printer(not (sys.stdout and sys.stdout.isatty()) if as_json is None else as_json)

    @cached_property
    def client(self) -> "JobFlow":
        """Return the client; raises ConfigurationError if no address is known."""
        return self.connect(self.url, profile=self._profile)

    def connect(self, url: str | None, token: str | None = None, profile: str | None = None) -> "JobFlow":
        """Return a client of an API."""
        from jobflow import JobFlow

        client = (self._connect or JobFlow)(url, token, profile=profile)
        client.personal = self.personal
        return client

    def id_of(self, text: str) -> str:
        """Return the complete id for an id, its first characters, or `@last`. Raises ConfigurationError or NotFound."""
        from jobflow.errors import ConfigurationError, NotFound

        if text == LAST:
            return self._last()
        if len(text) >= LONGEST_ID:
            return text.lower()
        if len(text) < SHORTEST_PREFIX:
            raise ConfigurationError(f"{text!r} is too short: type at least {SHORTEST_PREFIX} characters of an id.")
        if not OF_ID.fullmatch(text):
            raise NotFound(
                404,
                f"{text!r} cannot be the beginning of a job's id, which has digits, a to f and hyphens, like 6a1de45f.",
            )
        found = []
        for job in self.client.iterate(id_prefix=text):
            found.append(job.id)
            if len(found) > 1:
                raise ConfigurationError(f"{text!r} is the beginning of several ids, such as {' and '.join(found)}.")
        if not found:
            raise NotFound(404, f"No job's id begins with {text}.")
        return found[0]

    def remember(self, job_id: str) -> None:
        """Store an id as `@last` for this API."""
        path = _memory()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps({**_read(path), self.client.target.url: job_id}))
        except OSError as error:  # the home directory may be read-only; continue, because the job was created
            typer.echo(f"jobflow: {LAST} is not kept, {path} cannot be written: {error.strerror}", err=True)

    def _last(self) -> str:
        from jobflow.errors import ConfigurationError

        found = _read(_memory()).get(self.client.target.url)
        if found is None:
            raise ConfigurationError(f"There is no {LAST} yet: no job was created here with `jobflow jobs create`.")
        return str(found)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if "client" in self.__dict__:
            self.client.close()


def _memory() -> Path:
    home = os.environ.get("XDG_STATE_HOME") or Path(os.environ.get("HOME", "~")).expanduser() / ".local" / "state"
    return Path(home) / "jobflow" / "last.json"


def _read(path: Path) -> dict[str, Any]:
    try:
        known = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}
