"""Test the local gateway over real HTTP, with a test's app."""

import http.client
import socket
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest
from chalice import Chalice, CORSConfig, Response

from chalicelib.api.http.http_api import HttpApi
from infra.local.api.gateway import Answer, Gateway, Handler
from infra.local.api.server import MAX_BODY_BYTES
from tests.infra.local.api.running import serving

ORIGIN = "http://localhost:8080"


def make_app() -> tuple[Chalice, Handler]:
    # Chalice writes its name into the given environment, else into that of this process
    app = Chalice(app_name="gateway-test", configure_logs=False, env={})

    def thing(name: str) -> dict[str, str]:
        request = app.current_request
        asked = {"name": name, "request_id": request.context["requestId"], "cookie": request.headers.get("cookie", "")}
        return {**asked, "long": 5000 * "x"} if name == "long" else asked

    def create() -> dict[str, int]:
        return {"bytes": len(app.current_request.raw_body)}

    app.route("/things/{name}", methods=["GET"], cors=CORSConfig(allow_origin=ORIGIN))(thing)
    app.route("/things", methods=["POST", "PUT"], content_types=["*/*"])(create)
    methods = {path: frozenset(entries) for path, entries in app.routes.items()}

    def complete(response: Response, correlation_id: str) -> Response:
        response.headers |= {"Access-Control-Allow-Origin": ORIGIN, "X-Correlation-Id": correlation_id}
        return response

    api = HttpApi(app, lambda _: methods, complete)

    def handle(event: Mapping[str, Any], context: Any) -> Answer:
        if event["rawPath"] == "/broken":
            raise RuntimeError("the function broke")
        return api(event, context)

    return app, handle


def make_gateway() -> Gateway:
    return Gateway(*make_app(), 29, ORIGIN)


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with socket.create_server(("127.0.0.1", 0)) as listener, serving(listener, make_gateway()):
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with httpx.Client(base_url=url, timeout=60) as client:
            yield client


def assert_problem(answer: httpx.Response, status: int) -> None:
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answer.headers["x-correlation-id"] == answer.json()["correlation_id"]
    assert answer.json()["status"] == status


@pytest.mark.parametrize(
    ("method", "path", "status", "more"),
    [("GET", "/nothing", 404, {}), ("DELETE", "/things", 405, {"allow": "OPTIONS, POST, PUT"})],
)
def test_a_refusal_is_a_problem_with_its_status(
    client: httpx.Client, method: str, path: str, status: int, more: dict[str, str]
) -> None:
    answer = client.request(method, path)
    assert_problem(answer, status)
    assert more.items() <= dict(answer.headers).items()


def test_a_function_that_fails_is_answered_as_api_gateway_answers(client: httpx.Client) -> None:
    answer = client.get("/broken")
    assert (answer.status_code, answer.json()) == (500, {"message": "Internal Server Error"})
    assert "access-control-allow-origin" not in answer.headers


def test_a_large_answer_arrives_whole_compressed_or_not(client: httpx.Client) -> None:
    packed = client.get("/things/long", headers={"Accept-Encoding": "gzip"})
    plain = client.get("/things/long", headers={"Accept-Encoding": "identity"})
    assert (packed.headers["content-encoding"], plain.headers.get("content-encoding")) == ("gzip", None)
    assert packed.json()["long"] == plain.json()["long"]


def test_path_parameters_arrive_decoded_and_the_request_has_an_id(client: httpx.Client) -> None:
    answer = client.get("/things/a%20b%25c%C3%A4").json()

    assert answer["name"] == "a b%cä"
    assert len(answer["request_id"]) == 36


def test_a_preflight_is_answered(client: httpx.Client) -> None:
    answer = client.options("/things/x")

    assert answer.status_code == 204
    assert answer.headers["access-control-allow-methods"] == "GET,OPTIONS"
    assert client.get("/things/y").json()["name"] == "y", "the connection stays in step"


def test_a_header_that_is_repeated_arrives_joined(client: httpx.Client) -> None:
    assert client.get("/things/x", headers=[("Cookie", "a=1"), ("Cookie", "b=2")]).json()["cookie"] == "a=1,b=2"


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "rebound.test"},
        {"Origin": "http://localhost:9999"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_page_of_another_origin_is_refused(client: httpx.Client, headers: dict[str, str]) -> None:
    assert_problem(client.post("/things", headers=headers, content=b"a"), 403)
    assert client.post("/things", headers={"Origin": ORIGIN}, content=b"a").json() == {"bytes": 1}


def test_head_has_no_body_and_keeps_the_connection_in_step(client: httpx.Client) -> None:
    assert client.head("/things/x").status_code == 405
    assert client.get("/things/x").json()["name"] == "x"


def test_a_body_without_a_length_is_refused(client: httpx.Client) -> None:
    assert_problem(client.post("/things", content=iter([b"a", b"b"])), 411)
    assert client.post("/things", content=b"ab").json() == {"bytes": 2}


def test_a_body_beyond_the_limit_is_refused_unread(client: httpx.Client) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", client.base_url.port)
    connection.putrequest("POST", "/things")
    connection.putheader("Content-Length", str(MAX_BODY_BYTES + 1))
    connection.endheaders()
    answer = connection.getresponse()

    assert (answer.status, answer.read()) == (413, b'{"message": "Request Entity Too Large"}')
    assert answer.headers["connection"] == "close"
    connection.close()


def test_requests_side_by_side_see_their_own_request(client: httpx.Client) -> None:
    wrong: list[str] = []

    def ask(name: str) -> None:
        with httpx.Client(base_url=client.base_url, timeout=60) as own:
            wrong.extend(name for _ in range(50) if own.get(f"/things/{name}").json()["name"] != name)

    threads = [threading.Thread(target=ask, args=(f"n{i}",)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


def test_a_successor_on_the_same_socket_takes_over_without_refusing_anybody() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with serving(listener, make_gateway()) as first, httpx.Client(base_url=url, timeout=60) as client:
            assert client.get("/things/a").headers.get("connection") is None
            with serving(listener, make_gateway()):
                first.leave()
                # the kept connection has ended, so the next request reaches the new process
                assert client.get("/things/b").headers.get("connection") is None
                assert first.has_ended()
                assert client.get("/things/c").json()["name"] == "c"
