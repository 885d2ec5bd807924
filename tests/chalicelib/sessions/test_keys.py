"""Test how the issuer's keys are fetched: only from the issuer, rarely, within a time and a size."""

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from chalicelib.errors import SignInUnavailable
from chalicelib.sessions.constants import FETCHING, KEYS_AGAIN, KEYS_FAILED, KEYS_KEPT
from chalicelib.sessions.fetch import NotFetched, fetch
from chalicelib.sessions.keys import DISCOVERY, IssuerKeys
from chalicelib.sessions.rule import nonce_of
from tests.chalicelib.sessions.conftest import SignIn
from tests.chalicelib.sessions.issuer import ISSUER, KEYS_AT, SECRET, Issuer, public, rsa_key
from tests.loopback import Serve, serving
from tests.support import Clock

KEYS = {KEYS_AT: {"keys": [public(rsa_key("r1"), "r1")]}}
WRONG: dict[str, dict[str, Any]] = {
    "no documents": {},
    "a document of another issuer": {ISSUER + DISCOVERY: {"issuer": ISSUER + "/", "jwks_uri": KEYS_AT}, **KEYS},
    "keys of another host": {
        ISSUER + DISCOVERY: {"issuer": ISSUER, "jwks_uri": "https://mallory.example/keys"},
        "https://mallory.example/keys": {"keys": [public(rsa_key("r1"), "r1")]},
    },
    "keys at an address with a query": {
        ISSUER + DISCOVERY: {"issuer": ISSUER, "jwks_uri": KEYS_AT + "?x=1"}, KEYS_AT + "?x=1": KEYS[KEYS_AT],
    },
    "keys without TLS": {ISSUER + DISCOVERY: {"issuer": ISSUER, "jwks_uri": KEYS_AT.replace("https", "http")}},
    "keys at this machine": {ISSUER + DISCOVERY: {"issuer": ISSUER, "jwks_uri": "http://127.0.0.1/keys"}},
    "no JSON": {ISSUER + DISCOVERY: {"issuer": ISSUER, "jwks_uri": KEYS_AT}, KEYS_AT: b"<html>"},
    "a list": {ISSUER + DISCOVERY: {"issuer": ISSUER, "jwks_uri": KEYS_AT}, KEYS_AT: []},
    "too many keys": {ISSUER + DISCOVERY: {"issuer": ISSUER, "jwks_uri": KEYS_AT}, KEYS_AT: {"keys": [{}] * 101}},
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_without_the_issuers_own_keys_nobody_signs_in_and_who_is_signed_in_stays(stage: SignIn, what: str) -> None:
    text = stage.person()
    stage.issuer.documents = WRONG[what]
    stage.issuer.clock.now += KEYS_KEPT
    other = "b" * 43
    answer = stage.post(stage.issuer.token(nonce=nonce_of(other)), other)
    assert (answer.status, answer.json["type"]) == (503, "urn:jobflow:problem:sign-in-unavailable")
    assert answer.headers["retry-after"] == f"{KEYS_FAILED:.0f}"
    assert stage.world.get("/me", token=text).status == 200


def test_a_sign_in_that_failed_for_the_keys_is_not_used_up(stage: SignIn) -> None:
    stage.issuer.down = True
    token = stage.issuer.token()
    assert stage.post(token).status == 503
    stage.issuer.down = False
    stage.issuer.clock.now += KEYS_FAILED
    assert stage.post(token).status == 201


def test_keys_are_fetched_once_an_hour_and_a_failure_is_not_repeated_at_once(stage: SignIn) -> None:
    for number in range(3):
        stage.person(str(number) * 43, nonce=nonce_of(str(number) * 43))
    assert stage.issuer.asked == [ISSUER + DISCOVERY, KEYS_AT]
    stage.issuer.clock.now += KEYS_KEPT
    stage.issuer.down = True
    for _ in range(3):
        assert stage.post(stage.issuer.token()).status == 503
    assert len(stage.issuer.asked) == 3


def test_a_fetch_that_times_out_is_not_repeated_by_the_next_requests() -> None:
    clock = Clock()
    asked: list[str] = []

    def hang(url: str) -> bytes:
        asked.append(url)
        clock.now += FETCHING
        raise NotFetched("no complete answer")

    keys = IssuerKeys(ISSUER, hang, clock)
    for number in range(4):
        with pytest.raises(SignInUnavailable):
            keys.find(f"unknown-{number}", "RSA")
    assert len(asked) == 1
    assert KEYS_FAILED > 2 * FETCHING, "the pause is longer than two documents that time out"
    for later, fetches in ((KEYS_FAILED - 1, 1), (1, 2)):
        clock.now += later
        with pytest.raises(SignInUnavailable):
            keys.find("unknown", "RSA")
        assert len(asked) == fetches


def test_one_request_of_a_process_fetches_and_the_others_use_what_it_has_found() -> None:
    issuer, begun, go = Issuer(), threading.Event(), threading.Event()

    def slow(url: str) -> bytes:
        begun.set()
        assert go.wait(60)
        return issuer.get(url)

    keys = IssuerKeys(ISSUER, slow, issuer.clock)
    with ThreadPoolExecutor(8) as pool:
        found = [pool.submit(keys.find, "r1", "RSA") for _ in range(8)]
        assert begun.wait(60)
        go.set()
        assert {one.result()["kid"] for one in found} == {"r1"}
    assert issuer.asked == [ISSUER + DISCOVERY, KEYS_AT]


def test_a_new_key_is_found_after_a_rotation_and_unknown_names_cause_one_fetch_a_minute(stage: SignIn) -> None:
    stage.person()
    stage.issuer.publish(public(rsa_key("r2"), "r2"))
    other = "b" * 43
    new = stage.issuer.token(key=rsa_key("r2"), kid="r2", nonce=nonce_of(other))
    asked = len(stage.issuer.asked)
    assert stage.post(new, other).status == 401, "the keys were fetched a moment ago"
    assert len(stage.issuer.asked) == asked
    stage.issuer.clock.now += KEYS_AGAIN
    assert stage.post(new, other).status == 201
    for number in range(20):
        assert stage.post(stage.issuer.token(kid=f"unknown-{number}")).status == 401
    assert len(stage.issuer.asked) == asked + 2
    old = stage.issuer.token(nonce=nonce_of(SECRET), kid="r1")
    stage.issuer.clock.now += KEYS_AGAIN
    assert stage.post(old).status == 401, "a key that the issuer has withdrawn"


@contextmanager
def keys_at(answer: Serve) -> Iterator[str]:
    """Run a server that answers like this; yield an address of it."""
    with serving(answer) as port:
        yield f"http://127.0.0.1:{port}/keys"


def _whole(handler: BaseHTTPRequestHandler, body: bytes, status: int = 200, **headers: str) -> None:
    handler.send_response(status)
    for name, value in {"Content-Length": str(len(body)), **headers}.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)


