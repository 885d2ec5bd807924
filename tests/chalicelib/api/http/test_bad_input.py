"""Check that every bad input has one clear answer, and changes nothing."""

import json
from typing import Any

import pytest

from tests.chalicelib.api.support import BODY, World

PROBLEM = "urn:jobflow:problem:"


def nested(depth: int) -> bytes:
    return b'{"type":"test.note","payload":' + b'{"a":' * depth + b"1" + b"}" * depth + b"}"


UNREADABLE: dict[str, tuple[bytes, int]] = {
    "not JSON": (b"{type: test}", 400),
    "cut off": (b'{"type": "test.note"', 400),
    "two values": (b"{} {}", 400),
    "an array": (b"[1]", 400),
    "NaN": (b'{"type":"test.note","payload":{"to":NaN}}', 400),
    "a float beyond floats": (b'{"type":"test.note","payload":{"to":1e999}}', 400),
    "thousands of digits": (b'{"max_attempts":' + b"9" * 5000 + b"}", 400),
    "65 bits": (b'{"max_attempts":9223372036854775808}', 400),
    "the same key twice": (b'{"type":"test.note","type":"test.other","payload":{}}', 400),
    "10,000 deep": (nested(10_000), 400),
    "100,000 brackets left open": (b"[" * 100_000, 400),
    "33 deep": (nested(32), 400),
    "not UTF-8": (b'{"type":"\xff\xfe"}', 400),
    "UTF-8 with a byte order mark": (b'\xef\xbb\xbf{"type":"test.note"}', 400),
    "a raw control character": (b'{"type":"test\x01note","payload":{}}', 400),
    "300 KB": (json.dumps({**BODY, "pad": "x" * 300_000}).encode(), 413),
    "one byte too many": (b" " * (256 * 1024) + b"1", 413),
    "more bytes than characters": (json.dumps({"pad": "é" * 140_000}, ensure_ascii=False).encode(), 413),
}


