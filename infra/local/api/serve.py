"""Serve the API on an inherited listening socket, until SIGTERM or SIGINT: `python -m infra.local.api.serve FD`."""

import asyncio
import json
import os
import signal
import socket
import sys
from functools import partial
from pathlib import Path

from infra.local.api.gateway import Gateway
from infra.local.api.server import Server
from infra.local.state import dev_token

ROOT = Path(__file__).parents[3]


def make_server() -> Server:
    """Return the server of `app.py`. Raises the errors of `app.py`."""
    from app import app, handler

    timeout = json.loads((ROOT / ".chalice" / "config.json").read_text())["lambda_timeout"]
    return Server(Gateway(app, handler, timeout, os.environ.get("CORS_ORIGIN", "")))


async def main(server: Server, descriptor: int) -> None:
    """Serve until a signal, then finish the current requests."""
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, server.leave)
    await server.serve(socket.socket(fileno=descriptor), partial(print, flush=True))


def start(descriptor: int) -> None:
    """Load the job types, then serve.

    The job types are loaded outside of an event loop, as on AWS: a module may call `asyncio.run` when it is imported.
    """
    token = os.environ.pop(dev_token.VARIABLE, None)
    server = make_server()
    if token:
        dev_token.store(token)
    asyncio.run(main(server, descriptor))


if __name__ == "__main__":
    start(int(sys.argv[1]))
