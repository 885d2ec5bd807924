"""Define values that payloads and results of built-in job types share with the API."""

from chalicelib.job_types.checks import NAME as TYPE_NAME
from chalicelib.jobs.listing import iso

__all__ = ["TYPE_NAME", "iso"]
