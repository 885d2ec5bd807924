"""Send requests to queues and streams of the emulator on an event loop, without threads.

A call costs about a tenth of the CPU time of a call of botocore, because nothing is signed or checked: both ends run on
this machine, and the emulator reads only the names of the key, the region and the service.
"""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlsplit

import httptools

from infra.local.lambdas.specs import REGION

SQS = ("sqs", "AmazonSQS", "application/x-amz-json-1.0")
STREAMS = ("dynamodb", "DynamoDBStreams_20120810", "application/x-amz-json-1.0")
Service = tuple[str, str, str]
ANSWER_SECONDS = 10.0
"""Maximum time for an answer, in addition to the time for which the call asks the emulator to wait."""


class CallFailed(Exception):
    """The emulator refused a call, or did not answer it."""


class NoAnswer(CallFailed):
    """The emulator did not answer in time: it may be writing a snapshot."""


class Connection(asyncio.Protocol):
    """A connection to the emulator, for one call at a time."""

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._body: list[bytes] = []
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self.open = False
        self.used = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)
        self.open = True

    def connection_lost(self, exc: Exception | None) -> None:
        """Let a call that waits for its answer fail."""
        self.open = False
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionError(str(exc or "The connection was closed.")))

    def data_received(self, data: bytes) -> None:
        """Read a part of an answer."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.end()

    def on_message_begin(self) -> None:
        """Begin an answer."""
        self._body = []

    def on_body(self, chunk: bytes) -> None:
        """Keep a part of the body."""
        self._body.append(chunk)

    def on_message_complete(self) -> None:
        """Give the answer to the call."""
        if not self._parser.should_keep_alive():
            self.open = False
            self._transport.close()
        if self._answer is not None and not self._answer.done():
            self._answer.set_result((self._parser.get_status_code(), b"".join(self._body)))

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Return the status and the body of the answer. Raises ConnectionError."""
        self.used = True
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def send_no_more(self) -> None:
        """Tell the emulator that nothing follows, so that it ends a call that waits. An answer on its way arrives."""
        if self.open:
            self.open = False
            self._transport.write_eof()

    def end(self) -> None:
        """Close the connection at once."""
        self.open = False
        self._transport.abort()


class Calls:
    """Calls to the emulator of `aws`, environment variables that point to it. Use it on one event loop."""

    def __init__(self, aws: Mapping[str, str]) -> None:
        address = urlsplit(aws["AWS_ENDPOINT_URL"])
        self._host, self._port = address.hostname or "127.0.0.1", address.port or 80
        self._key = aws.get("AWS_ACCESS_KEY_ID", "local")
        self._idle: list[Connection] = []

    async def call(self, service: Service, operation: str, asked: Mapping[str, Any], wait: "Wait | None" = None) -> Any:
        """Return the answer to an operation. Raises CallFailed."""
        return (await self.sized(service, operation, asked, wait))[0]

    async def sized(
        self, service: Service, operation: str, asked: Mapping[str, Any], wait: "Wait | None" = None
    ) -> tuple[Any, int]:
        """Return the answer to an operation, and its bytes. Raises CallFailed."""
        request = self._request(service, operation, json.dumps(asked).encode())
        seconds = ANSWER_SECONDS + (wait.seconds if wait else 0)
        try:
            async with asyncio.timeout(seconds):
                status, body = await self._answer(request, wait)
        except TimeoutError as error:
            raise NoAnswer(f"no answer to {operation} within {seconds:.0f} seconds") from error
        except OSError as error:
            raise CallFailed(f"no answer to {operation}: {error}") from error
        try:
            answer = json.loads(body or b"{}")
        except ValueError:
            answer = {"message": body[:200].decode(errors="replace")}
        if status != 200:
            raise CallFailed(f"{operation}: {status} {answer.get('__type', '')} {answer.get('message', '')}")
        return answer, len(body)

    async def _answer(self, request: bytes, wait: "Wait | None") -> tuple[int, bytes]:
        while True:
            connection = await self._connection()
            kept = connection.used
            if wait is not None:
                if wait.ended:
                    connection.end()
                    raise ConnectionError("The wait was ended.")
                wait.connection = connection
            try:
                answer = await connection.ask(request)
            except ConnectionError:
                # The emulator may close a kept connection just before a call; try a new one.
                if kept and not (wait and wait.ended):
                    continue
                raise
            except asyncio.CancelledError:
                connection.end()
                raise
            finally:
                if wait is not None:
                    wait.connection = None
            if connection.open:
                self._idle.append(connection)
            else:
                connection.end()
            return answer

    async def _connection(self) -> Connection:
        while self._idle:
            connection = self._idle.pop()
            if connection.open:
                return connection
        loop = asyncio.get_running_loop()
        _, made = await loop.create_connection(Connection, self._host, self._port)
        return made

    def _request(self, service: Service, operation: str, body: bytes) -> bytes:
        name, target, content = service
        scope = f"{self._key}/20260101/{REGION}/{name}/aws4_request"
        head = (
            f"POST / HTTP/1.1\r\nHost: {self._host}:{self._port}\r\nX-Amz-Target: {target}.{operation}\r\n"
            f"Content-Type: {content}\r\nContent-Length: {len(body)}\r\n"
            f"Authorization: AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none\r\n\r\n"
        )
        return head.encode() + body

    async def close(self) -> None:
        """Close the connections."""
        while self._idle:
            self._idle.pop().end()


class Wait:
    """A call for which the emulator waits up to `seconds` until it has something to answer.

    `patience`: maximum seconds for an answer on its way when the wait is ended.
    """

    def __init__(self, seconds: int, patience: float = ANSWER_SECONDS) -> None:
        self.seconds = seconds
        self._patience = patience
        self.connection: Connection | None = None
        self.ended = False

    def end(self) -> None:
        """End the wait now: the call fails, unless its answer is already on its way."""
        self.ended = True
        if self.connection is not None:
            self.connection.send_no_more()
            # The emulator closes the connection at once, unless it is suspended.
            asyncio.get_running_loop().call_later(self._patience, self.connection.end)
