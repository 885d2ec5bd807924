"""Test the local API's server byte by byte: which requests arrive, which are refused, and what its end waits for."""

import asyncio
import json
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO

import pytest

from infra.local.api.gateway import Answer, Gateway
from infra.local.api.server import ARRIVE_SECONDS, MAX_HEAD_BYTES, Server
from tests.infra.local.api.running import Serving, serving

UPGRADE = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n"
ORIGIN = "http://localhost:8080"
LARGE = 30_000_000
Told = tuple[int, dict[str, str], bytes]


class Echo(Gateway):
    """Answer with what has arrived. The path may ask for a status, a large answer."""

    def __init__(self) -> None:
        self.origin = ORIGIN

    def handle_request(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        told = json.dumps({"method": method, "target": target, "body": body.decode(), "names": sorted(headers)})
        answer = {"statusCode": 200, "headers": {}, "body": told, "isBase64Encoded": False}
        if target.startswith("/status/"):
            answer["statusCode"] = int(target.rpartition("/")[2])
        elif target == "/large":
            answer["body"] = LARGE * "x"
        return answer


class Wire:
    """One connection."""

    def __init__(self, listener: socket.socket) -> None:
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        self.socket.settimeout(30)
        self.socket.connect(listener.getsockname())
        self.file: IO[bytes] = self.socket.makefile("rb")

    def send(self, line: str, headers: str = "", body: str = "", *, length: int | None = None) -> None:
        """Send a request, with the length of its body unless another is given; negative: without a length."""
        told = len(body) if length is None else length
        size = f"Content-Length: {told}\r\n" if told >= 0 else ""
        self.socket.sendall(f"{line} HTTP/1.1\r\nHost: localhost\r\n{size}{headers}\r\n{body}".encode())

    def head(self) -> tuple[int, dict[str, str]]:
        """Read the head of an answer."""
        status, headers = int(self.file.readline().split()[1]), dict[str, str]()
        while (line := self.file.readline().decode().strip()) != "":
            name, _, value = line.partition(": ")
            headers[name.lower()] = value
        return status, headers

    def answer(self, *, of_head: bool = False) -> Told:
        """Read an answer: its status, its headers, its body."""
        status, headers = self.head()
        return status, headers, b"" if of_head else self.file.read(int(headers.get("content-length", 0)))

    def arrived(self) -> str:
        """Return the body that the API has received."""
        status, _, body = self.answer()
        assert status == 200
        return str(json.loads(body)["body"])

    def has_ended(self) -> bool:
        """Return True if the server has closed the connection."""
        try:
            return self.file.read(1) == b""
        except ConnectionResetError:
            return True


@contextmanager
def opened() -> Iterator[tuple[Serving, Wire]]:
    with socket.create_server(("127.0.0.1", 0)) as listener, serving(listener, Echo()) as server:
        wire = Wire(listener)
        yield server, wire
        wire.file.close()
        wire.socket.close()


@pytest.fixture
def wire() -> Iterator[Wire]:
    with opened() as (_, wire):
        yield wire


@pytest.mark.parametrize("apart", [False, True], ids=["one segment", "two segments"])
def test_a_request_that_offers_another_protocol_is_answered_with_its_body(wire: Wire, apart: bool) -> None:
    if apart:
        wire.send("POST /things", f"{UPGRADE}Expect: 100-continue\r\n", length=3)
        assert wire.head()[0] == 100
        wire.socket.sendall(b"abc")
    else:
        wire.send("POST /things", UPGRADE, "abc")
    status, headers, body = wire.answer()
    assert (status, json.loads(body)["body"]) == (200, "abc")
    assert "connection" not in headers, "it stays open"
    wire.send("POST /things", UPGRADE, "one")
    wire.send("POST /things", "", "two")
    assert [wire.arrived(), wire.arrived()] == ["one", "two"]


def test_a_page_that_offers_another_protocol_is_still_refused(wire: Wire) -> None:
    wire.send("GET /", "Origin: http://evil.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n")
    assert wire.answer()[0] == 403
    assert wire.has_ended()


def test_an_offer_keeps_the_wish_to_end_the_connection(wire: Wire) -> None:
    wire.send("GET /", "Connection: Upgrade, close\r\nUpgrade: h2c\r\n")
    assert wire.answer()[1]["connection"] == "close"
    assert wire.has_ended()


def test_a_body_is_asked_for_once_and_only_if_it_is_wanted(wire: Wire) -> None:
    wire.send("POST /things", "Expect: 100-continue\r\n", length=3)
    assert wire.head()[0] == 100
    wire.socket.sendall(b"abc")
    assert wire.arrived() == "abc"
    wire.send("POST /things", "Expect: 100-continue\r\nOrigin: http://evil.test\r\n", length=3)
    assert wire.answer()[0] == 403


def test_requests_that_are_sent_at_once_are_answered_in_order(wire: Wire) -> None:
    numbers = [str(number) for number in range(20)]
    request = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{}"
    wire.socket.sendall("".join(request.format(len(number), number) for number in numbers).encode())
    assert [wire.arrived() for _ in numbers] == numbers


def test_answers_without_content_keep_the_connection_in_step(wire: Wire) -> None:
    for status in (204, 304):
        wire.send(f"GET /status/{status}")
        found, headers, _ = wire.answer()
        assert (found, "content-length" in headers) == (status, False)
    wire.send("HEAD /things")
    assert int(wire.answer(of_head=True)[1]["content-length"]) > 0
    wire.send("POST /things", body="x")
    assert wire.arrived() == "x"


@pytest.mark.parametrize(
    ("line", "headers", "status"),
    [
        (f"GET /{MAX_HEAD_BYTES * 'x'}", "", 414),
        ("GET /", f"X-Long: {MAX_HEAD_BYTES * 'x'}\r\n", 431),
        ("GET /", "".join(f"X-{number}: {100 * 'x'}\r\n" for number in range(200)), 431),
        ("POST /", f"X-Long: {MAX_HEAD_BYTES * 'x'}\r\nExpect: 100-continue\r\n", 431),
    ],
    ids=["address", "header", "headers", "expects"],
)
def test_what_api_gateway_finds_too_long_is_refused(wire: Wire, line: str, headers: str, status: int) -> None:
    wire.send(line, headers)
    found, _, body = wire.answer()
    assert found == status
    assert "message" in json.loads(body), "as API Gateway's own errors"
    assert wire.has_ended()


def test_a_long_request_within_the_limit_is_answered(wire: Wire) -> None:
    wire.send(f"POST /{4_000 * 'x'}", f"X-Long: {6_000 * 'x'}\r\n", "abc")
    assert wire.arrived() == "abc"


@pytest.mark.parametrize("endless", [b"x", b"X-Name: \r\n"], ids=["a header", "names"])
def test_a_head_without_an_end_is_refused(wire: Wire, endless: bytes) -> None:
    wire.socket.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-")
    with pytest.raises(ConnectionError):  # noqa: PT012 - one of the writes fails
        for _ in range(1_000):
            wire.socket.sendall(endless * (100_000 // len(endless)))


@pytest.mark.parametrize("length", ["many", "-1", "1\r\nContent-Length: 2"])
def test_a_wrong_length_is_refused(wire: Wire, length: str) -> None:
    wire.send("POST /", f"Content-Length: {length}\r\n", length=-1)
    assert wire.answer()[0] == 400
    assert wire.has_ended()


def test_a_wrong_request_leaves_no_secret_in_the_log(wire: Wire, caplog: pytest.LogCaptureFixture) -> None:
    wire.send("GET /", "Authorization: Bearer jf_secret\0\r\n")
    assert wire.answer()[0] == 400
    assert "jf_secret" not in caplog.text


def test_an_end_waits_for_a_body_that_arrives_and_for_an_answer_that_is_read_slowly() -> None:
    with opened() as (server, wire):
        wire.send("POST /large", "Expect: 100-continue\r\n", length=3)
        wire.head()
        server.leave()
        wire.socket.sendall(b"abc")
        status, headers = wire.head()
        assert (status, headers["connection"]) == (200, "close")
        assert not server.has_ended(2.5), "its answer is on its way"
        assert len(wire.file.read()) == LARGE
        assert server.has_ended()


def test_an_end_does_not_wait_for_an_idle_connection() -> None:
    with opened() as (server, wire):
        wire.send("POST /things", body="x")
        assert wire.arrived() == "x"
        server.leave()
        assert server.has_ended()


def test_a_request_that_arrives_at_the_last_moment_is_answered() -> None:
    async def play(listener: socket.socket) -> None:
        server = Server(Echo())
        serving = asyncio.create_task(server.serve(listener.dup(), lambda _: None))
        wire = Wire(listener)
        wire.send("POST /things", body="one")
        assert await asyncio.to_thread(wire.arrived) == "one"

        def arrive_while_the_loop_is_busy() -> None:
            time.sleep(0.01)
            wire.send("POST /things", body="two")
            time.sleep(0.01)

        server.leave()
        await asyncio.sleep(0)
        asyncio.get_running_loop().call_later(ARRIVE_SECONDS - 0.005, arrive_while_the_loop_is_busy)
        status, headers, body = await asyncio.to_thread(wire.answer)
        assert (status, headers["connection"], json.loads(body)["body"]) == (200, "close", "two")
        await serving
        wire.file.close()
        wire.socket.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        asyncio.run(play(listener))
