"""Reserve the ports of a run before anything starts, so that the run ends with one sentence if a port is in use."""

import errno
import socket

from infra.local.errors import CannotRun

HOST = "127.0.0.1"  # use only the loopback address, because callers are not authenticated
BACKLOG = 1024


def listen(port: int, variable: str) -> socket.socket:
    """Return a listening socket; port 0 takes a free one. Raises CannotRun that says how to choose another."""
    try:
        return socket.create_server((HOST, port), backlog=BACKLOG)
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        why = "is in use: end what listens there" if taken else f"is refused: {error.strerror}"
        raise CannotRun(f"Port {port} {why}, or choose another with {variable}=N.") from error


def free(port: int, variable: str) -> int:
    """Return a port that a child process can listen on. Raises CannotRun if the wanted one is in use."""
    with listen(port, variable) as probe:
        return port_of(probe)


def port_of(listener: socket.socket) -> int:
    """Return the port a socket listens on."""
    return int(listener.getsockname()[1])
