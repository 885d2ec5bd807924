"""Run the functions of one version: a process that calls them as lines on standard input request.

It runs with the version's own tree as its path, and uses only what the cloud uses of a version: its API behind API
Gateway, and its functions' names. Its clock is ahead by a given time, and a sleep advances it further.
"""

import importlib
import json
import os
import sys
import threading  # noqa: F401 - imported before the clock is replaced: its own waits are real
import time
from pathlib import Path
from typing import Any

from botocore.httpsession import URLLib3Session

DIED = 9


class Clock:
    """The time of this process: real time plus `ahead` seconds."""

    def __init__(self) -> None:
        self.ahead = 0.0
        real, monotonic = time.time, time.monotonic
        time.time = lambda: real() + self.ahead
        time.monotonic = lambda: monotonic() + self.ahead
        time.sleep = self.sleep  # type: ignore[assignment]

    def sleep(self, seconds: float) -> None:
        """Advance the clock at once."""
        self.ahead += seconds


class Requests:
    """The requests to AWS. After `left` more requests, the process dies before or after the next request.

    With `renamed` (two names of the same length), the version uses another name for a field, wherever it writes or
    reads it.
    """

    def __init__(self, renamed: list[str]) -> None:
        self.left, self.after = 0, False
        self._ours, self._theirs = [f'"{name}"'.encode() for name in renamed] or [b"", b""]
        session: Any = URLLib3Session
        real = session.send
        session.send = lambda sender, request: self.send(real, sender, request)

    def send(self, real: Any, sender: Any, request: Any) -> Any:
        """Send a request, or die."""
        self.left -= 1
        if self.left == 0 and not self.after:
            os._exit(DIED)
        if self._ours and isinstance(request.body, bytes):
            request.body = request.body.replace(self._ours, self._theirs)
        answer = real(sender, request)
        if self.left == 0 and self.after:
            os._exit(DIED)
        if self._ours:
            answer.headers.pop("x-amz-crc32", None)
            answer._content = answer.content.replace(self._theirs, self._ours)
        return answer


class Context:
    """Lambda's context object."""

    function_name = "proof"
    function_version = "$LATEST"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:proof"
    log_stream_name = log_group_name = "proof"

    def __init__(self, number: int, seconds: float) -> None:
        self.aws_request_id = f"{os.environ['PROOF_VERSION']}-{os.getpid()}-{number}"
        self._ends = time.time() + seconds

    def get_remaining_time_in_millis(self) -> int:
        """Return how much of the timeout is left."""
        return int((self._ends - time.time()) * 1000)


class Version:
    """The API and the functions of the tree that is this process's path."""

    def __init__(self) -> None:
        tree = importlib.import_module("app")
        # the local replacement for API Gateway is not part of the cloud: each version has its own, in another place
        [found] = Path("infra").glob("**/api/gateway.py")
        gateway: Any = importlib.import_module(".".join(found.with_suffix("").parts))
        known = json.loads(Path(".chalice", "config.json").read_text())
        if hasattr(tree, "handler"):
            told: tuple[Any, ...] = (tree.handler, known["lambda_timeout"])
        else:  # a version with a REST API
            told = (importlib.import_module("chalice.config").Config("dev", config_from_disk=known),)
        self._gateway = gateway.Gateway(tree.app, *told, os.environ["CORS_ORIGIN"])

    def request(self, method: str, path: str, headers: dict[str, str], body: Any) -> dict[str, Any]:
        """Make a request to the API."""
        sent = b"" if body is None else json.dumps(body).encode()
        told = {"content-type": "application/json", "content-length": str(len(sent)), **headers}
        answer = self._gateway.handle_request(method, path, told, sent)
        text = answer["body"]
        return {"status": answer["statusCode"], "json": json.loads(text) if text else None}

    def invoke(self, handler: str, event: Any, number: int, seconds: float) -> dict[str, Any]:
        """Invoke a function by the path of its handler."""
        module, _, name = handler.rpartition(".")
        try:
            return {"answer": getattr(importlib.import_module(module), name)(event, Context(number, seconds))}
        except Exception as error:
            return {"error": f"{type(error).__name__}: {error}"}

    def store(self, token: str) -> dict[str, Any]:
        """Store the token of an administrator."""
        importlib.import_module("infra.local.state.dev_token").store(token)
        return {}


def main() -> None:
    """Do what each input line requests, and answer with a line."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    clock, requests = Clock(), Requests(json.loads(os.environ["PROOF_RENAMED"]))
    version = Version()
    print("{}", file=answers, flush=True)
    for number, line in enumerate(sys.stdin):
        asked = json.loads(line)
        clock.ahead = asked.pop("ahead")
        requests.left, requests.after = asked.pop("dies", 0), asked.pop("after", False)
        what = asked.pop("what")
        if what == "invoke":
            asked["number"] = number
        answer = getattr(version, what)(**asked)
        print(json.dumps({**answer, "ahead": clock.ahead}), file=answers, flush=True)


if __name__ == "__main__":
    main()
