"""Test what posts messages, with servers on the loopback address that answer in hostile ways."""

import contextlib
import datetime as dt
import http.server
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from chalicelib.telemetry.capture import captured
from chalicelib.webhooks.address import address_problem
from chalicelib.webhooks.constants import CONNECTING, LARGEST_ANSWER
from chalicelib.webhooks.post import NotPosted, Poster
from tests.support import Clock, written

HOST = "hooks.example.com"
PATIENT = 10.0
"""Seconds for what must succeed, also on a slow machine."""
SHORT = 1.0
"""Seconds for what never comes."""
Talk = Callable[[ssl.SSLSocket], None]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with a key and a certificate for the host, which signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return file


@contextlib.contextmanager
def serving(certificate: Path, talk: Talk, *, tls: bool = True) -> Iterator[int]:
    """Serve each connection with `talk`; yield the port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                raw, _ = listener.accept()
            except OSError:
                return
            with raw, contextlib.suppress(OSError):
                raw.settimeout(5)
                if not tls:
                    talk(raw)  # type: ignore[arg-type]
                    continue
                with context.wrap_socket(raw, server_side=True) as wrapped:
                    talk(wrapped)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)


@pytest.fixture
def posted(certificate: Path) -> Callable[..., Any]:
    """Return what posts to a server that talks like that."""

    def post(
        talk: Talk, url: str = f"https://{HOST}/a?b=c", addresses: Sequence[str] = ("127.0.0.1",), *,
        tls: bool = True, within: float = PATIENT,
    ) -> Any:  # fmt: skip
        with serving(certificate, talk, tls=tls) as port:
            poster = Poster(
                look_up=lambda _host: addresses, refuses=lambda _address: None, port=port, within=within,
                context=lambda: ssl.create_default_context(cafile=str(certificate)),
            )  # fmt: skip
            return poster.post(url, b"{}", {"Content-Type": "application/json"})

    return post


def heard(connection: ssl.SSLSocket) -> bytes:
    """Read a request with the body {}."""
    text = b""
    while not text.endswith(b"\r\n\r\n{}"):
        text += connection.recv(65536)
    return text


def test_a_message_is_posted_to_the_path_under_the_name_of_the_host(posted: Callable[..., Any]) -> None:
    requests = []

    def talk(connection: ssl.SSLSocket) -> None:
        requests.append(heard(connection))
        connection.sendall(b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\nok")

    answer = posted(talk)
    assert (answer.status, answer.body) == (202, b"ok")
    assert requests[0].startswith(b"POST /a?b=c HTTP/1.1\r\n")
    assert f"Host: {HOST}\r\n".encode() in requests[0]


def malformed(connection: ssl.SSLSocket) -> None:
    heard(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nnot a header of a stranger\r\n\r\n")


def test_no_answer_brings_the_path_of_the_url_or_its_own_text_into_the_log(posted: Callable[..., Any]) -> None:
    with written("INFO") as lines, captured():
        assert posted(malformed).status == 200
        logging.getLogger("of.the.job").warning("is captured")
    assert "is captured" in str(lines)
    assert "b=c" not in str(lines)
    assert "stranger" not in str(lines)


def test_if_an_address_is_dead_the_next_one_gets_the_message(posted: Callable[..., Any]) -> None:
    def talk(connection: ssl.SSLSocket) -> None:
        heard(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    assert posted(talk, addresses=("127.0.0.2", "127.0.0.1")).status == 200
    with pytest.raises(NotPosted):
        posted(talk, addresses=("127.0.0.2", "127.0.0.3"))


def test_no_further_address_is_tried_after_the_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each connection takes all the time that it is given."""
    clock, tried = Clock(0.0), []

    def connect(address: tuple[str, int], timeout: float, **_options: Any) -> socket.socket:
        tried.append(address[0])
        clock.advance(timeout)
        raise TimeoutError

    def look_up(_host: str) -> list[str]:
        clock.advance(CONNECTING - 1)
        return ["192.0.2.1", "192.0.2.2", "192.0.2.3"]

    monkeypatch.setattr("chalicelib.webhooks.post.time", SimpleNamespace(monotonic=clock))
    monkeypatch.setattr("urllib3.util.connection.create_connection", connect)
    within = 3 * CONNECTING - 2
    poster = Poster(look_up=look_up, refuses=lambda _address: None, within=within)
    with pytest.raises(NotPosted, match=f"within {within:g} s"):
        poster.post(f"https://{HOST}/", b"{}", {})
    assert clock.now == within
    assert tried == ["192.0.2.1", "192.0.2.2"]


def test_a_message_that_may_have_arrived_is_not_sent_to_another_address(posted: Callable[..., Any]) -> None:
    heard_of = []

    def talk(connection: ssl.SSLSocket) -> None:
        heard_of.append(heard(connection))

    with pytest.raises(NotPosted):
        posted(talk, addresses=("127.0.0.1", "127.0.0.1"))
    assert len(heard_of) == 1


def redirect(connection: ssl.SSLSocket) -> None:
    heard(connection)
    connection.sendall(b"HTTP/1.1 307 x\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n")


def test_a_redirect_is_an_answer_and_is_not_followed(posted: Callable[..., Any]) -> None:
    assert posted(redirect).status == 307


