"""End a child process."""

import subprocess
from threading import Thread


def end(process: "subprocess.Popen[bytes]", seconds: float, reader: Thread | None = None) -> None:
    """Send SIGTERM, kill the process after `seconds`, and close its pipes once `reader` has read all. Idempotent."""
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if reader is not None:
        reader.join(1)
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
