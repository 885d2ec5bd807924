"""JobFlow's client: create and read jobs from any Python program.

The platform itself is in `chalicelib` and `infra`; these are imported only when a command needs them.
"""

from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from jobflow import context
from jobflow.context import current
from jobflow.version import __version__

if TYPE_CHECKING:
    from jobflow.client import AsyncJobFlow, JobFlow, NewJob
    from jobflow.errors import ApiError, JobFlowError, JobNotCompleted, WaitTimeout

__all__ = [
    "ApiError",
    "AsyncJobFlow",
    "JobFlow",
    "JobFlowError",
    "JobNotCompleted",
    "NewJob",
    "WaitTimeout",
    "__version__",
    "current",
]

_OF_CLIENT = ("AsyncJobFlow", "JobFlow", "NewJob")


@lru_cache(1)
def _client() -> Any:
    return import_module("jobflow.client").JobFlow()


context.connect = _client


def __getattr__(name: str) -> Any:
    """Import a public name at its first use, so that the command line starts without the HTTP client."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module("jobflow.client" if name in _OF_CLIENT else "jobflow.errors"), name)
    globals()[name] = value
    return value
