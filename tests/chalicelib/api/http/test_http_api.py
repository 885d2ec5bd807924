"""Test requests of API Gateway's HTTP API: events of payload format 2.0, paths, methods, preflights, compression."""

import base64
import gzip
import json
from typing import Any

import pytest
from chalice import Chalice

from chalicelib.access.tokens import Role
from chalicelib.api import routes
from chalicelib.api.constants import LEAST_COMPRESSED
from chalicelib.api.http.http_api import accepts_gzip
from infra.local.api.gateway import event_of
from tests.chalicelib.api.http.test_trace import only
from tests.chalicelib.api.support import ADDRESS, BODY, ORIGIN, World
from tests.support import written

Answer = dict[str, Any]


def ask(
    world: World, method: str, target: str, body: Any = None, role: Role | None = Role.ADMIN, **more: str
) -> Answer:
    """Return the answer of the function's handler; `more` are headers."""
    sent = {name.replace("_", "-"): value for name, value in more.items()}
    if role is not None:
        sent["Authorization"] = f"Bearer {world.secrets[role]}"
    content = b"" if body is None else json.dumps(body).encode()
    return world.handler(event_of(method, target, sent, content, ADDRESS), None)


def test_a_job_is_created_read_and_found(world: World) -> None:
    created = ask(world, "POST", "/jobs", {**BODY, "tags": ["a/b", "c"]})
    job = json.loads(created["body"])
    assert (created["statusCode"], created["headers"]["Location"]) == (201, f"/jobs/{job['id']}")
    assert json.loads(ask(world, "GET", f"/jobs/{job['id']}")["body"])["id"] == job["id"]
    listed = ask(world, "GET", "/jobs?tag=a%2Fb&type=test.note&limit=1")
    assert [one["id"] for one in json.loads(listed["body"])["jobs"]] == [job["id"]]
    assert "multiValueHeaders" not in listed


def test_a_parameter_that_is_given_twice_is_refused_as_by_a_rest_api(world: World) -> None:
    answer = ask(world, "GET", "/jobs?tag=a&tag=b")
    assert (answer["statusCode"], json.loads(answer["body"])["errors"][0]["loc"]) == (422, ["query", "tag"])


def test_a_body_that_arrives_in_base64_is_read(world: World) -> None:
    event = event_of("POST", "/jobs", {"Authorization": f"Bearer {world.secrets[Role.ADMIN]}"}, b"", ADDRESS)
    whole = {**event, "body": base64.b64encode(json.dumps(BODY).encode()).decode(), "isBase64Encoded": True}
    assert world.handler(whole, None)["statusCode"] == 201
    assert world.handler({**whole, "body": "x"}, None)["statusCode"] == 400


@pytest.mark.parametrize(
    ("method", "target", "status", "allowed"),
    [
        ("GET", "/nothing", 404, None), ("GET", "/", 404, None), ("POST", "/jobs/", 404, None),
        ("GET", "//jobs", 404, None), ("GET", "/jobs//cancel", 404, None),
        ("DELETE", "/jobs", 405, "GET, OPTIONS, POST"),
        ("GET", "/jobs/batch", 405, "OPTIONS, POST"), ("HEAD", "/jobs", 405, "GET, OPTIONS, POST"),
        ("PATCH", "/nothing", 404, None), ("OPTIONS", "/nothing", 404, None),
    ],
)  # fmt: skip
def test_what_there_is_not_is_404_and_what_a_path_does_not_take_405(
    world: World, method: str, target: str, status: int, allowed: str | None
) -> None:
    answer = ask(world, method, target, BODY if method == "POST" else None)
    assert (answer["statusCode"], answer["headers"].get("Allow")) == (status, allowed)
    if status > 400:
        assert answer["headers"]["Content-Type"] == "application/problem+json"
        assert answer["headers"]["Access-Control-Allow-Origin"] == ORIGIN
        problem = json.loads(answer["body"]) if method != "HEAD" else {"status": status}
        assert problem["status"] == status
        assert method != "HEAD" or answer["body"] == ""


def test_a_decoded_path_is_not_decoded_again_and_ends_at_a_decoded_question_mark(world: World) -> None:
    job = json.loads(ask(world, "POST", "/jobs", BODY)["body"])["id"]
    assert ask(world, "GET", f"/jobs%2F{job}")["statusCode"] == 200, "API Gateway shows no difference to a slash"
    assert ask(world, "GET", f"/jobs/{job}%3Fx")["statusCode"] == 200, "API Gateway cuts the path here"
    assert ask(world, "GET", f"/jobs/{job}%2Fcancel")["statusCode"] == 405
    assert ask(world, "GET", f"/jobs/%25{job}")["statusCode"] == 404
    assert ask(world, "GET", "/jobs/%3Fx")["statusCode"] == 404, "this is no list of jobs"