def _endless(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b" " * 65_536)


def _drop_by_drop(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    _slowly(handler)


def _headers_drop_by_drop(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    _slowly(handler)


def _slowly(handler: BaseHTTPRequestHandler) -> None:
    while True:
        handler.wfile.write(b" ")
        time.sleep(0.05)


def test_a_document_is_fetched() -> None:
    with keys_at(lambda handler: _whole(handler, b'{"keys": []}')) as url:
        assert fetch(url) == b'{"keys": []}'


PATIENT, SHORT = 60.0, 0.5
"""Seconds: for an answer that comes at once also on a busy machine, and for one that never comes."""


@pytest.mark.parametrize(
    ("answer", "within", "why"),
    [
        (lambda handler: _whole(handler, b"", 302, Location="http://127.0.0.1:1/other"), PATIENT, "status 302"),
        (lambda handler: _whole(handler, b"", 404), PATIENT, "status 404"),
        (_endless, PATIENT, "more than"),
        (lambda handler: _whole(handler, b"x" * 300_000), PATIENT, "more than"),
        (_drop_by_drop, SHORT, r"within 0\.5 s|too slow"),
        (_headers_drop_by_drop, SHORT, r"within 0\.5 s"),
        (lambda _: time.sleep(5), SHORT, r"within 0\.5 s|Timeout"),
    ],
    ids=["redirect", "missing", "endless", "large", "slow", "slow headers", "silent"],
)
def test_a_redirect_and_a_large_or_slow_document_are_refused(answer: Serve, within: float, why: str) -> None:
    with keys_at(answer) as url, pytest.raises(NotFetched, match=why):
        fetch(url, within=within)


def _could_send_all(server: socket.socket, begin: bytes) -> bool:
    """Send to the first client a beginning and then, for a minute, one byte at a time."""
    client, _ = server.accept()
    with client, suppress(OSError):
        client.sendall(begin)
        for _ in range(1_200):
            client.sendall(b" ")
            time.sleep(0.05)
        return True
    return False


@pytest.mark.parametrize(
    ("scheme", "begin"),
    [
        ("https", b"\x16\x03\x03\x40\x00"), ("http", b"HTTP/1.1 200 OK\r\nX-Long: "),
        ("http", b"HTTP/1.1 200 OK\r\n\r\n"),
        ("http", b"HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"),
    ],
    ids=["handshake", "headers", "body", "size of a chunk"],
)  # fmt: skip
def test_the_connection_to_a_slow_issuer_is_ended_so_that_no_thread_stays(scheme: str, begin: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as pool:
        all_sent = pool.submit(_could_send_all, server, begin)
        with pytest.raises(NotFetched):
            fetch(f"{scheme}://127.0.0.1:{server.getsockname()[1]}/keys", within=SHORT)
        assert not all_sent.result()


def test_an_address_where_nobody_answers_is_refused() -> None:
    with pytest.raises(NotFetched):
        fetch("http://127.0.0.1:1/keys", within=SHORT)
