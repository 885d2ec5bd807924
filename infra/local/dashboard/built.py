"""Serve the built dashboard as CloudFront does: the paths of the app, strict headers, a generated config."""

import asyncio
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aiohttp import web
from anyio.from_thread import BlockingPortal

from infra.local import callers
from infra.local.emulator.serving.server import server

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


class Dashboard:
    """Serve on the loop of `portal`, from a socket that listens already and is closed with it."""

    def __init__(
        self, portal: BlockingPortal, build: Path, listener: socket.socket, config: Mapping[str, Any], policy: str
    ) -> None:
        self._portal = portal
        self._build = build.resolve()
        self._config = config
        self._headers = {**HEADERS, "Content-Security-Policy": policy}
        self._server = portal.call(self._listen, listener)

    def close(self) -> None:
        """Stop serving, and end the connections."""
        self._portal.call(self._end)

    async def _listen(self, listener: socket.socket) -> asyncio.Server:
        self._serving = server(self._answer)
        return await asyncio.get_running_loop().create_server(self._serving, sock=listener)

    async def _end(self) -> None:
        self._server.close()
        for connection in self._serving.connections:
            connection.force_close()

    async def _answer(self, sent: web.BaseRequest) -> web.StreamResponse:
        response = self._found(sent)
        response.headers.update(self._headers)
        return response

    def _found(self, sent: web.BaseRequest) -> web.StreamResponse:
        """Return a file of the build, the config, or the app's page for a path of the app."""
        reason = callers.refusal(sent.headers.get, (f"http://{sent.headers.get('host')}",))
        if reason is not None:
            return web.Response(status=403, text=reason)
        path = sent.path
        if path == "/config.json":
            return web.json_response(self._config)
        if "." not in path.rpartition("/")[2]:
            # only paths without a dot get a page: as in the cloud, a missing file is an error
            path = f"{REFERENCE}/index.html" if path.rstrip("/") == REFERENCE else "/index.html"
        try:
            file = (self._build / path.lstrip("/")).resolve()
            exists = file.is_relative_to(self._build) and file.is_file()
        except (OSError, ValueError):  # no file can have this name
            exists = False
        return web.FileResponse(file) if exists else web.Response(status=404)