@pytest.mark.parametrize(("raw", "status"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_body_that_cannot_be_read(world: World, raw: bytes, status: int) -> None:
    answer = world.post("/jobs", raw=raw)

    assert answer.status == answer.json["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert world.store.totals() == {}


def test_what_is_just_allowed_is_read(world: World) -> None:
    assert world.post("/jobs", raw=nested(31)).locs == [["payload", "to"], ["payload", "a"]]
    raw = json.dumps(BODY).encode()
    assert world.post("/jobs", raw=raw + b" " * (256 * 1024 - len(raw))).status == 201


INVALID: dict[str, tuple[dict[str, Any], list[list[str | int]]]] = {
    "nothing": ({}, [["type"], ["payload"]]),
    "unknown type": ({**BODY, "type": "no.such"}, [["type"]]),
    "payload is no object": ({**BODY, "payload": [1]}, [["payload"]]),
    "two wrong fields": ({**BODY, "payload": {"to": ["a", 2], "text": 3}}, [["payload", "to", 1], ["payload", "text"]]),
    "extra field in the payload": ({**BODY, "payload": {"to": ["a"], "cc": 1}}, [["payload", "cc"]]),
    "extra field": ({**BODY, "priority": 1}, [["priority"]]),
    "max_attempts 31": ({**BODY, "max_attempts": 31}, [["max_attempts"]]),
    "max_attempts true": ({**BODY, "max_attempts": True}, [["max_attempts"]]),
    "delay over a year": ({**BODY, "delay_seconds": 31_536_001}, [["delay_seconds"]]),
    "delay and run_at": ({**BODY, "delay_seconds": 1, "run_at": "2027-02-01T00:00:00Z"}, [["run_at"]]),
    "run_at without a zone": ({**BODY, "run_at": "2027-02-01T00:00:00"}, [["run_at"]]),
    "run_at over a year ahead": ({**BODY, "run_at": "2028-01-16T00:00:00Z"}, [["run_at"]]),
    "run_at far out": ({**BODY, "run_at": "9999-12-31T23:59:59-14:00"}, [["run_at"]]),
    "run_at far back": ({**BODY, "run_at": "0001-01-01T00:00:00+14:00"}, [["run_at"]]),
    "run_at as digits": ({**BODY, "run_at": "1800000060"}, [["run_at"]]),
    "run_at that is no time, however long": ({**BODY, "run_at": "T" * 100_000}, [["run_at"]]),
    "eleven tags": ({**BODY, "tags": [f"t{n}" for n in range(11)]}, [["tags"]]),
    "a long tag": ({**BODY, "tags": ["x" * 41]}, [["tags", 0]]),
    "a tag with a space": ({**BODY, "tags": ["ok", "a b"]}, [["tags", 1]]),
    "a tag with a line end": ({**BODY, "tags": ["a\n"]}, [["tags", 0]]),
    "a control character": ({**BODY, "payload": {"to": ["a\u0000"]}}, [["payload", "to", 0]]),
    "an escape in a key": ({**BODY, "payload": {"to\u001b": 1}}, [["payload", "to?"]]),
    "half a surrogate pair": ({**BODY, "payload": {"to": ["\ud83d"]}}, [["payload", "to", 0]]),
}


@pytest.mark.parametrize(("body", "locs"), INVALID.values(), ids=INVALID)
def test_a_body_that_is_not_valid_names_its_fields(world: World, body: Any, locs: list[list[str | int]]) -> None:
    answer = world.post("/jobs", body)

    assert answer.status == answer.json["status"] == 422
    assert answer.locs == locs
    assert all(error["msg"] for error in answer.json["errors"])
    assert world.store.totals() == {}


def test_tabs_and_line_ends_and_whole_surrogate_pairs_are_text(world: World) -> None:
    payload = {"to": ["a"], "text": "one\ttwo\r\nthree 😀 é"}
    answer = world.post("/jobs", {**BODY, "payload": payload})
    assert (answer.status, answer.json["payload"]) == (201, payload)


def test_an_unknown_type_names_the_known_ones(world: World) -> None:
    answer = world.post("/jobs", {**BODY, "type": "no.such"})
    assert answer.json["type"] == f"{PROBLEM}unknown-job-type"
    assert answer.json["errors"][0]["msg"] == "must be one of: test.note, test.other"


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("", 201), ("APPLICATION/JSON; Charset=UTF-8", 201), ('application/json;charset="utf-8"', 201),
        ("application/json; charset=latin1", 415), ("text/plain", 415), ("text/plain, application/json", 415),
        ("*/*", 415),
    ],
)  # fmt: skip
def test_the_content_type_may_be_missing_but_not_wrong(world: World, content_type: str, status: int) -> None:
    assert world.post("/jobs", BODY, headers={"Content-Type": content_type}).status == status


def test_an_empty_body_misses_its_fields_whatever_its_content_type(world: World) -> None:
    assert world.post("/jobs", raw=b"", headers={"Content-Type": "text/plain"}).locs == [["type"], ["payload"]]


QUERIES: dict[str, tuple[int, list[list[str | int]]]] = {
    "limit=abc": (422, [["query", "limit"]]),
    "limit=0": (422, [["query", "limit"]]),
    "limit=101": (422, [["query", "limit"]]),
    "limit=1_0": (422, [["query", "limit"]]),
    "limit=%D9%A3": (422, [["query", "limit"]]),
    "limit=1&limit=2": (422, [["query", "limit"]]),
    "offset=x&limit=y": (422, [["query", "limit"], ["query", "offset"]]),
    **{
        f"{filtered}&offset=1&limit=1": (400, [["query", "offset"]])
        for filtered in (
            "error=zzzz",
            "status=queued",
            "type=test.note",
            "schedule=x",
            "fingerprint=0123456789ab&tag=x",
        )
    },
    "offset=4901&limit=100": (400, [["query", "offset"]]),
    "status=done": (422, [["query", "status"]]),
    "type=no.such": (422, [["query", "type"]]),
    "tag=a%20b": (422, [["query", "tag"]]),
    "id_prefix=xyz": (422, [["query", "id_prefix"]]),
    "parent=7": (422, [["query", "parent"]]),
    "parent=6a1de45f-8c1e-4f0e-9f7e-0c9b7a6d5e4f&offset=3": (422, [["query"]]),
    "fingerprint=0123456789AB": (422, [["query", "fingerprint"]]),
    "created_after=yesterday": (422, [["query", "created_after"]]),
    "created_before=2027-01-01T00:00:00": (422, [["query", "created_before"]]),
    "page=2": (422, [["query", "page"]]),
    "cursor=abc.def": (400, [["query", "cursor"]]),
    "cursor=%F0%9F%98%80.x": (400, [["query", "cursor"]]),
    "cursor=eyJ2IjoxLCJwIjoieCIsImYiOiJ5In0.AAAA": (400, [["query", "cursor"]]),
    "cursor=abc&offset=1": (422, [["query"]]),
}


@pytest.mark.parametrize(("query", "expected"), QUERIES.items())
def test_a_bad_query_names_its_parameter(world: World, query: str, expected: tuple[int, Any]) -> None:
    answer = world.get(f"/jobs?{query}")
    assert (answer.status, answer.locs) == expected


def test_an_offset_that_is_too_deep_points_to_the_cursor(world: World) -> None:
    answer = world.get("/jobs?offset=4981")
    assert "next_cursor" in answer.json["errors"][0]["msg"]
    assert world.get("/jobs?offset=4980").status == 200


@pytest.mark.parametrize("job_id", ["6a1de45f-45b5-4cf2-8fa3-0f8b5a0bd1b0", "{x}", "%00", "a%2Fb", "x" * 3000, "😀"])
def test_an_id_that_no_job_has_or_could_have_is_404(world: World, job_id: str) -> None:
    for method, more in (("GET", ""), ("POST", "/retry"), ("POST", "/cancel")):
        answer = world.call(method, f"/jobs/{job_id}{more}")
        assert (answer.status, answer.json["type"]) == (404, f"{PROBLEM}job-not-found")


def test_a_query_nobody_reads_is_422(world: World) -> None:
    for path in ("/job-types", "/metrics", "/me", "/health"):
        assert world.get(f"{path}?x=1").locs == [["query", "x"]]


def test_at_most_twenty_errors_are_told_and_how_many_there_are(world: World) -> None:
    answer = world.post("/jobs", {**BODY, **{f"{number}{'x' * 200}": 1 for number in range(1_000)}})
    assert (answer.status, len(answer.json["errors"]), answer.json["errors_total"]) == (422, 20, 1_000)
    assert len(answer.text) < 5_000


SAID: dict[str, tuple[str, str, Any, str]] = {
    "unknown field": ("POST", "/jobs", {**BODY, "delay": 5}, "delay: is not known; known are: type, payload, max_att"),
    "unknown field of a field": (
        "POST", "/jobs", {**BODY, "debounce": {"key": "k", "seconds": 5, "x": 1}},
        "debounce.x: is not known; known are: key, seconds",
    ),
    "unknown field of a payload": (
        "POST", "/jobs", {**BODY, "payload": {"to": ["a"], "cc": 1}}, "payload.cc: is not known; known are: to, text",
    ),
    "unknown condition": ("POST", "/bulk", {"action": "retry", "filter": {"typ": "a.b"}}, "filter.typ: is not known"),
    "unknown parameter": ("GET", "/jobs?nope=1", None, "query.nope: is not known; known are: limit, "),
    "a parameter where there are none": ("GET", "/metrics?x=1", None, "query.x: is not known; there is nothing"),
    "too many": ("POST", "/jobs", {**BODY, "tags": ["a"] * 11}, "tags: must have at most 10"),
    "too few": ("POST", "/jobs/batch", {"jobs": []}, "jobs: must have at least 1"),
    "no object": ("POST", "/jobs", {**BODY, "debounce": "k=5"}, "debounce: Input should be an object"),
    "no array": ("POST", "/jobs", {**BODY, "tags": "a"}, "tags: Input should be an array"),
    "a tag with a space": ("POST", "/jobs", {**BODY, "tags": ["a b"]}, "tags.0: must have only letters, digits and"),
    "a number below the least": ("GET", "/jobs?limit=-1", None, "query.limit: Input should be greater than or equal"),
    "a number that is too long": ("GET", f"/jobs?limit={'9' * 20}", None, "query.limit: must be a whole number of at"),
    "a type of dead letters": ("POST", "/dead-letters/redrive", {"type": "no.such"}, "type: must be one of:"),
    "an id of a schedule": ("POST", "/schedules", {"id": "A b"}, "id: must have up to 40 of a-z, 0-9 and -"),
    "no fingerprint": ("GET", "/jobs?fingerprint=nope", None, "query.fingerprint: must be 12 of 0-9 and a-f"),
    "no id of a parent": ("GET", "/jobs?parent=nope", None, "query.parent: must be a complete id, such as 6a1de45f-"),
    "no id of a batch": ("GET", "/jobs?batch=nope", None, "query.batch: must be a complete id, such as 6a1de45f-"),
    "no beginning of an id": ("GET", "/jobs?id_prefix=nope", None, "query.id_prefix: must have only 0-9, a-f and -"),
}  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body", "said"), SAID.values(), ids=SAID)
def test_an_error_says_what_would_be_right(world: World, method: str, path: str, body: Any, said: str) -> None:
    answer = world.post(path, body) if method == "POST" else world.get(path)
    told = [f"{'.'.join(map(str, error['loc']))}: {error['msg']}" for error in answer.json["errors"]]
    assert any(one.startswith(said) for one in told), told


def test_the_payload_of_a_job_that_does_not_exist_is_not_found_as_the_job_is(world: World) -> None:
    nobody = "00000000-0000-4000-8000-000000000000"
    assert world.get(f"/jobs/{nobody}/payloads/1").json["type"] == f"{PROBLEM}job-not-found"
