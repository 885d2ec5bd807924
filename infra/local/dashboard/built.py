"""Serve the built dashboard as CloudFront does: the paths of the app, strict headers, a generated config."""

import json
import threading
from collections.abc import Mapping
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from infra.local import callers

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


REFERENCE = "/reference"
"""The only other path that has a page: the API reference."""


def content_security_policy(api: str, files: str, token_url: str = "") -> str:
    """Return the cloud's policy with local addresses: the site's own files, the API, the bucket for files.

    `token_url`: where a code is exchanged at sign-in; empty without an identity provider.
    """
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; manifest-src 'self'; "
        f"img-src 'self' data: blob: {files}; connect-src 'self' {api} {files}{token_url and f' {token_url}'}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    )


class Site(SimpleHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024

    def __init__(self, *args: Any, config: bytes, policy: str, **kwargs: Any) -> None:
        self._config = config
        self._policy = policy
        super().__init__(*args, **kwargs)

    def do_HEAD(self) -> None:
        """Answer as do_GET does, without the body."""
        if not self._is_refused():
            super().do_HEAD()

    def do_GET(self) -> None:
        """Send a file of the build, the config, or the app's page for a path of the app."""
        if self._is_refused():
            return
        path = self.path.partition("?")[0]
        if path == "/config.json":
            self._send_config()
            return
        if "." not in path.rpartition("/")[2]:
            # only paths without a dot get a page: as in the cloud, a missing file is an error
            self.path = f"{REFERENCE}/index.html" if path.rstrip("/") == REFERENCE else "/index.html"
        super().do_GET()

    def end_headers(self) -> None:
        """Add the headers of every answer."""
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Security-Policy", self._policy)
        super().end_headers()

    def log_message(self, *_: Any) -> None:
        """Log nothing, because requests for files are of no interest."""

    def _is_refused(self) -> bool:
        host = self.headers.get("host", "")
        reason = callers.refusal(self.headers.get, (f"http://{host}",))
        if reason is not None:
            self.send_error(403, reason)
        return reason is not None

    def _send_config(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(self._config)))
        self.end_headers()
        self.wfile.write(self._config)


class Dashboard:
    """Run the server on separate threads. Raises OSError if the port is taken."""

    def __init__(self, build: Path, port: int, config: Mapping[str, Any], policy: str) -> None:
        handler = partial(Site, directory=str(build), config=json.dumps(config).encode(), policy=policy)
        self._server = ThreadingHTTPServer(("127.0.0.1", port), handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="dashboard", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
