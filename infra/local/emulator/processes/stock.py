"""Run unrepaired moto on its own threaded server: the emulator's speed and races are compared with it."""

import threading
from collections.abc import Callable

from moto.server import ThreadedMotoServer


def serve(host: str, port: int, announce: Callable[[str], None]) -> None:
    """Serve until the process ends. `announce` is called with the URL once requests are accepted."""
    server = ThreadedMotoServer(ip_address=host, port=port, verbose=False)
    server.start()
    address = server.get_host_and_port()
    announce(f"http://{address[0]}:{address[1]}")
    threading.Event().wait()