def endless(connection: ssl.SSLSocket) -> None:
    heard(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    for _ in range(4000):
        connection.sendall(b"x" * 65536)


def bomb(connection: ssl.SSLSocket) -> None:
    """Claim a compressed body, which nobody unpacks."""
    heard(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00")


@pytest.mark.parametrize(("talk", "size"), [(endless, LARGEST_ANSWER), (bomb, 4)])
def test_only_the_beginning_of_an_answer_is_read_and_nothing_is_unpacked(
    posted: Callable[..., Any], talk: Talk, size: int
) -> None:
    assert len(posted(talk).body) == size


def slow_body(connection: ssl.SSLSocket) -> None:
    heard(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    drip(connection)


def slow_header(connection: ssl.SSLSocket) -> None:
    heard(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    drip(connection)


def slow_status(connection: ssl.SSLSocket) -> None:
    heard(connection)
    drip(connection)


def drip(connection: Any) -> None:
    for _ in range(1_000):
        connection.sendall(b"x")
        time.sleep(0.05)


def silent(connection: ssl.SSLSocket) -> None:
    heard(connection)
    connection.recv(1)  # until the other side ends it


@pytest.mark.parametrize("talk", [slow_header, slow_status, silent])
def test_an_answer_that_is_not_whole_in_time_is_none(posted: Callable[..., Any], talk: Talk) -> None:
    with pytest.raises(NotPosted, match=r"within \d+ s"):
        posted(talk, within=SHORT)


def broken_body(connection: ssl.SSLSocket) -> None:
    heard(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nx")


@pytest.mark.parametrize("talk", [slow_body, broken_body])
def test_a_message_that_was_accepted_is_accepted_whatever_becomes_of_the_body(
    posted: Callable[..., Any], talk: Talk
) -> None:
    assert posted(talk, within=4 * SHORT).status == 200


def test_a_handshake_that_is_never_whole_ends_in_time_too(posted: Callable[..., Any]) -> None:
    def talk(connection: Any) -> None:
        connection.recv(65536)
        connection.sendall(b"\x16\x03\x03\x40\x00")  # the beginning of a record of 16 KB
        drip(connection)

    with pytest.raises(NotPosted, match="within"):
        posted(talk, tls=False, within=SHORT)


def hangs_up(connection: ssl.SSLSocket) -> None:
    heard(connection)


def not_http(connection: ssl.SSLSocket) -> None:
    heard(connection)
    connection.sendall(b"220 smtp.example.com ESMTP\r\n")


def many_headers(connection: ssl.SSLSocket) -> None:
    heard(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 10_000)


@pytest.mark.parametrize("talk", [hangs_up, not_http, many_headers])
def test_what_is_no_answer_is_told_without_its_content(posted: Callable[..., Any], talk: Talk) -> None:
    with pytest.raises(NotPosted) as refused:
        posted(talk)
    assert "smtp" not in str(refused.value)


def test_a_certificate_for_another_name_is_refused(posted: Callable[..., Any]) -> None:
    with pytest.raises(NotPosted, match="Certificate"):
        posted(redirect, url="https://other.example.com/")


def test_a_server_without_tls_gets_no_message(posted: Callable[..., Any]) -> None:
    got = []

    def talk(connection: Any) -> None:
        got.append(connection.recv(65536))
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    with pytest.raises(NotPosted):
        posted(talk, tls=False)
    assert b"POST" not in b"".join(got)


@pytest.mark.parametrize(
    "addresses",
    [("8.8.8.8", "10.0.0.1"), ("169.254.169.254",), ("2606:4700::1111", "::1"), ("fe80::1%eth0",), ()],
)
def test_one_address_inside_a_network_is_enough_to_refuse_and_nothing_is_connected(addresses: tuple[str, ...]) -> None:
    connected = []
    poster = Poster(look_up=lambda _host: addresses, refuses=address_problem, context=lambda: connected.append(1))  # type: ignore[arg-type,return-value]
    with pytest.raises(NotPosted):
        poster.post(f"https://{HOST}/", b"{}", {})
    assert not connected


def test_the_name_is_looked_up_once_so_a_second_answer_is_never_asked_for(certificate: Path) -> None:
    asked = []

    def look_up(host: str) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["169.254.169.254"]

    def talk(connection: ssl.SSLSocket) -> None:
        heard(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    with serving(certificate, talk) as port:
        context = ssl.create_default_context(cafile=str(certificate))
        poster = Poster(look_up=look_up, refuses=lambda _address: None, port=port, context=lambda: context)
        assert poster.post(f"https://{HOST}/", b"{}", {}).status == 200
    assert asked == [HOST]


def test_a_look_up_that_never_ends_or_fails_is_told() -> None:
    def fails(_host: str) -> list[str]:
        raise socket.gaierror

    def never(_host: str) -> list[str]:
        time.sleep(5)
        return []

    for look_up in (never, fails):
        with pytest.raises(NotPosted, match="looked up"):
            Poster(look_up=look_up, within=0.2).post(f"https://{HOST}/", b"{}", {})


def test_only_the_receiver_of_a_local_platform_is_reached_over_http() -> None:
    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_args: Any) -> None:
            """Log nothing."""

    with http.server.HTTPServer(("127.0.0.1", 0), Receiver) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        here = f"127.0.0.1:{server.server_port}"
        assert Poster(here).post(f"http://{here}/x", b"{}", {}).status == 204
        for receiver in ("", "127.0.0.1:1"):
            with pytest.raises(NotPosted, match="https"):
                Poster(receiver).post(f"http://{here}/x", b"{}", {})
        server.shutdown()
