"""Run a faulty proxy in front of the emulator.

It throttles, fails, ends connections, and loses replies after commits.
"""

import asyncio
import json
import random
import threading
from collections import Counter
from dataclasses import dataclass, field

import httpx
from aiohttp import web

from infra.local.emulator.serving.server import Reply, Request, answering, server

SERVICES = ("DynamoDB_20120810.", "AmazonSQS.")
"""The requests into which faults are injected: those of the platform to its tables and queues."""
HOP_BY_HOP = frozenset({"connection", "content-length", "transfer-encoding", "date", "keep-alive"})
DROPPED = Reply(599, [])
"""The fault that ends a connection without an answer."""
LAMBDA = "Lambda"
NAMES = {"DynamoDB_20120810.": "DynamoDB", "AmazonSQS.": "SQS"}
"""Names of the services in an outage."""
THROTTLED = {
    "DynamoDB_20120810.": (400, "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"),
    "AmazonSQS.": (403, "com.amazonaws.sqs#RequestThrottled"),
}


@dataclass
class Weather:
    """The probability of each fault in a request (0 to 1); `calm` ends all faults. All injected faults are counted."""

    rng: random.Random
    throttled: float = 0.01
    failed: float = 0.005
    reset: float = 0.005
    reply_lost: float = 0.01
    factor: float = 1.0
    calm: bool = True
    out: set[str] = field(default_factory=set)
    """The services that refuse every request: DynamoDB, SQS, Lambda."""
    seen: Counter[str] = field(default_factory=Counter)

    def refuses(self, name: str) -> bool:
        """Return whether the service is unavailable, and count the request that it refuses."""
        if name not in self.out:
            return False
        self.seen[f"refused by {name}"] += 1
        return True

    def fault(self, service: str) -> str | None:
        """Return the fault for the next request to a service (the prefix of its target); None for no fault."""
        if self.refuses(NAMES[service]):
            return "throttled"
        if self.calm:
            return None
        dice = self.rng.random() / self.factor
        for name in ("throttled", "failed", "reset", "reply_lost"):
            dice -= getattr(self, name)
            if dice < 0:
                self.seen[name] += 1
                return name
        return None


class Wire:
    """The proxy, on its own loop and thread. Clients use `url` instead of `upstream`."""

    def __init__(self, upstream: str, weather: Weather) -> None:
        self._upstream = upstream
        self._weather = weather
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="wire", daemon=True)
        self._thread.start()
        self.url = asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)

    def close(self) -> None:
        """End the proxy and every connection through it."""
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    async def _start(self) -> str:
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=200)
        self._client = httpx.AsyncClient(base_url=self._upstream, timeout=60, limits=limits, trust_env=False)
        self._server = await self._loop.create_server(server(self._answer), "127.0.0.1", 0)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def _stop(self) -> None:
        self._server.close()
        await self._client.aclose()

    async def _answer(self, sent: web.BaseRequest) -> web.Response:
        response = await answering(self._pass)(sent)
        if response.status == DROPPED.status and sent.transport is not None:
            sent.transport.abort()
        return response

    async def _pass(self, request: Request) -> Reply:
        service = next((s for s in SERVICES if request.headers.get("x-amz-target", "").startswith(s)), None)
        fault = self._weather.fault(service) if service else None
        if fault == "reset":
            return DROPPED
        if fault == "failed":
            return Reply(500, [("Content-Type", "application/x-amz-json-1.0")], b'{"__type":"InternalServerError"}')
        if fault == "throttled" and service is not None:
            status, kind = THROTTLED[service]
            return Reply(status, [("Content-Type", "application/x-amz-json-1.0")], _error(kind))
        reply = await self._forward(request)
        return DROPPED if fault == "reply_lost" else reply

    async def _forward(self, request: Request) -> Reply:
        headers = [(k, v) for k, v in request.raw_headers if k.lower() not in HOP_BY_HOP]
        try:
            answer = await self._client.request(request.method, request.target, headers=headers, content=request.body)
        except httpx.HTTPError:
            return DROPPED
        kept = [(k, v) for k, v in answer.headers.items() if k not in HOP_BY_HOP | {"content-encoding"}]
        return Reply(answer.status_code, kept, answer.content)


def _error(kind: str) -> bytes:
    return json.dumps({"__type": kind, "message": "Rate exceeded"}).encode()
