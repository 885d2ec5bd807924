"""The emulator as a child process: started, asked, stopped, and never left behind."""

import http.client
import json
import subprocess
import sys
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

START_SECONDS = 30.0
STOP_SECONDS = 10.0
REGION = "us-east-1"


class EmulatorError(RuntimeError):
    """The emulator did not start, or refused a control call."""


class Emulator:
    """A running emulator. Make one with `start`; use it as a context manager, or call `stop`."""

    def __init__(self, process: subprocess.Popen[bytes], url: str) -> None:
        self._process = process
        self.url = url

    @classmethod
    def start(cls, port: int = 0, backend: str = "moto", log_path: Path | None = None) -> Self:
        """Start an emulator on 127.0.0.1 and return it once it answers; port 0 takes a free one.

        Its output goes to `log_path`, or to this process's standard error. Raises EmulatorError if it does not
        come up within 30 seconds.
        """
        command = [sys.executable, "-m", "infra.local.emulator", "--port", str(port), "--backend", backend]
        log = log_path.open("ab") if log_path else None
        try:
            process = subprocess.Popen(
                [*command, "--die-with-parent"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=Path(__file__).parents[3],
            )
        finally:
            if log:
                log.close()
        url = process.stdout.readline().decode().strip() if process.stdout else ""
        emulator = cls(process, url)
        if not url.startswith("http://"):
            emulator.stop()
            raise EmulatorError(f"the emulator ended at its start with code {process.returncode}; see its log")
        return emulator

    @property
    def pid(self) -> int:
        """The id of the emulator's process."""
        return self._process.pid

    def environment(self) -> dict[str, str]:
        """The variables that make any AWS client of a process talk to this emulator and to nothing else."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_EC2_METADATA_DISABLED": "true",
            # without it botocore puts the account into the host name, which moto's streams do not know
            "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
        }

    def reset(self) -> None:
        """Forget every table, queue, bucket and stack. Raises EmulatorError."""
        self._post("/_jobflow/reset", {})

    def advance(self, seconds: float) -> None:
        """Move the queues' clock forward: visibility, delays and retention follow. Raises EmulatorError."""
        self._post("/_jobflow/clock", {"advance": seconds})

    def stop(self) -> None:
        """End the process: politely, then for certain. Does nothing the second time."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()

    def _post(self, path: str, body: dict[str, Any]) -> None:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=START_SECONDS)
        try:
            connection.request("POST", path, json.dumps(body))
            answer = connection.getresponse()
            sentence = answer.read().decode()
        except OSError as error:
            raise EmulatorError(f"the emulator did not answer {path}: {error}") from error
        finally:
            connection.close()
        if answer.status != HTTPStatus.OK:
            raise EmulatorError(f"the emulator refused {path}: {sentence}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
