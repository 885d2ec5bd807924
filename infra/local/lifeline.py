"""Run a module as a program that ends when its parent does: `python -P lifeline.py MODULE ARGUMENTS...`

The parent holds the other end of standard input; it closes when the parent ends, however it ends, and needs no help
from the operating system that only Linux has. Run by path and importing nothing of the project, so that it works for
code from any folder.
"""

import os
import runpy
import sys
import threading


def _end_with(pipe: int) -> None:
    while os.read(pipe, 1024):
        pass
    os._exit(0)


def main() -> None:
    """Tie this process to its parent, then become the module."""
    pipe = os.dup(0)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    threading.Thread(target=_end_with, args=(pipe,), name="lifeline", daemon=True).start()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
