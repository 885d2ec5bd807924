"""The HTTP client. `_async` is written, and `_sync` generated from it; they send what the pure modules say.

Profiles, and what a terminal shows, are not here.
"""

from jobflow.client._async.client import AsyncJobFlow
from jobflow.client._sync.client import JobFlow
from jobflow.client.calls import NewJob

__all__ = ["AsyncJobFlow", "JobFlow", "NewJob"]
