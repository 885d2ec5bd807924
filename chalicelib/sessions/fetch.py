"""Fetch a small document from the issuer: no redirects, and within a time and a size."""

import http.client
import ssl
import threading
import time
from contextlib import suppress
from socket import SHUT_RDWR, socket
from urllib.parse import urlsplit

from chalicelib.sessions.constants import FETCHING, LARGEST_DOCUMENT

PORTION = 16 * 1024


class NotFetched(Exception):
    """The document did not come, or is not what was asked for; `str` says why."""


def fetch(url: str, within: float = FETCHING, most: int = LARGEST_DOCUMENT) -> bytes:
    """Return the document at an address; raises NotFetched. `within` in seconds, `most` in bytes.

    A thread of its own asks, because the look-up of a name and a TLS handshake have no time limit of their own.
    """
    asking = _Asking(url, within, most)
    thread = threading.Thread(target=asking.run, name="fetch", daemon=True)
    thread.start()
    thread.join(within)
    found, why = asking.found, asking.failed or f"no complete answer within {within:g} s"
    if found is None:
        asking.stop()
        raise NotFetched(why)
    return found


class _Asking:
    def __init__(self, url: str, within: float, most: int) -> None:
        parts = urlsplit(url)
        self._path = parts.path or "/"
        self._ends, self._most = time.monotonic() + within, most
        host = parts.hostname or ""
        self._connection: http.client.HTTPConnection = (
            http.client.HTTPSConnection(host, parts.port, timeout=within, context=ssl.create_default_context())
            if parts.scheme == "https"
            else http.client.HTTPConnection(host, parts.port, timeout=within)
        )
        self._socket: socket | None = None
        self.found: bytes | None = None
        self.failed = ""

    def run(self) -> None:
        try:
            self.found = self._asked()
        except NotFetched as error:
            self.failed = str(error)
        except Exception as error:
            self.failed = type(error).__name__
        finally:
            self._connection.close()

    def stop(self) -> None:
        """End the connection: an issuer that sends a byte at a time would keep the thread for ever."""
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(SHUT_RDWR)

    def _asked(self) -> bytes:
        self._connection.connect()
        self._socket = self._connection.sock  # kept, because the connection gives it away when the body begins
        self._refuse_if_late()  # `stop` may have found no socket yet
        headers = {"Accept": "application/json", "Accept-Encoding": "identity", "Connection": "close"}
        self._connection.request("GET", self._path, headers=headers)
        answer = self._connection.getresponse()
        if answer.status != 200:
            raise NotFetched(f"status {answer.status}")
        read = b""
        while portion := answer.read1(PORTION):
            read += portion
            if len(read) > self._most:
                raise NotFetched(f"more than {self._most:,} bytes")
            self._refuse_if_late()
        return read

    def _refuse_if_late(self) -> None:
        if time.monotonic() > self._ends:
            raise NotFetched("too slow")
