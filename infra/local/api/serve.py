"""Serve the API on an inherited listening socket, until SIGTERM or SIGINT: `python -m infra.local.api.serve FD`.

After SIGTERM, another process takes over: each open connection ends after its current request. After SIGINT, the
current requests are finished.
"""

import json
import os
import signal
import socket
import sys
import threading
from pathlib import Path

from infra.local.api.gateway import Gateway
from infra.local.api.lines import LEFT, READY
from infra.local.api.server import Server
from infra.local.state import dev_token

ROOT = Path(__file__).parents[3]
DRAIN_SECONDS = 3.0
LINGER_SECONDS = 5.0


def make_server(listener: socket.socket) -> Server:
    """Return the server of `app.py`. Raises the errors of `app.py`."""
    from app import app, handler

    timeout = json.loads((ROOT / ".chalice" / "config.json").read_text())["lambda_timeout"]
    return Server(listener, Gateway(app, handler, timeout, os.environ.get("CORS_ORIGIN", "")))


def main(arguments: list[str]) -> int:
    """Serve until a signal, then finish the current requests. Return the exit code."""
    token = os.environ.pop(dev_token.VARIABLE, None)
    server = make_server(socket.socket(fileno=int(arguments[0])))
    if token:
        dev_token.store(token)

    linger = 0.0

    def leave(number: int, _: object) -> None:
        nonlocal linger
        linger = LINGER_SECONDS if number == signal.SIGTERM else 0.0
        # call it in another thread, because it waits for the loop that this signal handler interrupts
        threading.Thread(target=server.leave, daemon=True).start()

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)
    print(READY, flush=True)
    server.serve_forever(poll_interval=0.1)
    server.end_idle()
    print(LEFT, flush=True)
    server.connections.wait_for_none(linger)
    server.requests.wait_for_none(DRAIN_SECONDS)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
