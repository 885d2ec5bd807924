"""Keep the requests of the fuzzer shorter than what API Gateway refuses by itself, outside of the API's contract."""

from typing import Any
from urllib.parse import urlencode

import schemathesis

LONGEST = 8_000
"""Bytes of an encoded query, or of the values in a path; the gateway takes 10,240 with all headers."""


@schemathesis.hook
def filter_query(_context: Any, query: dict[str, Any] | None) -> bool:
    """Return whether a query is short enough."""
    return len(urlencode(query or {}, doseq=True)) < LONGEST


@schemathesis.hook
def filter_path_parameters(_context: Any, path_parameters: dict[str, Any] | None) -> bool:
    """Return whether the values in a path are short enough."""
    return len(urlencode(path_parameters or {})) < LONGEST
