"""Answer AWS requests at once, with the answers that the emulator gave to the same requests before."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from moto.core.models import botocore_stubber


class Misaligned(Exception):
    """The requests of a repetition differ from those of the recorded work."""


@dataclass(frozen=True)
class Answer:
    """One HTTP answer, and its operation."""

    operation: str
    status: int
    headers: HTTPHeaders
    body: bytes


@dataclass(frozen=True)
class Raw:
    """The part of urllib3's response that botocore reads."""

    body: bytes

    def stream(self, **_: Any) -> Iterator[bytes]:
        """Yield the body, as one piece."""
        yield self.body


@dataclass
class Canned:
    """Handlers of botocore's events: they record the answers of one unit of work, then repeat them in turn.

    The SDK does everything that a real request needs, except the connection: it serialises, signs and parses. The
    answers are recorded, so the work must not depend on parts of answers that would change.
    """

    answers: list[Answer] = field(default_factory=list)
    recording: bool = False
    replaying: bool = False
    place: int = 0

    def register(self, session: Any) -> None:
        """Let each client that `session` makes from now on call these handlers first."""
        emitter = session.get_component("event_emitter")
        emitter.register_first("before-send", self._before_send)
        emitter.register_first("response-received", self._received)

    @contextmanager
    def record(self) -> Iterator[None]:
        """Record the answers to the requests in the block, replacing earlier ones."""
        self.answers, self.recording = [], True
        try:
            yield
        finally:
            self.recording = False

    @contextmanager
    def replay(self) -> Iterator[None]:
        """Answer the requests in the block.

        Raises Misaligned if they do not repeat the recorded work a whole number of times.
        """
        self.replaying, self.place = True, 0
        # Disable moto's handler: botocore calls every handler, and uses the first answer.
        botocore_stubber.enabled = False
        try:
            yield
        finally:
            self.replaying, botocore_stubber.enabled = False, True
        if self.answers and self.place % len(self.answers):
            raise Misaligned(f"{self.place} requests, but {len(self.answers)} were recorded for one repetition")

    def _before_send(self, request: Any, event_name: str, **_: Any) -> AWSResponse | None:
        if not self.replaying:
            return None
        operation = event_name.rpartition(".")[2]
        answer = self.answers[self.place % len(self.answers)] if self.answers else None
        if answer is None or answer.operation != operation:
            raise Misaligned(f"{operation} was asked for, {answer and answer.operation} was recorded")
        self.place += 1
        return AWSResponse(request.url, answer.status, answer.headers, Raw(answer.body))

    def _received(self, response_dict: Any, event_name: str, **_: Any) -> None:
        if self.recording and response_dict:
            headers = HTTPHeaders.from_dict(dict(response_dict["headers"]))
            answer = Answer(event_name.rpartition(".")[2], response_dict["status_code"], headers, response_dict["body"])
            self.answers.append(answer)
