"""Reduce or postpone work at the start of a function, because it delays the first answer of each new environment.

The measures apply only in Lambda, where a process answers one request at a time. Elsewhere everything happens at
import, as usual in Python.
"""

import gc
import os

IN_LAMBDA = "AWS_LAMBDA_FUNCTION_NAME" in os.environ
"""True in Lambda. Models of the API's bodies are then built at their first use. Elsewhere they are built at import,
because pydantic cannot build a model in two threads at the same time."""
BY_RUNTIME_API = "AWS_LAMBDA_RUNTIME_API" in os.environ
"""True with AWS's own runtime client, which answers over HTTP. Another client may answer on standard output, so
standard output is left unchanged for such a client."""

_recycled: list[str] = []


def works() -> bool:
    """Return whether this process may run jobs: it is a worker, or not a Lambda function."""
    return not IN_LAMBDA or os.environ.get("_HANDLER", "").startswith(("handlers.", "chalicelib.entry.queues."))


def begin() -> None:
    """Stop garbage collection while modules are imported, because all of their objects stay in use."""
    if IN_LAMBDA:
        gc.disable()


def end() -> None:
    """Start garbage collection, except for objects that exist already, such as imported modules. Idempotent."""
    if IN_LAMBDA and not gc.isenabled():
        gc.freeze()
        gc.enable()


def recycle(why: str) -> None:
    """Let this process end after the invocation, so that Lambda starts a fresh one. Elsewhere the process goes on.

    For a library that cannot be started again after its start has failed half-way.
    """
    _recycled.append(why)


def end_if_recycled() -> None:
    """End the process with SystemExit if `recycle` was called and it runs in Lambda.

    Call it when the jobs of the invocation are settled. Lambda reports the invocation as failed, so its messages come
    again; those of settled jobs are dropped then.
    """
    if _recycled and BY_RUNTIME_API:
        raise SystemExit(f"This process ends, so that Lambda starts a fresh one: {_recycled[0]}")
