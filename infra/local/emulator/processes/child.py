"""Run the emulator as a child process: start it, query it, stop it; it ends with this process."""

import http.client
import json
import subprocess
import time
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from infra.local.ending import end

from .backends import BACKENDS, OURS

START_SECONDS = 30.0
STOP_SECONDS = 15.0
BACK_SECONDS = 600.0
"""Maximum seconds for restoring the last run. A hundred thousand jobs are restored within a minute."""
SAID = 2000
"""Maximum characters of the emulator's output that an error shows."""
REGION = "us-east-1"


class EmulatorError(RuntimeError):
    """The emulator did not start, or does not support a call."""


def environment_of(url: str) -> dict[str, str]:
    """Return the variables with which AWS clients use only the emulator at this address."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_EC2_METADATA_DISABLED": "true",
        # without this setting, botocore may put the account into the host name, which moto's streams do not accept
        "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
    }


class Emulator:
    """A running emulator. Make one with `start`; use it as a context manager, or call `stop`."""

    def __init__(self, process: "subprocess.Popen[bytes]", url: str, prefix: str) -> None:
        self.url = url
        self._process = process
        self._prefix = prefix

    @classmethod
    def start(
        cls,
        port: int = 0,
        backend: str = "moto",
        log_path: Path | None = None,
        state_path: Path | None = None,
        origins: Sequence[str] = (),
    ) -> Self:
        """Start an emulator on 127.0.0.1 and return it once it answers; port 0 uses a free port.

        `backend` is "moto" or "ministack" (the first start installs it). The output goes to `log_path`, or to this
        process's standard error. The state is kept in `state_path`; without it, moto keeps no state after its end, and
        ministack uses the project's .jobflow folder. Pages of `origins` may read and upload objects (only with moto;
        ministack does not check origins). The emulator ends when this process ends, whatever the reason. Raises
        EmulatorError if it does not answer within 30 seconds, ToolUnavailable if it cannot be installed.
        """
        chosen = BACKENDS[backend]
        log = log_path.open("ab") if log_path else None
        before = log.tell() if log else 0
        try:
            process, url = chosen.launch(port, log, state_path, origins)
        finally:
            if log:
                log.close()
        emulator = cls(process, url, chosen.prefix)
        try:
            emulator._wait_until_healthy()
        except EmulatorError as error:
            emulator.stop()
            raise EmulatorError(f"{error}{_last_lines(log_path, before)}") from error
        except BaseException:
            emulator.stop()
            raise
        return emulator

    @property
    def pid(self) -> int:
        """Return the id of the emulator's process."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Return True while the process runs."""
        return self._process.poll() is None

    def environment(self) -> dict[str, str]:
        """Return the variables with which AWS clients use only this emulator."""
        return environment_of(self.url)

    def reset(self) -> None:
        """Delete every table, queue, bucket and stack. Raises EmulatorError."""
        self._ask("POST", "reset", {})

    def advance(self, seconds: float) -> None:
        """Advance the clock of the queues, for visibility, delays and retention.

        Raises EmulatorError, also if the clock of this backend cannot be moved.
        """
        if self._prefix != OURS:
            raise EmulatorError("this backend's clock cannot be moved: use backend='moto' where a test needs it")
        self._ask("POST", "clock", {"advance": seconds})

    def judge_by(self, roles: Mapping[str, Any]) -> bool:
        """Let the emulator refuse requests that a function's role does not allow.

        Returns False if the backend does not support this.
        """
        if self._prefix == OURS:
            self._ask("POST", "roles", dict(roles))
        return self._prefix == OURS

    def bring_back(self, version: str, expiring: Mapping[str, str]) -> tuple[list[str], bool]:
        """Fill the tables, queues and buckets from the last run, if this backend does not do so itself at its start.

        Return sentences for the user, and whether everything must be made again, because it was deleted after an error.
        """
        if self._prefix != OURS:
            return [], False
        asked = {"version": version, "expiring": dict(expiring)}
        answer = json.loads(self._ask("POST", "back", asked, BACK_SECONDS))
        return answer["said"], answer["again"]

    def trouble(self) -> str:
        """Return why the last snapshot was not written, or not completely; empty if it was, or without an answer."""
        if self._prefix != OURS:
            return ""
        try:
            return str(json.loads(self._ask("GET", "health", None))["trouble"])
        except (EmulatorError, ValueError, TypeError, LookupError):  # another program may listen there now
            return ""

    def stop(self) -> None:
        """End the process with SIGTERM, then with SIGKILL. Do nothing the second time."""
        end(self._process, STOP_SECONDS)

    def _wait_until_healthy(self) -> None:
        ends_at = time.monotonic() + START_SECONDS
        while True:
            if self._process.poll() is not None:
                raise EmulatorError(f"the emulator ended at its start, code {self._process.returncode}")
            try:
                self._ask("GET", "health", None)
            except EmulatorError:
                if time.monotonic() > ends_at:
                    raise
                time.sleep(0.05)
            else:
                return

    def _ask(self, method: str, call: str, body: dict[str, Any] | None, seconds: float = START_SECONDS) -> str:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc or "127.0.0.1", timeout=seconds)
        try:
            connection.request(method, self._prefix + call, None if body is None else json.dumps(body))
            answer = connection.getresponse()
            sentence = answer.read().decode()
        except (OSError, http.client.HTTPException) as error:
            raise EmulatorError(f"the emulator did not answer {call}: {error}") from error
        finally:
            connection.close()
        if answer.status != HTTPStatus.OK:
            raise EmulatorError(f"the emulator refused {call}: {sentence}")
        return sentence

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _last_lines(log: Path | None, begin: int) -> str:
    """Return the end of what was written to the log after `begin` (bytes), on lines of its own; empty without any."""
    if log is None:
        return ""
    said = log.read_bytes()[begin:].decode(errors="replace").strip()
    return said and f":\n{said[-SAID:]}"