def test_a_preflight_of_the_console_is_answered_without_a_token(world: World) -> None:
    answer = ask(world, "OPTIONS", "/jobs/x", role=None, Origin=ORIGIN, Access_Control_Request_Method="GET")
    headers = answer["headers"]
    assert (answer["statusCode"], headers["Access-Control-Allow-Origin"]) == (204, ORIGIN)
    assert set(headers["Access-Control-Allow-Methods"].split(",")) >= {"GET"}
    allowed = headers["Access-Control-Allow-Headers"].split(",")
    assert {"Authorization", "Content-Type", "Idempotency-Key", "If-None-Match", "X-Correlation-Id"} <= set(allowed)
    assert int(headers["Access-Control-Max-Age"]) > 0


@pytest.mark.parametrize("role", [None, Role.VIEWER])
def test_a_caller_without_a_token_or_with_too_small_a_role_gets_a_problem(world: World, role: Role | None) -> None:
    answer = ask(world, "POST", "/jobs", BODY, role=role)
    problem = json.loads(answer["body"])
    assert (answer["statusCode"], answer["headers"]["Content-Type"]) == (
        403 if role else 401, "application/problem+json",
    )  # fmt: skip
    assert problem["correlation_id"] == answer["headers"]["X-Correlation-Id"]
    assert role or "Authorization: Bearer <token>" in problem["detail"]


def test_a_large_answer_is_compressed_for_who_accepts_it(world: World) -> None:
    plain = ask(world, "GET", "/openapi.json")
    assert not plain["isBase64Encoded"]
    assert len(plain["body"]) > LEAST_COMPRESSED
    small = ask(world, "GET", "/openapi.json", Accept_Encoding="br, gzip")
    assert (small["isBase64Encoded"], small["headers"]["Content-Encoding"]) == (True, "gzip")
    assert gzip.decompress(base64.b64decode(small["body"])).decode() == plain["body"]
    assert {answer["headers"]["Vary"] for answer in (plain, small)} == {"Accept-Encoding"}
    assert len(small["body"]) < len(plain["body"]) / 4
    assert not ask(world, "GET", "/me", Accept_Encoding="gzip")["isBase64Encoded"], "it fits into one packet"


@pytest.mark.parametrize(
    ("header", "accepted"),
    [("gzip", True), ("br;q=1.0, GZIP;q=0.8", True), ("*", True), ("gzip; q=0", False), ("gzip;q=0.000, *", False),
     ("", False), ("identity", False), ("*;q=0", False)],
)  # fmt: skip
def test_only_who_says_so_accepts_gzip(header: str, accepted: bool) -> None:
    assert accepts_gzip(header) is accepted


def test_the_callers_address_is_that_of_the_gateway(world: World) -> None:
    with written() as lines:
        ask(world, "GET", "/jobs", X_Forwarded_For="198.51.100.7")
    assert only(lines, "api.request")["ip"] == ADDRESS


def test_a_process_that_starts_with_jobs_alone_serves_every_path(world: World) -> None:
    app = Chalice("late", configure_logs=False, env={})
    world.handler = routes.register(app, ["jobs"])
    assert {path.split("/")[1] for path in app.routes} == {"jobs"}
    for endpoint in routes.all_endpoints():
        path = endpoint.path.replace("{", "").replace("}", "")
        preflight = ask(world, "OPTIONS", path)
        assert preflight["statusCode"] == 204, path
        assert endpoint.method in preflight["headers"]["Allow"].split(", ")
    assert ask(world, "GET", "/me")["statusCode"] == 200
    assert set(app.routes) == {endpoint.path for endpoint in routes.all_endpoints()}


def test_a_rest_api_that_is_kept_for_a_while_reaches_paths_that_are_not_imported_yet(world: World) -> None:
    app = Chalice("late", configure_logs=False, env={})
    handler = routes.register(app, ())
    event = {
        "requestContext": {
            "resourcePath": "/health", "httpMethod": "GET", "path": "/api/health", "requestId": "r",
            "identity": {"sourceIp": ADDRESS},
        },
        "headers": {}, "multiValueQueryStringParameters": None, "pathParameters": None, "stageVariables": None,
        "body": None, "isBase64Encoded": False,
    }  # fmt: skip
    assert handler(event, None)["statusCode"] == 200


def test_a_resource_whose_import_failed_is_imported_again_at_the_next_request(monkeypatch: pytest.MonkeyPatch) -> None:
    handler = routes.register(Chalice("late", configure_logs=False, env={}), ())
    asked = event_of("GET", "/health", {}, b"", ADDRESS)
    with monkeypatch.context() as broken:
        broken.setitem(routes.RESOURCES, "health", ["platform.not_there"])
        failed = handler(asked, None)
        problem = json.loads(failed["body"])
        assert (failed["statusCode"], problem["status"]) == (500, 500)
        assert "not_there" not in failed["body"]
        assert failed["headers"]["Content-Type"] == "application/problem+json"
        assert failed["headers"]["Access-Control-Allow-Origin"], "the console can read the problem"
        assert problem["correlation_id"] == failed["headers"]["X-Correlation-Id"]
    assert handler(asked, None)["statusCode"] == 200
