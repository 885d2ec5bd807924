"""The HTTP client. Pure parts say what to send and read what came; `sync` and `asynchronous` only do it.

Profiles, and what a terminal shows, are not here.
"""

from jobflow.client.asynchronous import AsyncJobFlow
from jobflow.client.calls import NewJob
from jobflow.client.sync import JobFlow

__all__ = ["AsyncJobFlow", "JobFlow", "NewJob"]
