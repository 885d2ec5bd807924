"""Post a message to a URL, which may belong to anybody: only to addresses on the internet, within a time and a size.

The name is looked up once. Every address of the answer is checked, and the connection goes to a checked address, so a
second look-up with another answer (DNS rebinding) is impossible. The certificate must be valid for the name of the URL.
"""

import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from chalicelib.errors import JobFlowError
from chalicelib.webhooks.address import PORT, address_problem, is_local
from chalicelib.webhooks.constants import CONNECTING, LARGEST_ANSWER, MOST_ADDRESSES, POSTING, WAITING

# If an answer has a malformed header, urllib3 logs a warning with the whole URL and the header. A path often contains a
# secret, and every viewer can read the log of a delivery.
logging.getLogger("urllib3.connection").setLevel(logging.ERROR)


class NotPosted(JobFlowError):
    """A message did not get an answer; `str` says why."""


class _NotConnected(NotPosted):
    """No connection was made, so the receiver cannot have the message."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a message: its status and the beginning of its body."""

    status: int
    body: bytes


def look_up(host: str) -> list[str]:
    """Return the addresses of a host, IPv4 first: a function without a VPC has no IPv6."""
    found = socket.getaddrinfo(host, PORT, type=socket.SOCK_STREAM)
    ordered = sorted(found, key=lambda one: one[0] != socket.AF_INET)
    return list(dict.fromkeys(str(one[4][0]) for one in ordered))


@dataclass
class Poster:
    """Posts messages. `receiver`: host and port of the receiver on this laptop, which only a local platform has."""

    receiver: str = ""
    look_up: Callable[[str], Sequence[str]] = look_up
    refuses: Callable[[str], str | None] = address_problem
    port: int = PORT
    within: float = POSTING
    context: Callable[[], ssl.SSLContext] = field(default=ssl.create_default_context)

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Post a message; raises NotPosted if no answer came in time. No redirect is followed."""
        ends, parts = time.monotonic() + self.within, urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        sent = {**headers, "Host": parts.netloc, "Accept-Encoding": "identity", "Connection": "close"}
        *pools, last = self._pools(url, parts.hostname or "", ends)
        for pool in pools:
            with suppress(_NotConnected):
                return self._posted(pool, target, body, sent, ends)
        return self._posted(last, target, body, sent, ends)

    def _posted(
        self, pool: urllib3.HTTPConnectionPool, target: str, body: bytes, sent: Mapping[str, str], ends: float
    ) -> Answer:
        began = time.monotonic()
        left = ends - began
        if left <= 0:
            raise NotPosted(_late(self.within))
        timer = _Timer(pool)
        stop = threading.Timer(left, timer.stop)
        stop.daemon = True
        stop.start()
        try:
            answer = pool.urlopen(
                "POST", target, body=body, headers=sent, redirect=False, retries=False, preload_content=False,
                decode_content=False, assert_same_host=False,
                timeout=urllib3.Timeout(connect=min(CONNECTING, left), read=min(WAITING, self.within)),
            )  # fmt: skip
            return Answer(answer.status, _beginning(answer))
        except (HTTPError, OSError) as error:
            kind = _NotConnected if isinstance(error, NewConnectionError | ConnectTimeoutError) else NotPosted
            late = _late(self.within) if timer.stopped else None
            raise kind(late or _told(error, time.monotonic() - began)) from error
        finally:
            stop.cancel()
            timer.close()
            pool.close()

    def _pools(self, url: str, host: str, ends: float) -> Sequence[urllib3.HTTPConnectionPool]:
        """Return a pool for each address of the host; each pool connects only to its address, which was checked."""
        if is_local(url, self.receiver):
            there, _, port = self.receiver.partition(":")
            return [urllib3.HTTPConnectionPool(there, int(port), maxsize=1)]
        if not url.startswith("https://"):
            raise NotPosted("The URL does not begin with https://.")
        addresses = self._checked(host, ends)
        context = self.context()
        return [
            urllib3.HTTPSConnectionPool(
                address, self.port, maxsize=1, ssl_context=context, server_hostname=host,
                assert_hostname=host,
            ) for address in addresses[:MOST_ADDRESSES]
        ]  # fmt: skip

    def _checked(self, host: str, ends: float) -> Sequence[str]:
        addresses = self._looked_up(host, ends)
        for address in addresses:
            if (why := self.refuses(address)) is not None:
                raise NotPosted(f"An address of {host} {why}: no address of a receiver may be inside a network.")
        if not addresses:
            raise NotPosted(f"{host} has no address.")
        return addresses

    def _looked_up(self, host: str, ends: float) -> Sequence[str]:
        """Look up the host in a thread of its own: the system's look-up has no time limit that we could set."""
        found: list[Sequence[str]] = []
        failed: list[Exception] = []

        def ask() -> None:
            try:
                found.append(self.look_up(host))
            except Exception as error:
                failed.append(error)

        thread = threading.Thread(target=ask, daemon=True)
        thread.start()
        thread.join(min(CONNECTING, max(0.0, ends - time.monotonic())))
        if failed or not found:
            raise NotPosted(f"The host {host} could not be looked up{'' if failed else ' in time'} in DNS.")
        return found[0]


def _beginning(answer: urllib3.BaseHTTPResponse) -> bytes:
    """Return the beginning of the body; nothing if it does not come in time, because only the status counts."""
    try:
        return answer.read(LARGEST_ANSWER, decode_content=False)
    except (HTTPError, OSError):
        return b""


class _Timer:
    """Ends the connections of a pool from another thread, at any time, also during the TLS handshake."""

    def __init__(self, pool: urllib3.HTTPConnectionPool) -> None:
        self.stopped = False
        self._lock = threading.Lock()
        self._handles: list[socket.socket] = []
        timer = self

        class Timed(pool.ConnectionCls):  # type: ignore[name-defined,misc]
            def _new_conn(self) -> socket.socket:
                made: socket.socket = super()._new_conn()
                timer._keep(made)
                return made

        kinds: tuple[Any, ...] = (HTTPConnection, HTTPSConnection)
        assert issubclass(Timed, kinds)  # noqa: S101 - else nothing would end a slow connection
        pool.ConnectionCls = Timed

    def _keep(self, made: socket.socket) -> None:
        with self._lock:
            # TLS takes the socket over, so a duplicate is kept
            self._handles.append(made.dup())
            if self.stopped:
                _shut(self._handles[-1])

    def stop(self) -> None:
        with self._lock:
            self.stopped = True
            for handle in self._handles:
                _shut(handle)

    def close(self) -> None:
        with self._lock:
            for handle in self._handles:
                handle.close()
            self._handles.clear()


def _shut(handle: socket.socket) -> None:
    try:
        handle.shutdown(socket.SHUT_RDWR)
    except OSError:  # it is closed already
        return


def _late(within: float) -> str:
    return f"No complete answer within {within:g} s."


def _told(error: Exception, took: float) -> str:
    inner = next((one for one in (error.__cause__, error.__context__) if isinstance(one, Exception)), error)
    if isinstance(error, TimeoutError | urllib3.exceptions.TimeoutError):
        # urllib3 names a TLS handshake that is never whole as it names an answer that does not come
        what = "connection" if isinstance(error, ConnectTimeoutError) else "answer"
        return f"No {what} within {took:.0f} s."
    return f"No answer: {type(inner).__name__}."  # e.g. CertificateError: the certificate is for another host
