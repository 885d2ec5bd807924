"""Implement the HTTP client. `_sync` is generated from `_async`; both send the requests of the pure modules.

This package contains neither profiles nor terminal output.
"""

from jobflow.client._async.client import AsyncJobFlow
from jobflow.client._sync.client import JobFlow
from jobflow.client.calls import NewJob

__all__ = ["AsyncJobFlow", "JobFlow", "NewJob"]
