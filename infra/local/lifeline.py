"""Run a module as a program that ends when its parent does: `python -P lifeline.py GRACE MODULE ARGUMENTS...`.

The parent has the other end of standard input, which closes when the parent ends, whatever the reason. This works on
every operating system. The program then gets a SIGTERM, and GRACE seconds to save its state. With 0 it ends at once: a
function that continued could write into the emulator of the next run. The file is started by its path and imports no
code of the project, so it can run code in any folder. Modules that JOBFLOW_NOT_SHIPPED names cannot be imported.
"""

import os
import runpy
import signal
import sys
import threading
import time

GRACE_SECONDS = 10.0
NOT_SHIPPED = "JOBFLOW_NOT_SHIPPED"
PROGRAM = "JOBFLOW_PROGRAM"
"""The program that the user typed, `make` or `jobflow`, for messages with commands."""
FOR_ONE_TYPE = (
    "For one job type: write {line} into handlers/<type>.requirements.txt, run `{program} lock`, "
    "and import it inside of the job function"
)
FOR_ALL_TYPES = "; for all: add it to requirements.txt, with its reason in docs/dependencies.md"


class NotShipped:
    """Refuses installed modules that do not ship, as if they were not installed.

    `text` contains module=requirement pairs, separated by spaces; `program` is the typed program.
    """

    def __init__(self, text: str, program: str = "make") -> None:
        self._requirements = dict(pair.split("=", 1) for pair in text.split())
        self._program = program

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:  # noqa: ARG002
        """Raise ModuleNotFoundError for such a module; leave other modules to the next finder."""
        if name in self._requirements:
            raise ModuleNotFoundError(missing(name, self._requirements[name], self._program), name=name)


def missing(module: str, requirement: str | None, program: str) -> str:
    """Return the sentence about a module that does not ship: its requirement, and how to add it."""
    advice = FOR_ONE_TYPE.format(line=requirement or f"the library that has {module}", program=program)
    # JobFlow defines the libraries that all types share, so one can be added only in a clone of JobFlow.
    more = FOR_ALL_TYPES if program == "make" else ""
    return f"No module named {module!r} in what ships. {advice}{more}"


def command(python: str, grace: float = 0) -> list[str]:
    """Return the command with which this Python runs the module that follows; the current folder is not imported.

    When the parent ends, the program has `grace` seconds to save its state.
    """
    return [python, "-P", __file__, str(grace)]


def _end_with(pipe: int, grace: float) -> None:
    while os.read(pipe, 1024):
        pass
    if grace:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(grace)
    os._exit(1)


def main() -> None:
    """End this process when its parent ends, then run the module."""
    pipe = os.dup(0)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    threading.Thread(target=_end_with, args=(pipe, float(sys.argv[1])), name="lifeline", daemon=True).start()
    sys.meta_path.insert(0, NotShipped(os.environ.pop(NOT_SHIPPED, ""), os.environ.pop(PROGRAM, "make")))
    del sys.argv[:2]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
