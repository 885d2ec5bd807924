"""Answer AWS requests at once, with the answers that the emulator gave to the same requests before."""

from collections import Counter
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
    """Handlers of botocore's events: they record the answers of one unit of work, then repeat those of each operation.

    The SDK does everything that a real request needs, except the connection: it serialises, signs and parses. The
    answers are recorded, so the work must not depend on parts of answers that would change. Requests of different
    operations may be sent at the same time, in any order.
    """

    answers: list[Answer] = field(default_factory=list)
    recording: bool = False
    replaying: bool = False
    asked: Counter[str] = field(default_factory=Counter)
    """Requests of each operation since the replay began."""

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
        self.replaying, self.asked = True, Counter()
        # Disable moto's handler: botocore calls every handler, and uses the first answer.
        botocore_stubber.enabled = False
        try:
            yield
        finally:
            self.replaying, botocore_stubber.enabled = False, True
        recorded = Counter(answer.operation for answer in self.answers)
        times = {self.asked[operation] / number for operation, number in recorded.items()}
        if len(times) > 1 or any(one % 1 for one in times):
            raise Misaligned(f"{dict(self.asked)} were asked for, {dict(recorded)} were recorded for one repetition")

    def _before_send(self, request: Any, event_name: str, **_: Any) -> AWSResponse | None:
        if not self.replaying:
            return None
        operation = event_name.rpartition(".")[2]
        answers = [answer for answer in self.answers if answer.operation == operation]
        if not answers:
            raise Misaligned(f"{operation} was asked for, and not recorded")
        answer = answers[self.asked[operation] % len(answers)]
        self.asked[operation] += 1
        return AWSResponse(request.url, answer.status, answer.headers, Raw(answer.body))

    def _received(self, response_dict: Any, event_name: str, **_: Any) -> None:
        if self.recording and response_dict:
            headers = HTTPHeaders.from_dict(dict(response_dict["headers"]))
            answer = Answer(event_name.rpartition(".")[2], response_dict["status_code"], headers, response_dict["body"])
            self.answers.append(answer)
