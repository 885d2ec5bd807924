"""Send requests to queues and streams of the emulator on an event loop, without threads.

A call costs a fraction of the CPU time of a call of botocore, because nothing is signed or checked: both ends run on
this machine, and the emulator reads only the names of the key, the region and the service.
"""

import json
from collections.abc import Mapping
from typing import Any

import aiohttp

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


class Calls:
    """Calls to the emulator of `aws`, environment variables that point to it. Use it on one event loop."""

    def __init__(self, aws: Mapping[str, str]) -> None:
        self._url = aws["AWS_ENDPOINT_URL"]
        self._key = aws.get("AWS_ACCESS_KEY_ID", "local")
        self._session: aiohttp.ClientSession | None = None

    async def call(self, service: Service, operation: str, asked: Mapping[str, Any], wait: int = 0) -> Any:
        """Return the answer to an operation, for which the emulator may wait some seconds. Raises CallFailed."""
        return (await self.sized(service, operation, asked, wait))[0]

    async def sized(self, service: Service, operation: str, asked: Mapping[str, Any], wait: int = 0) -> tuple[Any, int]:
        """Return the answer to an operation, and its bytes. Raises CallFailed."""
        name, target, content = service
        scope = f"{self._key}/20260101/{REGION}/{name}/aws4_request"
        headers = {
            "X-Amz-Target": f"{target}.{operation}",
            "Content-Type": content,
            "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none",
        }
        return await self._send("/", asked, headers, ANSWER_SECONDS + wait)

    async def end_polls(self, queue_url: str) -> None:
        """Let the emulator answer the receives that wait at a queue. Raises CallFailed."""
        await self._send("/_jobflow/polls", {"queue": queue_url.rpartition("/")[2]}, {}, ANSWER_SECONDS)

    async def _send(
        self, path: str, asked: Mapping[str, Any], headers: Mapping[str, str], seconds: float
    ) -> tuple[Any, int]:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar()
            )
        told = headers.get("X-Amz-Target", path)
        if self._session.closed:
            raise CallFailed(f"{told} is not sent: the connections are closed")
        timeout = aiohttp.ClientTimeout(total=seconds)
        sent = self._session.post(self._url + path, data=json.dumps(asked), headers=headers, timeout=timeout)
        try:
            async with sent as response:
                body = await response.read()
        except TimeoutError as error:
            raise NoAnswer(f"no answer to {told} within {seconds:.0f} seconds") from error
        except (aiohttp.ClientError, OSError) as error:
            raise CallFailed(f"no answer to {told}: {error}") from error
        try:
            answer = json.loads(body or b"{}")
        except ValueError:
            answer = {"message": body[:200].decode(errors="replace")}
        if response.status != 200:
            raise CallFailed(f"{told}: {response.status} {answer.get('__type', '')} {answer.get('message', '')}")
        return answer, len(body)

    async def close(self) -> None:
        """Close the connections; later calls fail."""
        if self._session is not None:
            await self._session.close()
