"""Find the trace to which a request belongs."""

import importlib
import sys

HEADER = "traceparent"
LOADED = "opentelemetry.trace"
"""A module that is loaded in a program that makes spans. Another program does not pay for its import."""


def context(given: str | None) -> str | None:
    """Return the header `traceparent` of a request that creates jobs: the given one, or that of the current span.

    The current span is that of OpenTelemetry, if the program uses it. None: the request has no header, and the job
    belongs to no trace of the caller. So it is for a text that no header can have: like every invalid trace, it must
    not prevent the job.
    """
    if given is not None:
        return given if given.isascii() and given.isprintable() else None
    if LOADED not in sys.modules:
        return None
    carrier: dict[str, str] = {}
    importlib.import_module("opentelemetry.propagate").inject(carrier)
    return carrier.get(HEADER)
