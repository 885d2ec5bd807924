"""Check that the Runtime API refuses requests that no runtime sends; test_service.py tests those of a runtime."""

import asyncio

import httpx
import pytest

from infra.local.lambdas.invocation import Invocation
from infra.local.lambdas.runtime_api import RuntimeApi

BASE = "/2018-06-01/runtime"


class Runtime:
    """An environment with one invocation."""

    def __init__(self) -> None:
        self.invocation = Invocation("arn:f", {"a": 1}, timeout=5)

    async def next_invocation(self) -> Invocation:
        self.invocation.begin(cold_start=True)
        return self.invocation

    def answer(self, request_id: str, body: bytes, ok: bool) -> bool:
        return request_id == self.invocation.request_id

    def init_failed(self, body: bytes) -> None: ...


async def exchange(method: str, path: str, headers: dict[str, str]) -> httpx.Response:
    runtime = Runtime()
    api = RuntimeApi(runtime.next_invocation, runtime.answer, runtime.init_failed)
    address = await api.start()
    async with httpx.AsyncClient(base_url=f"http://{address}", timeout=60) as client:
        response = await client.request(method, f"{BASE}/{path}", content=b"1", headers=headers)
        again = await client.get(f"{BASE}/invocation/next")  # the connection is kept and can be used again
        assert again.json() == {"a": 1}
    api.close()
    return response


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "error"),
    [
        ("POST", "invocation/other/response", {}, 400, "InvalidRequestID"),
        ("GET", "unknown", {}, 404, ""),
        ("GET", "invocation/next", {"Origin": "http://localhost:9999"}, 403, "Runtime.Forbidden"),
        ("GET", "invocation/next", {"Sec-Fetch-Site": "cross-site"}, 403, "Runtime.Forbidden"),
        ("GET", "invocation/next", {"Host": "rebound.test"}, 403, "Runtime.Forbidden"),
    ],
    ids=["no invocation of that id", "no such call", "page", "page that says so", "page of another name"],
)
def test_what_no_runtime_asks_is_refused(
    method: str, path: str, headers: dict[str, str], status: int, error: str
) -> None:
    response = asyncio.run(exchange(method, path, headers))
    assert response.status_code == status
    assert error in response.text
