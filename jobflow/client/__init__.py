"""The HTTP client. Pure parts say what to send and read what came; `sync` and `asynchronous` only do it."""

from jobflow.client.asynchronous import AsyncJobFlow
from jobflow.client.calls import NewJob
from jobflow.client.sync import JobFlow

__all__ = ["AsyncJobFlow", "JobFlow", "NewJob"]
