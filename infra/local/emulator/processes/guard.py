"""End a process when its parent has ended.

As a program, this file runs a module with a tool's own Python, and also ends when its parent ends.
"""

import os
import runpy
import signal
import sys
import threading
import time

GRACE_SECONDS = 10.0


def end_with_parent(grace_seconds: float = GRACE_SECONDS) -> None:
    """End this process when its standard input ends.

    The parent has the other end of standard input, which closes when the parent ends. This process then gets a SIGTERM,
    and `grace_seconds` to save its state.
    """

    def watch() -> None:
        while os.read(0, 1024):
            pass
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(grace_seconds)
        os._exit(1)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()


if __name__ == "__main__":
    end_with_parent()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
