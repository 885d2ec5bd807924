"""Do less, or later, at the start of a function: each new environment pays for it before its first answer.

Only in Lambda, where a process answers one request at a time. Everywhere else all is done at import, as Python does.
"""

import gc
import os

IN_LAMBDA = "AWS_LAMBDA_FUNCTION_NAME" in os.environ
BY_RUNTIME_API = "AWS_LAMBDA_RUNTIME_API" in os.environ
"""AWS's own runtime client answers by HTTP; another one may answer by its standard output, which is left to it then."""
"""Set by Lambda. Models of the API's bodies are then built when they are first used: pydantic cannot do that in two
threads at a time."""


def works() -> bool:
    """Return whether this process may run jobs: it is a worker, or no function at all."""
    return not IN_LAMBDA or os.environ.get("_HANDLER", "").startswith("handlers.")


def begin() -> None:
    """Look for no garbage while modules are imported, since all of it stays."""
    if IN_LAMBDA:
        gc.disable()


def end() -> None:
    """Look for garbage from now on, but not in what was imported: the first client of AWS is made. Idempotent."""
    if IN_LAMBDA and not gc.isenabled():
        gc.freeze()
        gc.enable()
