"""First code of an execution environment's process: AWS's runtime client, tied to the life of its parent.

Run by path (`python -P entrypoint.py module.handler`), because a function may be served from a tree without `infra`.
"""

import os
import sys
import threading

from awslambdaric.__main__ import main


def _die_with(parent_pipe: int) -> None:
    """End the process when the pipe's other end closes, which a killed parent cannot fail to do."""
    while os.read(parent_pipe, 1):
        pass
    os._exit(0)


def _watch_parent() -> None:
    pipe = os.dup(0)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    threading.Thread(target=_die_with, args=(pipe,), name="parent-watch", daemon=True).start()


if __name__ == "__main__":
    _watch_parent()
    main(sys.argv)
