"""The Runtime API on the wire."""

import asyncio
import json

import httpx
import pytest

from infra.local.lambdas.invocation import Invocation
from infra.local.lambdas.runtime_api import RuntimeApi

BASE = "/2018-06-01/runtime"


class Recorder:
    """An environment that hands out one invocation and records what comes back."""

    def __init__(self, invocation: Invocation) -> None:
        self.invocation = invocation
        self.answers: list[tuple[str, bytes, bool]] = []
        self.init_errors: list[bytes] = []

    async def next_invocation(self) -> Invocation:
        self.invocation.begin(cold_start=True)
        return self.invocation

    def answer(self, request_id: str, body: bytes, *, ok: bool) -> bool:
        self.answers.append((request_id, body, ok))
        return request_id == self.invocation.request_id

    def init_failed(self, body: bytes) -> None:
        self.init_errors.append(body)


async def exchange(
    method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
) -> tuple[httpx.Response, Recorder]:
    runtime = Recorder(Invocation("arn:f", {"a": 1}, timeout=5))
    api = RuntimeApi(runtime)
    address = await api.start()
    path = path.replace("ID", runtime.invocation.request_id)
    async with httpx.AsyncClient(base_url=f"http://{address}") as client:
        response = await client.request(method, path, content=body, headers=headers)
        again = await client.get(f"{BASE}/invocation/next")  # the connection is kept and still in step
        assert again.status_code == 200
    api.close()
    return response, runtime


def test_next_carries_the_event_and_its_headers() -> None:
    response, runtime = asyncio.run(exchange("GET", f"{BASE}/invocation/next"))

    assert response.json() == {"a": 1}
    assert response.headers["lambda-runtime-aws-request-id"] == runtime.invocation.request_id
    assert response.headers["lambda-runtime-invoked-function-arn"] == "arn:f"
    assert response.headers["lambda-runtime-trace-id"].startswith("Root=1-")
    assert int(response.headers["lambda-runtime-deadline-ms"]) > 1_700_000_000_000


@pytest.mark.parametrize(("call", "ok"), [("response", True), ("error", False)])
def test_an_outcome_is_accepted(call: str, ok: bool) -> None:
    response, runtime = asyncio.run(exchange("POST", f"{BASE}/invocation/ID/{call}", b'"done"'))

    assert response.status_code == 202
    assert runtime.answers == [(runtime.invocation.request_id, b'"done"', ok)]


def test_an_init_error_is_accepted() -> None:
    response, runtime = asyncio.run(exchange("POST", f"{BASE}/init/error", b"{}"))

    assert response.status_code == 202
    assert runtime.init_errors == [b"{}"]


def test_an_outcome_of_no_invocation_is_refused() -> None:
    response, _ = asyncio.run(exchange("POST", f"{BASE}/invocation/other/response", b"1"))

    assert response.status_code == 400
    assert json.loads(response.content)["errorType"] == "InvalidRequestID"


def test_an_unknown_call_is_refused() -> None:
    response, _ = asyncio.run(exchange("GET", f"{BASE}/unknown"))

    assert response.status_code == 404


def test_an_answer_beyond_the_limit_is_refused_and_fails_the_invocation() -> None:
    response, runtime = asyncio.run(exchange("POST", f"{BASE}/invocation/ID/response", b"x" * (6 * 1024 * 1024 + 1)))

    assert response.status_code == 413
    ((request_id, body, ok),) = runtime.answers
    assert (request_id, ok) == (runtime.invocation.request_id, False)
    assert json.loads(body)["errorType"] == "Function.ResponseSizeTooLarge"


@pytest.mark.parametrize(
    "headers", [{"Origin": "http://localhost:9999"}, {"Sec-Fetch-Site": "cross-site"}, {"Host": "rebound.test"}]
)
def test_a_web_page_gets_no_invocation(headers: dict[str, str]) -> None:
    response, _ = asyncio.run(exchange("GET", f"{BASE}/invocation/next", headers=headers))

    assert response.status_code == 403
    assert response.json()["errorType"] == "Runtime.Forbidden"
